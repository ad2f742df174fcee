"""The networks: a registry of builders, one file per family."""

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from fer_hub.errors import InputError
from fer_hub.models.compact import Compact, CompactLarge, CompactMedium, CompactSmall
from fer_hub.models.config import ModelConfig
from fer_hub.models.report_cnn import ComplexCNN, SimpleCNN

__all__ = ["ARCHITECTURES", "ModelConfig", "build_network", "count_macs", "count_parameters"]

ARCHITECTURES: dict[str, type[SimpleCNN] | type[ComplexCNN] | type[Compact]] = {
    "simple_cnn": SimpleCNN,
    "complex_cnn": ComplexCNN,
    "compact_small": CompactSmall,
    "compact_medium": CompactMedium,
    "compact_large": CompactLarge,
}
"""Name -> builder. Each builder carries the input its paper gives it: native_channels, native_size, native_dropout."""


def build_network(config: ModelConfig) -> nn.Module:
    """Build the network that a configuration describes, with untrained weights."""
    if config.architecture not in ARCHITECTURES:
        raise InputError(f"unknown architecture {config.architecture!r}; this version has: {', '.join(ARCHITECTURES)}.")
    builder = ARCHITECTURES[config.architecture]
    return builder(config.channels, config.input_size, len(config.labels), config.dropout)


def count_parameters(network: nn.Module) -> int:
    """Count weights and, as Keras does, BatchNorm's running means and variances."""
    statistics = (tensor for name, tensor in network.named_buffers() if not name.endswith("num_batches_tracked"))
    return sum(tensor.numel() for tensor in (*network.parameters(), *statistics))


def count_macs(network: nn.Module, inputs: Tensor) -> int:
    """Multiply-accumulates of convolutions and matrix products in one pass over `inputs`: one picture for a picture's.

    Nothing of the network changes. On the meta device nothing is computed either.
    """
    modes = [(module, module.training) for module in network.modules()]
    network.eval()  # BatchNorm needs no second picture then, and its statistics stay
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(inputs)
    for module, training in modes:
        module.training = training
    return counter.get_total_flops() // 2
