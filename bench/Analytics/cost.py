"""What analytics cost a job: the same job without any, with those of the same pass, and with those of a second pass, in turn.

    dotnet build src/Cli -c Release
    python3 bench/Analytics/cost.py [ROUNDS] [ROWS] [DIM] [OPTION ...]

Times are those that `attend run` reports: of the pass that makes the output, and of the second pass. The cost of the first is
the median over the rounds of its ratio to the job without analytics of the same round.
"""
import json
import os
import pathlib
import random
import statistics
import struct
import subprocess
import sys
import tempfile

ATTEND = pathlib.Path(__file__).parents[2] / "artifacts/bin/Cli/release/attend"
HEADS = 4
VARIANTS = {
    "none": [],
    "rows": ["rows"],
    "received": ["received"],
    "links": ["links:10"],
    "strongest": ["strongest:100"],
    "pooled": ["pooled:1024"],
    "distances": ["distances"],
    "all": ["all"],
    "all, mean of heads": ["all", "--analytics-heads", "mean"],
}


def write_input(path, rows, dim):
    numbers = HEADS * rows * dim
    header = json.dumps({name: {"dtype": "F32", "shape": [1, HEADS, rows, dim], "data_offsets": [i * 4 * numbers, (i + 1) * 4 * numbers]}
                         for i, name in enumerate("qkv")}).encode()
    header += b" " * (-len(header) % 8)
    source = random.Random(1)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        # Numbers of (-2, -0.5] and [0.5, 2): sign and fraction at random.
        for _ in range(3):
            data = bytearray(source.randbytes(4 * numbers))
            data[3::4] = bytes(0x3F if byte < 128 else 0xBF for byte in data[3::4])
            file.write(data)


def run(folder, analytics, options):
    arguments = [ATTEND, "run", f"{folder}/in.safetensors", "-o", f"{folder}/out.safetensors", "--json", *options]
    if analytics:
        arguments += ["--analytics", *analytics]
    if os.path.exists(f"{folder}/out.safetensors"):
        os.remove(f"{folder}/out.safetensors")
    report = json.loads(subprocess.run(arguments, check=True, capture_output=True).stdout)
    return report["seconds"], report.get("analytics_seconds", 0.0)


def main():
    rounds, rows, dim = (int(sys.argv[i]) if len(sys.argv) > i else standard for i, standard in ((1, 5), (2, 16384), (3, 128)))
    options = sys.argv[4:]
    with tempfile.TemporaryDirectory() as folder:
        write_input(f"{folder}/in.safetensors", rows, dim)
        run(folder, [], options)
        times = {name: [] for name in VARIANTS}
        for _ in range(rounds):
            for name, analytics in VARIANTS.items():
                times[name].append(run(folder, analytics, options))
    base = [first for first, _ in times["none"]]
    print(f"{HEADS} heads of {dim}, {rows} rows{''.join(' ' + option for option in options)}, {rounds} rounds: {statistics.median(base):.2f} s without analytics")
    for name, taken in times.items():
        first = statistics.median(first / alone for (first, _), alone in zip(taken, base)) - 1
        second = statistics.median(second / alone for (_, second), alone in zip(taken, base))
        print(f"{name:20} first pass {100 * first:+6.1f} %   second pass {100 * second:5.1f} % of a forward")


main()
