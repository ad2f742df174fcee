"""Many visitors at once: errors, waiting times and memory of a running demo.

python tests/benchmarks/demo_load.py [--clients 32] [--requests 1000]

Starts `python app.py` in a process of its own; every client sends a photo of its own to /recognize, again and again.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Lock

import psutil
from gradio_client import Client, handle_file
from PIL import Image

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.benchmarks.demo_start import EXAMPLE, REPOSITORY, free_port, wait_for_page


def megabytes(pid: int) -> float:
    """Resident memory of a process."""
    return psutil.Process(pid).memory_info().rss / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--requests", type=int, default=1000)
    options = parser.parse_args()

    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "NO_PROXY": "127.0.0.1"}
    process = subprocess.Popen([sys.executable, "app.py"], cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for_page(address, process)
        with tempfile.TemporaryDirectory() as folder:
            measure(address, process.pid, options.clients, options.requests, Path(folder))
    finally:
        process.terminate()
        process.wait(timeout=30)


def measure(address: str, pid: int, clients: int, requests: int, folder: Path) -> None:
    lock, number = Lock(), count(1)
    seconds: list[float] = []
    errors: list[str] = []
    memory: list[float] = []

    def visit(visitor: int) -> None:
        photo = folder / f"{visitor}.jpg"
        Image.open(EXAMPLE).rotate(visitor - clients / 2, fillcolor="white").save(photo)
        client = Client(address, verbose=False, download_files=False)
        while next(number) <= requests:
            started = time.perf_counter()
            try:
                _, faces = client.predict(handle_file(photo), api_name="/recognize")
                problem = None if len(faces) == 1 else f"{len(faces)} faces"
            except Exception as error:  # whatever it is, it counts
                problem = repr(error)
            with lock:
                seconds.append(time.perf_counter() - started)
                errors.extend([problem] if problem else [])
                if len(seconds) % max(requests // 10, 1) == 0:
                    memory.append(megabytes(pid))
                    print(f"{len(seconds):6} answers, {memory[-1]:.0f} MB", flush=True)

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(visit, range(clients)))
    whole = time.perf_counter() - started
    cuts = statistics.quantiles(seconds, n=20)
    print(f"{len(seconds)} requests by {clients} clients in {whole:.0f} s: {len(seconds) / whole:.1f} a second")
    print(f"p50 {statistics.median(seconds):.2f} s, p95 {cuts[18]:.2f} s, longest {max(seconds):.2f} s")
    print(
        f"memory {memory[0]:.0f} MB after the first tenth, {memory[-1]:.0f} MB at the end, at most {max(memory):.0f} MB"
    )
    print(f"{len(errors)} errors" + (f", the first: {errors[0]}" if errors else ""))


if __name__ == "__main__":
    main()
