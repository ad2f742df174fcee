"""The rows of a source, read through once before any picture is, so that a mistake in the last line is told first."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fer_hub.data.crop_check import SAMPLE
from fer_hub.data.further import types_of
from fer_hub.data.raw.row import Row
from fer_hub.data.sources import Source
from fer_hub.data.vocabulary.columns import VALUE_COLUMNS
from fer_hub.data.vocabulary.split_names import check_splits
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
    labels: tuple[str, ...]
    """Expressions that occur, in the order of those asked for."""
    boxes: bool
    """Whether they come with boxes of faces in photos."""
    further: dict[str, str] = field(default_factory=dict)
    """Further column that is kept -> its type, see further.py."""
    sample: list[Row] = field(default_factory=list)
    """Some usable rows, drawn with the seed."""


def list_rows(
    source: Source, raw: Path, labels: tuple[str, ...], most: int | None, seed: int, keep: tuple[str, ...] = ()
) -> Listing:
    """List the rows of a source, at most so many usable ones, drawn with the seed.

    Rows with a label that is not among `labels` are left out; of their further columns `VALUE_COLUMNS` and `keep`
    stay. Raises InputError for a raw folder that is not what the source expects, or has no usable row.
    """
    if not raw.exists() and not source.own:
        raise InputError(f"--raw {str(raw)!r} does not exist; give the folder of the unpacked dataset.")
    kept = (*VALUE_COLUMNS, *keep)
    reasons: list[str] = []
    first = "there are no rows"
    splits: dict[str | None, str] = {}
    occurring: set[str] = set()
    votes = boxes = False
    types: dict[str, str] = {}
    sample: list[Row] = []
    draw = np.random.default_rng(seed)
    usable_rows = 0
    for row in _rows(source, raw, labels, kept):
        reasons.append(row.left_out)
        if row.left_out:
            first = f"{row.file}: {row.left_out}" if len(reasons) == 1 else first
            continue
        usable_rows += 1
        splits.setdefault(row.split, row.file)
        occurring.add(row.label)
        votes, boxes = votes or row.votes is not None, boxes or row.box is not None
        types = types_of([row], types)
        if len(sample) < SAMPLE:
            sample.append(row)
        elif (place := int(draw.integers(usable_rows))) < SAMPLE:  # so that each row is in it as probably
            sample[place] = row
    usable = np.array([not reason for reason in reasons], bool)
    if not usable.any():
        raise InputError(
            f"no row of --raw {str(raw)!r} can be used; the first, {first}. Give the folder of the whole dataset."
        )
    check_splits(splits, str(raw))
    if missing := [name for name in keep if name not in types]:
        raise InputError(f"--keep {' '.join(missing)}: {raw} has no such column.")
    taken = np.ones(len(usable), bool)
    if most is not None:
        drawn = np.random.default_rng(seed).permutation(np.flatnonzero(usable))[:most]
        taken = ~usable
        taken[drawn] = True
    rows = (row for row, take in zip(_rows(source, raw, labels, kept), taken, strict=True) if take)
    present = tuple(label for label in labels if label in occurring)
    return Listing(rows, int(taken.sum()), None not in splits, votes, present, boxes, types, sample)


def _rows(source: Source, raw: Path, labels: tuple[str, ...], keep: tuple[str, ...]) -> Iterator[Row]:
    for row in source.rows(raw):
        if row.further:
            row = replace(row, further={name: row.further[name] for name in keep if name in row.further})
        if row.left_out or row.label in labels or (row.label == "" and row.votes is not None):
            yield row
        else:
            yield replace(row, left_out=f"labelled {row.label}, which is none of the {len(labels)} classes")
