"""From `python app.py` to the page and to the first answer, in cold processes; CPU time beside it for busy machines.

python tests/benchmarks/demo_start.py [--runs 3]
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
from gradio_client import Client, handle_file

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = REPOSITORY / "fer_hub" / "examples" / "astronaut.jpg"
DEADLINE_SECONDS = 300


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid: int) -> float:
    """What a process has computed so far, on all cores together."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def wait_for_page(address: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the page can be read."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"python app.py ended with status {process.returncode}.")
        try:
            urllib.request.urlopen(address, timeout=10).read()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise SystemExit(f"no page at {address} after {DEADLINE_SECONDS} s.")


def start_and_ask() -> tuple[float, ...]:
    """Seconds from start to the page and to the first answer, each with CPU seconds, and what a second answer takes."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    started = time.perf_counter()
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "NO_PROXY": "127.0.0.1"}
    process = subprocess.Popen([sys.executable, "app.py"], cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for_page(address, process)
        page, page_cpu = time.perf_counter() - started, cpu_seconds(process.pid)
        client = Client(address, verbose=False)
        client.predict(handle_file(EXAMPLE), api_name="/recognize")
        first, first_cpu = time.perf_counter() - started, cpu_seconds(process.pid)
        again = time.perf_counter()
        client.predict(handle_file(EXAMPLE), api_name="/recognize")
        return page, page_cpu, first, first_cpu, time.perf_counter() - again
    finally:
        process.terminate()
        process.wait(timeout=30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    rows = [start_and_ask() for _ in range(options.runs)]
    names = ("start to the page", "CPU", "start to the first answer", "CPU", "second answer")
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        print(f"{statistics.median(values):7.2f} s  {name} ({', '.join(f'{value:.2f}' for value in values)})")


if __name__ == "__main__":
    main()
