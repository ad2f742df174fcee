"""What every source gives: rows, one for each labelled face, and what is to be said about where they come from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Box = tuple[int, int, int, int]
"""XYXY pixels of the photo."""

SPLITS = ("train", "validation", "test")
MISSING = "no such picture"


@dataclass(frozen=True)
class Row:
    """One labelled face as it is published. Nothing is read from its picture yet."""

    picture: Path | bytes | str
    """A picture file, the bytes of one, or 48 x 48 grey values separated by blanks."""
    label: str
    """One of `EIGHT_EXPRESSIONS`; empty where only `votes` say something; anything where `left_out` says why not."""
    file: str
    """Which file or line it is, for people to find it again."""
    box: Box | None = None
    """The face to cut out; None where the picture is a face crop already."""
    group: str = ""
    """What must stay in one split, such as the photo; empty where nothing is known."""
    votes: tuple[int, ...] | None = None
    split: str | None = None
    """One of `SPLITS` where it is published; None where the split is ours to make."""
    left_out: str = ""
    """Why the row does not become part of the dataset; empty where it does."""


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
