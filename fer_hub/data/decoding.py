"""Pictures as a dataset stores them -> uint8 tensors of one size, and which of them cannot be read."""

from collections.abc import Sequence
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import datasets
import numpy as np
from torch import Tensor
from tqdm import tqdm

from fer_hub.data.faults import NO_PICTURE
from fer_hub.data.split import PIECE, empty_pictures
from fer_hub.errors import InputError
from fer_hub.models.preprocessing import read_crop
from fer_hub.vision.images import open_image

Stored = dict[str, Any] | None
"""A picture as `datasets.Image(decode=False)` gives it: its bytes, or the path of its file."""


def open_stored(stored: Stored) -> np.ndarray:
    """HWC uint8 RGB; InputError where there is no picture, or one that cannot be read."""
    if stored is None or (stored["bytes"] is None and stored["path"] is None):
        raise InputError(NO_PICTURE)
    return open_image(stored["bytes"] if stored["bytes"] is not None else Path(stored["path"]))


def decode_pictures(
    rows: datasets.Dataset, column: str, size: int, channels: int, name: str
) -> tuple[Tensor, dict[int, str]]:
    """Decode all pictures of some rows, once.

    Args:
        rows: in which the column is not decoded yet.
        column: of the pictures.
        size: side of the square that every picture becomes, in pixels.
        channels: 1 for grey, 3 for RGB.
        name: of the split, for the progress bar.

    Returns:
        `(N, channels, size, size)` uint8, and for each row that cannot be read the reason.
    """
    pictures = empty_pictures((len(rows), channels, size, size))
    faults: dict[int, str] = {}
    progress = tqdm(desc=f"reading {name}", total=len(rows), unit="picture", leave=False)

    def decode(row: int, stored: Stored) -> None:
        try:
            pictures[row] = read_crop(open_stored(stored), size, grey=channels == 1)
        except InputError as error:
            faults[row] = str(error)
        progress.update()

    with progress, ThreadPool() as threads:  # decoding and resizing leave Python's lock
        for start in range(0, len(rows), PIECE):
            threads.starmap(decode, enumerate(_piece(rows, column, start), start))
    return pictures, faults


def _piece(rows: datasets.Dataset, column: str, start: int) -> Sequence[Stored]:
    piece: Sequence[Stored] = rows[start : start + PIECE][column]
    return piece
