"""Arithmetic on boxes: `(N, 4)` float arrays, XYXY, edges as continuous positions (a picture begins at 0)."""

import numpy as np


def squares(boxes: np.ndarray) -> np.ndarray:
    """The square around the middle of each box, as wide as its longer side."""
    middle, reach = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([middle - reach, middle + reach], axis=1)


def placed(boxes: np.ndarray, points: np.ndarray, turns: int) -> np.ndarray:
    """Points given in shares of each box, as positions.

    Args:
        boxes: `(N, 4)` or `(1, 4)`.
        points: `(N, M, 2)` XY, 0-1 inside the box, as seen after turning what lies in it back.
        turns: quarters clockwise by which it lies turned, 0-3.
    """
    x, y = points[..., 0], points[..., 1]
    x, y = ((x, y), (1 - y, x), (1 - x, 1 - y), (y, 1 - x))[turns]
    placed_points: np.ndarray = boxes[:, None, :2] + np.stack([x, y], axis=-1) * (boxes[:, 2:] - boxes[:, :2])[:, None]
    return placed_points


def shifted(boxes: np.ndarray, shifts: np.ndarray, turns: int = 0) -> np.ndarray:
    """Boxes with each edge moved, by shares of the box's sides, as seen after turning it back as by `placed`."""
    return around(placed(boxes, (shifts + np.array([0, 0, 1, 1])).reshape(-1, 2, 2), turns))


def around(points: np.ndarray) -> np.ndarray:
    """The box around each set of `(N, M, 2)` points."""
    return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)


def distinct(boxes: np.ndarray, scores: np.ndarray, most: float, of_smaller: bool = False) -> np.ndarray:
    """Indices of the boxes that no better one covers, best first (greedy non-maximum suppression).

    Args:
        boxes: `(N, 4)`.
        scores: `(N,)`, higher is better.
        most: share of the union that two boxes may have in common; of those with more, the better is left.
        of_smaller: the share of the smaller box counts instead.
    """
    order = np.argsort(-scores, kind="stable")
    left, top, right, bottom = boxes[order].T
    area = (right - left) * (bottom - top)
    shared = (np.minimum(right[:, None], right) - np.maximum(left[:, None], left)).clip(0)
    shared *= (np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)).clip(0)
    whole = np.minimum(area[:, None], area) if of_smaller else area[:, None] + area - shared
    covered = shared > most * whole
    kept = np.ones(len(order), bool)
    for index in range(len(order)):
        if kept[index]:
            kept[index + 1 :] &= ~covered[index, index + 1 :]
    return order[kept]
