"""Finds faces with MTCNN's networks (Zhang et al., IEEE SPL 23(10), 2016), onnxruntime, NumPy and Pillow alone.

P-Net looks at every square of the photo at many sizes, R-Net and O-Net look more closely at what the one before found.
Each takes `pixels`, `(N, height, width, 3)` uint8 RGB, and gives `log_odds` of a face and `shifts`, `(..., 4)`: how far
to move the left, top, right and bottom edge of the square that it looked at, in sides of that square. O-Net also gives
`landmarks`, `(N, 5, 2)` XY in sides: left eye, right eye, nose, left and right corner of the mouth.
"""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

MIN_FACE = 0.025
"""Width of the smallest faces, as a share of the side of a square with the photo's area; a higher one is quicker."""
MIN_PIXELS = 36
"""Smaller faces are not looked for, except in photos of less than four times this height."""
THRESHOLDS = ((1.5, 0.85), (-0.5, -1.0))
"""Log odds at which a square passes P-Net and R-Net; the second pair where nothing is found with the first."""
SURE = math.log(0.9 / 0.1)
"""Log odds of a face from which on it counts."""
MAX_PROPOSALS, MAX_CHECKED = 1000, 300
"""The most squares that R-Net and O-Net look at; the best are chosen."""

CELL, STRIDE = 12, 2
"""Pixels of the squares that P-Net looks at, and from one to the next."""
MARGIN, GREY = 6, (128, 128, 128)
"""Pixels of grey around a photo, so that half of a face may lie outside, and their colour."""
BILINEAR = Image.Resampling.BILINEAR

Level = tuple[Image.Image, np.ndarray]
"""The photo at one size, in its margin of grey, and pixels of it per pixel of the photo: `(4,)`, x, y, x, y."""


class Face(NamedTuple):
    """One face of a photo."""

    box: np.ndarray
    """`(4,)` XYXY in pixels of the photo, whose left and upper edge is 0."""
    landmarks: np.ndarray
    """`(5, 2)` XY in the same: left eye, right eye, nose, left and right corner of the mouth."""
    confidence: float
    """0.9-1."""


class FaceFinder:
    """The three networks, and the way through them."""

    def __init__(self, folder: Path) -> None:
        self.pnet, self.rnet, self.onet = (
            onnxruntime.InferenceSession(folder / f"{name}.onnx", providers=["CPUExecutionProvider"])
            for name in ("pnet", "rnet", "onet")
        )

    def __call__(self, photo: Image.Image) -> list[Face]:
        """The upright faces of an RGB photo, largest first; none where its shorter side has fewer than 8 pixels."""
        smallest = max(MIN_FACE * math.sqrt(photo.width * photo.height), min(MIN_PIXELS, min(photo.size) / 4))
        levels, finer = pyramid(photo, min(CELL / smallest, 1.0))
        if len(levels) == finer:
            return []
        for threshold in THRESHOLDS:
            found = self.search(photo, levels, finer, *threshold)
            if len(found):
                break
        found[:, :4] = found[:, :4].clip(0, np.tile(photo.size, 2))
        found = found[np.argsort(-areas(found[:, :4]))]
        return [Face(row[:4], row[4:14].reshape(5, 2), 1 / (1 + math.exp(-row[14]))) for row in found]

    def search(
        self, photo: Image.Image, levels: list[Level], finer: int, proposed: float, checked: float
    ) -> np.ndarray:
        """The faces of which O-Net is sure, as rows that `look` describes."""
        boxes = self.propose(levels[finer:], proposed)
        odds, shifts = self.rnet.run(None, {"pixels": cut_from_levels(levels, boxes, 24)})
        passed = distinct(boxes, odds, 0.5, checked)[:MAX_CHECKED]
        first = self.look(photo, squares(moved(boxes[passed], shifts[passed])))
        first = first[distinct(first[:, :4], first[:, 14], 0.5, -1.0)]
        second = self.look(photo, squares(first[:, :4]))
        found = (first + second) / 2  # steadier than either look
        found[:, 14] = np.maximum(first[:, 14], second[:, 14])
        kept: np.ndarray = found[distinct(found[:, :4], found[:, 14], 0.7, SURE, of_smaller=True)]
        return kept

    def propose(self, levels: list[Level], threshold: float) -> np.ndarray:
        """The `(N, 4)` squares in which P-Net sees a face: of neighbours the surest."""
        found, sure = [], []
        for image, scale in levels:
            odds, shifts = (answers[0] for answers in self.pnet.run(None, {"pixels": np.asarray(image)[None]}))
            around = np.lib.stride_tricks.sliding_window_view(np.pad(odds, 1, constant_values=-np.inf), (3, 3))
            y, x = np.nonzero((odds == around.max(axis=(2, 3))) & (odds > threshold))
            corners = np.stack([x, y], axis=1) * STRIDE - MARGIN
            cells = np.concatenate([corners + 1, corners + CELL], axis=1)  # shifts count from a square's second pixel
            found.append(moved(cells, shifts[y, x]) / scale)
            sure.append(odds[y, x])
        boxes = np.concatenate(found)
        return squares(boxes[distinct(boxes, np.concatenate(sure), 0.7)[:MAX_PROPOSALS]])

    def look(self, photo: Image.Image, boxes: np.ndarray) -> np.ndarray:
        """What O-Net sees in squares of the photo: `(N, 15)`, a box, ten numbers of the landmarks, log odds."""
        odds, shifts, points = self.onet.run(None, {"pixels": cut(photo, boxes, 48)})
        landmarks = boxes[:, None, :2] + points * (boxes[:, None, 2:] - boxes[:, None, :2])
        return np.concatenate([moved(boxes, shifts), landmarks.reshape(-1, 10), odds[:, None]], axis=1)


