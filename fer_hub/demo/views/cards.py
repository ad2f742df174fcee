"""Faces as HTML: a card each, with the crop as the model saw it and a bar per expression."""

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape

from PIL import Image

from fer_hub.expressions import COLOURS, OTHER_COLOUR
from fer_hub.recognizer import FaceExpression


def cards(faces: Sequence[FaceExpression]) -> str:
    """One card per face."""
    return f'<div class="fer-cards">{"".join(_card(number, face) for number, face in enumerate(faces, 1))}</div>'


def _card(number: int, face: FaceExpression) -> str:
    inside = face_card(face, f"<h3>{number}. {verdict(face)}</h3>", f"Face {number}, cut out as the model saw it")
    return f'<article aria-label="Face {number}">{inside}</article>'


def face_card(
    face: FaceExpression,
    heading: str,
    alt: str,
    caption: str = "as the model<br>saw it",
    before: Mapping[str, float] | None = None,
    note: str = "",
) -> str:
    """The crop of a face beside its bars. All but the face is HTML; for `before` see `bars`."""
    return (
        f'<div class="fer-card"><div class="fer-face"><img src="{data_uri(Image.fromarray(face.crop))}" alt="{alt}">'
        f"<small>{caption}</small></div>"
        f'<div class="fer-bars">{heading}{bars(face.probabilities, before)}{note}</div></div>'
    )


def verdict(face: FaceExpression) -> str:
    """What a face shows, or that the model is not sure, and why."""
    if face.doubt:
        return f'not sure <small class="fer-doubt">{face.doubt}</small>'
    return f"looks {escape(face.expression)} <span>{face.probabilities[face.expression]:.0%}</span>"


def bars(probabilities: Mapping[str, float], before: Mapping[str, float] | None = None) -> str:
    """A bar per expression; with `before`, a mark on each where it stood."""
    return "".join(_bar(label, value, before[label] if before else None) for label, value in probabilities.items())


def _bar(label: str, probability: float, before: float | None) -> str:
    colour = COLOURS.get(label, OTHER_COLOUR)
    mark = "" if before is None else f'<s style="left:{100 * before:.1f}%" title="before: {before:.0%}"></s>'
    return (
        f'<div class="fer-bar" role="meter" aria-label="{escape(label)}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{100 * probability:.1f}"><span>{escape(label)}</span>'
        f'<i><b style="width:{100 * probability:.1f}%;background:{colour}"></b>{mark}</i>'
        f"<em>{probability:.0%}</em></div>"
    )


def data_uri(image: Image.Image) -> str:
    """An image as part of the page, so that nothing is left on the disk."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
