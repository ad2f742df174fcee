"""Classifiers of torchvision with weights from ImageNet: ResNets and most others that it lists.

Papers: ResNet, He et al. 2016 (arXiv 1512.03385); of the others see torchvision's documentation. Origin: torchvision
(BSD-3-Clause). Weights: torchvision's, trained on ImageNet-1k, whose pictures are for non-commercial research.
"""

from dataclasses import dataclass, replace
from importlib import import_module
from types import ModuleType

from torch import nn

from fer_hub.errors import InputError
from fer_hub.models.pretrained import PretrainedWeights, refuse_unsuited_input, with_dropout

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
        with_dropout(network, dropout)
        refuse_unsuited_input(network, self.name, channels, input_size, self.native_size)
        return network

    @property
    def native_size(self) -> int:
        side: int = min(_torchvision_models().get_model_weights(self.name).DEFAULT.transforms().crop_size[0], 512)
        return side

    def version_named(self, name: str) -> "TorchvisionClassifier":
        """The same with those of the published weights that a card calls so; as it is where none are."""
        published = [
            replace(self, version=version) for version in _torchvision_models().get_model_weights(self.name).__members__
        ]
        return next((each for each in published if each.native_weights.name == name), self)

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
