"""HTML from the templates in this folder. jinja2 escapes every value that is put into one, whoever wrote it."""

import base64
import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from fer_hub.expressions import COLOURS, OTHER_COLOUR
from fer_hub.recognizer import FaceExpression, is_close

_FOLDER = Path(__file__).parent


def render(template: str, **values: Any) -> Markup:
    """Fill `templates/<template>.html`. The result is HTML, and stays as it is where it is put into another one."""
    return Markup(_environment().get_template(f"{template}.html").render(values).strip())


@cache
def asset(name: str) -> str:
    """The text of one of this folder's other files: CSS, JavaScript, Markdown."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def data_uri(picture: Image.Image | np.ndarray | bytes, kind: str = "PNG") -> str:
    """A picture, HWC uint8 RGB pixels, or a file of that kind, as part of the page (PNG or JPEG), not on the disk."""
    if not isinstance(picture, bytes):
        buffer = io.BytesIO()
        image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
        image.save(buffer, kind, quality=88)
        picture = buffer.getvalue()
    return f"data:image/{kind.lower()};base64," + base64.b64encode(picture).decode()


def said(face: FaceExpression) -> str:
    """What is said of a face in a word or three: "happy", and where that is not sure, "happy or neutral?"."""
    if not face.doubt:
        return face.expression
    first, second = sorted(face.probabilities, key=face.probabilities.__getitem__)[:-3:-1]
    return f"{first} or {second}?" if is_close(face.probabilities) else f"{first}?"


def seconds(value: float) -> str:
    """A duration in words."""
    if value < 60:
        return f"{value:.1f} s"
    return f"{round(value) // 60} min {round(value) % 60} s"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "colour": _colour,
        "data_uri": data_uri,
        "percent": _percent,
        "said": said,
        "seconds": seconds,
        "thousands": _thousands,
    }
    return environment


def _colour(label: str) -> str:
    return COLOURS.get(label, OTHER_COLOUR)


def _percent(share: float, digits: int = 0) -> str:
    return f"{share:.{digits}%}"


def _thousands(number: float) -> str:
    return f"{number:,.0f}"
