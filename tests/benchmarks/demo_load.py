"""Many visitors at once, some of whom hang up: what a demo answers, and what it keeps.

python tests/benchmarks/demo_load.py [--clients 32] [--requests 1000]

Serves the demo in a process of its own. Every client has a photo of its own and a reference answer to it, and sends
requests of every kind: photos, ensembles, lists, evaluations, what is no picture, files of the server, and half of an
upload or of a question. At the end it says what was answered wrongly, and what is left: memory, threads, open files,
and files in the folder of uploads, whose age of deletion is a minute here.
"""

import argparse
import io
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Lock

import httpx
import psutil
from PIL import Image

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.benchmarks.demo_start import EXAMPLE, REPOSITORY, free_port, wait_for_page
from tests.demo.visitor import Visitor

META = {"_type": "gradio.FileData"}
MODELS = ["fer-live", "simple_cnn"]
SWEPT_SECONDS = 60
SERVE = f"""
from fer_hub.demo.security import sweeping
sweeping.SWEPT_SECONDS, sweeping._EVERY_SECONDS = {SWEPT_SECONDS}, 5
from fer_hub.demo.app import build_demo, launch
launch(build_demo({MODELS}))
"""


@dataclass
class Left:
    """What a process holds."""

    megabytes: float
    threads: int
    descriptors: int

    @classmethod
    def by(cls, pid: int) -> "Left":
        process = psutil.Process(pid)
        return cls(process.memory_info().rss / 1e6, process.num_threads(), process.num_fds())


@dataclass
class Client:
    """One of many: a photo of its own, and what the demo said of it while nobody else asked."""

    address: str
    number: int
    photo: bytes = b""
    faces: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.visitor = Visitor(self.address)
        self.functions = self.visitor.functions()
        self.random = random.Random(self.number)
        buffer = io.BytesIO()
        Image.open(EXAMPLE).rotate(self.number - 16, fillcolor="white").save(buffer, "JPEG")
        self.photo = buffer.getvalue()
        self.faces = self.recognize(MODELS[:1])

    def recognize(self, models: list[str]) -> list[dict[str, object]]:
        path = self.visitor.upload(f"{self.number}.jpg", self.photo)
        answer = self.visitor.ask(self.functions["recognize"], [{"path": path, "meta": META}, models])
        assert answer.data is not None, answer.error
        return list(answer.data[1])

    def photo_alone(self) -> None:
        assert self.recognize(MODELS[:1]) == self.faces, "another answer than at first"

    def ensemble(self) -> None:
        faces = self.recognize(MODELS)
        assert [face["box"] for face in faces] == [face["box"] for face in self.faces], "other boxes than at first"

    def models(self) -> None:
        answer = self.visitor.ask(self.functions["models"], [])
        assert answer.data is not None
        assert [model["reference"] for model in answer.data[0]] == MODELS

    def evaluation(self) -> None:
        model = self.random.choice(MODELS)
        answer = self.visitor.ask(self.functions["evaluation"], [model])
        assert answer.data is not None
        assert answer.data[0]["model"] == model

    def no_picture(self) -> None:
        path = self.visitor.upload(f"{self.number}.png", b"no picture")
        answer = self.visitor.ask(self.functions["recognize"], [{"path": path, "meta": META}, None])
        assert f"{self.number}.png is not a JPEG" in str(answer.error), answer.error

    def file_of_the_server(self) -> None:
        answer = self.visitor.ask(self.functions["recognize"], [{"path": str(EXAMPLE)}, None])
        assert "no file that was uploaded" in str(answer.error), answer.error

    def half_an_upload(self) -> None:
        url = httpx.URL(self.address)
        head = (
            f"POST /gradio_api/upload HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: 9999999\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
            '--x\r\nContent-Disposition: form-data; name="files"; filename="face.jpg"\r\n\r\n'
        )
        with socket.create_connection((url.host, url.port)) as connection:
            connection.sendall(head.encode() + self.photo)

    def a_question_and_away(self) -> None:
        path = self.visitor.upload(f"{self.number}.jpg", self.photo)
        body = {"data": [{"path": path, "meta": META}, MODELS], "fn_index": self.functions["recognize"]}
        session = f"away{self.random.random()}"
        self.visitor.http.post("/gradio_api/queue/join", json={**body, "session_hash": session}).raise_for_status()
        with self.visitor.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as lines:
            next(lines.iter_lines())

    def ask(self) -> str:
        """One request of a kind that chance chooses; its kind."""
        kinds: dict[Callable[[], None], int] = {
            self.photo_alone: 50,
            self.ensemble: 10,
            self.models: 12,
            self.evaluation: 10,
            self.no_picture: 5,
            self.file_of_the_server: 5,
            self.half_an_upload: 4,
            self.a_question_and_away: 4,
        }
        (kind,) = self.random.choices(list(kinds), list(kinds.values()))
        kind()
        return kind.__name__


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--requests", type=int, default=1000)
    options = parser.parse_args()

    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        uploads = Path(folder, "uploads")
        environment = os.environ | {
            "GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(uploads), "TMPDIR": folder,
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE], cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL
        )
        try:
            wait_for_page(address, process)
            measure(address, process.pid, options.clients, options.requests)
            wait_until_swept(Path(folder))
        finally:
            process.terminate()
            process.wait(timeout=30)


