"""MTCNN's three networks (Zhang et al., IEEE SPL 23(10), 2016), arranged to be quick on a plain processor.

Weights: the files that facenet-pytorch ships (MIT licence), converted from davidsandberg/facenet. They are read as
they are; pictures lie channels last in memory, and only what is asked for is computed of the last layers.
"""

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

CELL = 12
"""Pixels of the square that each answer of P-Net looks at."""

STRIDE = 2
"""Pixels between two neighbouring squares."""


class PNet:
    """Proposes faces: looks at every square of 12 pixels of a picture."""

    def __init__(self, device: torch.device) -> None:
        weights = _read("pnet", device)
        self._layers = [_Convolution(weights, number) for number in (1, 2, 3)]
        self._log_odds = _difference(weights, "conv4_1")
        self._shift = weights["conv4_2.weight"].flatten(1), weights["conv4_2.bias"]

    def __call__(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """`(1, 3, H, W)`, 0-255 -> `(h, w)` log odds of a face, and `(h, w, 32)` what `shift` takes."""
        first, second, third = self._layers
        x = first(picture)
        features = third(second(_pooled(x, 2)))[0].permute(1, 2, 0)
        return F.linear(features, *self._log_odds)[..., 0], features

    def shift(self, features: Tensor) -> Tensor:
        """`(N, 32)` -> `(N, 4)`: how to move the edges of each square, left, top, right, bottom, in its sides."""
        return F.linear(features, *self._shift)


class RNet:
    """Looks at squares of 24 pixels."""

    side, batch = 24, 64

    def __init__(self, device: torch.device) -> None:
        weights = _read("rnet", device)
        self._layers = [_Convolution(weights, number) for number in (1, 2, 3)]
        self._dense = _Dense(weights, 4, spatial=3)
        self._heads = _stack(_difference(weights, "dense5_1"), _linear(weights, "dense5_2"))

    def __call__(self, crops: Tensor) -> tuple[Tensor, ...]:
        """`(N, 3, 24, 24)`, 0-255 -> `(N,)` log odds of a face, `(N, 4)` shifts as `PNet.shift`."""
        first, second, third = self._layers
        x = third(_pooled(second(_pooled(first(crops), 3)), 3))
        answers = F.linear(self._dense(x), *self._heads)
        return answers[:, 0], answers[:, 1:]


class ONet:
    """Looks at squares of 48 pixels, and sees where eyes, nose and mouth are."""

    side, batch = 48, 16

    def __init__(self, device: torch.device) -> None:
        weights = _read("onet", device)
        self._layers = [_Convolution(weights, number) for number in (1, 2, 3, 4)]
        self._dense = _Dense(weights, 5, spatial=3)
        self._heads = _stack(
            _difference(weights, "dense6_1"), _linear(weights, "dense6_2"), _linear(weights, "dense6_3")
        )

    def __call__(self, crops: Tensor) -> tuple[Tensor, ...]:
        """`(N, 3, 48, 48)`, 0-255 -> `(N,)` log odds, `(N, 4)` shifts, `(N, 5, 2)` XY of the landmarks in sides."""
        first, second, third, fourth = self._layers
        x = fourth(_pooled(third(_pooled(second(_pooled(first(crops), 3)), 3)), 2))
        answers = F.linear(self._dense(x), *self._heads)
        return answers[:, 0], answers[:, 1:5], answers[:, 5:].unflatten(1, (2, 5)).transpose(1, 2)


class _Convolution:
    """A convolution and its PReLU."""

    def __init__(self, weights: dict[str, Tensor], number: int) -> None:
        kernel, self.bias = weights[f"conv{number}.weight"], weights[f"conv{number}.bias"]
        if number == 1:  # the networks were trained on (value - 127.5) / 128
            kernel = kernel / 128
            self.bias = self.bias - 127.5 * kernel.sum(dim=(1, 2, 3))
        self.kernel, self.slope = kernel.contiguous(memory_format=torch.channels_last), weights[f"prelu{number}.weight"]

    def __call__(self, x: Tensor) -> Tensor:
        return F.prelu(F.conv2d(x, self.kernel, self.bias), self.slope)


class _Dense:
    """A dense layer on the last feature map, and its PReLU."""

    def __init__(self, weights: dict[str, Tensor], number: int, spatial: int) -> None:
        matrix, self.bias = _linear(weights, f"dense{number}")
        # The weights take features as (width, height, channel); here they lie as (height, width, channel).
        self.matrix = matrix.unflatten(1, (spatial, spatial, -1)).transpose(1, 2).flatten(1).contiguous()
        self.slope = weights[f"prelu{number}.weight"]

    def __call__(self, x: Tensor) -> Tensor:
        return F.prelu(F.linear(x.permute(0, 2, 3, 1).flatten(1), self.matrix, self.bias), self.slope)


def _pooled(x: Tensor, size: int) -> Tensor:
    """The largest of every `size` x `size` values, 2 or 3, at a stride of 2; at the far edges of those there are.

    `max_pool2d(x, size, 2, ceil_mode=True)`, two to four times faster where few channels lie last in memory.
    """
    if torch.compiler.is_exporting():  # one node of a graph instead of thirteen
        return F.max_pool2d(x, size, 2, ceil_mode=True)
    for dim in (2, 3):
        count = (x.shape[dim] - size + 1) // 2 + 1
        first, *others = (x[(slice(None),) * dim + (slice(start, None, 2),)] for start in range(size))
        largest = first.narrow(dim, 0, count).clone(memory_format=torch.channels_last)
        for other in others:
            there = largest.narrow(dim, 0, min(count, other.shape[dim]))
            torch.maximum(there, other.narrow(dim, 0, there.shape[dim]), out=there)
        x = largest
    return x


def _read(name: str, device: torch.device) -> dict[str, Tensor]:
    package = find_spec("facenet_pytorch")  # found, not imported: its imports take longer than a search
    if package is None or not package.submodule_search_locations:
        raise ImportError("facenet-pytorch is not installed; run: pip install -r requirements.txt")
    file = Path(package.submodule_search_locations[0]) / "data" / f"{name}.pt"
    weights: dict[str, Tensor] = torch.load(file, map_location=device, weights_only=True)
    return weights


def _linear(weights: dict[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def _difference(weights: dict[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    """A layer of two classes as one of log odds: face against no face."""
    matrix, bias = _linear(weights, name)
    return (matrix[1:] - matrix[:1]).flatten(1), bias[1:] - bias[:1]


def _stack(*layers: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Layers on the same input as one."""
    return torch.cat([matrix for matrix, _ in layers]), torch.cat([bias for _, bias in layers])
