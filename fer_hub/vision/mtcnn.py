"""MTCNN's third network, asked about boxes that are known already."""

import numpy as np
import torch
from facenet_pytorch.models.mtcnn import ONet
from torch import Tensor
from torch.nn import functional as F

SIDE = 48
"""Pixels of the square picture that O-Net takes."""


def squares(boxes: np.ndarray) -> np.ndarray:
    """The square around the middle of each of `(N, 4)` XYXY boxes, as wide as its longer side."""
    middle, reach = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([middle - reach, middle + reach], axis=1)


@torch.inference_mode()
def ask_onet(onet: ONet, picture: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What O-Net sees in squares of a picture.

    Args:
        onet: the network.
        picture: HWC uint8 RGB, 0-255.
        boxes: `(N, 4)` XYXY pixels, square; what lies outside the picture is grey.

    Returns:
        `(N, 4)` moved boxes, `(N, 5, 2)` landmarks in XY pixel indices, and `(N,)` confidences, 0-1.
    """
    device = next(onet.parameters()).device
    crops = torch.stack([_cut(picture, box) for box in boxes.round().astype(int)])
    shifts, points, probabilities = (answer.cpu().double().numpy() for answer in onet(crops.to(device)))
    sides = boxes[:, 2:] - boxes[:, :2]
    moved = boxes + shifts * np.concatenate([sides, sides], axis=1)
    landmarks = boxes[:, None, :2] + points.reshape(-1, 2, 5).transpose(0, 2, 1) * sides[:, None] - 0.5
    return moved, landmarks, probabilities[:, 1]


def _cut(picture: np.ndarray, box: np.ndarray) -> Tensor:
    """A square of the picture, grey outside, as `(3, SIDE, SIDE)` float in the networks' range."""
    left, top, right, bottom = box.tolist()
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    height, width = picture.shape[:2]
    inside = picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    crop = torch.from_numpy(inside.copy()).permute(2, 0, 1)[None].float()
    margins = (max(-left, 0), max(right - width, 0), max(-top, 0), max(bottom - height, 0))
    if crop.numel() == 0:
        return torch.zeros(3, SIDE, SIDE)
    return F.interpolate(F.pad(crop - 127.5, margins), (SIDE, SIDE), mode="area")[0] / 128
