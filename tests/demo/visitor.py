"""A demo that is served, and a visitor who writes requests to it by hand: uploads, and events of any function."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import gradio as gr
import httpx
import pytest

from fer_hub.demo.app import build_demo, launch
from tests.serving import closing


@contextmanager
def served_demo(models: Sequence[str], uploads: Path) -> Iterator[gr.Blocks]:
    """A demo of these models that is served in this process, with an upload folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(uploads))
        demo = build_demo(list(models))
        launch(demo, prevent_thread_lock=True, quiet=True)
        with closing(demo):
            yield demo


def function(demo: gr.Blocks, name: str) -> int:
    """The number of the function that is called so."""
    return next(number for number, fn in demo.fns.items() if fn.api_name == name)


@dataclass(frozen=True)
class Answer:
    """What came back over the queue."""

    data: list[Any] | None
    error: str | None
    messages: list[dict[str, Any]]


class Visitor:
    """Speaks Gradio's protocol as the page does."""

    def __init__(self, address: str, **headers: str) -> None:
        self.http = httpx.Client(base_url=address, timeout=120, headers=headers, trust_env=False)

    def functions(self) -> dict[str, int]:
        """Name -> number of the demo's functions."""
        return {each["api_name"]: each["id"] for each in self.http.get("/config").json()["dependencies"]}

    def upload(self, name: str, content: bytes) -> str:
        """The path that the demo gives an uploaded file."""
        response = self.http.post("/gradio_api/upload", files={"files": (name, content)})
        response.raise_for_status()
        return str(response.json()[0])

    def ask(self, function: int, data: list[Any], query: str = "", **body: Any) -> Answer:
        """Send an event and wait for the last answer to it."""
        session = uuid4().hex[:12]
        joined = self.http.post(
            f"/gradio_api/queue/join?{query}",
            content=json.dumps({"data": data, "fn_index": function, "session_hash": session, **body}),
            headers={"Content-Type": "application/json"},
        )
        joined.raise_for_status()
        messages = []
        with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as lines:
            for line in lines.iter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                messages.append(message)
                if message["msg"] == "process_completed":
                    output = message["output"]
                    return Answer(output.get("data"), output.get("error"), messages)
        raise AssertionError("the stream ended without an answer")
