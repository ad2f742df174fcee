"""What must not drift: the numbers that tests/test_golden.py holds the code to.

python -m tests.golden          # writes tests/golden.json anew, after a change that is meant to move them
"""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from fer_hub import EXPRESSIONS, ExpressionRecognizer, open_image
from fer_hub.hub.references import bundled_models
from fer_hub.vision.alignment import align_face
from fer_hub.vision.geometry import FER2013_GEOMETRY
from fer_hub.vision.images import EXAMPLE
from tests.faces import draw_face, write_dataset
from train import finetune

FILE = Path(__file__).with_name("golden.json")


def shipped_models() -> dict[str, Any]:
    """Model -> probabilities of the example photo's face, and of one drawn crop of each expression."""
    rng = np.random.default_rng(7)
    crops = torch.stack([torch.from_numpy(np.asarray(draw_face(name, rng))) for name in EXPRESSIONS])[:, None]
    answers = {}
    for name in sorted(bundled_models()):
        recognizer = ExpressionRecognizer.from_pretrained(name)
        (classifier,) = recognizer.classifiers
        answers[name] = {
            "photo": list(recognizer(EXAMPLE)[0].probabilities.values()),
            "crops": classifier.probabilities(crops).tolist(),
        }
    return answers


def aligned_crops() -> list[str]:
    """Digests of the pixels that `align_face` cuts out of the example photo: small, large, turned, over the edge."""
    photo = open_image(EXAMPLE)
    base = np.array([(200.0, 110.0), (245.0, 112.0), (224.0, 135.0), (205.0, 158.0), (240.0, 160.0)])
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    placed = [base, base * 0.4, (base - 200) @ turn + 200, base - (190, 100), (base - 220) * 4 + 256]
    return [
        hashlib.sha256(align_face(photo, landmarks, FER2013_GEOMETRY).tobytes()).hexdigest()[:16]
        for landmarks in placed
    ]


def short_training() -> dict[str, Any]:
    """History of two epochs on drawn faces, the sum of each weight's sizes, and a digest of all their bits.

    The digest holds on one kind of processor and one torch; the sums hold anywhere: at the recipe's rate what another
    number of threads rounds otherwise would grow to 3% in these ten steps.
    """
    with tempfile.TemporaryDirectory() as folder:
        data = write_dataset(Path(folder) / "faces", {"train": 12, "test": 3})
        finetune.main(
            f"--recipe compact --architecture compact_small --dataset {data} --output {folder}/run --epochs 2 "
            "--learning-rate 0.002 --batch-size 16 --device cpu --validation-share 0.2".split()
        )
        history = json.loads((Path(folder) / "run" / "history.json").read_text())
        weights = load_file(Path(folder) / "run" / "model" / "model.safetensors")
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode() + weights[name].numpy().tobytes())
    return {
        "history": [{key: value for key, value in epoch.items() if key != "seconds"} for epoch in history],
        "weights": {name: float(tensor.double().abs().sum()) for name, tensor in sorted(weights.items())},
        "bits": digest.hexdigest()[:16],
    }


def main() -> None:
    torch.set_num_threads(1)
    numbers = {"models": shipped_models(), "crops": aligned_crops(), "training": short_training()}
    FILE.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