def measure(address: str, pid: int, clients: int, requests: int) -> None:
    lock, number = Lock(), count(1)
    seconds: list[float] = []
    problems: list[str] = []
    kinds: Counter[str] = Counter()
    left: list[Left] = []
    waiting = [Client(address, each) for each in range(clients)]

    def visit(client: Client) -> None:
        while next(number) <= requests:
            started = time.perf_counter()
            try:
                kind, problem = client.ask(), None
            except Exception as error:  # whatever it is, it counts
                kind, problem = "problem", repr(error)
            with lock:
                seconds.append(time.perf_counter() - started)
                kinds[kind] += 1
                problems.extend([problem] if problem else [])
                if len(seconds) % 100 == 0:
                    left.append(Left.by(pid))
                    print(f"{len(seconds):6} answers, {left[-1].megabytes:.0f} MB", flush=True)

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(visit, waiting))
    whole = time.perf_counter() - started
    for client in waiting:
        client.visitor.http.close()
    time.sleep(20)  # threads and connections that nobody uses end by themselves
    first, last = left[0], Left.by(pid)
    cuts = statistics.quantiles(seconds, n=20)
    print(f"{len(seconds)} requests by {clients} clients in {whole:.0f} s: {len(seconds) / whole:.1f} a second")
    print(", ".join(f"{share} {kind}" for kind, share in kinds.most_common()))
    print(f"p50 {statistics.median(seconds):.2f} s, p95 {cuts[18]:.2f} s, longest {max(seconds):.2f} s")
    print(
        f"memory {first.megabytes:.0f} MB after the first 100, {last.megabytes:.0f} MB at the end: "
        f"{100 * (last.megabytes / first.megabytes - 1):+.1f} %"
    )
    print(f"threads {first.threads} and {last.threads}, open files {first.descriptors} and {last.descriptors}")
    print(f"{len(problems)} answers were wrong" + (f", the first: {problems[0]}" if problems else ""))


def wait_until_swept(folder: Path) -> None:
    """Say how many files lie in a folder once all are older than the age at which they go."""
    before = sum(path.is_file() for path in folder.rglob("*"))
    time.sleep(SWEPT_SECONDS + 15)
    after = [path for path in folder.rglob("*") if path.is_file()]
    print(f"{before} files at the end, {len(after)} after {SWEPT_SECONDS} s" + (f": {after[:3]}" if after else ""))


if __name__ == "__main__":
    main()
