"""Image classifiers of others, in transformers' or timm's own format, as an ExpressionClassifier.

What a stranger's folder may do here is narrow: config.json is read as data, weights only as safetensors, networks are
built by the installed library from plain families, and nothing is fetched. The library itself is optional, and
imported when a folder asks for it.
"""

from pathlib import Path
from types import ModuleType

import torch

from fer_hub.files import CONFIG_FILE
from fer_hub.models.adapters import timm_format, transformers_format
from fer_hub.models.adapters.files import count_weights, read_json
from fer_hub.models.adapters.network import match_labels
from fer_hub.models.classifier import ExpressionClassifier

__all__ = ["foreign_format", "load_classifier", "summarize_foreign"]


def load_classifier(folder: Path, device: torch.device | str = "cpu") -> ExpressionClassifier:
    """Read a model folder, ours or that of another library. Raises InputError where it is neither, or not sound."""
    form = foreign_format(folder)
    return ExpressionClassifier.load(folder, device) if form is None else form.load(folder, device)


def foreign_format(folder: Path) -> ModuleType | None:
    """The module that reads a folder of another library; None for any other folder.

    Raises InputError where its labels are not expressions: such a model is of no use here.
    """
    config = read_json(folder, CONFIG_FILE)
    for form in (transformers_format, timm_format):
        if form.describes(config):
            match_labels(form.label_words(config, folder), folder)
            return form
    return None


def summarize_foreign(folder: Path) -> tuple[str, int] | None:
    """Architecture and number of weights, read without the library; None where the folder is not of another format."""
    if foreign_format(folder) is None:
        return None
    config = read_json(folder, CONFIG_FILE)
    return str(config.get("model_type") or config.get("architecture"))[:64], count_weights(folder)
