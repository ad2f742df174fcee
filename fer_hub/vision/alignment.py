"""Cutting faces out of pictures as a model's training crops were cut (see geometry.py)."""

import io
import math

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from fer_hub.vision.geometry import CropGeometry


def similarity_transform(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the 2x3 matrix of the rotation, scale and shift that brings source points closest to target.

    Least squares over `(N, 2)` points (Umeyama, IEEE TPAMI 13(4), 1991), without reflection.
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    centred = (source - source_mean) @ np.array([1, 1j])
    wanted = (target - target_mean) @ np.array([1, 1j])
    spread = np.vdot(centred, centred).real
    # As complex numbers, rotation and scale are one factor; points that coincide leave it undefined.
    factor = np.vdot(centred, wanted) / spread if spread > 0 else 1.0 + 0j
    linear = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.column_stack([linear, target_mean - linear @ source_mean])


def align_face(picture: np.ndarray, landmarks: np.ndarray, geometry: CropGeometry) -> np.ndarray:
    """Cut one face out of a picture, turned and scaled so that its landmarks sit where the geometry says.

    Args:
        picture: HWC uint8 RGB, 0-255.
        landmarks: `(5, 2)` XY pixels of the picture, in the order of `CropGeometry.landmarks`.
        geometry: the crops the model was trained on.

    Returns:
        HWC uint8 RGB crop, `geometry.size` square. What lies outside the picture repeats its border.
    """
    size = geometry.size
    to_crop = similarity_transform(landmarks.astype(np.float64), np.array(geometry.landmarks))
    linear = np.linalg.inv(to_crop[:, :2])
    shrink = float(np.hypot(linear[0, 0], linear[1, 0]))  # picture pixels per crop pixel
    # Averaged twice so that no detail aliases: the picture by whole pixels, then samples within each crop pixel.
    reduce = max(int(shrink // 2), 1)
    samples = max(math.ceil(shrink / reduce - 1e-6), 1)  # a hair above a whole number is rounding

    centres = (np.arange(size * samples) + 0.5) / samples
    grid = np.stack(np.meshgrid(centres, centres), axis=-1)  # (S, S, 2) XY in the crop, pixel centres at .5
    positions = (grid - 0.5 - to_crop[:, 2]) @ linear.T  # pixel indices of the picture

    left, top, right, bottom = _window(positions, picture.shape[1], picture.shape[0])
    window = torch.from_numpy(picture[top:bottom, left:right].copy()).permute(2, 0, 1).float()
    window = F.avg_pool2d(window, reduce, ceil_mode=True, count_include_pad=False)
    crop = _sample(window, torch.from_numpy((positions - (left, top) + 0.5) / reduce - 0.5).float())
    crop = F.avg_pool2d(crop, samples)
    return crop.round().clamp(0, 255).byte().permute(1, 2, 0).numpy()


def encode_face(pixels: np.ndarray) -> bytes:
    """A crop, HWC RGB or HW grey uint8, as PNG."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1)  # three times as fast as 6, faces 1 % larger
    return stream.getvalue()


def _window(positions: np.ndarray, width: int, height: int) -> tuple[int, int, int, int]:
    """The part of the picture that the positions touch, never empty: left, top, right, bottom."""
    corners = positions[[0, 0, -1, -1], [0, -1, 0, -1]]  # of a parallelogram: nothing lies farther out
    low = np.floor(corners.min(axis=0)).astype(int) - 1
    high = np.ceil(corners.max(axis=0)).astype(int) + 2
    left, top = min(max(int(low[0]), 0), width - 1), min(max(int(low[1]), 0), height - 1)
    right, bottom = min(max(int(high[0]), left + 1), width), min(max(int(high[1]), top + 1), height)
    return left, top, right, bottom


def _sample(window: Tensor, positions: Tensor) -> Tensor:
    """Bilinear values of a `(C, H, W)` window at `(S, S, 2)` pixel indices, its border repeated outside."""
    extent = torch.tensor([window.shape[2], window.shape[1]])
    normalised = (2 * positions + 1) / extent - 1
    return F.grid_sample(window[None], normalised[None], padding_mode="border", align_corners=False)[0]
