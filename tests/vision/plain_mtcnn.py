"""facenet-pytorch's own walk through MTCNN, which ours must find no fewer faces than."""

import math
from dataclasses import dataclass

import numpy as np
from facenet_pytorch import MTCNN
from PIL import Image

from fer_hub import Face

SURE, LARGE = 0.95, 40
"""Of a face that plain MTCNN is so sure of, and that is so many pixels high, ours may miss none."""

WHOLE_PIXELS = 1.5
"""Pixels by which plain MTCNN's landmarks may be wrong by themselves: it cuts squares at whole pixels, counted from 1.

Its landmarks of a picture and of the mirrored one disagree by more than two pixels; of ours that is a test."""


def plain_faces(network: MTCNN, picture: np.ndarray) -> list[Face]:
    """The faces that `MTCNN(keep_all=True)` finds in an HWC uint8 RGB picture, and of which it is sure."""
    boxes, confidences, landmarks = network.detect(Image.fromarray(picture), landmarks=True)
    if boxes is None:
        return []
    faces = [
        Face(tuple(box.tolist()), float(sure), np.array(points, float))
        for box, sure, points in zip(boxes, confidences, landmarks, strict=True)
    ]
    return [face for face in faces if face.confidence >= SURE and face.box[3] - face.box[1] >= LARGE]


@dataclass(frozen=True)
class Found:
    """One of its faces, and what ours made of it."""

    overlap: float
    """Intersection over union with our nearest face; 0 where there is none."""
    offset: float
    """Mean distance of the five landmarks beyond `WHOLE_PIXELS`, as a share of the distance between the eyes; infinite
    where there is none."""


def compare(theirs: list[Face], ours: list[Face]) -> list[Found]:
    """Each of their faces against the one of ours that overlaps it most."""
    return [max((_against(face, mine) for mine in ours), key=lambda f: f.overlap, default=NOTHING) for face in theirs]


NOTHING = Found(0.0, math.inf)


def _against(face: Face, mine: Face) -> Found:
    left, top = np.maximum(face.box[:2], mine.box[:2]).tolist()
    right, bottom = np.minimum(face.box[2:], mine.box[2:]).tolist()
    shared = max(right - left, 0) * max(bottom - top, 0)
    eyes = float(np.linalg.norm(face.landmarks[1] - face.landmarks[0]))
    distance = float(np.linalg.norm(face.landmarks - mine.landmarks, axis=1).mean())
    return Found(shared / (face.area + mine.area - shared), max(distance - WHOLE_PIXELS, 0) / eyes)
