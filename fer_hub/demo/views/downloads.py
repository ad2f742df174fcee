"""What was found, to take along: CSV and JSON inside links of the page, so that no file is written."""

import base64
import io
import json
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from fer_hub import __version__
from fer_hub.demo.views.templating import render
from fer_hub.recognizer import CLOSE, SMALL_SIDE, FaceExpression
from fer_hub.tables import write_table

Recognized = tuple[str, list[FaceExpression]]
"""A picture's name and its faces."""


def face_files(pictures: Sequence[Recognized], models: Sequence[str]) -> list[tuple[str, str, str, str]]:
    """The faces of pictures as CSV and as JSON: file's name, words, media type, base64; none where there is no face."""
    if not any(faces for _, faces in pictures):
        return []
    return [
        ("faces.csv", "CSV", "text/csv", _packed(as_csv(pictures, models))),
        ("faces.json", "JSON", "application/json", _packed(as_json(pictures, models))),
    ]


def links(title: str, files: Sequence[tuple[str, str, str]]) -> Markup:
    """Links that save files, each given as name, media type and text."""
    packed = [(name, media_type, _packed(text)) for name, media_type, text in files]
    return render("page/downloads", title=title, files=packed)


def _packed(text: str) -> str:
    return base64.b64encode(text.encode(errors="replace")).decode()


def as_csv(pictures: Sequence[Recognized], models: Sequence[str] = ()) -> str:
    """A row per face: picture, number, box in pixels, confidence, expression, doubt, each probability, who says so."""
    labels = next((list(faces[0].probabilities) for _, faces in pictures if faces), [])
    table = io.StringIO()
    write_table(table, _rows(pictures, labels, models))
    return table.getvalue()


def _rows(pictures: Sequence[Recognized], labels: Sequence[str], models: Sequence[str]) -> Iterator[list[object]]:
    origin = [" + ".join(models), __version__]
    yield ["picture", "face", "x1", "y1", "x2", "y2", "confidence", "expression", "doubt", *labels, "model", "fer_hub"]
    for name, faces in pictures:
        for number, face in enumerate(faces, 1):
            box, values = face.to_dict()["box"], (f"{face.probabilities[label]:.4f}" for label in labels)
            confidence = f"{face.confidence:.4f}"
            yield [name, number, *box, confidence, face.expression, face.doubt or "", *values, *origin]


def as_json(pictures: Sequence[Recognized], models: Sequence[str] = ()) -> str:
    """As `python -m fer_hub recognize --json` prints it, with models, version and thresholds."""
    origin = {"models": list(models), "fer_hub": __version__, "not_sure_below": {"margin": CLOSE, "pixels": SMALL_SIDE}}
    return json.dumps(
        [{"picture": name, "faces": [face.to_dict() for face in faces], **origin} for name, faces in pictures], indent=2
    )
