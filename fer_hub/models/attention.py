"""A small residual network that says where it looks: attention over channels and places, and a map of the face.

Papers: CBAM, Woo et al. 2018 (arXiv 1807.06521), for the blocks; attention over places before the last layer after
Jetley et al. 2018 (arXiv 1804.02391). Origin: written here. Weights: trained here from scratch, Apache-2.0.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fer_hub.models.compact import Compact, ResidualBlock


class Attention(Compact):
    """Compact's stages with attention in every block, and a weighted instead of a plain average at the end.

    1.3 M parameters, 69 MMAC at 48 px. `(N, channels, input_size, input_size)` float -> logits `(N, classes)`.
    """

    # The last stage keeps its stride, so that the map has a place for each eye and the mouth: 6 x 6 at 48 px.
    widths, blocks, strides = (32, 64, 128, 192), (1, 2, 2, 1), (1, 2, 2, 1)

    def __init__(self, channels: int, input_size: int, classes: int, dropout: float) -> None:
        super().__init__(channels, input_size, classes, dropout)
        self.look = WeightedAverage(self.widths[-1])
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.widths[-1], classes))

    def block(self, channels: int, filters: int, stride: int) -> ResidualBlock:
        return ResidualBlock(channels, filters, stride, ChannelAndPlaceAttention(filters))

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.look(self.features(inputs)))
        return logits

    def attention_map(self, inputs: Tensor) -> Tensor:
        """`(N, channels, S, S)` -> `(N, 1, h, w)`: the share that each place has in the answer; a map sums to 1."""
        return self.look.shares(self.features(inputs))


class WeightedAverage(nn.Module):
    """`(N, C, H, W)` -> `(N, C)`: an average over places, each weighed by what stands there; a plain one at first."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.score = nn.Conv2d(channels, 1, 1)
        nn.init.zeros_(self.score.weight)

    def shares(self, features: Tensor) -> Tensor:
        """`(N, C, H, W)` -> `(N, 1, H, W)`, each map summing to 1."""
        scores = self.score(features)
        weights: Tensor = scores.flatten(1).softmax(dim=1).view_as(scores)
        return weights

    def forward(self, features: Tensor) -> Tensor:
        return (features * self.shares(features)).sum(dim=(2, 3))


class ChannelAndPlaceAttention(nn.Module):
    """CBAM: `(N, C, H, W)` -> `(N, C, H, W)` weights, 0-1; channels are weighed first, then places."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = nn.Sequential(
            nn.Conv2d(channels, channels // 8, 1), nn.ReLU(inplace=True), nn.Conv2d(channels // 8, channels, 1)
        )
        self.places = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        pooled = F.adaptive_avg_pool2d(inputs, 1), F.adaptive_max_pool2d(inputs, 1)
        channels = torch.sigmoid(self.channels(pooled[0]) + self.channels(pooled[1]))
        weighed = inputs * channels
        summary = torch.cat([weighed.mean(dim=1, keepdim=True), weighed.amax(dim=1, keepdim=True)], dim=1)
        return channels * torch.sigmoid(self.places(summary))
