"""Image classifiers of others, in transformers' or timm's own format, as an ExpressionClassifier.

What a stranger's folder may do here is narrow: config.json is read as data, weights only as safetensors, networks are
built by the installed library from plain families, and nothing is fetched. The library itself is optional, and
imported when a folder asks for it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from fer_hub.models.adapters.formats import foreign_format

if TYPE_CHECKING:
    import torch

    from fer_hub.models.classifier import ExpressionClassifier

__all__ = ["foreign_format", "load_classifier"]


def load_classifier(folder: Path, device: "torch.device | str" = "cpu") -> "ExpressionClassifier":
    """Read a model folder, ours or that of another library. Raises InputError where it is neither, or not sound."""
    # Networks, and torch, are needed to load a model, not to say what it is.
    from fer_hub.models.adapters import timm_format, transformers_format  # noqa: PLC0415
    from fer_hub.models.classifier import ExpressionClassifier  # noqa: PLC0415

    form = foreign_format(folder)
    if form is None:
        return ExpressionClassifier.load(folder, device)
    return {"transformers": transformers_format, "timm": timm_format}[form].load(folder, device)
