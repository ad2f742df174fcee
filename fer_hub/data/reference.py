"""Dataset: a dataset reference, opened; its splits are decoded once, to uint8."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

import datasets
import numpy as np
import torch
from torch import Tensor

from fer_hub.arguments import nearest
from fer_hub.data.annotations import (
    auxiliary_classes,
    auxiliary_values,
    class_positions,
    match_labels,
    vote_shares,
)
from fer_hub.data.decoding import decode_pictures, open_stored
from fer_hub.data.faults import NO_LABEL, NO_PICTURE, leave_out
from fer_hub.data.loading import PREPARED, open_reference
from fer_hub.data.raw.forms import Reading
from fer_hub.data.raw.row import Row
from fer_hub.data.split import Split, content_keys
from fer_hub.data.vocabulary.columns import IMAGE_COLUMNS, LABEL_COLUMNS, find_column
from fer_hub.errors import InputError
from fer_hub.expressions import expression_of
from fer_hub.models.config import Head

logger = logging.getLogger(__name__)

_FURTHER_TYPES = (
    "string",
    "large_string",
    "bool",
    *(f"{kind}{bits}" for kind in ("int", "float") for bits in (32, 64)),
)
_OURS = ("group", "votes", "duplicate")


class Dataset:
    """A dataset reference, opened: its splits can be read into memory."""

    def __init__(
        self,
        reference: str,
        auxiliary_columns: tuple[str, ...] = (),
        value_columns: tuple[str, ...] = (),
        votes: bool = False,
        reading: Reading | None = None,
    ) -> None:
        """Open it. Raises InputError.

        Args:
            reference: a folder, a file, or owner/name[@revision].
            auxiliary_columns: further columns that hold classes.
            value_columns: further columns that hold numbers.
            votes: read those of several annotators, where the dataset has them.
            reading: what labels mean, and which columns hold what; those that it does not name are found by the
                names that people give them.
        """
        reading = reading or Reading()
        self.reference = reference
        self.rows, self.revision, prepared = open_reference(reference, reading)
        columns = next(iter(self.rows.values())).column_names
        image_column, label_column = PREPARED if prepared else (reading.columns.image, reading.columns.label)
        self.image_column = image_column or find_column(columns, IMAGE_COLUMNS, reference, "--image-column")
        self.label_column = label_column or find_column(columns, LABEL_COLUMNS, reference, "--label-column")
        for name, rows in self.rows.items():
            for column in (self.image_column, self.label_column, *auxiliary_columns, *value_columns):
                if column not in rows.column_names:
                    raise InputError(
                        f"{reference} has no column {column!r} in its split {name!r}"
                        f"{nearest(column, rows.column_names)}, only {', '.join(rows.column_names)}; give one of these."
                    )
        self._encoded = self.rows.cast_column(self.image_column, datasets.Image(decode=False))
        self.label_names, self._positions = match_labels(self.rows, self.label_column, reading.meanings, reference)
        self._votes = votes
        self.auxiliary_classes = {column: auxiliary_classes(self.rows, column) for column in auxiliary_columns}
        """Further label column -> its values and what they are called, in order."""
        self._value_columns = value_columns

    @property
    def split_names(self) -> list[str]:
        return list(self.rows)

    def count(self, split: str) -> int:
        """Pictures of a split. Raises InputError where it is not there or empty."""
        return len(self._rows(split))

    def look(self, sample: int = 100) -> tuple[int, bool]:
        """The typical side of the pictures in pixels, and whether all are grey, from the first that can be read."""
        pictures = [picture for _, picture, _ in islice(self.photos(self.split_names[0]), sample)]
        side = int(np.median([min(picture.shape[:2]) for picture in pictures]))
        return side, all((picture == picture[..., :1]).all() for picture in pictures)

    def sample(self, split: str, most: int, seed: int) -> Iterator[np.ndarray]:
        """Yield some pictures of a split as they are (HWC uint8 RGB), drawn with the seed, if they can be read."""
        rows = np.random.default_rng(seed).permutation(self.count(split))[:most]
        for stored in self._encoded[split].select(rows)[self.image_column]:
            with suppress(InputError):
                yield open_stored(stored)

    def photos(self, split: str) -> Iterator[tuple[int, np.ndarray, str]]:
        """Yield the row, the picture as it is (HWC uint8 RGB) and the label of what can be used of a split."""
        self._rows(split)
        faults: dict[int, str] = {}
        for row, example in enumerate(self._encoded[split]):
            label = self._positions.get(example[self.label_column])
            try:
                picture = open_stored(example[self.image_column])
            except InputError as error:
                faults[row] = str(error)
                continue
            if label is None:
                faults[row] = NO_LABEL
            else:
                yield row, picture, self.label_names[label]
        leave_out(faults, len(self._encoded[split]), self._said(split))

    def stored(self, split: str) -> Iterator[Row]:
        """Yield all of a split with each picture as the file it is stored as, and what cannot be used as left out."""
        rows = self._rows(split)
        further = [
            name
            for name, feature in rows.features.items()
            if getattr(feature, "dtype", "") in _FURTHER_TYPES and name not in (self.label_column, *_OURS)
        ]
        for number, example in enumerate(self._encoded[split]):
            stored, label = example[self.image_column] or {}, self._positions.get(example[self.label_column])
            picture = stored.get("bytes") or Path(stored.get("path") or "")
            votes = tuple(example["votes"]) if example.get("votes") is not None else None
            yield Row(
                picture,
                "" if label is None else self.label_names[label],
                f"{split} {number}",
                group=str(example.get("group") or ""),
                votes=votes,
                split=split,
                further={name: "" if example[name] is None else str(example[name]) for name in further},
                left_out=NO_PICTURE if picture == Path() else "" if label is not None or votes else NO_LABEL,
            )

    def read(self, split: str, size: int, channels: int, rows: np.ndarray | None = None) -> Split:
        """Decode a split, or some of its rows, once: every picture to `size` square, grey or RGB.

        Pictures that are damaged or without a label are left out and counted, up to `MAX_FAULTY` of them.
        """
        source = self._rows(split)
        index = np.arange(len(source)) if rows is None else rows
        labels, votes = self._labels(source)[index], self._vote_shares(source, index)
        taught = labels >= 0 if votes is None else (labels >= 0) | (votes.sum(1).numpy() > 0)
        if not taught.all() and "votes" in source.column_names:
            asked = "" if self._votes else "; --targets votes learns from those that have votes"
            logger.info("%s pictures of %s without a label are left out%s.", f"{(~taught).sum():,}", split, asked)
        else:
            leave_out(dict.fromkeys(index[~taught].tolist(), NO_LABEL), len(index), self._said(split))
        encoded = self._encoded[split].select(index[taught])
        pictures, unreadable = decode_pictures(encoded, self.image_column, size, channels, split)
        leave_out({int(index[taught][row]): why for row, why in unreadable.items()}, len(index), self._said(split))

        kept = np.delete(np.flatnonzero(taught), sorted(unreadable))
        if unreadable:
            pictures = pictures[np.delete(np.arange(len(pictures)), sorted(unreadable))]
        source, index, labels = source.select(index[kept]), index[kept], labels[kept]
        votes = None if votes is None else votes[torch.from_numpy(kept)]
        labelled = labels >= 0
        if votes is not None:
            labels = np.where(labelled, labels, votes.argmax(1).numpy())
        return Split(
            split,
            pictures,
            torch.from_numpy(labels),
            self.label_names,
            index,
            group=np.array(source["group"]) if "group" in source.column_names else content_keys(pictures),
            votes=votes,
            labelled=None if labelled.all() else labelled,
            auxiliary={
                **{
                    column: class_positions(source, column, words, tuple(words.values()))
                    for column, words in self.auxiliary_classes.items()
                },
                **{column: auxiliary_values(source, column) for column in self._value_columns},
            },
            auxiliary_names={column: tuple(words.values()) for column, words in self.auxiliary_classes.items()},
        )

    def further(self, split: str, index: np.ndarray, heads: Mapping[str, Head]) -> dict[str, Tensor]:
        """What some rows of a split say of a model's further heads, for those that have a column of their name.

        `(N,)` positions among the head's classes, -1 where there is none, or float32 values, NaN where there is none.
        """
        rows = self._rows(split).select(index)
        return {
            name: class_positions(rows, name, auxiliary_classes(self.rows, name), head.classes)
            if head.classes
            else auxiliary_values(rows, name)
            for name, head in heads.items()
            if name in rows.column_names
        }

    def _labels(self, rows: datasets.Dataset) -> np.ndarray:
        """`(N,)` positions in `label_names`, -1 where a picture has no label."""
        return np.array([self._positions.get(label, -1) for label in rows[self.label_column]])

    def _vote_shares(self, rows: datasets.Dataset, index: np.ndarray) -> Tensor | None:
        """`(N, K)` shares, where votes were asked for and are there."""
        if not self._votes or "votes" not in rows.column_names:
            return None
        feature = rows.features[self.label_column]
        names = tuple(feature.names) if isinstance(feature, datasets.ClassLabel) else ()
        words = tuple(expression_of(name) or name for name in names)
        return vote_shares(rows.select(index)["votes"], words, self.label_names, self.reference)

    def _said(self, split: str) -> str:
        return f"{self.reference}, split {split!r}"

    def _rows(self, split: str) -> datasets.Dataset:
        if split not in self.rows:
            close = nearest(split, self.rows)
            raise InputError(f"{self.reference} has no split {split!r}{close}, only {', '.join(self.rows)}.")
        if len(self.rows[split]) == 0:
            raise InputError(f"{self.reference} has no pictures in its split {split!r}.")
        return self.rows[split]
