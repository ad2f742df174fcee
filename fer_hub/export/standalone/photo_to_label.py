"""From a photo to the box and the expression of each face, with onnxruntime, NumPy and Pillow alone.

    pip install onnxruntime numpy pillow
    python photo_to_label.py PHOTO...

Prints one line of JSON a photo: its faces, largest first, in the form of `fer-hub recognize --json`. Beside this file
lie find_faces.py with its three networks, and classifier.onnx. An expression is what a face shows; it is not what a
person feels.

FER Hub itself also finds faces that lie turned (here an EXIF tag must say so), says when an answer is in doubt,
averages several models, reads grey of 16 bits, and bounds what a hostile file can cost.
"""

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from find_faces import FaceFinder
from PIL import Image, ImageOps

SMALLEST = 12
"""Pixels of the shorter side of a photo; no face can be seen in fewer."""


class PhotoToLabel:
    """Finds the faces of a photo and names the expression of each."""

    def __init__(self, folder: Path) -> None:
        self.finder = FaceFinder(folder)
        self.classifier = onnxruntime.InferenceSession(folder / "classifier.onnx", providers=["CPUExecutionProvider"])
        metadata = self.classifier.get_modelmeta().custom_metadata_map
        self.labels, self.crop, self.heads = (json.loads(metadata[key]) for key in ("labels", "crop", "heads"))

    def __call__(self, photo: Image.Image) -> list[dict[str, Any]]:
        """The faces of an upright RGB photo, largest first.

        Each with its `box` (XYXY pixels), the `confidence` that it is a face, the `expression`, the `probabilities` of
        all, and, where the model has further heads, `heads`: what each says, a probability for each class or a value.
        """
        faces = []
        for found in self.finder(photo):
            crop = align(photo, found.landmarks, self.crop["size"], self.crop["landmarks"])
            probabilities, *further = (rows[0].tolist() for rows in self.classifier.run(None, {"crops": crop[None]}))
            face = {
                "box": found.box.round(1).tolist(),
                "confidence": round(found.confidence, 4),
                "expression": self.labels[np.argmax(probabilities)],
                "probabilities": dict(zip(self.labels, probabilities, strict=True)),
            }
            if self.heads:
                heads = zip(self.heads.items(), further, strict=True)
                face["heads"] = {
                    name: dict(zip(classes, said, strict=True)) if classes else said[0]
                    for (name, classes), said in heads
                }
            faces.append(face)
        return faces


def align(photo: Image.Image, landmarks: np.ndarray, size: int, places: list[list[float]]) -> np.ndarray:
    """A face as `(size, size, 3)` uint8, turned, scaled and shifted so that its landmarks come closest to `places`.

    Least squares; points are complex numbers, so that turn and scale are one factor. Averaged where it shrinks: the
    photo by whole pixels, then samples within each pixel of the crop.
    """
    here, there = landmarks @ (1, 1j), (np.array(places) + 0.5) @ (1, 1j)  # places count from the middle of a pixel
    around, wanted = here - here.mean(), there - there.mean()
    step = np.vdot(around, around) / np.vdot(around, wanted)  # pixels of the photo per pixel of the crop
    reduce = max(int(abs(step) // 2), 1)
    samples = max(math.ceil(abs(step) / reduce - 1e-6), 1)
    middles = (np.arange(size * samples) + 0.5) / samples
    positions = (here.mean() + (middles + 1j * middles[:, None] - there.mean()) * step) / reduce
    values = sampled(np.asarray(photo.reduce(reduce)), positions.real, positions.imag)
    crop: np.ndarray = values.reshape(size, samples, size, samples, 3).mean(axis=(1, 3))
    return crop.round().astype(np.uint8)


def sampled(pixels: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Bilinear values of `(H, W, 3)` pixels at positions (a pixel's middle is at .5), the border repeated outside."""
    x, y = (x - 0.5).clip(0, pixels.shape[1] - 1), (y - 0.5).clip(0, pixels.shape[0] - 1)
    left, top, right, bottom = x.astype(int), y.astype(int), np.ceil(x).astype(int), np.ceil(y).astype(int)
    across, down = (x - left)[..., None], (y - top)[..., None]
    above = pixels[top, left] * (1 - across) + pixels[top, right] * across
    below = pixels[bottom, left] * (1 - across) + pixels[bottom, right] * across
    values: np.ndarray = above * (1 - down) + below * down
    return values


def open_photo(path: str) -> Image.Image:
    """A JPEG, PNG or WebP file as RGB, turned upright by its EXIF tag, transparency on white. Raises ValueError."""
    try:
        photo = ImageOps.exif_transpose(Image.open(path, formats=["JPEG", "PNG", "WEBP"]))
        if photo.has_transparency_data:
            photo = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo.convert("RGBA"))
        photo = photo.convert("RGB")
    except FileNotFoundError:
        raise ValueError(f"there is no picture at {path}; give the path of a file.") from None
    except Exception as error:  # a damaged file makes Pillow raise nearly anything
        raise ValueError(f"{path} cannot be read as JPEG, PNG or WebP ({error}); give another picture.") from None
    if min(photo.size) < SMALLEST:
        raise ValueError(f"{path}, {photo.width} x {photo.height} pixels, is too small for a face; give a larger one.")
    return photo


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help="JPEG, PNG or WebP file")
    photos, status = parser.parse_args().photos, 0
    photo_to_label = PhotoToLabel(Path(__file__).parent)
    for path in photos:
        try:
            print(json.dumps({"picture": path, "faces": photo_to_label(open_photo(path))}))
        except ValueError as error:
            print(f"error: {error}", file=sys.stderr)
            status = 2
    sys.exit(status)


if __name__ == "__main__":
    main()
