"""What to try the demo with: two portraits, one of them covered, turned, far away and beside the other, and a video."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from fer_hub.video.writer import write_frames
from fer_hub.vision.images import EXAMPLE, open_image

COLLINS = "Eileen Collins, NASA, public domain"
HOPPER = "Grace Hopper, U.S. Navy, public domain"

_HOPPER = EXAMPLE.with_name("grace_hopper.jpg")


@dataclass(frozen=True)
class Example:
    """A photo that ships with the demo, or is made from one that does."""

    name: str
    """As a link names it."""
    title: str
    credit: str
    """Who is shown, by whom, under which licence."""
    make: Callable[[], Image.Image]
    shown: tuple[float, float, float, float] = (0, 0, 1, 1)
    """The part that its thumbnail shows: left, top, right and bottom, as shares of the sides."""

    def picture(self) -> np.ndarray:
        """HWC uint8 RGB."""
        return np.asarray(self.make())

    def thumbnail(self) -> Image.Image:
        """A small square picture of it."""
        image = self.make()
        left, top, right, bottom = self.shown
        box = (left * image.width, top * image.height, right * image.width, bottom * image.height)
        return image.resize((96, 96), box=box)


@cache
def _pixels(path: Path) -> np.ndarray:
    return open_image(path)


def _portrait() -> Image.Image:
    return Image.fromarray(_pixels(EXAMPLE))


def _covered() -> Image.Image:
    image = _portrait()
    width, height = image.size
    left, top, right, bottom = (0.36 * width, 0.255 * height, 0.515 * width, 0.345 * height)
    ImageDraw.Draw(image).rounded_rectangle((left, top, right, bottom), radius=12, fill="#b9c7d6")
    return image


def _hopper(height: int) -> Image.Image:
    image = Image.fromarray(_pixels(_HOPPER))
    return image.resize((round(image.width * height / image.height), height), Image.Resampling.LANCZOS)


def _two() -> Image.Image:
    one = _portrait()
    side, half = one.height, one.width // 2
    both = Image.new("RGB", (2 * half, side))
    both.paste(one.crop((95, 0, 95 + half, side)), (0, 0))
    both.paste(_hopper(side).crop((97, 0, 97 + half, side)), (half, 0))
    return both


def _far() -> Image.Image:
    image = _portrait()
    return image.resize((image.width // 4, image.height // 4))


_AROUND_FACE = (0.28, 0.06, 0.6, 0.38)

EXAMPLES = (
    Example("portrait", "A portrait", COLLINS, _portrait, _AROUND_FACE),
    Example("covered", "The mouth covered", COLLINS, _covered, _AROUND_FACE),
    # At this size the default model wavers between two expressions.
    Example("unsure", "Hard to say", HOPPER, lambda: _hopper(300), (0.25, 0.1, 0.75, 0.6)),
    Example("two", "Two people", f"{COLLINS}; {HOPPER}", _two),
    Example("turned", "Turned on its side", COLLINS, lambda: _portrait().rotate(90, expand=True)),
    Example("far", "Far away", COLLINS, _far),
)

VIDEO_EXAMPLE = Example("video", "A short video", COLLINS, _portrait, _AROUND_FACE)

_FRAMES, _RATE = 50, 10
_SHARE = 0.7
"""Of the portrait's sides, what a frame shows."""


def write_example_video(path: Path) -> None:
    """Write the example video, `.mp4` or `.webm`: the portrait moves by, and its mouth is covered for a while."""
    write_frames(_frames(), _RATE, path)


def _frames() -> Iterator[np.ndarray]:
    plain, covered = _portrait(), _covered()
    side = round(plain.width * _SHARE) // 2 * 2
    for number in range(_FRAMES):
        left = round((plain.width - side) * 0.9 * number / _FRAMES)
        shown = covered if 0.35 < number / _FRAMES < 0.7 else plain
        yield np.asarray(shown.crop((left, 0, left + side, side)))
