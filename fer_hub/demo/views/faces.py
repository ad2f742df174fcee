"""Photos and their faces as HTML: a card each, with the crop as the model saw it and a bar per expression."""

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup

from fer_hub.demo.state.photos import RecognizedPhoto
from fer_hub.demo.views.templating import render
from fer_hub.recognizer import FaceExpression
from fer_hub.vision.drawing import heat_over

MAX_CARDS = 60


def summary(photos: Sequence[RecognizedPhoto], refused: Sequence[str], is_example: bool) -> Markup:
    """How many faces there are, or what to do about there being none, and what could not be read."""
    faces = [face for photo in photos for face in photo.faces]
    return render(
        "photo/summary", photos=photos, faces=faces, refused=refused, is_example=is_example, count=count_faces
    )


def photo_cards(photos: Sequence[RecognizedPhoto]) -> Markup:
    """The cards of every photo, with its name above them where there are several; at most `MAX_CARDS` in all."""
    left, shown = MAX_CARDS, []
    for photo in photos:
        shown.append((photo, photo.faces[:left]))
        left -= len(photo.faces[:left])
    return render("photo/cards", photos=shown, full=left == 0, most=MAX_CARDS, count=count_faces)


def explanation(
    face: FaceExpression, number: int, heat: np.ndarray, attends: bool, models: Sequence[str] = ()
) -> Markup:
    """A face with the place that decided lit up, and what that means.

    Args:
        face: whose expression is explained.
        number: of the face in its photo.
        heat: `(H, W)` float: points of probability that each place is worth (see `fer_hub.explain.attribution`).
        attends: whether `heat` is where the network looks instead.
        models: of several, the explanation is the first one's alone.
    """
    return render(
        "photo/explanation",
        picture=heat_over(face.crop, heat),
        number=number,
        expression=face.expression,
        points=100 * float(heat.max()),
        attends=attends,
        alone=models[0] if len(models) > 1 else "",
    )


def what_if_card(face: FaceExpression, before: Mapping[str, float] | None = None) -> Markup:
    """The face as the model sees it, and its bars; with `before`, a mark on each where it stood."""
    return render("photo/what_if", face=face, before=before)


def count_faces(faces: Sequence[FaceExpression]) -> str:
    """How many, in words."""
    return "no face" if not faces else "1 face" if len(faces) == 1 else f"{len(faces)} faces"
