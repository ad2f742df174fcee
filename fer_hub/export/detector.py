"""The face detector's three networks -> three ONNX files; what goes on between them is standalone/find_faces.py."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fer_hub.errors import FerHubError
from fer_hub.export.graph import write_graph
from fer_hub.vision.mtcnn import CELL, ONet, PNet, RNet

TOLERANCE = 1e-3
"""Largest difference of a file's answers from torch's, in log odds and in sides of a square, at which it is kept."""

INPUT = "pixels: uint8 RGB, 0-255, shape (batch, height, width, 3)"
OUTPUTS = {
    "log_odds": "log odds of a face",
    "shifts": "how far to move the left, top, right and bottom edge of the square that was looked at, in its sides",
    "landmarks": "XY of left eye, right eye, nose, left and right corner of the mouth, in sides of the square",
}
"""Output -> what it says; P-Net gives the first two for every square of 12 pixels, the squares 2 pixels apart."""


class _Pixels(nn.Module):
    """One of the networks, for pixels in the layout in which image libraries hand them out."""

    def __init__(self, network: PNet | RNet | ONet) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        inputs = pixels.permute(0, 3, 1, 2).float()
        if not isinstance(self.network, PNet):
            return self.network(inputs)
        log_odds, features = self.network(inputs)
        return log_odds[None], self.network.shift(features)[None]


def export_detector(folder: Path) -> None:
    """Write pnet.onnx, rnet.onnx and onet.onnx into a folder that exists.

    P-Net takes one picture of any size from 12 pixels on, the others any number of squares of 24 and 48 pixels. Needs
    onnx and onnxscript. Raises FerHubError where a file and torch disagree.
    """
    cpu = torch.device("cpu")
    size = {1: torch.export.Dim("height", min=CELL), 2: torch.export.Dim("width", min=CELL)}
    _write(PNet(cpu), (1, 40, 50), size, folder / "pnet.onnx")
    for network in (RNet(cpu), ONet(cpu)):
        file = folder / f"{type(network).__name__.lower()}.onnx"
        _write(network, (2, network.side, network.side), {0: torch.export.Dim("batch")}, file)


def _write(network: PNet | RNet | ONet, shape: tuple[int, int, int], dynamic: dict[int, Any], file: Path) -> None:
    module = _Pixels(network)
    example = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8))
    names = list(OUTPUTS)[: 3 if isinstance(network, ONet) else 2]
    metadata = {"input": INPUT, **{name: OUTPUTS[name] for name in names}}
    write_graph(module, example, ("pixels", names), dynamic, metadata, file)
    try:
        import onnxruntime  # noqa: PLC0415  optional, and slow to import
    except ImportError:
        return
    found = onnxruntime.InferenceSession(file).run(None, {"pixels": example.numpy()})
    for name, one, other in zip(names, found, module(example), strict=True):
        difference = float(np.abs(one - other.numpy()).max())
        if not difference <= TOLERANCE:
            raise FerHubError(f"{file.name} differs from the network by {difference:.2g} in its {name}.")
