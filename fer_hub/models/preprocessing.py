"""Crops -> model input: the same code in training, evaluation and the demo."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from fer_hub.models.config import ModelConfig


def read_crop(picture: np.ndarray, size: int, grey: bool) -> Tensor:
    """HWC uint8 RGB face crop of any size -> `(C, size, size)` uint8, resized as training and evaluation do it.

    `grey` takes the colour out before resizing, and leaves one channel.
    """
    image = Image.fromarray(picture).convert("L" if grey else "RGB")
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(image).reshape(size, size, -1)).permute(2, 0, 1)


def as_seen(crops: Tensor, config: ModelConfig) -> Tensor:
    """`(N, C, H, W)` uint8 crops with the colour the model has use for: grey as one channel, otherwise RGB."""
    if not config.grey or crops.shape[1] == 1:
        return crops
    red, green, blue = crops.unbind(dim=1)
    grey = red.mul(0.2989).add_(green, alpha=0.587).add_(blue, alpha=0.114)  # as torchvision and Pillow: ITU-R 601-2
    return grey.unsqueeze(dim=1).to(crops.dtype)


def preprocess(crops: Tensor, config: ModelConfig) -> Tensor:
    """Turn crops into the network's input.

    Args:
        crops: `(N, C, H, W)` uint8, 0-255, grey (C = 1) or RGB (C = 3), on any device.
        config: the model's; gives grey or colour, input size, mean and std.

    Returns:
        `(N, config.channels, config.input_size, config.input_size)` float32, normalised.
    """
    inputs = as_seen(crops, config).float() / 255
    size = [config.input_size, config.input_size]
    if list(inputs.shape[-2:]) != size:
        inputs = F.interpolate(inputs, size, mode="bilinear", antialias=True)
    inputs = inputs.expand(-1, config.channels, -1, -1)
    mean, std = (torch.tensor(v, device=inputs.device).view(-1, 1, 1) for v in (config.mean, config.std))
    return (inputs - mean) / std
