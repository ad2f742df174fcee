"""What training starts from: random weights, those a library publishes, or a model of ours."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fer_hub.errors import InputError, first_line
from fer_hub.hub.download import fetch as fetch_folder
from fer_hub.hub.references import resolve
from fer_hub.models import find_architecture
from fer_hub.models.adapters import foreign_format
from fer_hub.models.adapters.files import read_tensors, read_weights
from fer_hub.models.backbones.transformers_backbone import TransformersBackbone, backbone_tensors, described
from fer_hub.models.pretrained import HubWeights, PretrainedWeights, load_backbone, load_head
from fer_hub.models.torchvision_classifier import TorchvisionClassifier
from fer_hub.training.config.groups import NetworkConfig

logger = logging.getLogger(__name__)

RANDOM = "random weights"


@dataclass(frozen=True)
class InitialWeights:
    """Weights to start from, and the network's input."""

    input_size: int
    channels: int
    source: str = RANDOM
    mean: tuple[float, ...] | None = None
    """Per channel, of pixel values scaled to 0-1; None: to be measured on the training pictures. `std` likewise."""
    std: tuple[float, ...] | None = None
    tensors: dict[str, Tensor] | None = None
    """None: random weights, or those of a checkpoint."""
    labels: tuple[str, ...] = ()
    """Of a model of ours; its last layer is of use for the same labels only."""
    backbone: Mapping[str, Any] | None = None
    """Settings of a network of transformers."""

    def initialise(self, network: nn.Module, labels: tuple[str, ...]) -> None:
        """Give a network that was built for `labels` the weights. Raises InputError where they do not fit."""
        if self.tensors is None:
            return
        load_backbone(network, self.tensors, self.source)
        if self.labels == labels:
            load_head(network, self.tensors, len(labels))
            logger.info("Starting from %s.", self.source)
        else:
            what = f"it names {', '.join(self.labels)}" if self.labels else "it was trained for other classes"
            logger.info("Starting from %s; %s, so the last layer starts anew.", self.source, what)


def find_initial_weights(config: NetworkConfig, resume: bool = False) -> InitialWeights:
    """Find what a network starts from. Raises InputError, before any time is spent, where it cannot be had.

    A run that continues (`resume`) has its weights in its checkpoint: none are read here then.
    """
    if config.init_from is not None and not config.init_from.endswith(".safetensors"):
        if Path(config.init_from).is_file():
            raise InputError(
                f"--init-from {config.init_from} is no .safetensors file, and other kinds can run code when they are "
                "opened; save the state dict with safetensors.torch.save_file, and give that file."
            )
        return _from_model(config, config.init_from, resume)
    architecture = find_architecture(config.architecture)
    if isinstance(architecture, TransformersBackbone):
        return _from_transformers(config, architecture, resume)
    if config.pretrained_weights != "DEFAULT":
        if not isinstance(architecture, TorchvisionClassifier):
            raise InputError(f"--pretrained-weights is for torchvision's networks; {config.architecture} is none.")
        architecture = replace(architecture, version=config.pretrained_weights)
    size, channels = config.input_size or architecture.native_size, architecture.native_channels
    weights = architecture.native_weights if config.pretrained else None
    if config.init_from is not None:
        known = architecture.native_weights
        mean, std = (known.mean, known.std) if known else (None, None)
        source, tensors = _state_dict(Path(config.init_from), resume)
        return InitialWeights(size, channels, source, mean, std, tensors)
    if weights is None:
        return InitialWeights(size, channels)
    if isinstance(weights, HubWeights):
        folder = fetch_folder(weights.repository, None, None, backbone=True)
        tensors = None if resume else read_weights(folder)
        return InitialWeights(size, channels, f"{weights.name}@{folder.name}", weights.mean, weights.std, tensors)
    tensors = None if resume else fetch(weights)
    return InitialWeights(size, channels, weights.name, weights.mean, weights.std, tensors)


def fetch(weights: PretrainedWeights) -> dict[str, Tensor]:
    """Read a library's weights from its cache, fetched where they are not there.

    Raises InputError where they cannot be had, or the file there is another than its name says: a card would claim an
    origin that nobody verified.
    """
    file = weights.file
    if file.exists() and weights.digest is not None:
        with file.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if not found.startswith(weights.digest):
            raise InputError(
                f"{file} is not {weights.name}: its sha256 begins with {found[: len(weights.digest)]}, not "
                f"{weights.digest}; delete it, and give the file of {weights.url}."
            )
    try:
        return torch.hub.load_state_dict_from_url(
            weights.url, str(file.parent), map_location="cpu", check_hash=True, weights_only=True
        )
    except Exception as error:  # no connection, no room, a damaged file: urllib, torch and pickle raise many kinds
        reason = first_line(error)
        raise InputError(
            f"{weights.name} cannot be had ({reason}); put {weights.url} as {file.name} into {file.parent}/, or start "
            "from random weights with --no-pretrained."
        ) from None


def _from_transformers(config: NetworkConfig, backbone: TransformersBackbone, resume: bool) -> InitialWeights:
    """Start from the weights of `hf/owner/name`, or from random ones for its network, or those of a file."""
    folder = fetch_folder(backbone.name, None, None, backbone=True)
    backbone = described(backbone, folder)
    weights, size = backbone.native_weights, config.input_size or backbone.native_size
    assert weights is not None
    start = InitialWeights(
        size, backbone.native_channels, RANDOM, weights.mean, weights.std, backbone=backbone.settings
    )
    if config.init_from is not None:
        source, tensors = _state_dict(Path(config.init_from), resume)
        return replace(start, source=source, tensors=tensors)
    if not config.pretrained:
        return start
    tensors = None if resume else backbone_tensors(backbone, folder)
    return replace(start, source=f"{weights.name}@{folder.name}", tensors=tensors)


def _state_dict(file: Path, resume: bool) -> tuple[str, dict[str, Tensor] | None]:
    """What to call a file of weights, by its name and digest: nobody can say where it is from; and its tensors."""
    if not file.is_file():
        raise InputError(f"--init-from {file}: there is no such file.")
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()[:16]
    return f"the file {file.name} (sha256 {digest})", None if resume else read_tensors(file)


def _from_model(config: NetworkConfig, reference: str, resume: bool) -> InitialWeights:
    """Start from a model folder: its weights, and the normalisation they expect."""
    folder = resolve(reference)
    model = folder.load()
    found = model.config
    if foreign_format(folder.path) is not None:
        raise InputError(
            f"--init-from {reference} was written by another library; train it further with --architecture "
            "hf/owner/name or timm/NAME."
        )
    if found.architecture != config.architecture:
        raise InputError(
            f"--init-from {reference} is a {found.architecture}, not a {config.architecture}; give "
            f"--architecture {found.architecture}, or leave it out."
        )
    size = config.input_size or found.input_size
    tensors = None if resume else model.network.state_dict()
    if folder.commit:  # that a branch is at now
        reference = f"{reference.partition('@')[0]}@{folder.commit}"
    return InitialWeights(
        size, found.channels, f"the model {reference}", found.mean, found.std, tensors, found.labels, found.backbone
    )
