"""Makes the next items of an iterator while the present one is used."""

from collections import deque
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

Item = TypeVar("Item")

_END = object()


def prefetched(items: Generator[Item], ahead: int = 8) -> Generator[Item]:
    """The same items, made by a thread of their own, at most so many ahead of the one that is used.

    An error comes where its item would have come. When this generator is closed, `items` is closed and the thread ends.
    """
    with ThreadPoolExecutor(1, "prefetch") as thread:
        try:
            waiting = deque(thread.submit(next, items, _END) for _ in range(ahead))
            while (item := waiting.popleft().result()) is not _END:
                waiting.append(thread.submit(next, items, _END))
                yield cast(Item, item)
        finally:
            thread.shutdown(cancel_futures=True)
            items.close()
