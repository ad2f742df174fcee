"""Small residual networks with squeeze-and-excitation for crops of about 48 px, in four widths.

Papers: residual blocks, He et al. 2016 (arXiv 1512.03385); squeeze-and-excitation, Hu et al. 2018 (arXiv 1709.01507).
Origin: written here. Weights: trained here from scratch, Apache-2.0.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from fer_hub.models.pretrained import PretrainedWeights


class Compact(nn.Module):
    """A 3x3 stem that halves the picture, four stages of residual blocks, global average, one dense layer.

    `(N, channels, input_size, input_size)` float -> logits `(N, classes)`.
    """

    native_channels, native_size, native_dropout = 1, 48, 0.2
    native_weights: ClassVar[PretrainedWeights | None] = None
    widths: ClassVar[tuple[int, int, int, int]]
    blocks: ClassVar[tuple[int, int, int, int]]
    strides: ClassVar[tuple[int, int, int, int]] = (1, 2, 2, 2)

    def __init__(self, channels: int, input_size: int, classes: int, dropout: float) -> None:
        super().__init__()
        width = self.widths[0]
        layers: list[nn.Module] = [*_convolution(channels, width, stride=2), nn.ReLU(inplace=True)]
        for filters, blocks, stride in zip(self.widths, self.blocks, self.strides, strict=True):
            for block in range(blocks):
                layers.append(self.block(width, filters, stride=stride if block == 0 else 1))
                width = filters
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(width, classes)
        )
        for module in self.modules():
            # Without numbers to draw: on the meta device even that would import torch's compiler, which takes a second.
            if isinstance(module, nn.Conv2d) and not module.weight.is_meta:
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def block(self, channels: int, filters: int, stride: int) -> "ResidualBlock":
        return ResidualBlock(channels, filters, stride, squeeze_and_excitation(filters))

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(inputs))
        return logits


class CompactTiny(Compact):
    """0.25 M parameters, 9 MMAC at 48 px: for browsers and small devices."""

    widths, blocks = (16, 32, 64, 96), (1, 2, 1, 1)


class CompactSmall(Compact):
    """1.4 M parameters, 55 MMAC at 48 px."""

    widths, blocks = (32, 64, 128, 224), (1, 2, 2, 1)


class CompactMedium(Compact):
    """6.4 M parameters, 152 MMAC at 48 px."""

    widths, blocks = (48, 96, 192, 384), (1, 2, 2, 2)


class CompactLarge(Compact):
    """11.3 M parameters, 269 MMAC at 48 px."""

    widths, blocks = (64, 128, 256, 512), (1, 2, 2, 2)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, weighed by what `weigh` makes of their result, added to a shortcut."""

    def __init__(self, channels: int, filters: int, stride: int, weigh: nn.Module) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            *_convolution(channels, filters, stride),
            nn.ReLU(inplace=True),
            nn.Conv2d(filters, filters, 3, padding=1, bias=False),
            nn.BatchNorm2d(filters),
        )
        self.weigh = weigh
        self.shortcut = nn.Sequential()
        if stride != 1 or channels != filters:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False) if stride > 1 else nn.Identity(),
                nn.Conv2d(channels, filters, 1, bias=False),
                nn.BatchNorm2d(filters),
            )

    def forward(self, inputs: Tensor) -> Tensor:
        branch = self.branch(inputs)
        return torch.relu(branch * self.weigh(branch) + self.shortcut(inputs))


def squeeze_and_excitation(filters: int) -> nn.Sequential:
    """`(N, filters, H, W)` -> `(N, filters, 1, 1)` weights, 0-1."""
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(1),
        nn.Conv2d(filters, filters // 8, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(filters // 8, filters, 1),
        nn.Sigmoid(),
    )


def _convolution(channels: int, filters: int, stride: int) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    return nn.Conv2d(channels, filters, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(filters)
