"""How large the body of a request may be, before anything reads it: values of JSON, and bytes of uploads.

Gradio walks through every value of a body several times while nobody else is answered, and holds all of it in memory.
"""

import shutil
from pathlib import Path

from gradio.utils import get_upload_folder
from starlette.types import Message, Receive, Scope

MOST_BYTES = 8_000_000
"""Of a body that is no upload; the longest that a page sends is a picture of the webcam, of four million."""

MOST_VALUES = 20_000
"""Of such a body, counted by what stands between values; a page sends a few dozen."""

MOST_UPLOADED_BYTES = 101 << 20
"""Of one upload: a file of 100 MB, and what is written around it."""

LEAST_FREE_BYTES = 1 << 30
"""Uploads are refused where the disk has less left."""

_BETWEEN_VALUES = (b",", b"[", b"{")


class RefusedBodyError(Exception):
    """A body that is not read to its end: status and sentence of the answer."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def bounded(scope: Scope, receive: Receive, upload: bool) -> Receive:
    """What takes the place of `receive`. Raises RefusedBodyError, as the result does, where the body is too much."""
    _check_length(_announced(scope), MOST_UPLOADED_BYTES if upload else MOST_BYTES)
    return _bounded_upload(receive) if upload else await _bounded_values(receive)


def _bounded_upload(receive: Receive) -> Receive:
    received = 0

    async def receive_some() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        _check_length(received, MOST_UPLOADED_BYTES)
        if _free_bytes() < LEAST_FREE_BYTES:
            raise RefusedBodyError(507, "there is no room for uploads now; try again in twenty minutes")
        return message

    return receive_some


async def _bounded_values(receive: Receive) -> Receive:
    """The whole body is read first; after it comes what comes: that the visitor left."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return _after(message, receive)
        body += message.get("body", b"")
        more = message.get("more_body", False)
        _check_length(len(body), MOST_BYTES)
    if sum(map(body.count, _BETWEEN_VALUES)) > MOST_VALUES:
        raise RefusedBodyError(413, f"this request has too many values; at most {MOST_VALUES:,} are read")
    return _after({"type": "http.request", "body": bytes(body), "more_body": False}, receive)


def _after(first: Message, receive: Receive) -> Receive:
    waiting = [first]

    async def receive_rest() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_rest


def _announced(scope: Scope) -> int:
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(length) if length.isdigit() and len(length) < 20 else 0


def _check_length(length: int, most: int) -> None:
    if length > most:
        raise RefusedBodyError(413, f"this request is too large; at most {most / 1e6:.0f} MB are taken")


def _free_bytes() -> int:
    folder = Path(get_upload_folder())
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
