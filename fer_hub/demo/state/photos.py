"""The photos that a visitor gave, and the faces found in them."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from fer_hub.demo.state.examples import EXAMPLES, Example
from fer_hub.errors import InputError
from fer_hub.recognizer import ExpressionRecognizer, FaceExpression
from fer_hub.vision.alignment import align_face
from fer_hub.vision.detection import Face
from fer_hub.vision.geometry import CropGeometry
from fer_hub.vision.images import open_image

PORTRAIT_SIDE = 192
"""Side, in pixels, of a face as it is shown: cut like the model's crop, but as sharp as the photo is."""

MAX_CARDS = 60
"""Faces that are shown in all; the exports hold every one."""


@dataclass(frozen=True)
class RecognizedPhoto:
    """A photo and its faces."""

    name: str
    path: str
    """Where Gradio keeps it for a while; the photo itself is not kept in memory. The name of an example."""
    faces: list[FaceExpression]
    portraits: list[bytes] = field(default_factory=list)
    """JPEG, `PORTRAIT_SIDE` square: the first `MAX_CARDS` faces. Pixels would take ten times what a visit keeps."""
    example: Example | None = None

    def read(self) -> np.ndarray:
        """The photo again, HWC uint8 RGB. Raises InputError where it has been deleted meanwhile."""
        return self.example.picture() if self.example else read_photo(self.path)

    def shown(self, number: int) -> np.ndarray:
        """The face with this number, from 1, HWC uint8 RGB: its portrait, or else what the model saw."""
        if number > len(self.portraits):
            return self.faces[number - 1].crop
        return np.asarray(Image.open(io.BytesIO(self.portraits[number - 1])))

    def with_face(self, answer: FaceExpression, portrait: np.ndarray) -> "RecognizedPhoto":
        """The photo with one face more, at the end; `portrait` is HWC uint8 RGB."""
        portraits = [*self.portraits[: len(self.faces)], _jpeg(portrait)]
        return replace(self, faces=[*self.faces, answer], portraits=portraits)


@dataclass(frozen=True)
class PhotoResults:
    """What a visitor looks at on the Photo tab."""

    models: tuple[str, ...] = ()
    photos: tuple[RecognizedPhoto, ...] = ()

    @property
    def is_example(self) -> bool:
        """Whether nothing of the visitor's own is shown."""
        return all(photo.example for photo in self.photos)

    def faces(self) -> list[tuple[RecognizedPhoto, int, FaceExpression]]:
        """Every face with its photo and its number there, from 1."""
        return [(photo, number, face) for photo in self.photos for number, face in enumerate(photo.faces, 1)]

    def first_of(self, place: int) -> int:
        """The index, among all faces, of the first face of the photo at this place."""
        return sum(len(photo.faces) for photo in self.photos[:place])

    def place_of(self, face: int) -> int:
        """The place of the photo that the face with this index is in."""
        return next(
            (place for place in range(len(self.photos)) if face < self.first_of(place + 1)),
            max(len(self.photos) - 1, 0),
        )


def read_photo(path: str) -> np.ndarray:
    """An uploaded photo, HWC uint8 RGB."""
    return open_image(path)


def recognize_photo(
    name: str, path: str, recognizer: ExpressionRecognizer, example: Example | None = None
) -> RecognizedPhoto:
    """Find and name the faces of a photo. Raises InputError where it cannot be read."""
    picture = example.picture() if example else read_photo(path)
    faces = recognizer(picture)
    geometry = recognizer.classifiers[0].config.crop
    portraits = [_jpeg(portrait(picture, face.face, geometry)) for face in faces[:MAX_CARDS]]
    return RecognizedPhoto(name, path, faces, portraits, example)


def recognize_example(number: int, recognizer: ExpressionRecognizer) -> RecognizedPhoto:
    """The faces of one of the examples."""
    example = EXAMPLES[number]
    return recognize_photo(example.title, example.name, recognizer, example)


def portrait(picture: np.ndarray, face: Face, geometry: CropGeometry) -> np.ndarray:
    """A face as the model's crops are cut, at `PORTRAIT_SIDE` pixels: HWC uint8 RGB."""
    scale = PORTRAIT_SIDE / geometry.size
    landmarks = tuple((x * scale, y * scale) for x, y in geometry.landmarks)
    return align_face(picture, face.landmarks, CropGeometry(size=PORTRAIT_SIDE, landmarks=landmarks))  # type: ignore[arg-type]


def _jpeg(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=88)
    return stream.getvalue()


_MEAN_FACE = np.array([(0.31, 0.40), (0.69, 0.40), (0.50, 0.60), (0.35, 0.78), (0.65, 0.78)])
"""Where eyes, nose and mouth corners sit in a box around a face that looks at the camera, as shares of its sides."""


def drawn_face(picture: np.ndarray, shares: Sequence[float], recognizer: ExpressionRecognizer) -> Face:
    """The face in a box that a visitor drew.

    The detector looks at what is around the box, at a size it finds faces at; where it finds none, eyes and mouth are
    taken to be where they are in most boxes.

    Args:
        picture: HWC uint8 RGB.
        shares: left, top, right and bottom of the box, as shares of the picture's sides.
        recognizer: whose detector looks.

    Raises:
        InputError: these are no four shares, or the box is too small to hold a face.
    """
    if len(shares) != 4 or not all(isinstance(share, int | float) and math.isfinite(share) for share in shares):
        raise InputError("A box is four numbers: left, top, right and bottom, as shares of the picture.")
    height, width = picture.shape[:2]
    left, right = sorted(float(np.clip(share, 0, 1)) * width for share in shares[::2])
    top, bottom = sorted(float(np.clip(share, 0, 1)) * height for share in shares[1::2])
    if min(right - left, bottom - top) < 12:
        raise InputError("This box is too small: draw it around the whole face, at least 12 pixels wide.")
    margin = (right - left + bottom - top) / 4
    x, y = int(max(left - margin, 0)), int(max(top - margin, 0))
    window = picture[y : int(bottom + margin) + 1, x : int(right + margin) + 1]
    centre = np.array([(left + right) / 2, (top + bottom) / 2])
    for face in recognizer.detector.detect(np.ascontiguousarray(window)):
        landmarks = face.landmarks + np.array([x, y])
        box = (face.box[0] + x, face.box[1] + y, face.box[2] + x, face.box[3] + y)
        if box[0] < centre[0] < box[2] and box[1] < centre[1] < box[3]:
            return replace(face, box=box, landmarks=landmarks)
    landmarks = _MEAN_FACE * (right - left, bottom - top) + (left, top)
    return Face((left, top, right, bottom), 0.0, landmarks)
