"""Anybody's own pictures: class-named folders, tables of paths and labels, parquet, or WebDataset shards."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from fer_hub.data.raw.forms import Reading, is_dataset, own_rows
from fer_hub.data.raw.row import Row
from fer_hub.data.reference import Dataset
from fer_hub.data.sources.source import Source
from fer_hub.published_datasets import PublishedDataset


def rows(raw: Path, reading: Reading) -> Iterator[Row]:
    """Yield the pictures of whichever form is there, or of owner/name on the Hub; docs/data.md shows the forms."""
    if raw.exists() and not is_dataset(raw):
        return own_rows(raw, reading)
    return dataset_rows(Dataset(str(raw), reading=reading))


def dataset_rows(dataset: Dataset) -> Iterator[Row]:
    """Yield the pictures of a dataset. Where `train` is its only split, its pictures are in none."""
    for name in dataset.split_names:
        for row in dataset.stored(name):
            yield replace(row, split=None) if dataset.split_names == ["train"] else row


def read_as(reading: Reading) -> Source:
    """`FOLDER`, read as a user says."""
    return replace(FOLDER, rows=partial(rows, reading=reading))


FOLDER = Source(
    published=PublishedDataset(
        title="Own pictures",
        licence="unknown",
        terms="Whoever prepared this dataset has not stated one (--licence).",
    ),
    origin="Pictures and labels of whoever prepared this dataset.",
    rows=partial(rows, reading=Reading()),
    own=True,
)
