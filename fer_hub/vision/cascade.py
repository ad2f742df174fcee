"""Picture -> boxes, landmarks and log odds: MTCNN's three networks, one after the other, each looking more closely."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from fer_hub.vision.boxes import around, distinct, placed, shifted, squares
from fer_hub.vision.mtcnn import CELL, STRIDE, ONet, PNet, RNet
from fer_hub.vision.pyramid import FACTOR, MARGIN, Level, build, cut, cut_from_levels

SMALLEST_LEVEL = 8
"""Pixels of the shorter side of the last level: a face may be half as large again as the picture."""

MAX_PROPOSALS, MAX_CHECKED = 1000, 300
"""The most squares that R-Net and O-Net look at; the best are chosen."""


@dataclass(frozen=True)
class Threshold:
    """Log odds of a face at which a square goes on from one network to the next."""

    proposed: float
    checked: float


QUICK = Threshold(1.5, 0.85)
"""Of 566 faces that plain MTCNN finds at 0.95, none needs less; plain asks for 0.4 and 0.85."""

THOROUGH = Threshold(-0.5, -1.0)
"""Where nothing was found: tight crops, profiles, poor light."""


@dataclass(frozen=True)
class Sightings:
    """What O-Net says of N squares of a picture."""

    boxes: np.ndarray
    """`(N, 4)` XYXY, edges in pixels of the picture."""
    landmarks: np.ndarray
    """`(N, 5, 2)` XY positions in the same: left eye, right eye, nose, left and right corner of the mouth."""
    odds: np.ndarray
    """`(N,)` log odds of a face."""
    turns: np.ndarray
    """`(N,)` quarters clockwise by which the face lies turned."""

    def __getitem__(self, rows: np.ndarray) -> "Sightings":
        return Sightings(self.boxes[rows], self.landmarks[rows], self.odds[rows], self.turns[rows])

    def replaced(self, rows: np.ndarray, others: "Sightings") -> "Sightings":
        """The same with others in these rows."""
        copies = [values.copy() for values in vars(self).values()]
        for mine, theirs in zip(copies, vars(others).values(), strict=True):
            mine[rows] = theirs
        return Sightings(*copies)

    def __len__(self) -> int:
        return len(self.odds)


class View:
    """A picture as the networks see it, and what P-Net proposes in it."""

    def __init__(self, picture: Tensor, smallest: float) -> None:
        """`(1, 3, H, W)` uint8, to be searched for faces that are at least `smallest` pixels wide."""
        self.picture = picture
        first = min(CELL / smallest, 1.0)
        scales = [min(first / FACTOR**2, 1.0), min(first / FACTOR, 1.0)]  # R-Net looks at faces of twice the size
        scales = sorted({scale for scale in scales if scale > first}, reverse=True)
        self._skipped = len(scales)
        while min(picture.shape[-2:]) * first >= SMALLEST_LEVEL:
            scales.append(first)
            first *= FACTOR
        self.levels = build(picture, scales)

    def searched(self, coarse: bool) -> list[Level]:
        """The levels for P-Net; `coarse` leaves out the finest two, and with them three quarters of the work."""
        return self.levels[self._skipped + 2 * coarse :]


class Cascade:
    """The three networks on a device."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._pnet, self._rnet, self._onet = PNet(device), RNet(device), ONet(device)

    @torch.inference_mode()
    def search(self, view: View, threshold: Threshold, turns: int = 0, coarse: bool = False) -> Sightings:
        """The faces that lie turned by so many quarters clockwise; confident or not, best first."""
        boxes, odds = self._propose(view, threshold.proposed, turns, coarse)
        boxes = squares(boxes[distinct(boxes, odds, 0.7)])
        first = self.look(view.picture, self._check(view.levels, boxes, threshold.checked, turns), turns)
        first = first[first.odds > -1]
        first = first[distinct(first.boxes, first.odds, 0.5)]
        found = self.look_again(view.picture, first)
        return found[distinct(found.boxes, found.odds, 0.7, of_smaller=True)]

    def look_again(self, picture: Tensor, first: Sightings) -> Sightings:
        """A second look from where the first one saw each face: their mean is steadier than either."""
        second = self.look(picture, squares(first.boxes), int(first.turns[0]) if len(first) else 0)
        return Sightings(
            (first.boxes + second.boxes) / 2,
            (first.landmarks + second.landmarks) / 2,
            np.maximum(first.odds, second.odds),
            first.turns,
        )

    @torch.inference_mode()
    def look(self, picture: Tensor, boxes: np.ndarray, turns: int = 0) -> Sightings:
        """What O-Net sees in squares of a `(1, 3, H, W)` uint8 picture, all at once."""
        if not len(boxes):
            return Sightings(boxes, np.empty((0, 5, 2)), np.empty(0), np.empty(0, int))
        odds, shifts, points = self._ask(self._onet, cut(picture, boxes, ONet.side), turns)
        return Sightings(shifted(boxes, shifts, turns), placed(boxes, points, turns), odds, np.full(len(boxes), turns))

    def _propose(self, view: View, threshold: float, turns: int, coarse: bool) -> tuple[np.ndarray, np.ndarray]:
        """P-Net's `(N, 4)` boxes and their log odds: of neighbouring squares the best."""
        whole = np.array([[0, 0, *view.picture.shape[:1:-1]]])
        boxes, scores = [np.empty((0, 4))], [np.empty(0)]
        for level in view.searched(coarse):
            pixels = self._upright(level.pixels, turns)
            odds, features = self._pnet(pixels)
            best = F.max_pool2d(odds[None], 3, stride=1, padding=1)[0]
            y, x = ((odds == best) & (odds > threshold)).nonzero(as_tuple=True)
            corners = _numbers(torch.stack([x, y], dim=1)) * STRIDE - MARGIN
            # The regression counts from a square's second pixel, in facenet-pytorch as in the authors' code.
            cells = np.concatenate([corners + 1, corners + CELL], axis=1)
            cells = shifted(cells, _numbers(self._pnet.shift(features[y, x])))
            shares = cells.reshape(-1, 2, 2) / (np.array(pixels.shape[:1:-1]) - 2 * MARGIN)
            boxes.append(around(placed(whole, shares, turns)))
            scores.append(_numbers(odds[y, x]))
        found, sure = np.concatenate(boxes), np.concatenate(scores)
        kept = np.argsort(-sure, kind="stable")[:MAX_PROPOSALS]
        return found[kept], sure[kept]

    def _check(self, levels: list[Level], boxes: np.ndarray, threshold: float, turns: int) -> np.ndarray:
        """The squares that R-Net makes of P-Net's."""
        if not len(boxes):
            return boxes
        odds, shifts = self._ask(self._rnet, cut_from_levels(levels, boxes, RNet.side), turns)
        passed = odds > threshold
        boxes, odds, shifts = boxes[passed], odds[passed], shifts[passed]
        best = distinct(boxes, odds, 0.5)[:MAX_CHECKED]
        return squares(shifted(boxes[best], shifts[best], turns))

    def _ask(self, network: RNet | ONet, crops: Tensor, turns: int) -> list[np.ndarray]:
        """A network's answers for squares, in batches that stay in the processor's cache."""
        batches = self._upright(crops, turns).split(network.batch)
        answers = zip(*(network(batch) for batch in batches), strict=True)
        return [_numbers(torch.cat(parts)) for parts in answers]

    def _upright(self, pixels: Tensor, turns: int) -> Tensor:
        """Pixels turned back, on the device, channels last."""
        if turns:
            pixels = pixels.rot90(turns, (2, 3)).contiguous(memory_format=torch.channels_last)
        return pixels.to(self.device)


def _numbers(answer: Tensor) -> np.ndarray:
    return answer.double().cpu().numpy()
