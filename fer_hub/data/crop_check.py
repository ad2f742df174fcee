"""Are pictures face crops already, or whole photos? Measured by how much of a picture the face in it covers."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import numpy as np
from PIL import Image
from pydantic import TypeAdapter

from fer_hub.data.measured import remembered
from fer_hub.data.reference import Dataset
from fer_hub.errors import InputError
from fer_hub.vision.detection import FaceDetector

SAMPLE = 60
"""Pictures that are looked at."""

CROP_SHARE = 0.3
"""Share of a crop's area that the box of its face covers at least. Of 457 faces in FER-2013's crops half cover more
than 79%, and one in a hundred less than this (tests/benchmarks/crop_check.py)."""

MAX_PHOTOS = 0.1
"""Share of a sample that may fall below `CROP_SHARE` among crops, because the face finder makes mistakes."""

PHOTO_SIDE = 640
"""Longest side, in pixels, at which a whole photo is searched for its largest face."""


@dataclass(frozen=True)
class CropCheck:
    """What was found in a sample of pictures."""

    looked_at: int
    found: int
    """Pictures in which a face was found."""
    photos: int
    """Of these, pictures in which it covers less than `CROP_SHARE`."""
    share: float
    """Median share of the picture's area that the face's box covers, 0-1."""

    @property
    def kind(self) -> str:
        """What the pictures are: "face crops", "whole photos", or "pictures" where too few faces are found to tell."""
        if self.found < MAX_PHOTOS * self.looked_at or self.found == 0:
            return "pictures"
        return "whole photos" if self.photos > MAX_PHOTOS * self.found else "face crops"

    @property
    def in_words(self) -> str:
        """What was measured, as the end of a sentence."""
        if self.kind == "pictures":
            return f"the face finder finds a face in {self.found} of {self.looked_at} looked at, too few to tell"
        return (
            f"in {self.found} of {self.looked_at} looked at a face is found, which covers {self.share:.0%} of the "
            "picture (median)"
        )


def check_crops(pictures: Iterable[np.ndarray]) -> CropCheck:
    """Look for the largest face in HWC uint8 RGB pictures, up to `SAMPLE` of them."""
    detector = FaceDetector()
    shares, looked_at = [], 0
    for picture, _ in zip(pictures, range(SAMPLE), strict=False):
        looked_at += 1
        if (share := cover(detector, picture)) is not None:
            shares.append(share)
    photos = sum(share < CROP_SHARE for share in shares)
    return CropCheck(looked_at, len(shares), photos, round(float(np.median(shares)), 3) if shares else 0.0)


def cover(detector: FaceDetector, picture: np.ndarray) -> float | None:
    """Share of a picture's area, 0-1, that the box of its largest face covers; None where none is found."""
    small = shrunk(picture, PHOTO_SIDE)
    faces = detector.detect(small)
    return faces[0].area / (small.shape[0] * small.shape[1]) if faces else None


def check_split(dataset: Dataset, split: str) -> CropCheck:
    """Check a sample of a dataset's split; what was found is remembered with the dataset's revision."""
    return remembered(
        dataset.revision,
        f"crop check of {split}, {dataset.image_column}",
        TypeAdapter(CropCheck),
        lambda: check_crops(dataset.sample(split, SAMPLE, seed=0)),
    )


def refuse_photos(dataset: Dataset, split: str) -> None:
    """Raise InputError where the pictures are whole photos, with the command that cuts their faces out."""
    check = check_split(dataset, split)
    if check.kind == "whole photos":
        place = Path(dataset.reference)
        prepared = (
            f"python train/prepare_data.py folder --raw {quote(str(place))} --output {quote(f'{place.name}-faces')}"
        )
        raise InputError(
            f"{dataset.reference} holds whole photos: {check.in_words}. Cut the faces out first"
            + (f": {prepared}" if place.exists() else "")
            + "; or let this command do it with --crop landmarks, or train on the photos as they are with --crop none."
        )


def shrunk(picture: np.ndarray, side: int) -> np.ndarray:
    """The picture with its longer side reduced to so many pixels, where it has more."""
    image = Image.fromarray(picture)
    image.thumbnail((side, side), Image.Resampling.BILINEAR)
    return np.asarray(image)
