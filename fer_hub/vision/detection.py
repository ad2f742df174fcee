"""Picture -> faces: where they are and where their eyes, nose and mouth sit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from fer_hub.vision.boxes import squares
from fer_hub.vision.cascade import QUICK, THOROUGH, Cascade, Sightings, Threshold, View
from fer_hub.vision.pyramid import as_tensor

SMALLEST = 36
"""Pixels: smaller faces are not looked for, except in pictures of less than four times this height."""

SURE = 5.5
"""Log odds above which a face is taken for upright without turning it: the most that MTCNN gives an upside-down face,
of 250 of them, is 5.2."""

PREFERENCE = 2.0
"""Log odds by which a turned face must be surer than the same as an upright one."""

STILL_A_FACE = 0.7
"""How sure the detector must be that a face which was there a moment ago still is; MTCNN's own threshold."""


@dataclass(frozen=True)
class Face:
    """One face of a picture."""

    box: tuple[float, float, float, float]
    """XYXY pixels inside the picture."""
    confidence: float
    """The detector's, 0-1."""
    landmarks: np.ndarray
    """`(5, 2)` XY pixels: left eye, right eye, nose, left and right mouth corner, as seen in the upright face."""
    angle: int = 0
    """Degrees clockwise by which the face lies turned in the picture: 0, 90, 180 or 270."""

    @property
    def area(self) -> float:
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top)


class FaceDetector:
    """Finds faces, upright or in a picture that lies turned, with MTCNN's networks (fer_hub/vision/mtcnn.py)."""

    def __init__(self, min_face: float = 0.025, confidence: float = 0.9, device: torch.device | str = "cpu") -> None:
        """What to look for.

        Args:
            min_face: height of the smallest faces, as a share of the side of a square with the picture's area; a
                higher one takes less time. In a photo of 4000 x 3000 pixels, 0.025 are 87 pixels.
            confidence: how sure to be of a face, 0-1.
            device: where the networks run.
        """
        self.min_face = min_face
        self.confidence = confidence
        self._odds = math.log(confidence / (1 - confidence))
        self._cascade = Cascade(torch.device(device))

    def detect(self, picture: np.ndarray) -> list[Face]:
        """Find the faces of an HWC uint8 RGB picture, largest first; an empty list where there is none.

        Where no face stands upright, the picture is also searched, for faces of twice the size, lying turned.
        """
        height, width = picture.shape[:2]
        smallest = max(self.min_face * math.sqrt(width * height), min(SMALLEST, min(width, height) / 4))
        found = self._search(View(as_tensor(picture), smallest))
        faces = [face for face in _faces(found, width, height, 0) if face is not None]
        return sorted(faces, key=lambda face: face.area, reverse=True)

    def refine(self, picture: np.ndarray, faces: Sequence[Face]) -> list[Face | None]:
        """Follow faces from one frame to the next: where each is now, or None where there is no face any more.

        Far quicker than `detect`; a face that moved by more than about a third of its size is lost.

        Args:
            picture: HWC uint8 RGB, 0-255.
            faces: where they were, in pixels of a picture of this size.
        """
        height, width = picture.shape[:2]
        boxes, turns = np.array([face.box for face in faces]), np.array([face.angle // 90 for face in faces])
        refined: list[Face | None] = [None] * len(faces)
        for turn in np.unique(turns):
            rows = np.flatnonzero(turns == turn)
            found = self._cascade.look(as_tensor(picture), squares(boxes[rows]), int(turn))
            for row, face in zip(rows, _faces(found, width, height, STILL_A_FACE), strict=True):
                refined[row] = face
        return refined

    def _search(self, view: View) -> Sightings:
        found = self._sure(view, QUICK)
        if (found.turns == 0).any():
            return found
        turned = [self._cascade.search(view, QUICK, turns, coarse=True) for turns in (1, 2, 3)]
        upright = self._sure(view, THOROUGH)
        best = max(turned, key=_best)
        standing = upright[upright.turns == 0]
        if _best(best) >= max(_best(standing) + PREFERENCE, self._odds):
            return self._sure(view, QUICK, int(best.turns[0]))
        return upright

    def _sure(self, view: View, threshold: Threshold, turns: int = 0) -> Sightings:
        """The faces of which the detector is sure enough."""
        found = self._cascade.search(view, threshold, turns)
        return self._as_it_lies(view, found[found.odds >= self._odds])

    def _as_it_lies(self, view: View, found: Sightings) -> Sightings:
        """The sightings; those that may lie in another way than they were looked for, in the way that is surest."""
        unsure = np.flatnonzero(found.odds < SURE)
        boxes = squares(found.boxes[unsure])
        surest = found[unsure]
        for turns in range(4):
            again = self._cascade.look_again(view.picture, self._cascade.look(view.picture, boxes, turns))
            surer = np.flatnonzero(again.odds > surest.odds)
            surest = surest.replaced(surer, again[surer])
        turned = np.flatnonzero(surest.odds > found.odds[unsure] + PREFERENCE)
        return found.replaced(unsure[turned], surest[turned])


def _best(found: Sightings) -> float:
    return float(found.odds.max(initial=-math.inf))


def _faces(found: Sightings, width: int, height: int, confidence: float) -> list[Face | None]:
    """Each sighting as a face of a picture of this size; None where it is less sure than that, or outside."""
    faces: list[Face | None] = []
    for box, landmarks, odds, turns in zip(found.boxes, found.landmarks, found.odds, found.turns, strict=True):
        left, top, right, bottom = box.clip(0, (width, height, width, height)).tolist()
        sure = 1 / (1 + math.exp(-odds))
        there = sure >= confidence and right > left and bottom > top
        # Landmarks are pixel indices, whole numbers at the middle of a pixel; the box has edges.
        faces.append(Face((left, top, right, bottom), sure, landmarks - 0.5, 90 * int(turns)) if there else None)
    return faces
