"""A dataset reference, opened: its splits are decoded once, to uint8."""

import hashlib
import logging
import re
from collections.abc import Iterator
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from fer_hub.data.annotations import auxiliary_classes, vote_shares
from fer_hub.data.columns import IMAGE_COLUMNS, LABEL_COLUMNS, find_column
from fer_hub.data.split import PIECE, Split, content_keys, empty_pictures
from fer_hub.errors import FerHubError, InputError
from fer_hub.expressions import EIGHT_EXPRESSIONS, EXPRESSIONS, expression_of
from fer_hub.vision.images import open_image

logger = logging.getLogger(__name__)

REFERENCE_FORMS = "a folder or file that the datasets library can load, or owner/name[@revision] on the Hub"


class Dataset:
    """A dataset reference, opened: its splits can be read into memory."""

    def __init__(
        self,
        reference: str,
        image_column: str | None = None,
        label_column: str | None = None,
        auxiliary_columns: tuple[str, ...] = (),
        votes: bool = False,
    ) -> None:
        """Columns that are not given are found by the names that people give them. Raises InputError.

        `votes` asks for those of several annotators, where the dataset has them.
        """
        self.reference = reference
        self.rows, self.revision = _open(reference)
        columns = next(iter(self.rows.values())).column_names
        self.image_column = image_column or find_column(columns, IMAGE_COLUMNS, reference, "--image-column")
        self.label_column = label_column or find_column(columns, LABEL_COLUMNS, reference, "--label-column")
        for name, rows in self.rows.items():
            for column in (self.image_column, self.label_column, *auxiliary_columns):
                if column not in rows.column_names:
                    raise InputError(
                        f"{reference} has no column {column!r} in its split {name!r}, only "
                        f"{', '.join(rows.column_names)}; name yours with --image-column and --label-column."
                    )
        self.label_names, self._positions = self._match_labels()
        self._votes = votes
        self.auxiliary_classes = {column: auxiliary_classes(self.rows, column) for column in auxiliary_columns}
        """Further label column -> its classes, in order."""

    @property
    def split_names(self) -> list[str]:
        return list(self.rows)

    def look(self, sample: int = 100) -> tuple[int, bool]:
        """The typical side of the pictures in pixels, and whether they are all grey, from the first ones."""
        first = next(iter(self.rows.values()))
        pictures = [open_image(image) for image in first[: min(sample, len(first))][self.image_column]]
        side = int(np.median([min(picture.shape[:2]) for picture in pictures]))
        return side, all((picture == picture[..., :1]).all() for picture in pictures)

    def pictures(self, split: str) -> Iterator[tuple[Image.Image, int]]:
        """Yield each picture of a split as it is, with the position of its label in `label_names`."""
        for example in self._rows(split):
            yield example[self.image_column], self._positions[example[self.label_column]]

    def encoded(self, split: str) -> Iterator[tuple[bytes | Path, str, tuple[int, ...] | None]]:
        """Yield each picture of a split as the file it is stored as, with its expression and, where known, votes."""
        for example in self._rows(split).cast_column(self.image_column, datasets.Image(decode=False)):
            stored, label = example[self.image_column], self._positions.get(example[self.label_column])
            if label is None:
                raise InputError(f"a picture of {self.reference}, split {split!r}, has no label.")
            votes = tuple(example["votes"]) if "votes" in example else None
            yield stored["bytes"] or Path(stored["path"]), self.label_names[label], votes

    def read(self, split: str, size: int, channels: int, rows: np.ndarray | None = None) -> Split:
        """Decode a split, or some of its rows, once: every picture to `size` square, grey or RGB."""
        source = self._rows(split)
        index = np.arange(len(source)) if rows is None else rows
        labels, votes = self._labels(source)[index], None
        if self._votes and "votes" in source.column_names:
            counted = source.select(index)["votes"]
            votes = vote_shares(counted, self._vote_names(), self.label_names, self.reference)
        labelled = labels >= 0
        taught = labelled if votes is None else labelled | (votes.sum(1).numpy() > 0)
        if not taught.all():
            self._leave_out(split, int((~taught).sum()))
            index, labels, labelled = index[taught], labels[taught], labelled[taught]
            votes = None if votes is None else votes[torch.from_numpy(taught)]
        if votes is not None:
            labels = np.where(labelled, labels, votes.argmax(1).numpy())
        source = source.select(index)
        pictures = empty_pictures((len(index), channels, size, size))

        encoded = source.cast_column(self.image_column, datasets.Image(decode=False))
        progress = tqdm(desc=f"reading {split}", total=len(index), unit="picture", leave=False)

        def decode(row: int, stored: dict[str, Any]) -> None:
            name = f"picture {index[row]} of {split}"
            pictures[row] = _decode(stored["bytes"] or stored["path"], size, channels, name)
            progress.update()

        with progress, ThreadPool() as threads:  # decoding and resizing leave Python's lock
            for start in range(0, len(index), PIECE):
                piece = encoded[start : start + PIECE][self.image_column]
                threads.starmap(decode, enumerate(piece, start))
        group = np.array(source["group"]) if "group" in source.column_names else content_keys(pictures)
        auxiliary = {
            column: torch.tensor([classes.get(value, -1) for value in source[column]])
            for column, classes in self.auxiliary_classes.items()
        }
        agreed = None if labelled.all() else labelled
        return Split(
            split, pictures, torch.from_numpy(labels), self.label_names, index, group, votes, agreed, auxiliary
        )

    def _leave_out(self, split: str, count: int) -> None:
        """Say that so many pictures teach nothing. Raises InputError where nothing but a label could."""
        if "votes" not in self.rows[split].column_names:
            raise InputError(f"{count} pictures of {self.reference}, split {split!r}, have no label.")
        auxiliary = "" if self._votes else "; --targets votes learns from those that have votes"
        logger.info("%s pictures of %s without a label are left out%s.", f"{count:,}", split, auxiliary)

    def _labels(self, rows: datasets.Dataset) -> np.ndarray:
        """`(N,)` positions in `label_names`, -1 where a picture has no label."""
        return np.array([self._positions.get(label, -1) for label in rows[self.label_column]])

    def _vote_names(self) -> tuple[str, ...]:
        """What the votes count, in order, where there is one for each class of the label column."""
        feature = next(iter(self.rows.values())).features[self.label_column]
        names = feature.names if isinstance(feature, datasets.ClassLabel) else ()
        return tuple(expression_of(name) or name for name in names)

    def _rows(self, split: str) -> datasets.Dataset:
        if split not in self.rows:
            raise InputError(f"{self.reference} has no split {split!r}, only {', '.join(self.rows)}.")
        if len(self.rows[split]) == 0:
            raise InputError(f"{self.reference} has no pictures in its split {split!r}.")
        return self.rows[split]

    def _match_labels(self) -> tuple[tuple[str, ...], dict[int | str, int]]:
        """Expressions of the dataset, and for each value in its label column the position among them."""
        feature = next(iter(self.rows.values())).features[self.label_column]
        if isinstance(feature, datasets.ClassLabel):
            words = dict(enumerate(feature.names))
        elif getattr(feature, "dtype", None) == "string":
            words = {word: word for rows in self.rows.values() for word in rows.unique(self.label_column)}
        else:
            raise InputError(
                f"the labels of {self.reference} are {feature}, which says nothing about what they mean; "
                f"expected a ClassLabel or words, such as {', '.join(EXPRESSIONS)}."
            )
        found = {value: expression_of(word) for value, word in words.items()}
        unknown = [words[value] for value, expression in found.items() if expression is None]
        if unknown or len(set(found.values())) < 2:
            raise InputError(
                f"the labels of {self.reference} are {', '.join(words.values())}; expected names of at least two "
                f"of the expressions {', '.join(EXPRESSIONS)}"
                + (f", and these are not: {', '.join(unknown)}." if unknown else ".")
            )
        names = tuple(expression for expression in EIGHT_EXPRESSIONS if expression in found.values())
        return names, {value: names.index(expression) for value, expression in found.items() if expression}


