"""When should a model say "not sure"? Accuracy by how close the two most probable expressions are, and by face size.

python tests/benchmarks/doubt.py --dataset data/ferplus [--model fer-live]

`CLOSE` and `SMALL_SIDE` in fer_hub/recognizer.py were read off this.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from torchvision.transforms.v2 import functional as TF

sys.path[0] = str(Path(__file__).resolve().parents[2])

from datasets import load_dataset

from fer_hub import resolve

BOX_HEIGHT = 50 / 48
"""How high the face detector's box is in a crop of FER-2013, in sides of the crop (median)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", required=True, help="folder that the datasets library can load")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--model", default="fer-live", help="model reference")
    options = parser.parse_args()

    classifier = resolve(options.model).load()
    dataset = load_dataset(options.dataset, split=options.split)
    crops = torch.from_numpy(np.stack([np.asarray(picture.convert("RGB")) for picture in dataset["image"]]))
    crops = crops.permute(0, 3, 1, 2)
    names = dataset.features["label"].names
    labels = torch.tensor([classifier.config.labels.index(names[label]) for label in dataset["label"]])

    probabilities = classifier.probabilities(crops)
    first, second = probabilities.topk(2).values.unbind(dim=1)
    right = (probabilities.argmax(dim=1) == labels).double()
    print("first minus second  share  accuracy  accuracy of the others")
    for limit in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4):
        close = first - second < limit
        share, inside, outside = close.double().mean(), right[close].mean(), right[~close].mean()
        print(f"    below {limit:.2f}      {share:6.1%}   {inside:6.1%}   {outside:6.1%}")

    print("face height in px  accuracy")
    side = crops.shape[-1]
    for small in (side, 40, 36, 32, 28, 24, 20, 16, 12):
        reduced = TF.resize(TF.resize(crops, [small, small], antialias=True), [side, side])
        accuracy = (classifier.probabilities(reduced).argmax(dim=1) == labels).double().mean()
        print(f"      {BOX_HEIGHT * small:5.0f}        {accuracy:6.1%}")


if __name__ == "__main__":
    main()
