#!/usr/bin/env python3
"""
Attention on this machine's CPU: ours beside onnxruntime, PyTorch and ggml, as far as they are installed. The same
inputs, the same number of threads, in one session, in turns. Prints a Markdown table of GFLOP/s (medians) and of how
many times as fast ours was, pair by pair. Exit codes: 0; 1 if results differ by more than rounding explains; 2 if it
cannot start.
"""

import argparse
import sys

import blas

blas.choose()

try:
    import numpy as np
except ImportError:
    sys.exit("numpy is missing: pip install numpy, or Debian's python3-numpy")

import report
import rounds
import shapes
from contestants import Missing, Skipped, ggml_flash, onnx_runtime, ours, torch_sdpa
from inputs import Inputs

PEERS = (onnx_runtime, torch_sdpa, ggml_flash)

# Largest difference, as a share of the largest result, that the element types' rounding explains. ggml sums f16 values
# in f16; PyTorch rounds probabilities and results to the element type.
ALLOWED = {"f32": 1e-4, "f16": 2e-2, "bf16": 4e-2}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", default=shapes.DEFAULT, metavar="TEXT", type=_shapes_or_text,
                        help="such as 'heads=8,rows=4096,dim=128,causal heads=8,kv=2,rows=1,keys=65536,dim=128,f16'; "
                             "kv, keys and value (its head size) are those of the queries unless given")
    parser.add_argument("--threads", default="1,2", help="such as 1,2 (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each (default: %(default)s)")
    parser.add_argument("--turn", type=float, default=0.3, metavar="SECONDS",
                        help="a turn is as many calls as take about so long (default: %(default)s)")
    parser.add_argument("--warm-up", type=float, default=1.0, metavar="SECONDS", help="default: %(default)s")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall",
                        help="cpu counts processor time, for a machine that others use too; with one thread only, for "
                             "waiting threads spin (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--peers", default="onnxruntime,PyTorch,ggml", help="which of them (default: %(default)s)")
    parser.add_argument("--ours", metavar="PATH", help="our executable or .dll, when it is not in this checkout's artifacts/")
    parser.add_argument("--json", action="store_true", help="every single time, as JSON, instead of the table")
    options = parser.parse_args()
    try:
        options.threads = [int(number) for number in options.threads.split(",")]
    except ValueError:
        parser.error(f"--threads {options.threads} is not a list of numbers")
    if min(options.threads) < 1 or options.rounds < 1 or options.turn <= 0:
        parser.error("--threads, --rounds and --turn must be positive")
    if options.clock == "cpu" and options.threads != [1]:
        parser.error("--clock cpu needs --threads 1: with more, threads that wait spend processor time too")
    unknown = set(options.peers.split(",")) - {peer.NAME for peer in PEERS}
    if unknown:
        parser.error(f"--peers {', '.join(sorted(unknown))}: {', '.join(peer.NAME for peer in PEERS)} are known")
    return options


def _shapes_or_text(text):
    try:
        return shapes.parse(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(wrong) from None


def main():
    options = arguments()
    if options.ours:
        ours.use(options.ours)
    try:
        versions = {ours.NAME: ours.version()}
    except Missing as missing:
        print(f"{ours.NAME} is missing: {missing}", file=sys.stderr)
        return 2
    contestants = [ours]
    for peer in PEERS:
        if peer.NAME not in options.peers.split(","):
            continue
        try:
            versions[peer.NAME] = peer.version()
            contestants.append(peer)
        except Missing as missing:
            print(f"{peer.NAME} is left out: {missing}", file=sys.stderr)
    table = report.Json(versions) if options.json else report.Table(versions)
    agree = True
    for shape in options.shapes:
        inputs = Inputs(shape, options.seed)
        for threads in options.threads:
            row = compare(contestants, inputs, threads, options)
            row.wrong = [name for name, differs in row.differences.items() if not differs <= ALLOWED[shape.dtype]]
            agree &= not row.wrong
            table.add(row)
    table.end()
    return 0 if agree else 1


def compare(contestants, inputs, threads, options):
    """One shape with one number of threads."""
    row = report.Row(inputs.shape, threads)
    runs = {}
    try:
        for contestant in contestants:
            try:
                runs[contestant.NAME] = contestant.prepare(inputs, threads, options.clock)
                if runs[contestant.NAME].note:
                    row.notes[contestant.NAME] = runs[contestant.NAME].note
            except Skipped as reason:
                row.notes[contestant.NAME] = f"left out: {reason}"
        row.seconds = rounds.interleave(runs, options.rounds, options.turn, options.warm_up)
        mine = runs[ours.NAME].result()
        scale = float(np.abs(mine).max())
        row.differences = {
            name: float(np.abs(run.result() - mine).max()) / scale for name, run in runs.items() if name != ours.NAME}
    finally:
        for run in runs.values():
            run.close()
    return row


if __name__ == "__main__":
    sys.exit(main())
