"""Crops of a training batch -> the network's input, changed at random: each picture in its own way, without a loop."""

import logging
import math
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.v2 import functional as TF
from torchvision.utils import save_image

from fer_hub.data.split import Split
from fer_hub.models import ModelConfig
from fer_hub.models.preprocessing import preprocess
from fer_hub.training.config.groups import AugmentationConfig, OptimisationConfig

logger = logging.getLogger(__name__)

_PREVIEWED = 12
_GRAIN = 0.5
"""The strongest grain, in standard deviations of the pictures: an eighth of white in FER-2013."""


class Augmentation:
    """What a training batch goes through before the network sees it."""

    def __init__(self, config: AugmentationConfig, model_config: ModelConfig) -> None:
        self._config, self._model_config = config, model_config

    def __call__(self, crops: Tensor, targets: Tensor, side: int) -> tuple[Tensor, Tensor]:
        """`(N, C, S, S)` uint8 crops -> `(N, C, side, side)` normalised input, and the targets that belong to it.

        All chance comes from torch's default generator, which the caller has seeded.
        """
        inputs = augment(preprocess(crops, self._model_config), self._config, torch.default_generator, side)
        if self._config.mixup:
            return mixup(inputs, targets, self._config.mixup, len(self._model_config.labels))
        return inputs, targets


def augment(inputs: Tensor, config: AugmentationConfig, generator: torch.Generator, side: int | None = None) -> Tensor:
    """Change `(N, C, H, W)` normalised pictures as the configuration says; borders are repeated outward.

    `generator` lives on the CPU, so that a seed gives the same on every device; but grain, a number for every pixel, is
    drawn where the pictures are, and what is covered after it is others there. With a `side` they come out
    `(N, C, side, side)`.
    """
    matrices = random_affines(len(inputs), config, generator).to(inputs.device)
    shape = [*inputs.shape[:2], *([side, side] if side else inputs.shape[2:])]
    grid = F.affine_grid(matrices, shape, align_corners=False)
    inputs = F.grid_sample(inputs, grid, padding_mode="border", align_corners=False)
    if config.brightness or config.contrast:
        random = torch.rand(2, len(inputs), 1, 1, 1, generator=generator).to(inputs.device) * 2 - 1
        inputs = inputs * (1 + config.contrast * random[0]) + config.brightness * random[1]
    if config.coarseness:
        inputs = coarsened(inputs, config.coarseness, generator)
    if config.noise:
        chosen, strength = torch.rand(2, len(inputs), 1, 1, 1, generator=generator).to(inputs.device)
        inputs = inputs + normal_like(inputs, generator) * (_GRAIN * strength * (chosen < config.noise))
    if config.random_erasing:
        inputs = inputs.masked_fill(random_rectangles(inputs, config.random_erasing, generator), 0.0)
    return inputs


def normal_like(inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Standard normal numbers in the shape and on the device of the inputs, which a CPU's generator decides."""
    if inputs.device.type != "cpu":
        seed = int(torch.randint(2**62, (), generator=generator))
        generator = torch.Generator(inputs.device).manual_seed(seed)
    return torch.randn(inputs.shape, generator=generator, device=inputs.device)


def side_in_epoch(epoch: int, config: OptimisationConfig, input_size: int) -> int:
    """Side of the augmented pictures in an epoch, counted from 1; from `progressive_start_size` up in steps of 8.

    Small pictures cost by their area, and most is learnt from them (progressive resizing, Tan and Le 2021, arXiv
    2104.00298).
    """
    if config.progressive_start_size is None or 3 * (epoch - 1) >= 2 * config.epochs:
        return input_size
    grown = (input_size - config.progressive_start_size) * 3 * (epoch - 1) // (2 * config.epochs)
    return config.progressive_start_size + grown // 8 * 8


def mixup(inputs: Tensor, targets: Tensor, alpha: float, classes: int) -> tuple[Tensor, Tensor]:
    """Blend each picture and its target with another's of the batch (Zhang et al. 2018, arXiv 1710.09412).

    Cross-entropy is linear in its target, so the blend of targets, `(N, K)`, is the blend of the losses.
    """
    targets = F.one_hot(targets, classes).float() if targets.ndim == 1 else targets
    share = torch.distributions.Beta(alpha, alpha).sample().to(inputs.device)
    partner = torch.randperm(len(inputs)).to(inputs.device)
    return share * inputs + (1 - share) * inputs[partner], share * targets + (1 - share) * targets[partner]


def preview_augmentation(
    file: Path, train: Split, config: AugmentationConfig, model_config: ModelConfig, seed: int
) -> None:
    """Write a sheet of training pictures, each beside seven augmented forms of it, as the network sees them."""
    rows = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))[:_PREVIEWED]
    inputs = preprocess(train.pictures[rows], model_config).repeat_interleave(8, dim=0)
    changed = augment(inputs, config, torch.Generator().manual_seed(seed))
    changed[::8] = inputs[::8]
    mean, std = (torch.tensor(values)[:, None, None] for values in (model_config.mean, model_config.std))
    file.parent.mkdir(parents=True, exist_ok=True)
    save_image((changed * std + mean).clamp(0, 1), file, nrow=8)
    logger.info("Augmented pictures: %s", file)


