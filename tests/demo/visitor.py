"""A visitor who writes requests by hand: uploads, and events of any function of a demo, public or private."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx


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
