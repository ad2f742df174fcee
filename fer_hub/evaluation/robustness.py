"""Crops made harder to read, in three strengths, so that it shows where a model breaks.

After Hendrycks and Dietterich, "Benchmarking neural network robustness to common corruptions and perturbations"
(ICLR 2019), with faces' own troubles added: covered eyes, a covered mouth, small faces.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.v2 import functional as TF
from tqdm import tqdm

from fer_hub.models.ensemble import Ensemble
from fer_hub.vision.geometry import CropGeometry

STRENGTHS = (1, 2, 3)
_BATCH = 256

Corruption = Callable[[Tensor, int, CropGeometry, torch.Generator], Tensor]
"""`(N, C, S, S)` float crops (0-1), strength 1-3, the crops' geometry, random numbers -> changed crops."""


def corrupted(crops: Tensor, corruption: str, strength: int, geometry: CropGeometry) -> Iterator[Tensor]:
    """Yield `(N, C, S, S)` uint8 crops, changed, in batches.

    Args:
        crops: `(N, C, S, S)` uint8, 0-255, grey or RGB, on the CPU.
        corruption: a name of `CORRUPTIONS`.
        strength: 1 (mild), 2 or 3 (strong).
        geometry: where eyes and mouth sit in these crops.

    The same crops give the same changed crops again: what is random is drawn with a fixed seed.
    """
    generator = torch.Generator().manual_seed(0)
    for batch in crops.split(_BATCH):
        changed = CORRUPTIONS[corruption](batch.float() / 255, strength, geometry, generator)
        yield (changed.clamp(0, 1) * 255).round().byte()


def cover_eyes(crops: Tensor, strength: int, geometry: CropGeometry, _: torch.Generator) -> Tensor:
    """A grey bar over both eyes, as high as 0.3, 0.6 or 0.9 of their distance: pupils, eyes, or eyes and brows."""
    left, right = geometry.landmarks[:2]
    apart = right[0] - left[0]
    bar = (left[0] - apart / 2, (left[1] + right[1]) / 2, right[0] + apart / 2)
    return _cover(crops, bar, (0.3, 0.6, 0.9)[strength - 1] * apart)


def cover_mouth(crops: Tensor, strength: int, geometry: CropGeometry, _: torch.Generator) -> Tensor:
    """A grey bar over the mouth, as high as 0.3, 0.6 or 0.9 of the distance between the eyes."""
    (left_eye, right_eye), (left, right) = geometry.landmarks[:2], geometry.landmarks[3:]
    apart = right_eye[0] - left_eye[0]
    bar = (left[0] - apart / 4, (left[1] + right[1]) / 2, right[0] + apart / 4)
    return _cover(crops, bar, (0.3, 0.6, 0.9)[strength - 1] * apart)


def cover_anywhere(crops: Tensor, strength: int, _: CropGeometry, generator: torch.Generator) -> Tensor:
    """A grey square somewhere, over 10, 20 or 30 % of each crop."""
    side = math.sqrt((0.1, 0.2, 0.3)[strength - 1])
    left, top = torch.rand(2, len(crops), 1, generator=generator) * (1 - side)
    place = (torch.arange(crops.shape[-1]) + 0.5) / crops.shape[-1]
    across, down = (place >= left) & (place < left + side), (place >= top) & (place < top + side)
    return _grey_out(crops, (down[:, :, None] & across[:, None, :])[:, None])


def darken(crops: Tensor, strength: int, _: CropGeometry, __: torch.Generator) -> Tensor:
    """Light reduced to 60, 35 or 15 %."""
    return crops * (0.6, 0.35, 0.15)[strength - 1]


def brighten(crops: Tensor, strength: int, _: CropGeometry, __: torch.Generator) -> Tensor:
    """Light added, 20, 40 or 60 % of white; what is brighter than white is lost."""
    return crops + (0.2, 0.4, 0.6)[strength - 1]


def flatten_contrast(crops: Tensor, strength: int, _: CropGeometry, __: torch.Generator) -> Tensor:
    """Contrast reduced to 60, 35 or 15 %, around each crop's own mean."""
    mean = crops.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (crops - mean) * (0.6, 0.35, 0.15)[strength - 1]


def blur(crops: Tensor, strength: int, _: CropGeometry, __: torch.Generator) -> Tensor:
    """Gaussian blur with a standard deviation of 2, 4 or 6 % of the side: 1, 2 or 3 pixels of 48."""
    sigma = (0.02, 0.04, 0.06)[strength - 1] * crops.shape[-1]
    blurred: Tensor = TF.gaussian_blur(crops, 2 * math.ceil(3 * sigma) + 1, sigma)
    return blurred


