"""Faults that a test orders: what goes wrong, at which request, how often."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi.responses import JSONResponse


@dataclass
class Fault:
    """What happens to requests whose `METHOD /path?query` the pattern finds. All parts can be combined."""

    pattern: str
    status: int | None = None
    """Answer with this status instead."""
    code: str | None = None
    """X-Error-Code of that answer: RepoNotFound, RevisionNotFound, EntryNotFound, GatedRepo."""
    message: str = "ordered by a test"
    headers: dict[str, str] | None = None
    cut: int | None = None
    """Close the connection after this many bytes of the body."""
    wait: float = 0.0
    """Seconds before the answer, and again between its halves."""
    corrupt: bool = False
    """Turn over the bits of the body's last byte; its length stays."""
    first: Callable[[], Any] | None = None
    """What happens on the Hub just before the request is answered: a new commit, say."""
    times: int | None = None
    """How many requests it meets; None for all."""


class Faults:
    """ASGI middleware that counts requests and serves the ordered faults."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.ordered: list[Fault] = []
        self.requests: Counter[str] = Counter()

    def order(self, pattern: str, **what: Any) -> None:
        self.ordered.append(Fault(pattern, **what))

    def clear(self) -> None:
        self.ordered.clear()
        self.requests.clear()

    def count(self, pattern: str) -> int:
        """How many requests the pattern finds, since the last clear."""
        return sum(number for request, number in self.requests.items() if re.search(pattern, request))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        request = f"{scope['method']} {scope['path']}?{scope['query_string'].decode()}"
        self.requests[request] += 1
        fault = self._take(request)
        if fault is None:
            return await self.app(scope, receive, send)
        if fault.first is not None:
            fault.first()
        await asyncio.sleep(fault.wait)
        if fault.status is not None:
            headers = {"X-Error-Message": fault.message, **(fault.headers or {})}
            headers |= {"X-Error-Code": fault.code} if fault.code else {}
            answer = JSONResponse({"error": fault.message}, fault.status, headers)
            return await answer(scope, receive, send)
        return await self.app(scope, receive, lambda event: _spoil(fault, event, send))

    def _take(self, request: str) -> Fault | None:
        for fault in self.ordered:
            if fault.times != 0 and re.search(fault.pattern, request):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None


async def _spoil(fault: Fault, event: dict[str, Any], send: Any) -> None:
    """Send an answer's body damaged. Bodies of files are sent whole, in one event."""
    body = event.get("body", b"")
    if not body:
        return await send(event)
    if fault.cut is not None:
        await send({**event, "body": body[: fault.cut], "more_body": True})
        raise ConnectionAbortedError  # the server closes a connection whose answer is not complete
    if fault.corrupt:
        body = body[:-1] + bytes([body[-1] ^ 0xFF])
    if fault.wait:
        await send({**event, "body": body[: len(body) // 2], "more_body": True})
        await asyncio.sleep(fault.wait)
        body = body[len(body) // 2 :]
    return await send({**event, "body": body})
