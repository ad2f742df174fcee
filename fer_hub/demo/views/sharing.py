"""A picture to show to others: the faces marked, what the model says of each, which model, and when."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fer_hub.demo.views.templating import said
from fer_hub.expressions import COLOURS, OTHER_COLOUR
from fer_hub.recognizer import FaceExpression

_SIDE, _NARROWEST = 1280, 560
_MOST_LINES = 8
_INK, _QUIET = "#1f2937", "#4b5563"


def result_picture(
    picture: np.ndarray, faces: Sequence[FaceExpression], models: Sequence[str], version: str, day: date
) -> Image.Image:
    """Draw the faces of a picture with numbers, and below it a line a face, and the model's name and the date.

    Args:
        picture: HWC uint8 RGB.
        faces: as the recognizer gives them.
        models: whose answers these are.
        version: of FER Hub.
        day: today.
    """
    photo = Image.fromarray(picture)
    scale = max(min(_SIDE / max(photo.size), 1.0), _NARROWEST / photo.width if photo.width < _NARROWEST else 0.0)
    photo = photo.resize((max(round(photo.width * scale), 1), max(round(photo.height * scale), 1)))
    size = max(photo.width // 48, 15)
    font = ImageFont.load_default(size=size)
    lines = [f"{number}  {_line(face)}" for number, face in enumerate(faces[:_MOST_LINES], 1)]
    if len(faces) > _MOST_LINES:
        lines.append(f"and {len(faces) - _MOST_LINES} more")
    foot = [
        f"{' + '.join(models)}, FER Hub {version}, {day.isoformat()}.",
        "What a face shows is not what a person feels.",
    ]
    sheet = Image.new("RGB", (photo.width, photo.height + round(size * 1.5 * (len(lines) + 2) + size)), "white")
    sheet.paste(photo, (0, 0))
    draw = ImageDraw.Draw(sheet)
    for number, face in enumerate(faces, 1):
        _mark(draw, face, number, scale, font)
    for place, line in enumerate([*lines, *foot]):
        position = (size * 0.7, photo.height + size * 0.6 + place * size * 1.5)
        draw.text(position, line, fill=_INK if place < len(lines) else _QUIET, font=font)
    return sheet


def _line(face: FaceExpression) -> str:
    likeliest = sorted(face.probabilities.items(), key=lambda pair: -pair[1])[:3]
    shares = ", ".join(f"{label} {value:.0%}" for label, value in likeliest if value >= 0.01)
    return f"not sure, {said(face)} ({shares})" if face.doubt else shares


def _mark(
    draw: ImageDraw.ImageDraw,
    face: FaceExpression,
    number: int,
    scale: float,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    left, top, right, bottom = (value * scale for value in face.box)
    colour = "#d1d5db" if face.doubt else COLOURS.get(face.expression, OTHER_COLOUR)
    draw.rectangle((left, top, right, bottom), outline=colour, width=3)
    tag = draw.textbbox((left, top), str(number), font=font)
    draw.rectangle((left, top, tag[2] + 8, tag[3] + 6), fill=colour)
    draw.text((left + 4, top + 2), str(number), fill="black", font=font)