def add_noise(crops: Tensor, strength: int, _: CropGeometry, generator: torch.Generator) -> Tensor:
    """Gaussian noise with a standard deviation of 5, 10 or 20 % of white."""
    return crops + (0.05, 0.1, 0.2)[strength - 1] * torch.randn(crops.shape, generator=generator)


def compress(crops: Tensor, strength: int, _: CropGeometry, __: torch.Generator) -> Tensor:
    """JPEG of quality 40, 20 or 10."""
    pictures, quality = (crops * 255).round().byte(), (40, 20, 10)[strength - 1]
    return torch.stack([TF.jpeg(picture, quality) for picture in pictures]).float() / 255


def rotate(crops: Tensor, strength: int, _: CropGeometry, generator: torch.Generator) -> Tensor:
    """Turned by 15, 30 or 45 degrees, half of the crops to either side; borders are repeated outward."""
    angle = math.radians((15, 30, 45)[strength - 1])
    sign = torch.where(torch.rand(len(crops), generator=generator) < 0.5, -1.0, 1.0)
    matrices = torch.zeros(len(crops), 2, 3)
    matrices[:, 0, 0] = matrices[:, 1, 1] = math.cos(angle)
    matrices[:, 1, 0], matrices[:, 0, 1] = sign * math.sin(angle), -sign * math.sin(angle)
    grid = F.affine_grid(matrices, list(crops.shape), align_corners=False)
    return F.grid_sample(crops, grid, padding_mode="border", align_corners=False)


def shrink(crops: Tensor, strength: int, _: CropGeometry, __: torch.Generator) -> Tensor:
    """As cut out of a picture in which the crop was 24, 16 or 12 pixels wide."""
    side, small = crops.shape[-1], min((24, 16, 12)[strength - 1], crops.shape[-1])
    coarse: Tensor = TF.resize(TF.resize(crops, [small, small], antialias=True), [side, side])
    return coarse


CORRUPTIONS: dict[str, Corruption] = {
    "eyes covered": cover_eyes,
    "mouth covered": cover_mouth,
    "part covered": cover_anywhere,
    "darker": darken,
    "brighter": brighten,
    "less contrast": flatten_contrast,
    "blur": blur,
    "noise": add_noise,
    "jpeg": compress,
    "rotation": rotate,
    "small face": shrink,
}
"""Name, as it stands in evaluation.json with a strength behind it ("blur 2"), -> what is done."""


def measure_robustness(ensemble: Ensemble, crops: Sequence[Tensor], words: Sequence[str]) -> dict[str, float]:
    """Accuracy on crops changed in each way and strength.

    Args:
        ensemble: the models.
        crops: `(N, C, S, S)` uint8 on the CPU for each model, cut as its `config.crop` says.
        words: what each of the N pictures is labelled as.

    Returns:
        "blur 2" -> accuracy, as it stands in evaluation.json.
    """
    labels = np.array([ensemble.labels.index(word) for word in words])
    geometries = [classifier.config.crop for classifier in ensemble.classifiers]
    accuracy = {}
    conditions = [(corruption, strength) for corruption in CORRUPTIONS for strength in STRENGTHS]
    for corruption, strength in tqdm(conditions, "robustness", unit="condition", leave=False):
        changed = [
            corrupted(each, corruption, strength, geometry) for each, geometry in zip(crops, geometries, strict=True)
        ]
        answers = torch.cat([ensemble.probabilities(batch) for batch in zip(*changed, strict=True)])
        accuracy[f"{corruption} {strength}"] = float((answers.argmax(dim=1).numpy() == labels).mean())
    return accuracy


def _cover(crops: Tensor, bar: tuple[float, float, float], height: float) -> Tensor:
    """A bar, given by left end, middle line and right end in pixels, that is `height` pixels high."""
    left, middle, right = bar
    place = torch.arange(crops.shape[-1]) + 0.5
    across, down = (place >= left) & (place < right), (place - middle).abs() <= height / 2
    return _grey_out(crops, down[:, None] & across[None, :])


def _grey_out(crops: Tensor, covered: Tensor) -> Tensor:
    """Covered pixels take the crop's mean, which gives the least away."""
    return torch.where(covered, crops.mean(dim=(2, 3), keepdim=True), crops)
