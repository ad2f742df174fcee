"""What every source gives beside its rows: what is to be said about where they come from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fer_hub.data.raw.row import Row


@dataclass(frozen=True)
class Source:
    """A dataset that can be prepared."""

    title: str
    origin: str
    """Whose it is and where it is described, for the data card."""
    licence: str
    """An identifier of the Hub's list of licences."""
    terms: str
    """What the licence means, in a sentence."""
    rows: Callable[[Path], Iterator[Row]]
    """Raw folder or file -> rows, lazily, in an order that never changes; InputError for what is not its layout."""
    vote_names: tuple[str, ...] = ()
    """What each number of `Row.votes` counts."""
    proportions: tuple[int, int, int] = (8, 1, 1)
    """Sizes of train : validation : test where the split is ours to make."""
    crops: bool = False
    """Whether its pictures are published as face crops, so that nobody need measure it."""