def coarsened(inputs: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """`share` of the pictures, reduced to a half, a third or a quarter of their side and enlarged again."""
    side = inputs.shape[-2:]
    kind, inputs = (torch.rand(len(inputs), generator=generator) * 3 / share).to(inputs.device), inputs.clone()
    for place, factor in enumerate((2, 3, 4)):
        some = (kind >= place) & (kind < place + 1)
        if some.any():
            small = TF.resize(inputs[some], [max(extent // factor, 1) for extent in side], antialias=True)
            inputs[some] = TF.resize(small, list(side))
    return inputs


def random_rectangles(inputs: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """`(N, 1, H, W)` bool: in `share` of the pictures a rectangle of 2-20 % of the area (Zhong et al. 2020)."""
    count, _, height, width = inputs.shape
    chosen, area, shape, left, top = torch.rand(5, count, generator=generator).to(inputs.device)
    area, shape = 0.02 + 0.18 * area, torch.exp((2 * shape - 1) * math.log(3))
    extent_x, extent_y = (area * shape).sqrt().clamp(max=1), (area / shape).sqrt().clamp(max=1)
    left, top = left * (1 - extent_x), top * (1 - extent_y)
    x, y = ((torch.arange(extent, device=inputs.device) + 0.5) / extent for extent in (width, height))
    across = (x >= left[:, None]) & (x < (left + extent_x)[:, None])
    down = (y >= top[:, None]) & (y < (top + extent_y)[:, None])
    chosen = (chosen < share)[:, None, None]
    inside: Tensor = across[:, None, :] & down[:, :, None] & chosen
    return inside[:, None]


def random_affines(count: int, config: AugmentationConfig, generator: torch.Generator) -> Tensor:
    """`(count, 2, 3)` matrices from output to input, in the -1..1 coordinates of affine_grid."""

    def uniform(limit: float) -> Tensor:
        return (torch.rand(count, generator=generator) * 2 - 1) * limit

    angle = uniform(math.radians(config.rotation))
    slant = uniform(config.shear)
    zoom_x, zoom_y = 1 + uniform(config.zoom), 1 + uniform(config.zoom)
    mirrored = torch.rand(count, generator=generator) < (0.5 if config.flip else 0.0)
    sign = torch.where(mirrored, -1.0, 1.0)

    cos, sin = angle.cos(), angle.sin()
    # rotation @ shear @ zoom, the first column mirrored.
    matrices = torch.zeros(count, 2, 3)
    matrices[:, 0, 0] = sign * cos * zoom_x
    matrices[:, 0, 1] = (cos * slant - sin) * zoom_y
    matrices[:, 1, 0] = sign * sin * zoom_x
    matrices[:, 1, 1] = (sin * slant + cos) * zoom_y
    if config.translation:
        matrices[:, :, 2] = (torch.rand(count, 2, generator=generator) * 2 - 1) * 2 * config.translation
    return matrices
