"""Crops -> model input: the same code in training, evaluation and the demo."""

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as TF

from fer_hub.models import ModelConfig


def as_seen(crops: Tensor, config: ModelConfig) -> Tensor:
    """`(N, C, H, W)` uint8 crops with the colour the model has use for: grey as one channel, otherwise RGB."""
    return TF.rgb_to_grayscale(crops) if config.grey and crops.shape[1] == 3 else crops


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
        inputs = TF.resize(inputs, size, antialias=True)
    inputs = inputs.expand(-1, config.channels, -1, -1)
    mean, std = (torch.tensor(v, device=inputs.device).view(-1, 1, 1) for v in (config.mean, config.std))
    return (inputs - mean) / std
