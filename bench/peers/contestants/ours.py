"""Ours: the engine in a process of its own, kept warm and driven over pipes."""

import os
import pathlib
import subprocess
import tempfile

import numpy as np

from . import Missing

NAME = "Distributed"

_ROOT = pathlib.Path(__file__).resolve().parents[3]
_path = None


def use(path):
    """Takes the executable or .dll at this path instead of the one that this checkout has built."""
    global _path
    _path = pathlib.Path(path)


def _command():
    if _path is not None:
        found = _path
    else:
        built = sorted((_ROOT / "artifacts/bin/Peers.Benchmarks").glob("*/Distributed.Peers.Benchmarks.dll"),
                       key=lambda path: path.stat().st_mtime)
        if not built:
            raise Missing("dotnet build bench/peers -c Release")
        found = built[-1]
    if not found.is_file():
        raise Missing(f"there is no file {found}")
    return [os.environ.get("DOTNET", "dotnet"), str(found)] if found.suffix == ".dll" else [str(found)]


def version():
    asked = subprocess.run([*_command(), "version"], capture_output=True, text=True)
    if asked.returncode != 0:
        raise Missing(f"{' '.join(_command())} version: {asked.stderr.strip()}")
    return asked.stdout.strip()


def prepare(inputs, threads, clock):
    return _Ours(inputs, threads, clock)


class _Ours:
    note = ""

    def __init__(self, inputs, threads, clock):
        self._clock = clock
        self._folder = tempfile.TemporaryDirectory(prefix="peers-")
        path = os.path.join(self._folder.name, "input.safetensors")
        inputs.save(path)
        self._process = subprocess.Popen(
            [*_command(), path, "causal" if inputs.shape.causal else "full", str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answer()

    def run(self, calls):
        return float(self._ask(f"run {calls} {self._clock}"))

    def result(self):
        path = os.path.join(self._folder.name, "output.npy")
        self._ask(f"write {path}")
        return np.load(path)

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()

    def _ask(self, command):
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"our process ended with exit code {self._process.wait()}")
        return line.strip()
