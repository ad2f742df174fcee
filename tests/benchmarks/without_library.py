"""How far an exported folder's script agrees with this library: the same faces, and the same expressions.

fer-hub export fer-live --with-detector --output FOLDER
python tests/benchmarks/without_library.py FOLDER PICTURE... [--model fer-live]
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

sys.path[0] = str(Path(__file__).resolve().parents[2])

from fer_hub import ExpressionRecognizer, InputError
from fer_hub.recognizer import FaceExpression

SAME_PLACE = 0.8
"""Share of their union that two boxes of one face have in common at least."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="what export --with-detector wrote")
    parser.add_argument("pictures", nargs="+", metavar="PICTURE", help="JPEG, PNG or WebP file")
    parser.add_argument("--model", default="fer-live", help="model reference (default: fer-live)")
    options = parser.parse_args()
    sys.path.insert(0, str(options.folder))
    script = import_module("photo_to_label")
    recognizer, photo_to_label = (
        ExpressionRecognizer.from_pretrained(options.model),
        script.PhotoToLabel(options.folder),
    )
    photos = same_faces = same_labels = 0
    differences: list[float] = []
    for picture in options.pictures:
        try:
            ours, theirs = recognizer(picture), photo_to_label(script.open_photo(picture))
        except (InputError, ValueError) as error:
            print(f"left out: {error}")
            continue
        pairs = [(face, other) for face in ours for other in theirs if overlap(face, other) >= SAME_PLACE]
        photos += 1
        if len(pairs) == len(ours) == len(theirs):
            same_faces += 1
            same_labels += all(face.expression == other["expression"] for face, other in pairs)
        for face, other in pairs:
            differences.append(max(abs(p - other["probabilities"][word]) for word, p in face.probabilities.items()))
    if not differences:
        sys.exit("no face was found by both; give photos of faces.")
    print(
        f"{photos} photos: the same faces in {same_faces / photos:.1%}, and expressions in {same_labels / photos:.1%}"
    )
    middle, most = np.quantile(differences, [0.5, 0.95])
    print(f"{len(differences)} faces: largest difference in a probability, median {middle:.3f}, 95% below {most:.3f}")


def overlap(face: FaceExpression, other: dict[str, Any]) -> float:
    """Share of their union that the boxes of two answers have in common."""
    one, two = np.array(face.box), np.array(other["box"])
    shared = np.prod((np.minimum(one, two)[2:] - np.maximum(one, two)[:2]).clip(0))
    return float(shared / (np.prod(one[2:] - one[:2]) + np.prod(two[2:] - two[:2]) - shared))


if __name__ == "__main__":
    main()
