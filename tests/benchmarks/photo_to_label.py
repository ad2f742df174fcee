"""How long photos take, step by step, beside plain facenet-pytorch finding the same faces and naming nothing.

python tests/benchmarks/photo_to_label.py PICTURE... [--model REF] [--runs 9] [--chart FILE.png]

All steps take turns in one process; medians of the clock, with as many threads as torch takes. `--chart` draws the
first picture's time at several sizes, and with more and more of its faces.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from facenet_pytorch import MTCNN
from matplotlib.figure import Figure
from PIL import Image

sys.path[0] = str(Path(__file__).resolve().parents[2])

from fer_hub import ExpressionRecognizer, open_image
from fer_hub.vision.alignment import align_face

PLAIN, OURS = "plain MTCNN finds the faces", "whole: from the file to expressions"
SIDES = (320, 640, 1280, 2560, 4000)
"""Pixels of the longer side of the chart's pictures."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="+", metavar="PICTURE", help="file of a picture")
    parser.add_argument("--model", action="append", default=[], help="model reference (default: fer-live)")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--chart", type=Path, metavar="FILE", help="PNG file to draw")
    options = parser.parse_args()
    recognizer = ExpressionRecognizer.from_pretrained(*options.model)
    plain = MTCNN(keep_all=True)
    for path in options.pictures:
        tell(path, recognizer, plain, options.runs)
    if options.chart:
        draw(open_image(options.pictures[0]), recognizer, plain, options.runs, options.chart)


def tell(path: str, recognizer: ExpressionRecognizer, plain: MTCNN, runs: int) -> None:
    """Print a picture's milliseconds, a line a step."""
    picture = open_image(path)
    classifier, detector = recognizer.classifiers[0], recognizer.detector
    faces = detector.detect(picture)
    crops = [align_face(picture, face.landmarks, classifier.config.crop) for face in faces]
    batch = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2) if crops else torch.empty(0, 3, 48, 48).byte()
    taken = in_turn(
        {
            "open the file": lambda: open_image(path),
            "find faces": lambda: detector.detect(picture),
            "cut them out": lambda: [align_face(picture, face.landmarks, classifier.config.crop) for face in faces],
            "name their expressions": lambda: recognizer.ensemble.probabilities([batch] * len(recognizer.classifiers)),
            OURS: lambda: recognizer(path),
            PLAIN: lambda: plain.detect(Image.fromarray(picture), landmarks=True),
        },
        runs,
    )
    height, width = picture.shape[:2]
    print(f"{Path(path).name}: {width} x {height} px, {len(faces)} faces, {torch.get_num_threads()} threads")
    for name, milliseconds in taken.items():
        print(f"{milliseconds:8.1f} ms  {name}")
    print(f"{taken[PLAIN] / taken['find faces']:8.1f} x as fast as plain MTCNN finding the faces")
    print(f"{taken[PLAIN] / taken[OURS]:8.1f} x as fast as that, expressions included")


def in_turn(steps: dict[str, Callable[[], Any]], runs: int) -> dict[str, float]:
    """Median milliseconds of each step; they take turns, after one round to warm up."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(runs + 1):
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            times[name].append(1000 * (time.perf_counter() - started))
    return {name: statistics.median(taken[1:]) for name, taken in times.items()}


def draw(picture: np.ndarray, recognizer: ExpressionRecognizer, plain: MTCNN, runs: int, file: Path) -> None:
    """Time against pixels, and against faces: the picture in several sizes, and more and more copies of one face."""
    sizes = [resized(picture, side) for side in SIDES]
    (left, top, right, bottom), *_ = (face.box for face in recognizer.detector.detect(picture))
    margin = 0.5 * (bottom - top)
    around = (left - margin, top - margin, right + margin, bottom + margin)
    face = np.asarray(Image.fromarray(picture).crop(around).resize((160, 160)))
    crowds = [np.tile(face, (4, 6, 1))]
    counts = (1, 6, 12, 18, 24)
    for count in counts[:-1]:
        crowd = crowds[-1].copy()
        for number in range(count, 24):
            y, x = divmod(number, 6)
            crowd[160 * y : 160 * y + 160, 160 * x : 160 * x + 160] = 128
        crowds.insert(-1, crowd)
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    by_size, by_count = figure.subplots(1, 2)
    for axes, pictures, places in (
        (by_size, sizes, [picture.shape[0] * picture.shape[1] / 1e6 for picture in sizes]),
        (by_count, crowds, list(counts)),
    ):
        taken = [both(picture, recognizer, plain, runs) for picture in pictures]
        ours, theirs = [times[OURS] for times in taken], [times[PLAIN] for times in taken]
        axes.plot(places, theirs, "o--", color="0.5", label="plain MTCNN, faces only")
        axes.plot(places, ours, "o-", label="FER Hub, faces and expressions")
        axes.set_ylabel("milliseconds")
        axes.set_ylim(0)
        axes.grid(alpha=0.3)
        print([round(value) for value in places], [round(value) for value in theirs], [round(value) for value in ours])
    by_size.set_xlabel(f"megapixels ({len(recognizer.detector.detect(sizes[1]))} faces)")
    by_count.set_xlabel("faces in 0.6 megapixels")
    by_size.legend()
    figure.savefig(file, dpi=110)


def both(picture: np.ndarray, recognizer: ExpressionRecognizer, plain: MTCNN, runs: int) -> dict[str, float]:
    """Median milliseconds of the two for a picture that is open already."""
    steps: dict[str, Callable[[], Any]] = {
        OURS: lambda: recognizer(picture),
        PLAIN: lambda: plain.detect(Image.fromarray(picture), landmarks=True),
    }
    return in_turn(steps, runs)


def resized(picture: np.ndarray, side: int) -> np.ndarray:
    """The picture with a longer side of so many pixels."""
    scale = side / max(picture.shape[:2])
    width, height = (round(value * scale) for value in picture.shape[1::-1])
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS))


if __name__ == "__main__":
    main()
