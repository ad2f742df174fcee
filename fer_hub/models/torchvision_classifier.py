"""Classifiers of torchvision with weights from ImageNet: ResNets and most others that it lists.

Papers: ResNet, He et al. 2016 (arXiv 1512.03385); of the others see torchvision's documentation. Origin: torchvision
(BSD-3-Clause). Weights: torchvision's, trained on ImageNet-1k, whose pictures are for non-commercial research.
"""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from torch import nn

from fer_hub.errors import InputError
from fer_hub.models.pretrained import PretrainedWeights, head_name, refuse_unsuited_input

_LARGEST = 150e6
# Left out: the first two train with more than one output, RegNets cannot be built without memory to look at them.
_LEFT_OUT = ("googlenet", "inception_", "regnet_")


@dataclass(frozen=True)
class TorchvisionClassifier:
    """Builder of one of them, by torchvision's name; what it builds has our labels and dropout before its last layer.

    `(N, 3, input_size, input_size)` float -> logits `(N, classes)`.
    """

    name: str
    version: str = "DEFAULT"
    """Which of the weights that torchvision publishes for it: DEFAULT (the newest), IMAGENET1K_V1, ..."""
    native_channels = 3
    native_dropout = 0.2

    def __call__(self, channels: int, input_size: int, classes: int, dropout: float) -> nn.Module:
        network: nn.Module = _torchvision_models().get_model(self.name, weights=None, num_classes=classes)
        head = head_name(network)
        parent, _, attribute = head.rpartition(".")
        with_dropout = nn.Sequential(nn.Dropout(dropout), network.get_submodule(head))
        setattr(network.get_submodule(parent), attribute, with_dropout)
        refuse_unsuited_input(network, self.name, channels, input_size, self.native_size)
        return network

    @property
    def native_size(self) -> int:
        side: int = min(_torchvision_models().get_model_weights(self.name).DEFAULT.transforms().crop_size[0], 512)
        return side

    @property
    def native_weights(self) -> PretrainedWeights:
        published = _torchvision_models().get_model_weights(self.name)
        if self.version not in published.__members__:
            known = ", ".join(published.__members__)
            raise InputError(f"torchvision publishes no weights {self.version} for {self.name}, only {known}.")
        weights = published[self.version]
        preparation = weights.transforms()
        return PretrainedWeights(
            f"torchvision's {weights}",
            weights.url,
            "checkpoints",
            tuple(preparation.mean),
            tuple(preparation.std),
            "Those are BSD-3-Clause; the pictures of ImageNet they were trained on are for non-commercial research.",
        )


def is_torchvision_classifier(name: str) -> bool:
    """Whether torchvision lists such a classifier, and it is none of the few left out or too large."""
    models = _torchvision_models()
    if name.startswith(_LEFT_OUT) or name not in models.list_models(module=models):
        return False
    fits: bool = models.get_model_weights(name).DEFAULT.meta["num_params"] <= _LARGEST
    return fits


def _torchvision_models() -> ModuleType:
    return import_module("torchvision.models")  # takes as long to import as torch: for these networks only
