"""Do the maps of fer_hub/explain/attribution.py show what decides? Against Grad-CAM, and against chance.

python tests/benchmarks/explanations.py --dataset data/ferplus [--model fer-live] [--images 200]

The tenth of each crop that a map calls most important is painted over with the crop's mean; a good map takes more from
the probability of the expression that the model named (the deletion test: Petsiuk, Das and Saenko, BMVC 2018).
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from captum.attr import LayerGradCam
from torch import Tensor
from torchvision.transforms.v2 import functional as TF

sys.path[0] = str(Path(__file__).resolve().parents[2])

from datasets import load_dataset

from fer_hub import ExpressionClassifier, resolve
from fer_hub.explain.attribution import explain
from fer_hub.models.preprocessing import preprocess

COVERED = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", required=True, help="folder that the datasets library can load")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--model", default="fer-live", help="model reference")
    parser.add_argument("--images", type=int, default=200)
    options = parser.parse_args()

    classifier = resolve(options.model).load()
    pictures = load_dataset(options.dataset, split=options.split)["image"]
    chosen = np.linspace(0, len(pictures) - 1, options.images).astype(int)
    crops = torch.from_numpy(np.stack([np.asarray(pictures[int(i)].convert("RGB")) for i in chosen])).permute(
        0, 3, 1, 2
    )
    before, named = classifier.probabilities(crops).max(dim=1)

    started = time.perf_counter()
    maps = {"explain": explained(classifier, crops, named)}
    print(f"{1000 * (time.perf_counter() - started) / len(crops):.0f} ms a map, {torch.get_num_threads()} threads")
    maps["Grad-CAM, last feature map"] = grad_cam(classifier, crops, named)
    noise = torch.randn(len(crops), 1, *crops.shape[-2:], generator=torch.Generator().manual_seed(0))
    maps["random blobs"] = TF.gaussian_blur(noise, [25, 25], [4.0, 4.0])[:, 0]
    for name, heat in maps.items():
        after = classifier.probabilities(painted_over(crops, heat)).gather(1, named[:, None])[:, 0]
        print(f"{100 * (before - after).mean():5.1f} points lost  {name}")


def explained(classifier: ExpressionClassifier, crops: Tensor, named: Tensor) -> Tensor:
    labels = classifier.config.labels
    return torch.stack(
        [
            torch.from_numpy(explain(classifier, crop.permute(1, 2, 0).numpy(), labels[int(label)]))
            for crop, label in zip(crops, named, strict=True)
        ]
    )


def grad_cam(classifier: ExpressionClassifier, crops: Tensor, named: Tensor) -> Tensor:
    network = classifier.network
    inputs = preprocess(crops, classifier.config)
    heat = LayerGradCam(network, network.features).attribute(inputs, target=named, relu_attributions=True)
    return TF.resize(heat.detach(), list(crops.shape[-2:]))[:, 0]


def painted_over(crops: Tensor, heat: Tensor) -> Tensor:
    """Crops with their hottest pixels, exactly `COVERED` of them, in the crop's mean colour."""
    flat = heat.flatten(1)
    covered = torch.zeros_like(flat, dtype=torch.bool)
    covered.scatter_(1, flat.topk(round(COVERED * flat.shape[1])).indices, value=True)
    mean = crops.float().mean(dim=(2, 3), keepdim=True)
    return torch.where(covered.view(len(crops), 1, *crops.shape[-2:]), mean, crops.float()).round().byte()


if __name__ == "__main__":
    main()
