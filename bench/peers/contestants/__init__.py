"""
The implementations compared, one per module. Each has `NAME`, `version()` (raises Missing if it is not installed) and
`prepare(inputs, threads, clock)`, which gives an object with `run(calls)` (the seconds on the clock that so many calls
took), `result()` (float32, [1, heads, rows, value]), `close()` and `note` (what a reader should know, or ""); it raises
Skipped if it has no way to compute the shape. The clocks are "wall" and "cpu", the processor time of all threads.
"""

import contextlib
import os
import sys
import tempfile
import time

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


class Missing(Exception):
    """It is not installed; the message says how to get it."""


class Skipped(Exception):
    """It cannot compute this shape; the message says why."""


def refuse_without_room(shape, copies, what):
    """Raises Skipped when so many copies of all scores would take more than half of the free memory."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    need = copies * shape.score_bytes
    if need > free / 2:
        raise Skipped(f"{what} holds all scores: about {need / 1e9:.0f} GB, and {free / 1e9:.0f} GB are free")


@contextlib.contextmanager
def quiet_loading():
    """
    Holds back what libraries write to standard error while they set themselves up, and passes it on if that fails.
    Debian's PyTorch and onnxruntime, in one process, complain at length that each registers the ONNX operators.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            if failed:
                held.seek(0)
                sys.stderr.buffer.write(held.read())
                sys.stderr.flush()