def pyramid(photo: Image.Image, scale: float) -> tuple[list[Level], int]:
    """The photo at this scale and then smaller by the root of two each; before them so many finer ones, for R-Net."""
    scales = sorted({min(scale * math.sqrt(2), 1.0), min(scale * 2, 1.0)} - {scale}, reverse=True)
    finer = len(scales)
    while min(photo.size) * scale >= 8:
        scales.append(scale)
        scale /= math.sqrt(2)
    images: list[Image.Image] = []
    for each in scales:
        size = max(round(photo.width * each), 1), max(round(photo.height * each), 1)
        images.append((images[-2] if len(images) > 1 else photo).resize(size, BILINEAR))
    framed = [ImageOps.expand(image, MARGIN, GREY) for image in images]
    return [(frame, np.tile(np.divide(i.size, photo.size), 2)) for frame, i in zip(framed, images, strict=True)], finer


def cut_from_levels(levels: list[Level], boxes: np.ndarray, side: int) -> np.ndarray:
    """Squares of the photo as `(N, side, side, 3)` uint8, each from the level on which it is about that large."""
    crops = np.empty((len(boxes), side, side, 3), np.uint8)
    sides = np.array([scale[0] for _, scale in levels]) * (boxes[:, 2:3] - boxes[:, :1])
    for crop, box, nearest in zip(crops, boxes, np.abs(np.log(sides / side)).argmin(axis=1), strict=True):
        image, scale = levels[nearest]
        place = tuple(box * scale + MARGIN)
        crop[:] = np.asarray(image.transform((side, side), Image.Transform.EXTENT, place, BILINEAR, fillcolor=GREY))
    return crops


def cut(photo: Image.Image, boxes: np.ndarray, side: int) -> np.ndarray:
    """Squares of the photo as `(N, side, side, 3)` uint8, averaged where they shrink; what lies outside is grey."""
    crops = np.full((len(boxes), side, side, 3), GREY, np.uint8)
    for crop, box in zip(crops, boxes, strict=True):
        inside = box.clip(0, np.tile(photo.size, 2))
        x1, y1, x2, y2 = np.rint((inside - np.tile(box[:2], 2)) * side / (box[2] - box[0])).astype(int)
        left, top, right, bottom = np.rint(inside).astype(int).tolist()
        if x2 > x1 and y2 > y1 and right > left and bottom > top:
            pixels = photo.resize((x2 - x1, y2 - y1), BILINEAR, (left, top, right, bottom))
            crop[y1:y2, x1:x2] = np.asarray(pixels)
    return crops


def squares(boxes: np.ndarray) -> np.ndarray:
    """The square around the middle of each box, as wide as its longer side."""
    middle, reach = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([middle - reach, middle + reach], axis=1)


def moved(boxes: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Boxes with each edge moved, by shares of the box's sides."""
    edges = boxes + shifts * np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    return np.sort(edges.reshape(-1, 2, 2), axis=1).reshape(-1, 4)


def areas(boxes: np.ndarray) -> np.ndarray:
    """`(N, 4)` boxes -> `(N,)`."""
    sizes: np.ndarray = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return sizes


def distinct(
    boxes: np.ndarray, odds: np.ndarray, most: float, least: float = -math.inf, of_smaller: bool = False
) -> np.ndarray:
    """Indices of the boxes of more than `least` odds that no better one covers, best first (non-maximum suppression).

    `most` is the share of the union, or `of_smaller` of the smaller one, that two boxes may have in common.
    """
    order, kept, area = np.argsort(-odds, kind="stable"), [], areas(boxes)
    order = order[odds[order] > least]
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        corner, far = np.maximum(boxes[order, :2], boxes[best, :2]), np.minimum(boxes[order, 2:], boxes[best, 2:])
        shared = np.prod((far - corner).clip(0), axis=1)
        whole = np.minimum(area[order], area[best]) if of_smaller else area[order] + area[best] - shared
        order = order[shared <= most * whole]
    return np.array(kept, int)
