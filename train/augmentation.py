"""Random changes to a batch of pictures, each picture its own, without a loop over pictures."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from train.config import FinetuneConfig


def augment(inputs: Tensor, config: FinetuneConfig, generator: torch.Generator) -> Tensor:
    """Flip, rotate, shear and zoom `(N, C, H, W)` float pictures; borders are repeated outward.

    `generator` lives on the CPU, so that a seed gives the same pictures on every device.
    """
    matrices = random_affines(len(inputs), config, generator).to(inputs.device)
    grid = F.affine_grid(matrices, list(inputs.shape), align_corners=False)
    return F.grid_sample(inputs, grid, padding_mode="border", align_corners=False)


def random_affines(count: int, config: FinetuneConfig, generator: torch.Generator) -> Tensor:
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
    return matrices
