"""Image classifiers of others, in transformers' or timm's own format, as an ExpressionClassifier.

What a stranger's folder may do here is narrow: config.json is read as data, weights only as safetensors, networks are
built by the installed library from plain families, and nothing is fetched. The library itself is optional, and
imported when a folder asks for it.
"""

from pathlib import Path

import torch

from fer_hub.classifier import CONFIG_FILE, ExpressionClassifier
from fer_hub.foreign import timm_format, transformers_format
from fer_hub.foreign.files import count_weights, read_json

__all__ = ["load_classifier", "summarize_foreign"]


def load_classifier(folder: Path, device: torch.device | str = "cpu") -> ExpressionClassifier:
    """Read a model folder, ours or that of another library. Raises InputError where it is neither, or not sound."""
    config = read_json(folder / CONFIG_FILE)
    for form in (transformers_format, timm_format):
        if form.describes(config):
            return form.load(folder, config, device)
    return ExpressionClassifier.load(folder, device)


def summarize_foreign(folder: Path) -> tuple[str, int] | None:
    """Architecture and number of weights, read without the library; None where the folder is not of another format."""
    config = read_json(folder / CONFIG_FILE)
    if not any(form.describes(config) for form in (transformers_format, timm_format)):
        return None
    return str(config.get("model_type") or config.get("architecture"))[:64], count_weights(folder)
