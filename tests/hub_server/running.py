"""Start a test Hub inside a test, and run the real client against it in a child process."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from tests.hub_server.access import Hub
from tests.hub_server.faults import Faults
from tests.hub_server.server import build_app
from tests.hub_server.store import Store

ROOT = Path(__file__).parents[2]


class RunningHub:
    """A Hub that listens on this machine, and a cache for those who ask it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self.store = Store(folder / "hub")
        self.folder = folder
        # Large files come from another origin, as on the Hub.
        self.hub = Hub(self.store, storage=f"http://localhost:{port}")
        self.faults = Faults(build_app(self.hub))

    def environment(self, cache: str = "cache", token: str | None = None, offline: bool = False) -> dict[str, str]:
        """Environment of a client with its own cache. The client reads it when it is imported."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        return {
            **kept,
            "HF_ENDPOINT": self.endpoint,
            "HF_HOME": str(self.folder / cache),
            "HF_HUB_OFFLINE": str(int(offline)),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            **({"HF_TOKEN": token} if token else {}),
        }

    def run(
        self, *arguments: object, cache: str = "cache", token: str | None = None, offline: bool = False, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `python ARGUMENTS...` as a client; `more` are further environment variables."""
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=ROOT,
            env={**self.environment(cache, token, offline), **more},
            capture_output=True,
            text=True,
        )


class Client:
    """A child process that runs commands with the real client (see tests/hub_server/client.py)."""

    def __init__(self, hub: RunningHub, cache: str = "cache") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.hub_server.client"],
            cwd=ROOT,
            env=hub.environment(cache),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: object, token: str | None = None, offline: bool = False) -> tuple[int, str, str]:
        """Run `python -m fer_hub ARGUMENTS...`; return exit status, stdout and stderr."""
        return self.call(
            "fer_hub.__main__:main", [str(argument) for argument in arguments], token=token, offline=offline
        )

    def call(
        self, function: str, *arguments: Any, token: str | None = None, offline: bool = False, **keywords: Any
    ) -> tuple[int, str, str]:
        """Call `module:function` and print what it returns; return exit status, stdout and stderr."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        request = {"function": function, "arguments": arguments, "keywords": keywords, "token": token}
        print(json.dumps({**request, "offline": offline}), file=self.process.stdin, flush=True)
        status, out, err = json.loads(self.process.stdout.readline())
        return status, out, err

    def close(self) -> None:
        self.process.terminate()
        self.process.communicate()


@contextmanager
def start_hub(folder: Path) -> Iterator[RunningHub]:
    """Run a Hub over the repositories in `folder` while the block runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = RunningHub(folder, port)
    # What is ordered to break off is no news.
    server = uvicorn.Server(uvicorn.Config(running.faults, host="127.0.0.1", port=port, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the test hub did not start"
        time.sleep(0.01)
    try:
        yield running
    finally:
        server.should_exit = True
        thread.join()
