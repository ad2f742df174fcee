"""The architectures: a registry of builders, one file per family."""

import re
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from fer_hub.arguments import nearest
from fer_hub.errors import InputError
from fer_hub.models.attention import Attention
from fer_hub.models.backbones import timm_backbone, transformers_backbone
from fer_hub.models.backbones.own import own_architecture, own_architectures
from fer_hub.models.compact import CompactLarge, CompactMedium, CompactSmall, CompactTiny
from fer_hub.models.config import ModelConfig
from fer_hub.models.pretrained import HubWeights, PretrainedWeights
from fer_hub.models.report_cnn import ComplexCNN, SimpleCNN
from fer_hub.models.torchvision_classifier import TorchvisionClassifier, is_torchvision_classifier
from fer_hub.models.vggface2 import VGGFace2


class Architecture(Protocol):
    """A builder of networks, with the input that its paper or its weights give it."""

    @property
    def native_channels(self) -> int: ...
    @property
    def native_size(self) -> int: ...
    @property
    def native_dropout(self) -> float: ...
    @property
    def native_weights(self) -> PretrainedWeights | HubWeights | None: ...

    def __call__(self, channels: int, input_size: int, classes: int, dropout: float) -> nn.Module: ...


ARCHITECTURES: dict[str, Architecture] = {
    "simple_cnn": SimpleCNN,
    "complex_cnn": ComplexCNN,
    "compact_tiny": CompactTiny,
    "compact_small": CompactSmall,
    "compact_medium": CompactMedium,
    "compact_large": CompactLarge,
    "attention": Attention,
    "resnet18": TorchvisionClassifier("resnet18"),
    "resnet50": TorchvisionClassifier("resnet50"),
    "vggface2": VGGFace2(),
}
"""Name -> builder."""


def find_architecture(name: str, settings: Mapping[str, Any] | None = None) -> Architecture:
    """Return one of `ARCHITECTURES`, one of an installed package's, of timm's, transformers' or torchvision's.

    `settings` are transformers' for a network of theirs. Raises InputError for any other name, and where the library is
    not installed.
    """
    if name in ARCHITECTURES:
        return ARCHITECTURES[name]
    if name.startswith(timm_backbone.PREFIX):
        return timm_backbone.timm_backbone(name)
    if re.fullmatch(r"hf/[\w.-]+/[\w.-]+", name, re.ASCII):
        return transformers_backbone.transformers_backbone(name, settings)
    if (own := own_architecture(name)) is not None:
        return own
    if is_torchvision_classifier(name):
        return TorchvisionClassifier(name)
    known = [*ARCHITECTURES, *own_architectures()]
    raise InputError(
        f"unknown architecture {name!r}{nearest(name, known)}; this version has: {', '.join(known)}, "
        "classifiers of torchvision by their name there, such as mobilenet_v3_small, and timm/NAME and hf/owner/name."
    )


def build_network(config: ModelConfig) -> nn.Module:
    """Build the network that a configuration describes, with untrained weights; its last layer serves all heads."""
    builder = find_architecture(config.architecture, config.backbone)
    return builder(config.channels, config.input_size, config.outputs, config.dropout)


def count_parameters(network: nn.Module) -> int:
    """Count weights and, as Keras does, BatchNorm's running means and variances."""
    statistics = (tensor for name, tensor in network.named_buffers() if not name.endswith("num_batches_tracked"))
    return sum(tensor.numel() for tensor in (*network.parameters(), *statistics))


def count_macs(network: nn.Module, inputs: Tensor) -> int:
    """Multiply-accumulates of convolutions and matrix products in one pass over `inputs`: one picture for a picture's.

    Nothing of the network changes. On the meta device nothing is computed either.
    """
    # With it comes a compiler for GPUs, which naming a face has no use for.
    from torch.utils.flop_counter import FlopCounterMode  # noqa: PLC0415

    modes = [(module, module.training) for module in network.modules()]
    network.eval()  # BatchNorm needs no second picture then, and its statistics stay
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(inputs)
    for module, training in modes:
        module.training = training
    operations: int = counter.get_total_flops() // 2
    return operations
