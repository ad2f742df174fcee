"""A visitor's share of the queue: nobody fills all of it, so that there is room for others."""

import ipaddress
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from gradio.queueing import Event, Queue
from starlette.requests import HTTPConnection
from starlette.types import Scope

MOST_EACH = 16
"""Requests of one visitor that wait or are worked on; more are refused. A class behind one address is one visitor."""

MOST_UNHEARD = 64
"""Visits whose answers wait to be fetched, while they ask nothing further: each may hold megabytes."""

_ASSISTANTS = "assistants"
"""Who asks over MCP without an address of their own: Gradio passes it on as a visitor on this machine."""

_MOST_NAMED = 100
"""Characters of a session's name, which Gradio remembers for long."""

_FULL = f"{MOST_EACH} of your requests are waiting already; send more when they are answered."

_Pushed = tuple[bool, Any, str]


def share_queue(queue: Queue) -> None:
    """Let a queue refuse whoever has `MOST_EACH` requests in it; programs on this machine itself are not bounded.

    Answers that nobody fetches are kept for `MOST_UNHEARD` visits.
    """
    push: Callable[..., Awaitable[_Pushed]] = queue.push

    async def push_within_share(body: Any, request: Any, username: str | None) -> _Pushed:
        if len(str(body.session_hash or "")) > _MOST_NAMED:
            return False, f"the name of a session is too long; at most {_MOST_NAMED} characters are expected.", "error"
        visitor = visitor_of(request)
        if visitor is not None and sum(visitor_of(event.request) == visitor for event in _events(queue)) >= MOST_EACH:
            return False, _FULL, "queue_full"
        pushed = await push(body=body, request=request, username=username)
        _forget_unheard(queue, body.session_hash)
        return pushed

    queue.push = push_within_share  # type: ignore[assignment, method-assign]


def visitor_of(request: HTTPConnection) -> str | None:
    """The address that a request came from; None where that is this machine.

    A proxy stands where the address is a private one: then it is the last public one that proxies noted, and what a
    visitor notes there himself stands before it.
    """
    peer = request.client.host if request.client else ""
    noted = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    chain = [address for text in (peer, *reversed(noted)) if (address := _address(text)) is not None]
    if not chain:
        return peer or None
    visitor = next((address for address in chain if address.is_global), chain[0]) if chain[0].is_private else chain[0]
    if visitor.is_loopback:
        return _ASSISTANTS if request.headers.get("x-gradio-user") == "mcp" else None
    return str(visitor)


def note_visitor(scope: Scope) -> Scope:
    """A request over MCP with its visitor's address among those that proxies noted: Gradio asks on from here itself."""
    peer = _address(scope["client"][0]) if scope.get("client") else None
    if peer is None or not peer.is_global or not scope["path"].startswith("/gradio_api/mcp"):
        return scope
    return {**scope, "headers": [*scope["headers"], (b"x-forwarded-for", str(peer).encode())]}


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip().strip("[]"))
    except ValueError:
        return None


def _forget_unheard(queue: Queue, asking: str | None) -> None:
    """Drop the answers of those who asked longest ago and have nothing in the queue, beyond `MOST_UNHEARD`."""
    answers = queue.pending_messages_per_session
    if asking in answers:
        answers.move_to_end(asking)
    if len(answers) > MOST_UNHEARD:
        busy = {event.session_hash for event in _events(queue)} | {asking}
        idle = [session for session in answers if session not in busy]
        for session in idle[: max(len(answers) - MOST_UNHEARD, 0)]:
            del answers[session]
            queue.pending_event_ids_session.pop(session, None)


def _events(queue: Queue) -> Iterator[Event]:
    for waiting in queue.event_queue_per_concurrency_id.values():
        yield from waiting.queue
    for running in queue.active_jobs:
        yield from running or []
