"""Photos and their faces as HTML: the photo with a button on every face, the chosen face, and all faces in a grid."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from markupsafe import Markup
from PIL import Image

from fer_hub import __version__
from fer_hub.demo.state.photos import MAX_CARDS, PhotoResults, RecognizedPhoto
from fer_hub.demo.views.boxes import MANY, Box, box_on, with_room
from fer_hub.demo.views.downloads import face_files
from fer_hub.demo.views.sharing import result_picture
from fer_hub.demo.views.templating import render, said
from fer_hub.recognizer import FaceExpression

STAGE_SIDE = 1280
"""Longest side, in pixels, of a photo on the page."""

STRONG = 0.3
"""Probability that a place must be worth to be tinted as strongly as can be: a weak map looks weak."""

_TINT = "#E69F00"
_MOST_TINT = 0.8


@dataclass(frozen=True)
class AffectPoint:
    """Valence and arousal as they were answered, and where that is drawn on a circle of radius 1, upwards."""

    valence: float
    arousal: float
    x: float
    y: float


def stage(results: PhotoResults, place: int, chosen: int | None) -> Markup:
    """The photo at this place, with a button on every face, and what can be done with it; blank where there is none."""
    if not results.photos:
        return render("photo/stage", photo=None)
    photo = results.photos[place]
    full = photo.read()
    picture = Image.fromarray(full)
    picture.thumbnail((STAGE_SIDE, STAGE_SIDE))
    return render(
        "photo/stage",
        photo=photo,
        place=place,
        picture=picture,
        boxes=with_room([_box(face, full) for face in photo.faces], full),
        many=len(photo.faces) > MANY,
        first=results.first_of(place),
        chosen=chosen,
        count=count_faces,
        shared=result_picture(full, photo.faces, results.models, __version__, date.today()),
        files=face_files([(each.name, each.faces) for each in results.photos], results.models),
        own=not results.is_example,
    )


def _box(face: FaceExpression, picture: np.ndarray) -> Box:
    share = "" if face.doubt else f"{face.probabilities[face.expression]:.0%}"
    return box_on(face.box, picture, face.expression, said(face), bool(face.doubt), share)


def affect_point(face: FaceExpression) -> AffectPoint | None:
    """Where a face stands on the circle, if its model answers `valence` and `arousal`, as AffectNet has them: -1 to 1.

    What a model says beyond the circle is shown on its rim; values on another scale, such as 1 to 9, are not shown.
    """
    valence, arousal = face.heads.get("valence"), face.heads.get("arousal")
    if not isinstance(valence, float) or not isinstance(arousal, float) or max(abs(valence), abs(arousal)) > 1.5:
        return None
    length = max(1.0, math.hypot(valence, arousal))
    return AffectPoint(valence, arousal, valence / length, arousal / length)


def blank_stage() -> Markup:
    """What keeps the photo's place while there is none."""
    return render("photo/stage", photo=None)


def summary(results: PhotoResults, place: int, refused: Sequence[str]) -> Markup:
    """How many faces there are, or what to do about there being none, and what could not be read."""
    faces = [face for _, _, face in results.faces()]
    return render(
        "photo/summary",
        photos=results.photos,
        place=place,
        faces=faces,
        refused=refused,
        is_example=results.is_example,
        count=count_faces,
    )


def chosen_face(
    photo: RecognizedPhoto, number: int, changed: tuple[FaceExpression, np.ndarray] | None = None
) -> Markup:
    """The card of a face, by its number in its photo.

    Args:
        photo: the photo.
        number: from 1.
        changed: what is said of the face after it was changed, and how it looks then, like one of the photo's
            portraits; what was said before is marked on the bars.
    """
    face = photo.faces[number - 1]
    notes = []
    if changed:
        notes.append("The line on each bar is where it stood.")
    if face.face.angle:
        notes.append(f"The face lies turned by {face.face.angle} degrees; the model saw it upright.")
    if not face.confidence:
        notes.append("This box was drawn by hand.")
    shown, sharp = changed or (face, photo.shown(number))
    return render(
        "photo/face",
        face=shown,
        point=affect_point(shown),
        number=number,
        portrait=sharp,
        before=face.probabilities if changed else None,
        notes=notes,
    )


def cards(results: PhotoResults, chosen: int | None) -> Markup:
    """Every face of every photo, small; at most `MAX_CARDS` of a photo."""
    faces = results.faces()
    return render(
        "photo/cards",
        photos=results.photos,
        faces=faces,
        firsts=[results.first_of(place) for place in range(len(results.photos))],
        chosen=chosen,
        full=len(faces) > sum(len(photo.portraits) for photo in results.photos),
        most=MAX_CARDS,
    )


def explanation(
    face: FaceExpression, portrait: np.ndarray, number: int, heat: np.ndarray, attends: bool, models: Sequence[str] = ()
) -> Markup:
    """A face with the place that decided tinted, and what that means.

    Args:
        face: whose expression is explained.
        portrait: the face, HWC uint8 RGB, cut as the model's crop is.
        number: of the face in its photo.
        heat: `(H, W)` float: points of probability that each place is worth (see `fer_hub.explain.attribution`).
        attends: whether `heat` is where the network looks instead.
        models: of several, the explanation is the first one's alone.
    """
    return render(
        "photo/explanation",
        picture=tinted(portrait, heat / (max(float(heat.max()), 0.02) if attends else STRONG)),
        number=number,
        expression=face.expression,
        points=100 * float(heat.max()),
        attends=attends,
        alone=models[0] if len(models) > 1 else "",
    )


def tinted(picture: np.ndarray, strength: np.ndarray) -> Image.Image:
    """A square picture, HWC uint8 RGB, with `(H, W)` float strengths as a tint over it: 0 is none, 1 the most."""
    image = Image.fromarray(picture)
    mask = Image.fromarray(strength.clip(0, 1).astype(np.float32)).resize(image.size, Image.Resampling.BICUBIC)
    share = (np.asarray(mask).clip(0, 1) * 255 * _MOST_TINT).astype(np.uint8)
    return Image.composite(Image.new("RGB", image.size, _TINT), image, Image.fromarray(share))


def count_faces(faces: Sequence[FaceExpression]) -> str:
    """How many, in words."""
    return "no face" if not faces else "1 face" if len(faces) == 1 else f"{len(faces)} faces"
