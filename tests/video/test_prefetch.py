import threading
import time
from collections.abc import Generator

import pytest

from fer_hub.video.prefetch import prefetched


def counting(made: list[int], until: int = 10**6) -> Generator[int]:
    try:
        for number in range(until):
            made.append(number)
            yield number
    finally:
        made.append(-1)


def test_items_come_in_order_and_no_more_are_made_than_allowed():
    made: list[int] = []
    items = prefetched(counting(made), 3)
    assert [next(items) for _ in range(5)] == [0, 1, 2, 3, 4]
    time.sleep(0.05)
    assert made[-1] <= 5 + 3
    items.close()


def test_all_of_it_ends():
    made: list[int] = []
    assert list(prefetched(counting(made, 20))) == list(range(20))
    assert list(prefetched(counting([], 0))) == []
    assert made[-1] == -1


def test_closing_ends_the_thread_and_closes_what_it_read():
    before = threading.active_count()
    made: list[int] = []
    items = prefetched(counting(made), 3)
    next(items)
    assert threading.active_count() == before + 1
    items.close()
    assert threading.active_count() == before
    assert made[-1] == -1


def test_an_error_comes_where_its_item_would_have():
    def failing() -> Generator[int]:
        yield 1
        yield 2
        raise ValueError("three")

    items = prefetched(failing())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(ValueError, match="three"):
        next(items)
    assert list(items) == []
