"""What if the face were partly covered, turned, or in another light? The picture is changed, the face stays found."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from fer_hub.errors import InputError
from fer_hub.vision.detection import Face

# Part -> (first, last) landmark and what to add, in distances between the eyes, to the line between them:
# left and right of it, above and below it.
_PARTS: dict[str, tuple[int, int, float, float, float]] = {
    "forehead": (0, 1, 0.5, 0.9, -0.35),
    "eyes": (0, 1, 0.45, 0.3, 0.25),
    "nose": (2, 2, 0.3, 0.5, 0.2),
    "mouth": (3, 4, 0.3, 0.3, 0.35),
}
PARTS = tuple(_PARTS)
"""What can be covered, top to bottom."""


@dataclass(frozen=True)
class Change:
    """A change to one face of a picture."""

    cover: Collection[str] = ()
    """Of `PARTS`; painted over with the face's mean colour."""
    turn: float = 0.0
    """Degrees clockwise, in the plane of the picture."""
    light: float = 1.0
    """Factor on all pixel values: 0.5 is half as bright."""

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.cover) - set(PARTS)):
            raise InputError(f"a face has no part {unknown[0]!r} to cover; choose among: {', '.join(PARTS)}.")
        if not (-180 <= self.turn <= 180 and 0 <= self.light <= 10):
            raise InputError(f"turn is {self.turn} and light {self.light}; expected -180 to 180 degrees and 0 to 10.")

    def apply(self, picture: np.ndarray, face: Face) -> tuple[np.ndarray, Face]:
        """Return the picture around a face, HWC uint8 RGB, changed, and the face in its pixels.

        Args:
            picture: HWC uint8 RGB, 0-255; left as it is.
            face: one that was found in it.
        """
        window, face = _cut_out(picture, face)
        if self.light != 1:
            window = (window * self.light).round().clip(0, 255).astype(np.uint8)
        image = Image.fromarray(window)
        colour = tuple(int(value) for value in window.mean(axis=(0, 1)).round())
        for part in self.cover:
            ImageDraw.Draw(image).polygon([tuple(corner) for corner in _corners(face.landmarks, part)], fill=colour)
        return np.asarray(image), replace(face, landmarks=_turned(face.landmarks, -self.turn))


def _cut_out(picture: np.ndarray, face: Face) -> tuple[np.ndarray, Face]:
    """The picture around a face with room to turn it, so that large pictures are not changed whole."""
    centre = face.landmarks.mean(axis=0)
    reach = 3 * max(face.box[2] - face.box[0], face.box[3] - face.box[1], np.ptp(face.landmarks, axis=0).max()) / 2
    left, top = np.floor((centre - reach).clip(0, (picture.shape[1] - 1, picture.shape[0] - 1))).astype(int)
    right, bottom = np.ceil((centre + reach).clip((left + 1, top + 1), picture.shape[1::-1])).astype(int)
    x1, y1, x2, y2 = face.box
    moved = replace(face, box=(x1 - left, y1 - top, x2 - left, y2 - top), landmarks=face.landmarks - (left, top))
    return picture[top:bottom, left:right], moved


def _corners(landmarks: np.ndarray, part: str) -> np.ndarray:
    """The `(4, 2)` XY corners of the bar that covers a part; it leans as the eyes do."""
    first, last, beside, above, below = _PARTS[part]
    across = landmarks[1] - landmarks[0]
    down = np.array([-across[1], across[0]])
    left, right = landmarks[first] - beside * across, landmarks[last] + beside * across
    return np.array([left - above * down, right - above * down, right + below * down, left + below * down])


def _turned(landmarks: np.ndarray, degrees: float) -> np.ndarray:
    """Landmarks turned clockwise about their centre: a crop aligned to them turns the other way."""
    centre, angle = landmarks.mean(axis=0), np.deg2rad(degrees)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned: np.ndarray = (landmarks - centre) @ rotation + centre
    return turned
