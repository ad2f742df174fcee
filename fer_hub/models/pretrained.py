"""What a network was trained on elsewhere: where its weights are, and the input they expect.

Only training fetches them (fer_hub/training/initial_weights.py); a model folder holds all of its own weights.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.func import functional_call

from fer_hub.errors import InputError


@dataclass(frozen=True)
class PretrainedWeights:
    """A file of weights that a library publishes, and what they need."""

    name: str
    """What to call them in a message or a card."""
    url: str
    cache: str
    """Where their library keeps them, as seen from torch's hub folder."""
    mean: tuple[float, ...]
    """Per channel, of pixel values scaled to 0-1."""
    std: tuple[float, ...]
    licence: str
    """Theirs, and the terms of the pictures they were trained on, in a sentence for the card."""

    @property
    def digest(self) -> str | None:
        """First digits of the file's sha256, as torch's file names end (`resnet18-f37072fd.pth`); or None."""
        found = re.search(r"-([0-9a-f]{8,64})\.\w+$", self.url)
        return found[1] if found else None

    @property
    def file(self) -> Path:
        """Where they lie, under the name they have in `url`, once they have been fetched."""
        return (Path(torch.hub.get_dir()) / self.cache / self.url.rsplit("/", 1)[1]).resolve()


@dataclass(frozen=True)
class HubWeights:
    """Weights that lie in a repository of the Hub, as model.safetensors, and what they need."""

    repository: str
    """owner/name."""
    mean: tuple[float, ...]
    """Per channel, of pixel values scaled to 0-1."""
    std: tuple[float, ...]

    @property
    def name(self) -> str:
        """What to call them in a message or a card; a commit is added where it is known."""
        return f"the model {self.repository}"

    @property
    def licence(self) -> str:
        """Where their licence stands, in a sentence for the card."""
        return f"The card of {self.repository} on the Hub says on what terms."


def with_dropout(network: nn.Module, dropout: float) -> None:
    """Put dropout before the last layer of a network."""
    head = head_name(network)
    parent, _, attribute = head.rpartition(".")
    setattr(network.get_submodule(parent), attribute, nn.Sequential(nn.Dropout(dropout), network.get_submodule(head)))


def refuse_unsuited_input(network: nn.Module, name: str, channels: int, input_size: int, native_size: int) -> None:
    """Raise InputError where a network made for other pictures cannot take such an input.

    Tried out on the meta device, where it costs neither memory nor computation, whatever a configuration asks for.
    """
    if channels != 3:
        raise InputError(f"{name} takes 3 channels, not {channels}; grey pictures are repeated on all three.")
    weights = {key: tensor.to("meta") for key, tensor in network.state_dict().items()}
    network.eval()
    try:
        functional_call(network, weights, torch.empty(1, channels, input_size, input_size, device="meta"))
    except (RuntimeError, ValueError, AssertionError):
        raise InputError(f"{name} cannot take pictures of {input_size} px; its own size is {native_size}.") from None
    network.train()


def head_name(network: nn.Module) -> str:
    """Name of the layer that gives the logits: the last dense one or, where a network has none, the last convolution.

    All else is the backbone, which can serve other labels.
    """
    modules = dict(network.named_modules())
    dense = [name for name, module in modules.items() if isinstance(module, nn.Linear)]
    last: str = (dense or [name for name, module in modules.items() if isinstance(module, nn.Conv2d)])[-1]
    return last


def load_head(network: nn.Module, tensors: dict[str, Tensor], classes: int) -> None:
    """Copy the first `classes` rows of another network's head, those of the labels, into this network's."""
    for name, parameter in network.get_submodule(head := head_name(network)).named_parameters():
        with torch.no_grad():
            parameter[:classes] = tensors[f"{head}.{name}"][:classes]


def load_backbone(network: nn.Module, tensors: dict[str, Tensor], source: str) -> None:
    """Copy tensors of another network of the same kind into all but the head, which keeps the weights it has.

    Raises InputError where one is missing or has another shape; tensors with no place here, such as a head for other
    labels, are left.
    """
    head = head_name(network)
    expected = {name: tensor for name, tensor in network.state_dict().items() if not name.startswith(f"{head}.")}
    for name, tensor in expected.items():
        found = tuple(tensors[name].shape) if name in tensors else "missing"
        if found != tuple(tensor.shape):
            raise InputError(
                f"{source} does not fit the network: {name} should be {tuple(tensor.shape)} and is {found}; give the "
                "--architecture and --input-size that these weights are of."
            )
    network.load_state_dict({name: tensors[name] for name in expected}, strict=False)
