"""Boxes on a photo as the page draws them: places as shares of its sides, and words where there is room for them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fer_hub.vision.drawing import ABOVE, TagPlace, place_tags

MANY = 3
"""Of more faces than this the photo bears no percentages: there is no room."""

_CANVAS = 480, 430
"""Width and height in CSS pixels that a photo on the page has at most, between a phone's and a desktop's."""

_TAG = 8.3, 11, 20
"""CSS pixels of a letter on it, of the margins beside a tag's letters, and of its height (demo.css)."""


@dataclass(frozen=True)
class Box:
    """A face's place in the photo, as shares of its sides, and what is written there."""

    left: float
    top: float
    width: float
    height: float
    expression: str
    words: str
    share: str
    """The probability, as "93%", or nothing."""
    unsure: bool
    tag: TagPlace = ABOVE


def box_on(
    box: tuple[float, float, float, float],
    picture: np.ndarray,
    expression: str,
    words: str,
    unsure: bool,
    share: str = "",
) -> Box:
    """Where a face's box (left, top, right, bottom in pixels) stands on an HWC picture, and what is written there."""
    height, width = picture.shape[:2]
    left, top, right, bottom = box
    shares = left / width, top / height, (right - left) / width, (bottom - top) / height
    return Box(*shares, expression, words, share, unsure)


def with_room(boxes: Sequence[Box], picture: np.ndarray) -> list[Box]:
    """The same boxes on an HWC picture, with the words of each where they are likely to cover no other."""
    ratio = picture.shape[1] / picture.shape[0]
    width = min(_CANVAS[0], _CANVAS[1] * ratio)
    letter, margins, high = _TAG
    sizes = []
    for number, box in enumerate(boxes, 1):
        words = f"{number} {box.words}" + (f" {box.share}" if box.share and len(boxes) <= MANY else "")
        sizes.append(((len(words) * letter + margins) / width, high * ratio / width))
    sides = [(box.left, box.top, box.left + box.width, box.top + box.height) for box in boxes]
    return [replace(box, tag=tag) for box, tag in zip(boxes, place_tags(sides, sizes, (1, 1)), strict=True)]
