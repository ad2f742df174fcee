"""How long a photo takes, step by step: median milliseconds over repeated runs in one process.

python tests/benchmarks/photo_to_label.py PICTURE [--model REF] [--runs 20]
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

sys.path[0] = str(Path(__file__).resolve().parents[2])

from fer_hub import ExpressionRecognizer, open_image
from fer_hub.vision.alignment import align_face


def milliseconds(step: Callable[[], Any], runs: int) -> float:
    """Median time of a step, after one run to warm up."""
    step()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        step()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", help="JPEG, PNG or WebP file")
    parser.add_argument("--model", action="append", default=[], help="model reference (default: the best bundled)")
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()

    recognizer = ExpressionRecognizer.from_pretrained(*options.model)
    classifier, geometry = recognizer.classifiers[0], recognizer.classifiers[0].config.crop
    picture = open_image(options.picture)
    faces = recognizer.detector.detect(picture)
    crops = [align_face(picture, face.landmarks, geometry) for face in faces]
    batch = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2) if crops else torch.empty(0, 3, 48, 48).byte()

    steps: dict[str, Callable[[], Any]] = {
        "open": lambda: open_image(options.picture),
        "find faces": lambda: recognizer.detector.detect(picture),
        "align": lambda: [align_face(picture, face.landmarks, geometry) for face in faces],
        "classify, all faces at once": lambda: classifier.probabilities(batch),
        "classify, one face at a time": lambda: [classifier.probabilities(crop) for crop in batch.split(1)],
        "whole": lambda: recognizer(options.picture),
    }
    height, width = picture.shape[:2]
    print(f"{width} x {height} px, {len(faces)} faces, {torch.get_num_threads()} threads")
    for name, step in steps.items():
        print(f"{milliseconds(step, options.runs):8.1f} ms  {name}")


if __name__ == "__main__":
    main()
