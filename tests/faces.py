"""Faces that the tests draw: simple, but different for each expression, and never twice the same."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from fer_hub import EXPRESSIONS


def draw_face(expression: str, rng: np.random.Generator, size: int = 48) -> Image.Image:
    """A grey face crop whose brows and mouth show the expression."""
    scale = 4  # drawn large and reduced, for smooth lines
    s = size * scale / 48
    image = Image.new("L", (size * scale, size * scale), int(rng.integers(40, 90)))
    draw = ImageDraw.Draw(image)
    dx, dy = rng.uniform(-2, 2, 2)

    def at(x: float, y: float) -> tuple[float, float]:
        return (x + dx) * s, (y + dy) * s

    skin, dark = int(rng.integers(150, 220)), int(rng.integers(0, 40))
    width = max(int(1.6 * s), 1)
    draw.ellipse((*at(5, -2), *at(43, 50)), fill=skin)
    brow, open_eye, mouth = _PARTS[expression]
    for x, side in ((15, -1), (33, 1)):
        draw.ellipse((*at(x - 3, 19 - open_eye), *at(x + 3, 19 + open_eye)), fill=dark)
        draw.line((*at(x - 5 * side, 13 + brow), *at(x + 5 * side, 13 - brow)), fill=dark, width=width)
    draw.line((*at(24, 20), *at(22, 30), *at(26, 30)), fill=skin - 60, width=width)
    if mouth == "open":
        draw.ellipse((*at(20, 34), *at(28, 44)), fill=dark)
    elif mouth == "flat":
        draw.line((*at(17, 38), *at(31, 38)), fill=dark, width=width)
    elif mouth == "up":
        draw.arc((*at(14, 28), *at(34, 42)), 20, 160, fill=dark, width=width)
    elif mouth == "down":
        draw.arc((*at(14, 36), *at(34, 50)), 200, 340, fill=dark, width=width)
    else:
        draw.line((*at(17, 40), *at(21, 36), *at(25, 40), *at(31, 36)), fill=dark, width=width)
    small = np.asarray(image.resize((size, size), Image.Resampling.BOX), np.float64)
    noisy = small + rng.normal(0, 6, small.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


# Expression -> slant of the brows, half height of the eyes, mouth.
_PARTS: dict[str, tuple[float, float, str]] = {
    "angry": (3, 2, "flat"),
    "disgust": (2, 1, "wave"),
    "fear": (-3, 3.5, "wave"),
    "happy": (0, 2, "up"),
    "sad": (-3, 1.5, "down"),
    "surprise": (-1, 4, "open"),
    "neutral": (0, 2, "flat"),
}


def write_dataset(folder: Path, per_class: dict[str, int], seed: int = 0) -> Path:
    """Write an image folder: `folder/<split>/<expression>/<number>.png`, so many of each expression in each split."""
    rng = np.random.default_rng(seed)
    for split, count in per_class.items():
        for expression in EXPRESSIONS:
            (folder / split / expression).mkdir(parents=True)
            for number in range(count):
                draw_face(expression, rng).save(folder / split / expression / f"{number}.png")
    return folder
