"""A picture at several sizes, and squares cut out of it for the networks."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

FACTOR = math.sqrt(0.5)
"""Each level's scale over the one before: every second one is half as large."""

GREY = 127.5
"""What lies outside a picture."""

MARGIN = 6
"""Pixels of grey around each level: half of what P-Net looks at, so that half of a face may lie outside."""


@dataclass(frozen=True)
class Level:
    """A picture at one size."""

    pixels: Tensor
    """`(1, 3, h, w)` float, 0-255, channels last in memory, with a margin of grey."""
    scale: tuple[float, float]
    """Pixels of this level per pixel of the picture, across and down."""


def as_tensor(picture: np.ndarray) -> Tensor:
    """HWC uint8 -> `(1, 3, H, W)` uint8 on the same memory."""
    if not picture.flags.writeable or any(stride < 0 for stride in picture.strides):
        picture = picture.copy()
    return torch.from_numpy(picture).permute(2, 0, 1)[None]


def resized(picture: Tensor, height: int, width: int) -> Tensor:
    """`(1, 3, H, W)` uint8 at another size, averaged where it shrinks."""
    if picture.shape[-2:] == (height, width):
        return picture
    return F.interpolate(picture, (height, width), mode="bilinear", antialias=True)


def build(picture: Tensor, scales: list[float]) -> list[Level]:
    """The levels of a `(1, 3, H, W)` uint8 picture; scales fall by about `FACTOR`, the first is 1 or less."""
    height, width = picture.shape[-2:]
    pixels: list[Tensor] = []
    levels = []
    for number, scale in enumerate(scales):
        down, across = max(round(height * scale), 1), max(round(width * scale), 1)
        pixels.append(resized(pixels[number - 2] if number >= 2 else picture, down, across))
        framed = torch.full((1, down + 2 * MARGIN, across + 2 * MARGIN, 3), GREY).permute(0, 3, 1, 2)
        framed[:, :, MARGIN : MARGIN + down, MARGIN : MARGIN + across] = pixels[-1]
        levels.append(Level(framed, (across / width, down / height)))
    return levels


def cut_from_levels(levels: list[Level], boxes: np.ndarray, side: int) -> Tensor:
    """Squares of a picture, each from the level on which it is about as large as it shall be, all at once.

    Args:
        levels: of the picture, largest first.
        boxes: `(N, 4)` XYXY in pixels of the picture; what lies outside is grey.
        side: of the result, in pixels.

    Returns:
        `(N, 3, side, side)` float, 0-255, channels last in memory.
    """
    wanted = side / (boxes[:, 2] - boxes[:, 0])
    steps = np.log(levels[0].scale[0] / wanted) / -math.log(FACTOR)
    chosen = steps.round().clip(0, len(levels) - 1).astype(int)
    crops = torch.empty(len(boxes), side, side, 3)
    share = (np.arange(side, dtype=np.float32) + 0.5) / side
    for number in np.unique(chosen):
        level, rows = levels[number], np.flatnonzero(chosen == number)
        height, width = level.pixels.shape[-2:]
        box = boxes[rows] * np.tile(level.scale, 2) + MARGIN
        box = (2 * box / (width, height, width, height) - 1).astype(np.float32)
        grid = np.empty((len(rows), side, side, 2), np.float32)
        grid[..., 0] = (box[:, :1] + (box[:, 2:3] - box[:, :1]) * share)[:, None, :]
        grid[..., 1] = (box[:, 1:2] + (box[:, 3:4] - box[:, 1:2]) * share)[:, :, None]
        found = F.grid_sample(
            level.pixels, torch.from_numpy(grid).view(1, -1, side, 2), padding_mode="border", align_corners=False
        )
        crops[rows] = found[0].permute(1, 2, 0).unflatten(0, (len(rows), side))
    return crops.permute(0, 3, 1, 2)


def cut(picture: Tensor, boxes: np.ndarray, side: int) -> Tensor:
    """The same from the picture itself, one by one: for few boxes, of any size."""
    height, width = picture.shape[-2:]
    crops = torch.full((len(boxes), side, side, 3), GREY).permute(0, 3, 1, 2)
    for crop, box in zip(crops, boxes, strict=True):
        inside = box.clip(0, (width, height, width, height))
        left, top, right, bottom = np.rint(inside).astype(int).tolist()
        x1, y1, x2, y2 = np.rint((inside - np.tile(box[:2], 2)) * side / (box[2] - box[0])).astype(int).tolist()
        if right > left and bottom > top and x2 > x1 and y2 > y1:
            crop[:, y1:y2, x1:x2] = resized(picture[:, :, top:bottom, left:right], y2 - y1, x2 - x1)[0]
    return crops
