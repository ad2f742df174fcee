"""Rows -> records of a part: the picture read, its face cut out, its fingerprints taken."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fer_hub.data.preparation.cropping import FaceCutter
from fer_hub.data.preparation.splits.duplicates import fingerprints
from fer_hub.data.raw.row import Row
from fer_hub.errors import InputError
from fer_hub.vision.alignment import encode_face
from fer_hub.vision.formats import HEAD, picture_kind
from fer_hub.vision.images import open_image

SCHEMA = pa.schema(
    {
        "image": pa.binary(),
        "label": pa.string(),
        "votes": pa.list_(pa.uint8()),
        "group": pa.string(),
        "file": pa.string(),
        "box": pa.list_(pa.int32()),
        "split": pa.string(),
        "further": pa.string(),
        "cut": pa.string(),
        "content": pa.string(),
        "look": pa.binary(),
        "left_out": pa.string(),
    }
)
"""`further`: JSON, text by column. `cut`: by landmarks, box, or whole. `content` and `look`: see duplicates.py."""

_KEPT = ("JPEG", "PNG", "WEBP")
"""Pictures that are stored as they came, as whatever reads the dataset reads them; others are stored as PNG."""


def readable_pictures(rows: list[Row]) -> Iterator[np.ndarray]:
    """The pictures of some rows as HWC uint8 RGB, without those that cannot be read."""
    for row in rows:
        with contextlib.suppress(InputError, OSError, ValueError):
            yield open_image(_encoded(row.picture))


def records_of(rows: list[Row], cutter: FaceCutter) -> Iterator[dict[str, Any]]:
    """The parts' rows for the faces of one picture."""
    stored, photo, problem = b"", np.empty(0), ""
    if not all(row.left_out for row in rows):
        try:
            stored = _encoded(rows[0].picture)
            photo = open_image(stored)
        except (InputError, OSError, ValueError) as error:
            problem = f"unreadable: {error}"
    for row in rows:
        record: dict[str, Any] = {
            "label": row.label,
            "votes": row.votes,
            "group": row.group,
            "file": row.file,
            "box": row.box,
            "split": row.split,
            "further": json.dumps(dict(row.further)),
            "left_out": row.left_out or problem,
        }
        try:
            if not record["left_out"]:
                crop, cut = cutter.cut(photo, row.box)
                whole = cut == "whole" and picture_kind(stored[:HEAD]) in _KEPT
                record["image"], record["cut"] = stored if whole else encode_face(crop), cut
                record["content"], record["look"] = fingerprints(crop)
        except ValueError as error:
            record["left_out"] = str(error)
        yield record


def _encoded(picture: Path | bytes | str) -> bytes:
    if isinstance(picture, Path):
        return picture.read_bytes()
    if isinstance(picture, bytes):
        return picture
    values = np.array(picture.split(), np.int64)
    if len(values) != 48 * 48 or values.min() < 0 or values.max() > 255:
        raise ValueError(f"{len(values)} pixels; expected 48 x 48 values from 0 to 255")
    return encode_face(values.astype(np.uint8).reshape(48, 48))
