"""What was measured, as a Markdown table or as JSON."""

import json
import os
import platform
import statistics
import sys
from dataclasses import dataclass, field

import blas
import rounds
from shapes import Shape


@dataclass
class Row:
    """One shape with one number of threads. The first contestant in `seconds` is ours."""

    shape: Shape
    threads: int
    seconds: dict = field(default_factory=dict)
    differences: dict = field(default_factory=dict)
    notes: dict = field(default_factory=dict)
    wrong: list = field(default_factory=list)

    def rate(self, name):
        """Median GFLOP/s."""
        return self.shape.operations / statistics.median(self.seconds[name]) / 1e9

    def ratios(self, name):
        """How many times as fast ours was as this one: (median, smallest, largest)."""
        return rounds.ratios(next(iter(self.seconds.values())), self.seconds[name])


class Table:
    """Prints a row as soon as it is measured; what there is to say about single figures comes at the end."""

    def __init__(self, versions):
        self._names = list(versions)
        self._notes = []
        print("; ".join([processor(), *(f"{name} {version}" for name, version in versions.items()), blas.description()]))
        print()
        peers = self._names[1:]
        heads = ["shape", "threads", self._names[0], *peers, *(f"ours / {name}" for name in peers), "largest difference"]
        print("| " + " | ".join(heads) + " |")
        print("|---|" + "--:|" * (len(heads) - 1), flush=True)

    def add(self, row):
        ours, *peers = self._names
        cells = [str(row.shape), str(row.threads)]
        cells += [f"{row.rate(name):.1f}" + self._mark(row, name) if name in row.seconds else "–" + self._mark(row, name)
                  for name in (ours, *peers)]
        for name in peers:
            cells.append("{:.2f} ({:.2f}–{:.2f})".format(*row.ratios(name)) if name in row.seconds else "–")
        cells.append(f"{max(row.differences.values()):.0e}" if row.differences else "–")
        print("| " + " | ".join(cells) + " |", flush=True)
        for name in row.wrong:
            print(f"{row.shape}: {name} differs from ours by {row.differences[name]:.1e}, more than rounding explains",
                  file=sys.stderr)

    def end(self):
        print("\nGFLOP/s are medians; the ratio is the median of the pairs (smallest–largest). The largest difference "
              "from ours is\na share of the largest result.")
        for number, note in enumerate(self._notes, 1):
            print(f"[{number}] {note}.")

    def _mark(self, row, name):
        if name not in row.notes:
            return ""
        note = f"{name}: {row.notes[name]}"
        if note not in self._notes:
            self._notes.append(note)
        return f" [{self._notes.index(note) + 1}]"


class Json:
    """Everything at the end, each single time with it."""

    def __init__(self, versions):
        self._document = {"processor": processor(), "versions": versions, "blas": blas.description(), "shapes": []}

    def add(self, row):
        self._document["shapes"].append({
            "shape": vars(row.shape),
            "threads": row.threads,
            "seconds": row.seconds,
            "gflops": {name: row.rate(name) for name in row.seconds},
            "ratios": {name: dict(zip(("median", "smallest", "largest"), row.ratios(name))) for name in row.differences},
            "differences": row.differences,
            "notes": row.notes,
        })

    def end(self):
        json.dump(self._document, sys.stdout, indent=1)
        print()


def processor():
    """The CPU's name and how many processors there are."""
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} processors"
