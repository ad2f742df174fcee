"""The rows of a source, read through once before any picture is, so that a mistake in the last line is told first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fer_hub.data.sources import Row, Source
from fer_hub.errors import InputError


@dataclass(frozen=True)
class Listing:
    """What there is to prepare."""

    rows: Iterator[Row]
    total: int
    published: bool
    """Whether the rows come with splits."""
    votes: bool
    """Whether they come with several people's votes."""


def list_rows(source: Source, raw: Path, labels: tuple[str, ...], most: int | None, seed: int) -> Listing:
    """List the rows of a source, at most so many usable ones, drawn with the seed.

    Rows with a label that is not among `labels` are left out. Raises InputError for a raw folder that is not what
    the source expects, or has no usable row.
    """
    if not raw.exists():
        raise InputError(f"--raw {str(raw)!r} does not exist; give the folder of the unpacked dataset.")
    reasons, splits, votes = [], set(), False
    for row in _rows(source, raw, labels):
        reasons.append(row.left_out)
        if not row.left_out:
            splits.add(row.split)
            votes = votes or row.votes is not None
    usable = np.array([not reason for reason in reasons], bool)
    if not usable.any():
        first = reasons[0] if reasons else "there are no rows"
        raise InputError(f"no row of --raw {str(raw)!r} can be used ({first}); give the folder of the whole dataset.")
    if None in splits and len(splits) > 1:
        raise InputError(
            f"only some pictures in {raw} are in a split ({', '.join(filter(None, splits))}); put all of them in "
            "train, validation or test, or none."
        )
    taken = np.ones(len(usable), bool)
    if most is not None:
        drawn = np.random.default_rng(seed).permutation(np.flatnonzero(usable))[:most]
        taken = ~usable
        taken[drawn] = True
    rows = (row for row, take in zip(_rows(source, raw, labels), taken, strict=True) if take)
    return Listing(rows, int(taken.sum()), None not in splits, votes)


def _rows(source: Source, raw: Path, labels: tuple[str, ...]) -> Iterator[Row]:
    for row in source.rows(raw):
        if row.left_out or row.label in labels or (row.label == "" and row.votes is not None):
            yield row
        else:
            yield replace(row, left_out=f"labelled {row.label}, which is none of the {len(labels)} classes")
