"""What to try the demo with: a portrait, the same covered, far away and turned, and a video of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from fer_hub.video.writer import write_frames
from fer_hub.vision.images import EXAMPLE, open_image

CREDIT = "NASA portrait of Eileen Collins, public domain"


@dataclass(frozen=True)
class Example:
    """A photo that ships with the demo."""

    name: str
    """As a link names it."""
    title: str
    change: Callable[[Image.Image], Image.Image]
    """What was done to the portrait."""
    shown: tuple[float, float, float, float] = (0, 0, 1, 1)
    """The part that its thumbnail shows: left, top, right and bottom, as shares of the sides."""

    def picture(self) -> np.ndarray:
        """HWC uint8 RGB."""
        return np.asarray(self.change(Image.fromarray(_portrait())))

    def thumbnail(self) -> Image.Image:
        """A small square picture of it."""
        image = Image.fromarray(self.picture())
        left, top, right, bottom = self.shown
        box = (left * image.width, top * image.height, right * image.width, bottom * image.height)
        return image.resize((96, 96), box=box)


@cache
def _portrait() -> np.ndarray:
    return open_image(EXAMPLE)


def _covered(image: Image.Image) -> Image.Image:
    width, height = image.size
    left, top, right, bottom = (0.36 * width, 0.255 * height, 0.515 * width, 0.345 * height)
    ImageDraw.Draw(image).rounded_rectangle((left, top, right, bottom), radius=12, fill="#b9c7d6")
    return image


_AROUND_FACE = (0.28, 0.06, 0.6, 0.38)

EXAMPLES = (
    Example("portrait", "A portrait", lambda image: image, _AROUND_FACE),
    Example("covered", "The mouth covered", _covered, _AROUND_FACE),
    Example("turned", "Turned on its side", lambda image: image.rotate(90, expand=True)),
    Example("far", "Far away", lambda image: image.resize((image.width // 4, image.height // 4))),
)

VIDEO_EXAMPLE = Example("video", "A short video", lambda image: image, _AROUND_FACE)

_FRAMES, _RATE = 50, 10
_SHARE = 0.7
"""Of the portrait's sides, what a frame shows."""


def write_example_video(path: Path) -> None:
    """Write the example video, `.mp4` or `.webm`: the portrait moves by, and its mouth is covered for a while."""
    write_frames(_frames(), _RATE, path)


def _frames() -> Iterator[np.ndarray]:
    plain = Image.fromarray(_portrait())
    covered = _covered(plain.copy())
    side = round(plain.width * _SHARE) // 2 * 2
    for number in range(_FRAMES):
        left = round((plain.width - side) * 0.9 * number / _FRAMES)
        shown = covered if 0.35 < number / _FRAMES < 0.7 else plain
        yield np.asarray(shown.crop((left, 0, left + side, side)))
