"""What telemetry costs a job: the same job on two silos, one of which sends metrics, traces and logs, in turn.

    dotnet build src/Silo -c Release
    python3 bench/Telemetry/cost.py [PAIRS] [ROWS]

The silo that sends does so every second, a minute being the standard, to a sink that throws everything away.
"""
import array
import http.server
import json
import os
import pathlib
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

SILO = pathlib.Path(__file__).parents[2] / "artifacts/bin/Silo/release/Distributed.Silo"
HEADS, DIM = 4, 64


class Sink(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def write_input(path, rows):
    numbers = HEADS * rows * DIM
    header = json.dumps({name: {"dtype": "F32", "shape": [1, HEADS, rows, DIM], "data_offsets": [i * 4 * numbers, (i + 1) * 4 * numbers]}
                         for i, name in enumerate("qkv")}).encode()
    header += b" " * (-len(header) % 8)
    source = random.Random(1)
    block = array.array("f", (source.uniform(-2, 2) for _ in range(HEADS * DIM))).tobytes()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for _ in range(3 * rows):
            file.write(block)


class Silo:
    def __init__(self, folder, port, environment):
        self.address = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [SILO, "--data", f"{folder}/{port}", "--http-port", str(port), "--file-roots", folder],
            env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.address}/health/ready", timeout=2).close()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"The silo at {self.address} did not become ready.")

    def ask(self, path, body=None):
        request = urllib.request.Request(
            self.address + path, data=body and json.dumps(body).encode(), headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def seconds(self, file):
        """From the begin of the job's first block to the end of its last."""
        job = self.ask("/v1/jobs", {"version": 1, "input": file, "causal": "top-left"})["id"]
        while (status := self.ask(f"/v1/jobs/{job}"))["state"] in ("waiting", "running"):
            time.sleep(0.2)
        if status["state"] != "finished":
            raise SystemExit(status.get("error"))
        blocks = self.ask(f"/v1/jobs/{job}/blocks")["blocks"]
        return max(block["began"] + block["seconds"] for block in blocks) - min(block["began"] for block in blocks)


def main(pairs=10, rows=16384):
    sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    sending = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{sink.server_port}", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
               "OTEL_METRIC_EXPORT_INTERVAL": "1000", "OTEL_BSP_SCHEDULE_DELAY": "1000"}
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/qkv.safetensors"
        write_input(file, rows)
        silos = [Silo(folder, 8471, {}), Silo(folder, 8472, sending)]
        try:
            for silo in silos:
                silo.seconds(file)
            costs = []
            for pair in range(pairs):
                order = silos if pair % 2 == 0 else silos[::-1]
                took = {silo: silo.seconds(file) for silo in order}
                without, with_telemetry = (took[silo] for silo in silos)
                costs.append(100 * (with_telemetry / without - 1))
                print(f"without {without:.3f} s, with {with_telemetry:.3f} s: {costs[-1]:+.2f} %", flush=True)
            error = statistics.stdev(costs) / len(costs) ** 0.5 if pairs > 1 else float("nan")
            print(f"median {statistics.median(costs):+.2f} %, mean {statistics.mean(costs):+.2f} % ± {error:.2f}")
        finally:
            for silo in silos:
                silo.process.terminate()
                silo.process.wait()


main(*map(int, sys.argv[1:]))
