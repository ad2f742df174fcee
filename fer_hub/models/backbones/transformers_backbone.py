"""Image networks of transformers, by the repository their weights lie in: `hf/owner/name`.

Their settings are part of a model's config.json (`backbone`), so that a model folder is built again without asking
anybody. As in adapters/transformers_format.py: plain families only, settings as data, no code of a repository.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from fer_hub.errors import InputError
from fer_hub.models.adapters.files import check_sizes, read_as, read_json, read_weights, refused
from fer_hub.models.adapters.transformers_settings import Processor, plain_settings
from fer_hub.models.pretrained import HubWeights, refuse_unsuited_input, with_dropout

PREFIX = "hf/"


@dataclass(frozen=True)
class TransformersBackbone:
    """Builder of one of them; what it builds has our outputs and dropout before its last layer.

    `(N, 3, input_size, input_size)` float -> logits `(N, classes)`.
    """

    name: str
    """owner/name."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """transformers' own, `model_type` among them; empty until they are known."""
    native_size: int = 224
    native_weights: HubWeights | None = None
    native_channels = 3
    native_dropout = 0.2

    def __call__(self, channels: int, input_size: int, classes: int, dropout: float) -> nn.Module:
        network = self.built(classes)
        with_dropout(network, dropout)
        refuse_unsuited_input(network, PREFIX + self.name, channels, input_size, self.native_size)
        return network

    def built(self, classes: int, tensors: dict[str, Tensor] | None = None) -> nn.Module:
        """The network with new weights, or with those of a file, whatever release named them."""
        transformers, source = _transformers(), Path(PREFIX + self.name)
        settings = plain_settings(dict(self.settings), source)
        check_sizes(settings, source)
        with refused(source):
            config = transformers.AutoConfig.for_model(self.settings["model_type"], num_labels=classes, **settings)
            builder = transformers.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING[type(config)]
            if tensors is None:
                return Logits(builder(config).float())
            network = builder.from_pretrained(
                None, config=config, state_dict=tensors, ignore_mismatched_sizes=True, dtype=torch.float32
            )
        return Logits(network)


class Logits(nn.Module):
    """A network of transformers that answers with its logits alone."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.network(pixel_values=inputs).logits
        return logits


def transformers_backbone(name: str, settings: Mapping[str, Any] | None = None) -> TransformersBackbone:
    """The builder of `hf/owner/name` with settings of a config.json of ours, or without, until `described` has them."""
    _transformers()
    return TransformersBackbone(name.removeprefix(PREFIX), settings or {})


def described(backbone: TransformersBackbone, folder: Path) -> TransformersBackbone:
    """The builder with what the folder of its repository says. Raises InputError where it is no plain image network."""
    config = read_json(folder, "config.json")
    settings = {"model_type": config.get("model_type"), **plain_settings(config, folder)}
    processor = read_as(Processor, read_json(folder, "preprocessor_config.json"), folder / "preprocessor_config.json")
    mean, std = processor.image_mean, processor.image_std
    if not processor.do_normalize:
        mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    weights = HubWeights(backbone.name, mean, std)
    return TransformersBackbone(backbone.name, settings, min(processor.sizes()[1], 512), weights)


def backbone_tensors(backbone: TransformersBackbone, folder: Path) -> dict[str, Tensor]:
    """The weights of its repository's folder, as a network of ours names them."""
    return dict(backbone.built(2, read_weights(folder)).state_dict())


def _transformers() -> ModuleType:
    try:
        import transformers  # noqa: PLC0415  optional, and slow to import
    except ImportError:
        raise InputError(
            'hf/... needs transformers, which is not installed: pip install "fer-hub[backbones]".'
        ) from None
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers
