"""How long one request may be worked on. The work itself looks at the clock, since no thread can be stopped."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

from torch import nn

from fer_hub.errors import InputError

REQUEST_SECONDS = 60.0
"""Of a request, once it is its turn."""


class Deadline:
    """A moment by which work must be done."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = monotonic() + seconds

    def check(self) -> None:
        """Raise InputError where it has passed."""
        if monotonic() > self._end:
            raise InputError(
                f"this took longer than {self.seconds:.0f} seconds and was stopped; give less at once, or choose a "
                "smaller model."
            )


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Give what is done inside so many seconds; a deadline inside another one takes its place."""
    token = _current.set(Deadline(seconds))
    try:
        yield
    finally:
        _current.reset(token)


def check_deadline() -> None:
    """Raise InputError where the deadline of the request that is being worked on has passed; outside there is none."""
    if (current := _current.get()) is not None:
        current.check()


def heed_deadlines(network: nn.Module) -> None:
    """Let every layer of a network look at the clock before it starts: however large it is, it stops in time."""
    for layer in network.modules():
        if next(layer.children(), None) is None:
            layer.register_forward_pre_hook(lambda *_: check_deadline())
