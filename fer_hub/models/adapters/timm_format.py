"""Folders written by timm's save_for_hf or push_to_hf_hub: config.json and model.safetensors."""

from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, Field

from fer_hub.errors import InputError
from fer_hub.files import CONFIG_FILE
from fer_hub.models.adapters.files import Triple, check_total, read_as, read_json, read_weights, refused
from fer_hub.models.adapters.formats import label_words
from fer_hub.models.adapters.network import as_classifier, describe_input
from fer_hub.models.classifier import ExpressionClassifier
from fer_hub.models.config import ModelConfig


class PretrainedConfig(BaseModel):
    """What we use of a config's pretrained_cfg. Its addresses and file names are not among it."""

    input_size: tuple[Literal[3], int, int]
    crop_pct: float = Field(default=1.0, ge=0.5, le=1)
    mean: Triple
    std: Triple


def describe(folder: Path) -> tuple[ModelConfig, int]:
    """The model of a folder, and the side in pixels of the centre of a crop that it sees. Raises InputError."""
    config = read_json(folder, CONFIG_FILE)
    expected = read_as(PretrainedConfig, config["pretrained_cfg"], folder / CONFIG_FILE)
    words = label_words("timm", config, folder)
    _, side, width = expected.input_size
    if side != width or not 16 <= side <= 512:
        raise InputError(f"{folder} takes pictures of {side} x {width} px; square ones of 16 to 512 can be used.")
    sizes, statistics = (int(side / expected.crop_pct), side), (expected.mean, expected.std)
    return describe_input(f"{config.get('architecture')} (timm)", words, sizes, statistics, folder), side


def load(folder: Path, device: torch.device | str) -> ExpressionClassifier:
    """Build and load the model of a folder. Raises InputError."""
    described, side = describe(folder)
    config = read_json(folder, CONFIG_FILE)
    words = label_words("timm", config, folder)
    arguments = config.get("model_args")
    # Of a stranger's arguments only this one reaches timm's builder, which takes paths and addresses as well.
    sized = isinstance(arguments, dict) and "img_size" in arguments
    network = _build(str(config.get("architecture")), len(words), side if sized else None, folder)
    return as_classifier(network, described, words, side, folder, device)


def _build(name: str, classes: int, img_size: int | None, folder: Path) -> torch.nn.Module:
    try:
        import timm  # noqa: PLC0415  optional, and slow to import
    except ImportError:
        raise InputError(f"{folder} is a timm model, and that is not installed: pip install timm.") from None
    if not timm.is_model(name):
        raise InputError(f"{folder} is of architecture {name[:64]!r}, which the installed timm does not have.")
    tensors = read_weights(folder)
    with refused(folder):
        with torch.device("meta"):
            check_total(timm.create_model(name, num_classes=classes, img_size=img_size), tensors, folder)
        network = timm.create_model(name, num_classes=classes, img_size=img_size)
        network.load_state_dict(tensors, strict=True)
    return network
