"""What was found, to take along: CSV and JSON inside links of the page, so that no file is written."""

import base64
import io
import json
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from fer_hub.demo.views.templating import render
from fer_hub.recognizer import FaceExpression
from fer_hub.tables import write_table

Recognized = tuple[str, list[FaceExpression]]
"""A picture's name and its faces."""


def face_links(pictures: Sequence[Recognized]) -> Markup:
    """Links that save the faces of pictures as CSV and as JSON; nothing where there are no faces."""
    if not any(faces for _, faces in pictures):
        return Markup()
    return links(
        "Save what was found",
        [("faces.csv", "text/csv", as_csv(pictures)), ("faces.json", "application/json", as_json(pictures))],
    )


def links(title: str, files: Sequence[tuple[str, str, str]]) -> Markup:
    """Links that save files, each given as name, media type and text."""
    packed = [
        (name, media_type, base64.b64encode(text.encode(errors="replace")).decode()) for name, media_type, text in files
    ]
    return render("page/downloads", title=title, files=packed)


def as_csv(pictures: Sequence[Recognized]) -> str:
    """A row per face: picture, number, box in pixels, confidence, expression, doubt, and each probability."""
    labels = next((list(faces[0].probabilities) for _, faces in pictures if faces), [])
    table = io.StringIO()
    write_table(table, _rows(pictures, labels))
    return table.getvalue()


def _rows(pictures: Sequence[Recognized], labels: Sequence[str]) -> Iterator[list[object]]:
    yield ["picture", "face", "x1", "y1", "x2", "y2", "confidence", "expression", "doubt", *labels]
    for name, faces in pictures:
        for number, face in enumerate(faces, 1):
            box, values = face.to_dict()["box"], (f"{face.probabilities[label]:.4f}" for label in labels)
            confidence = f"{face.confidence:.4f}"
            yield [name, number, *box, confidence, face.expression, face.doubt or "", *values]


def as_json(pictures: Sequence[Recognized]) -> str:
    """As `python -m fer_hub recognize --json` prints it."""
    return json.dumps(
        [{"picture": name, "faces": [face.to_dict() for face in faces]} for name, faces in pictures], indent=2
    )
