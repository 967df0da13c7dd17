"""Interleaved timing: in each round every contestant has one turn, so that a slow minute of the machine slows them all."""

import math
import statistics
import time

# Idle threads of onnxruntime and OpenMP spin for some tens of milliseconds after a call. They must be asleep before the
# next contestant has its turn, or they take its cores.
PAUSE_SECONDS = 0.1


def warm_up(run, seconds):
    """Runs until so many seconds have passed, and at least twice; returns the seconds of a call."""
    fastest, spent, turns = math.inf, 0.0, 0
    while spent < seconds or turns < 2:
        taken = run.run(1)
        fastest, spent, turns = min(fastest, taken), spent + taken, turns + 1
    return fastest


def interleave(runs, rounds, turn_seconds, warm_seconds):
    """
    Times the runs {name: run} in turn: A B C A B C … A turn is as many calls as take about turn_seconds. Returns
    {name: [seconds of a call, one for each round]}.
    """
    calls = {}
    for name, run in runs.items():
        calls[name] = max(1, round(turn_seconds / warm_up(run, warm_seconds)))
        time.sleep(PAUSE_SECONDS)
    seconds = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            seconds[name].append(run.run(calls[name]) / calls[name])
            time.sleep(PAUSE_SECONDS)
    return seconds


def ratios(ours, theirs):
    """How many times as fast ours was, pair by pair: (median, smallest, largest)."""
    pairs = [b / a for a, b in zip(ours, theirs)]
    return statistics.median(pairs), min(pairs), max(pairs)
