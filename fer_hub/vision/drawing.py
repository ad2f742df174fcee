"""Drawing: what was found, on the picture itself."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fer_hub.expressions import COLOURS, OTHER_COLOUR

UNSURE = "not sure"
"""In place of an expression, whose colour says that there is one."""

_UNSURE_COLOUR = "#D1D5DB"


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
    for box, expression, text in labels:
        left, top, right, bottom = (value * scale for value in box)
        colour = _UNSURE_COLOUR if expression == UNSURE else COLOURS.get(expression, OTHER_COLOUR)
        draw.rectangle((left, top, right, bottom), outline=colour, width=line)
        _draw_tag(draw, text, (left, top), colour, font)
    return image


def _draw_tag(
    draw: ImageDraw.ImageDraw,
    text: str,
    corner: tuple[float, float],
    colour: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    """Write text on a filled tag above the box's corner, or inside where there is no room above."""
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    width, height = right - left + 8, bottom - top + 8
    x = max(0.0, min(corner[0], draw.im.size[0] - width))
    y = corner[1] - height if corner[1] >= height else corner[1]
    draw.rectangle((x, y, x + width, y + height), fill=colour)
    draw.text((x + 4 - left, y + 4 - top), text, fill="black", font=font)
