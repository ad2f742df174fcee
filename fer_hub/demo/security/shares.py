"""A visitor's share of the queue: nobody fills all of it, so that there is room for others."""

import ipaddress
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from gradio.queueing import Event, Queue
from starlette.requests import HTTPConnection

MOST_EACH = 16
"""Requests of one visitor that wait or are worked on; more are refused. A class behind one address is one visitor."""

_FULL = f"{MOST_EACH} of your requests are waiting already; send more when they are answered."

_Pushed = tuple[bool, Any, str]


def share_queue(queue: Queue) -> None:
    """Let a queue refuse whoever has `MOST_EACH` requests in it; programs on this machine itself are not bounded."""
    push: Callable[..., Awaitable[_Pushed]] = queue.push

    async def push_within_share(body: Any, request: Any, username: str | None) -> _Pushed:
        visitor = visitor_of(request)
        if visitor is not None and sum(visitor_of(event.request) == visitor for event in _events(queue)) >= MOST_EACH:
            return False, _FULL, "queue_full"
        return await push(body=body, request=request, username=username)

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
    return None if visitor.is_loopback else str(visitor)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip().strip("[]"))
    except ValueError:
        return None


def _events(queue: Queue) -> Iterator[Event]:
    for waiting in queue.event_queue_per_concurrency_id.values():
        yield from waiting.queue
    for running in queue.active_jobs:
        yield from running or []
