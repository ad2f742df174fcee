"""One face cut out of a photo, by its landmarks or by its published box."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PIL import Image

from fer_hub.data.crop_check import PHOTO_SIDE, CropCheck, shrunk
from fer_hub.data.raw.row import Box
from fer_hub.errors import InputError
from fer_hub.vision.alignment import align_face
from fer_hub.vision.detection import FaceDetector
from fer_hub.vision.geometry import FER2013_GEOMETRY, CropGeometry

SEARCHED = 256
"""Longest side, in pixels, at which the surroundings of a box are searched: the same cost for every face."""


CROPS = ("auto", "landmarks", "box", "none")

NO_FACE = "no face found"


@dataclass(frozen=True)
class Cutting:
    """How faces are cut out of photos."""

    how: str
    """landmarks: turned and scaled so that eyes, nose and mouth sit as in FER-2013; box: the published box, or that of
    the face finder; none: pictures stay as they are; auto: see `decide`."""
    size: int
    """Side in pixels of crops by landmarks. Crops by box keep the photo's own pixels."""
    margin: float
    """Share of the box's sides that is added on each side."""

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 512:
            raise InputError(f"--size is {self.size}; it must be between 16 and 512 pixels.")
        if not 0 <= self.margin <= 2:
            raise InputError(f"--margin is {self.margin}; it must be between 0 and 2.")

    def decide(self, boxes: bool, check: CropCheck | None) -> "Cutting":
        """What "auto" means: landmarks where faces are marked by boxes or the pictures are whole photos, or else none.

        Raises InputError for photos with boxes and `none`.
        """
        if boxes and self.how == "none":
            raise InputError("--crop none would keep the photos around the marked faces; choose landmarks or box.")
        if self.how != "auto":
            return self
        photos = boxes or (check is not None and check.kind == "whole photos")
        return replace(self, how="landmarks" if photos else "none")


class FaceCutter:
    """Cuts faces as a `Cutting` says."""

    def __init__(self, cutting: Cutting) -> None:
        self.cutting = cutting
        scale = cutting.size / FER2013_GEOMETRY.size
        landmarks = tuple((x * scale, y * scale) for x, y in FER2013_GEOMETRY.landmarks)
        self._geometry = CropGeometry.model_validate({"size": cutting.size, "landmarks": landmarks})

    @cached_property
    def _detector(self) -> FaceDetector:
        return FaceDetector()  # only where a photo needs it: it takes longer to load than many pictures to read

    def cut(self, photo: np.ndarray, box: Box | None) -> tuple[np.ndarray, str]:
        """Return the face as an HWC uint8 RGB crop, and whether it was cut by "landmarks", by "box", or is "whole".

        Without a box it is the largest face of the photo; with one, the box is what is left where no face is found in
        it. Raises ValueError for a box outside the photo, and for a photo without a face.
        """
        if self.cutting.how == "none":
            return photo, "whole"
        if box is None:
            return self._cut_largest(photo)
        by_box = cut_box(photo, box, self.cutting.margin)
        if self.cutting.how == "landmarks" and (landmarks := self._landmarks(photo, box)) is not None:
            return align_face(photo, landmarks, self._geometry), "landmarks"
        return by_box, "box"

    def _cut_largest(self, photo: np.ndarray) -> tuple[np.ndarray, str]:
        small = shrunk(photo, PHOTO_SIDE)
        face = next(iter(self._detector.detect(small)), None)
        if face is None:  # small faces need all of the photo's pixels
            small, face = photo, next(iter(self._detector.detect(photo)), None)
        if face is None:
            raise ValueError(NO_FACE)
        scale = photo.shape[1] / small.shape[1]
        left, top, right, bottom = (round(value * scale) for value in face.box)
        box = (left, top, right, bottom)
        if self.cutting.how == "box":
            return cut_box(photo, box, self.cutting.margin), "box"
        landmarks = self._landmarks(photo, box)  # looked at closer
        if landmarks is None:
            landmarks = (face.landmarks + 0.5) * scale - 0.5
        return align_face(photo, landmarks, self._geometry), "landmarks"

    def _landmarks(self, photo: np.ndarray, box: Box) -> np.ndarray | None:
        """`(5, 2)` XY pixels of the face in the box: of those with all landmarks inside, the one that fills it best."""
        left, top, right, bottom = enlarged(box, 0.5, photo.shape)
        around = Image.fromarray(photo[top:bottom, left:right])
        scale = min(1.0, SEARCHED / max(around.size))
        if scale < 1:
            around = around.resize((max(round(around.width * scale), 1), max(round(around.height * scale), 1)))
        best: tuple[float, np.ndarray] | None = None
        for face in self._detector.detect(np.asarray(around)):
            points = (face.landmarks + 0.5) / scale - 0.5 + (left, top)
            inside = ((points >= box[:2]) & (points < box[2:])).all()
            overlap = _overlap(np.array(face.box) / scale + (left, top, left, top), np.array(box))
            if inside and (best is None or overlap > best[0]):
                best = overlap, points
        return best[1] if best else None


def cut_box(photo: np.ndarray, box: Box, margin: float) -> np.ndarray:
    """The photo's own pixels in a box with a margin, as far as the photo goes; ValueError for none."""
    left, top, right, bottom = enlarged(box, margin, photo.shape)
    if box[0] >= photo.shape[1] or box[1] >= photo.shape[0] or box[2] <= 0 or box[3] <= 0:
        raise ValueError("box outside the photo")
    return photo[top:bottom, left:right]


def enlarged(box: Box, margin: float, shape: tuple[int, ...]) -> Box:
    """The box with a margin, a share of its sides, on each side, clipped to a photo of this shape (H, W, C)."""
    left, top, right, bottom = box
    across, down = round((right - left) * margin), round((bottom - top) * margin)
    return max(left - across, 0), max(top - down, 0), min(right + across, shape[1]), min(bottom + down, shape[0])


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two XYXY boxes."""
    shared = (np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])).clip(0).prod()
    return float(shared / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared))
