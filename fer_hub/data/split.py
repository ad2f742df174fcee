"""Split: pictures with their labels, in memory where they fit, otherwise in a file that is mapped into it."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import datasets
import numpy as np
import psutil
import torch
from torch import Tensor

from fer_hub.errors import InputError

PIECE = 1024
"""Pictures that are handled at once where all of them might not fit into memory."""


@dataclass(frozen=True)
class Split:
    """Pictures with their labels, row by row."""

    name: str
    pictures: Tensor
    """`(N, C, S, S)` uint8, 0-255, grey (C = 1) or RGB (C = 3); see `empty_pictures` for where they lie."""
    labels: Tensor
    """`(N,)` int64, positions in `label_names`."""
    label_names: tuple[str, ...]
    """The expressions that occur in the dataset, in `EIGHT_EXPRESSIONS` order; or labels of its own, in theirs."""
    index: np.ndarray
    """`(N,)` position of each picture in the dataset's own split."""
    group: np.ndarray
    """`(N,)` what must stay in one split: the dataset's `group`, otherwise equal pixels."""
    votes: Tensor | None = None
    """`(N, K)` float share of the annotators that chose each of `label_names`, where the dataset has votes."""
    labelled: np.ndarray | None = None
    """`(N,)` bool; None where all are. Where a picture has votes and no label, `labels` holds what most chose."""
    auxiliary: dict[str, Tensor] = field(default_factory=dict)
    """Further column -> `(N,)` int64 positions in its `auxiliary_names`, -1 where it says nothing; or, of a column of
    values, `(N,)` float32, NaN where it says nothing."""
    auxiliary_names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Further column of classes -> what these are called."""

    def __len__(self) -> int:
        return len(self.labels)

    def pieces(self) -> Iterator[Tensor]:
        """The pictures in order, `PIECE` at a time."""
        return iter(self.pictures.split(PIECE))

    def content_keys(self) -> np.ndarray:
        """`(N,)` one key per picture, equal where the pixels are equal."""
        return content_keys(self.pictures)

    def pixel_statistics(self) -> tuple[Tensor, Tensor]:
        """`(C,)` mean and standard deviation of the pixel values, scaled to 0-1."""
        channels = self.pictures.shape[1]
        counts = torch.zeros(channels, 256, dtype=torch.float64)  # of each pixel value: exact however many there are
        for piece in self.pieces():
            for channel in range(channels):
                counts[channel] += piece[:, channel].flatten().bincount(minlength=256)
        values, shares = torch.arange(256) / 255, counts / counts.sum(1, keepdim=True)
        mean = (shares * values).sum(1)
        return mean, (shares * (values - mean[:, None]).square()).sum(1).sqrt()

    def take(self, rows: np.ndarray, name: str | None = None) -> "Split":
        """A copy of the given rows, in the given order."""
        picked = torch.from_numpy(rows)
        pictures = empty_pictures((len(rows), *self.pictures.shape[1:]))
        for piece, source in zip(pictures.split(PIECE), picked.split(PIECE), strict=True):
            piece.copy_(self.pictures[source])
        return replace(
            self,
            name=name or self.name,
            pictures=pictures,
            labels=self.labels[picked],
            index=self.index[rows],
            group=self.group[rows],
            votes=None if self.votes is None else self.votes[picked],
            labelled=None if self.labelled is None else self.labelled[rows],
            auxiliary={column: labels[picked] for column, labels in self.auxiliary.items()},
        )


def content_keys(pictures: Tensor) -> np.ndarray:
    """`(N,)` one key per picture, equal where the pixels are equal."""
    return np.array([hashlib.blake2b(picture.numpy(), digest_size=16).hexdigest() for picture in pictures.cpu()])


def empty_pictures(shape: tuple[int, ...]) -> Tensor:
    """Room for `(N, C, H, W)` uint8 pictures: memory up to half of what is free, otherwise a file.

    Half, because carving a split copies it, and so that the network has the rest. The file lies in the datasets
    library's cache (`HF_HOME`), has no name, and is gone when the process ends, however it ends; the system keeps in
    memory what fits of it. Raises InputError where the disk has no room for it.
    """
    size = int(np.prod(shape))
    if size <= psutil.virtual_memory().available // 2:
        return torch.empty(shape, dtype=torch.uint8)
    folder = Path(datasets.config.HF_DATASETS_CACHE)
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if size > free:
        raise InputError(
            f"the decoded pictures take {size / 1e9:.1f} GB, more than half of the free memory and more than the "
            f"{free / 1e9:.1f} GB free in {folder}; set HF_HOME to a folder on a larger disk, or take fewer pictures "
            "with --max-train-images."
        )
    with tempfile.TemporaryFile(dir=folder) as file:
        file.truncate(size)
        return torch.from_numpy(np.memmap(file, np.uint8, "r+", shape=shape))
