"""Drawing: what was found, on the picture itself."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fer_hub.expressions import COLOURS, OTHER_COLOUR

UNSURE = "not sure"
"""In place of an expression, whose colour says that there is one."""

_UNSURE_COLOUR = "#D1D5DB"


_SLIGHT = 0.02
"""Share of a tag that may be covered, so that tags of moving faces do not jump at every touch."""

_Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom."""


class TagPlace(NamedTuple):
    """Where the words stand that belong to a box."""

    side: str
    """`above` the box, `below` it, or `inside`, at its top."""
    right: bool
    """Whether they end where the box ends, instead of beginning where it begins."""

    def rectangle(self, box: _Rectangle, size: tuple[float, float]) -> _Rectangle:
        """The place of words of this width and height, in the units of the box."""
        width, height = size
        left = box[2] - width if self.right else box[0]
        top = {"above": box[1] - height, "below": box[3], "inside": box[1]}[self.side]
        return left, top, left + width, top + height


ABOVE = TagPlace("above", right=False)
"""Where words stand if there is room."""

_PLACES = [TagPlace(side, right) for side in ("above", "below", "inside") for right in (False, True)]


def place_tags(
    boxes: Sequence[_Rectangle], sizes: Sequence[tuple[float, float]], picture: tuple[float, float]
) -> list[TagPlace]:
    """Where each box's words stand so that they cover no other box, no other words, and lie in the picture.

    Places are given in order, each the first that is free, or the one that is covered least.

    Args:
        boxes: left, top, right and bottom of each.
        sizes: width and height of the words of each, in the same units.
        picture: its width and height, likewise.
    """
    places: list[TagPlace] = []
    taken = np.array(boxes, dtype=float).reshape(-1, 4)
    for number, (box, size) in enumerate(zip(boxes, sizes, strict=True)):
        others = np.delete(taken, number, axis=0)
        place = min(_PLACES, key=lambda place: _covered(place.rectangle(box, size), others, picture))
        places.append(place)
        taken = np.vstack([taken, place.rectangle(box, size)])
    return places


def _covered(words: _Rectangle, others: np.ndarray, picture: tuple[float, float]) -> tuple[float, float]:
    """What share of the words lies outside the picture, which is worse, and on others, `(N, 4)`."""
    area = max((words[2] - words[0]) * (words[3] - words[1]), 1e-9)
    outside = 1 - float(_common(words, np.array([(0, 0, *picture)]))[0]) / area
    share = float(_common(words, others).sum()) / area
    return round(outside, 6), share if share > _SLIGHT else 0.0


def _common(one: _Rectangle, others: np.ndarray) -> np.ndarray:
    """The area of a rectangle's overlap with each of `(N, 4)` others."""
    sides = np.minimum(one[2:], others[:, 2:]) - np.maximum(one[:2], others[:, :2])
    areas: np.ndarray = sides.clip(min=0).prod(axis=1)
    return areas


class Named(Protocol):
    """A face whose expression is named, as `fer_hub.recognizer.FaceExpression`."""

    @property
    def box(self) -> tuple[float, float, float, float]: ...
    @property
    def expression(self) -> str: ...
    @property
    def probabilities(self) -> dict[str, float]: ...
    @property
    def doubt(self) -> str | None: ...


def annotate(picture: np.ndarray, faces: Sequence[Named], max_side: int = 1600) -> Image.Image:
    """Draw each face's box with its number, expression and probability, or "not sure".

    Args:
        picture: HWC uint8 RGB, 0-255.
        faces: as the recognizer gives them; numbered from 1 in this order.
        max_side: a larger picture is scaled down to this longest side first, so that lines stay crisp.
    """
    labels = []
    for number, face in enumerate(faces, 1):
        name = "not sure" if face.doubt else f"{face.expression} {max(face.probabilities.values()):.0%}"
        labels.append((face.box, UNSURE if face.doubt else face.expression, f"{number} {name}"))
    return label_boxes(picture, labels, max_side)


def label_boxes(
    picture: np.ndarray, labels: Sequence[tuple[tuple[float, float, float, float], str, str]], max_side: int = 1600
) -> Image.Image:
    """Draw boxes on an HWC uint8 RGB picture, scaled down as by `annotate`; each label is box, expression and text."""
    image = Image.fromarray(picture)
    scale = min(1.0, max_side / max(image.size))
    if scale < 1:
        image = image.resize((max(round(image.width * scale), 1), max(round(image.height * scale), 1)))
    draw = ImageDraw.Draw(image)
    line = max(2, round(max(image.size) / 400))
    font = ImageFont.load_default(size=max(12, round(max(image.size) / 55)))
    boxes = [(box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale) for box, _, _ in labels]
    sizes = []
    for _, _, text in labels:
        left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
        sizes.append((right - left + 8, bottom - top + 8))
    colours = [_UNSURE_COLOUR if said == UNSURE else COLOURS.get(said, OTHER_COLOUR) for _, said, _ in labels]
    for box, colour in zip(boxes, colours, strict=True):
        draw.rectangle(box, outline=colour, width=line)
    for box, size, place, colour, (_, _, text) in zip(
        boxes, sizes, place_tags(boxes, sizes, image.size), colours, labels, strict=True
    ):
        x, y, right, bottom = place.rectangle(box, size)
        x = max(0.0, min(x, image.width - size[0]))
        draw.rectangle((x, y, x + size[0], bottom), fill=colour)
        draw.text((x + 4, y + 4), text, fill="black", font=font, anchor="lt")
    return image