def _decode(image: bytes | str, size: int, channels: int, name: str) -> Tensor:
    """Any picture -> `(channels, size, size)` uint8."""
    try:
        picture = Image.fromarray(open_image(image)).convert("L" if channels == 1 else "RGB")
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    if picture.size != (size, size):
        picture = picture.resize((size, size), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(picture).reshape(size, size, channels)).permute(2, 0, 1)


def _open(reference: str) -> tuple[datasets.DatasetDict, str]:
    """Load a reference with the datasets library; return its splits and the revision that names its content."""
    path = Path(reference)
    name, _, revision = reference.partition("@")
    try:
        if path.exists():
            file_type = {".csv": "csv", ".parquet": "parquet", ".json": "json", ".jsonl": "json"}.get(path.suffix)
            loaded = (
                datasets.load_dataset(file_type, data_files=reference)
                if path.is_file() and file_type
                else datasets.load_dataset(reference)
            )
            return loaded, _files_digest(path)
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", name) or name.startswith("."):
            raise InputError(f"there is no dataset {reference!r}; give {REFERENCE_FORMS}.")
        loaded = datasets.load_dataset(name, revision=revision or None)
        return loaded, _commit(loaded)
    except FerHubError:
        raise
    except Exception as error:  # the library raises many kinds; each means that this dataset cannot be had
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"dataset {reference!r} cannot be loaded: {reason}; give {REFERENCE_FORMS}.") from None


def _commit(loaded: datasets.DatasetDict) -> str:
    """The Hub commit a dataset was read from, also when it came from the cache: its folder there is named so."""
    files = (Path(file["filename"]) for rows in loaded.values() for file in rows.cache_files)
    return next((file.parent.name for file in files if re.fullmatch(r"[0-9a-f]{40}", file.parent.name)), "unknown")


def _files_digest(path: Path) -> str:
    """`sha256:...` over names and bytes of a local dataset's files, so that a changed copy shows."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts):
            digest.update(file.name.encode())
            with file.open("rb") as stream:
                while chunk := stream.read(1 << 20):
                    digest.update(chunk)
    return f"sha256:{digest.hexdigest()[:16]}"
