"""What reading raw data gives: rows, one for each labelled face or photo."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Box = tuple[int, int, int, int]
"""XYXY pixels of the photo."""

MISSING = "no such picture"
UNLISTED = "not in the list of labels"


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
    """The face to cut out; None where the picture is a face crop already, or a photo nobody has marked a face in."""
    group: str = ""
    """What must stay in one split, such as the photo; empty where nothing is known."""
    votes: tuple[int, ...] | None = None
    split: str | None = None
    """One of `SPLITS` where it is published; None where the split is ours to make."""
    further: Mapping[str, str] = field(default_factory=dict)
    """What further columns say, such as valence or age, as it is written; empty text where they say nothing."""
    left_out: str = ""
    """Why the row does not become part of the dataset; empty where it does."""
