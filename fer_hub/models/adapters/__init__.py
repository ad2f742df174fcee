"""Image classifiers of others, in transformers' or timm's own format, as an ExpressionClassifier.

What a stranger's folder may do here is narrow: config.json is read as data, weights only as safetensors, networks are
built by the installed library from plain families, and nothing is fetched. The library itself is optional, and
imported when a folder asks for it.
"""

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from fer_hub.models.adapters.formats import Library, foreign_format
from fer_hub.models.config import ModelConfig, load_config

if TYPE_CHECKING:
    import torch

    from fer_hub.models.classifier import ExpressionClassifier

__all__ = ["foreign_format", "load_classifier", "read_config"]


def read_config(folder: Path) -> ModelConfig:
    """What a model folder, ours or that of another library, says of its model. Raises InputError."""
    library = foreign_format(folder)
    if library is None:
        return load_config(folder)
    config: ModelConfig = _reader(library).describe(folder)[0]
    return config


def load_classifier(folder: Path, device: "torch.device | str" = "cpu") -> "ExpressionClassifier":
    """Read a model folder, ours or that of another library. Raises InputError where it is neither, or not sound."""
    library = foreign_format(folder)
    if library is None:
        # Networks, and torch, are needed to load a model, not to say what it is.
        from fer_hub.models.classifier import ExpressionClassifier  # noqa: PLC0415

        return ExpressionClassifier.load(folder, device)
    classifier: ExpressionClassifier = _reader(library).load(folder, device)
    return classifier


def _reader(library: Library) -> ModuleType:
    from fer_hub.models.adapters import timm_format, transformers_format  # noqa: PLC0415 as above

    return {"transformers": transformers_format, "timm": timm_format}[library]
