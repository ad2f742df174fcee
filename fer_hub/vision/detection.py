"""Picture -> faces: where they are and where their eyes, nose and mouth sit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from facenet_pytorch import MTCNN
from PIL import Image

from fer_hub.vision.mtcnn import ask_onet, squares

MAX_SIDE = 1600
"""Longest side, in pixels, at which a picture is searched; larger pictures are searched scaled down."""

SMALL_SIDE = 192
"""Pictures with a shorter side below this are enlarged to it and given a grey margin: tight face crops
leave the detector no room otherwise."""

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
    """`(5, 2)` XY pixels: left eye, right eye, nose, left and right mouth corner, as seen in the picture."""
    angle: int = 0
    """Degrees clockwise by which the face lies turned in the picture: 0, 90, 180 or 270. Left and right of the
    landmarks are as seen in the upright face."""

    @property
    def area(self) -> float:
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top)


class FaceDetector:
    """Finds faces with MTCNN (Zhang et al., IEEE SPL 23(10), 2016).

    Weights: shipped with facenet-pytorch (MIT licence), converted from davidsandberg/facenet.
    """

    def __init__(self, min_face_size: int = 32, confidence: float = 0.9, device: torch.device | str = "cpu") -> None:
        """Look for faces of at least `min_face_size` pixels, at the size that is searched, and this sure."""
        self.confidence = confidence
        self._mtcnn = MTCNN(keep_all=True, min_face_size=min_face_size, device=torch.device(device))

    def detect(self, picture: np.ndarray) -> list[Face]:
        """Find the faces of an HWC uint8 RGB picture, largest first; an empty list where there is none."""
        return self.detect_batch([picture])[0]

    def detect_batch(self, pictures: Sequence[np.ndarray]) -> list[list[Face]]:
        """Search pictures of one size together, which takes less time where they are small; see `detect`."""
        if not pictures:
            return []
        height, width = pictures[0].shape[:2]
        scale, margin = _search_scale(width, height)
        searched = [_searched(picture, scale, margin) for picture in pictures]
        found = self._mtcnn.detect(searched, landmarks=True)
        return [
            [] if boxes is None else self._faces(boxes, confidences, landmarks, (width, height), scale, margin)
            for boxes, confidences, landmarks in zip(*found, strict=True)
        ]

    def refine(self, picture: np.ndarray, faces: Sequence[Face]) -> list[Face | None]:
        """Follow faces from one frame to the next: where each is now, or None where there is no face any more.

        Far quicker than `detect`; a face that moved by more than about a third of its size is lost.

        Args:
            picture: HWC uint8 RGB, 0-255.
            faces: where they were, in pixels of a picture of this size.
        """
        if not faces:
            return []
        height, width = picture.shape[:2]
        found = ask_onet(self._mtcnn.onet, picture, squares(np.array([face.box for face in faces])))
        refined: list[Face | None] = []
        for box, landmarks, confidence in zip(*found, strict=True):
            left, top, right, bottom = box.clip(0, (width, height, width, height)).tolist()
            there = confidence >= STILL_A_FACE and right > left and bottom > top
            refined.append(Face((left, top, right, bottom), float(confidence), landmarks) if there else None)
        return refined

    def _faces(
        self,
        boxes: np.ndarray,
        confidences: np.ndarray,
        landmarks: np.ndarray,
        size: tuple[int, int],
        scale: float,
        margin: int,
    ) -> list[Face]:
        """The detector's answer for one picture of this width and height, in that picture's pixels."""
        faces = []
        for box, confidence, points in zip(boxes, confidences, landmarks, strict=True):
            inside = (np.asarray(box, np.float64) - margin) / scale
            inside = inside.clip(0, (*size, *size))
            if confidence >= self.confidence and inside[2] > inside[0] and inside[3] > inside[1]:
                left, top, right, bottom = inside.tolist()
                # The detector speaks of pixel centres at whole numbers; so do the landmarks here.
                points = (np.asarray(points, np.float64) - margin + 0.5) / scale - 0.5
                faces.append(Face((left, top, right, bottom), min(float(confidence), 1.0), points))
        return sorted(faces, key=lambda face: face.area, reverse=True)


def _search_scale(width: int, height: int) -> tuple[float, int]:
    """How much to scale a picture before the search, and the grey margin in pixels to put around it."""
    short, long = min(width, height), max(width, height)
    scale = min(max(1.0, SMALL_SIDE / short), MAX_SIDE / long)
    return scale, SMALL_SIDE // 4 if short * scale <= SMALL_SIDE else 0


def _searched(picture: np.ndarray, scale: float, margin: int) -> Image.Image:
    image = Image.fromarray(picture)
    if scale != 1:
        size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
        image = image.resize(size, Image.Resampling.BILINEAR if scale < 1 else Image.Resampling.BICUBIC)
    if margin:
        framed = Image.new("RGB", (image.width + 2 * margin, image.height + 2 * margin), (127, 127, 127))
        framed.paste(image, (margin, margin))
        return framed
    return image
