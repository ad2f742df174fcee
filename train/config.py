"""FinetuneConfig: every choice of a training run. Command-line flags are generated from its fields."""

import argparse
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import torch

from fer_hub.errors import InputError
from fer_hub.models import ARCHITECTURES


def _setting(default: Any, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class FinetuneConfig:
    """The defaults are the report's recipe. Refuses values that cannot work, quoting them."""

    architecture: str = _setting("simple_cnn", f"network to train: {', '.join(ARCHITECTURES)}")
    dataset: str = _setting("AutumnQiu/fer2013", "folder, file or owner/name[@revision] that holds the data")
    output: str = _setting("", "folder for the results (default: runs/<architecture>)")
    image_column: str | None = _setting(None, "column that holds the pictures (default: found by names such as image)")
    label_column: str | None = _setting(None, "column that holds the labels (default: found by names such as label)")
    seed: int = _setting(0, "seed of the split, the weights, the order and the augmentation")
    device: str = _setting("auto", "cpu, cuda, mps, or auto for the fastest one at hand")
    max_train_images: int | None = _setting(None, "train on at most this many pictures, drawn with the seed")
    validation_share: float = _setting(0.1, "share of train to choose on where the dataset leaves no split for it")

    epochs: int = _setting(50, "at most this many passes over the training pictures")
    batch_size: int = _setting(64, "pictures per step")
    learning_rate: float = _setting(1e-3, "Adam's step size at the start")
    plateau_patience: int = _setting(3, "epochs without a lower validation loss before the rate is halved")
    stopping_patience: int = _setting(10, "epochs without a better validation accuracy before training stops")
    dropout: float | None = _setting(None, "share of activations dropped (default: the architecture's own)")

    flip: bool = _setting(True, "mirror half of the pictures")
    rotation: float = _setting(15.0, "turn by up to this many degrees either way")
    shear: float = _setting(0.2, "slant by up to this share of the height")
    zoom: float = _setting(0.2, "enlarge or shrink by up to this share")

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise InputError(
                f"--architecture {self.architecture!r} is unknown; choose one of: {', '.join(ARCHITECTURES)}."
            )
        for name in ("epochs", "batch_size", "plateau_patience", "stopping_patience", "max_train_images"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"--{_flag(name)} is {value}; it must be at least 1.")
        for name, high in (("learning_rate", 10), ("validation_share", 0.5)):
            if not 0 < getattr(self, name) <= high:
                raise InputError(f"--{_flag(name)} is {getattr(self, name)}; it must be above 0 and at most {high}.")
        for name, high in (("dropout", 0.95), ("rotation", 180), ("shear", 1), ("zoom", 0.9)):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= high:
                raise InputError(f"--{_flag(name)} is {value}; it must be between 0 and {high}.")

    @property
    def output_folder(self) -> Path:
        return Path(self.output or f"runs/{self.architecture}")


def _flag(name: str) -> str:
    return name.replace("_", "-")


def parse_config(arguments: list[str] | None = None) -> FinetuneConfig:
    """Read a FinetuneConfig from command-line flags, one per field."""
    parser = argparse.ArgumentParser(
        prog="train/finetune.py",
        description="Train a network to name facial expressions and write it as a model folder.",
        epilog="Example: python train/finetune.py --architecture simple_cnn --dataset my-faces/ --output runs/mine",
    )
    types = get_type_hints(FinetuneConfig)
    for setting in fields(FinetuneConfig):
        assert setting.default is not MISSING
        kind = next((t for t in get_args(types[setting.name]) if t is not type(None)), types[setting.name])
        shown = "" if setting.default in (None, "") else " (default: %(default)s)"
        help = setting.metadata["help"] + shown
        action: dict[str, Any] = {"action": argparse.BooleanOptionalAction} if kind is bool else {"type": kind}
        parser.add_argument(f"--{_flag(setting.name)}", default=setting.default, help=help, **action)
    return FinetuneConfig(**vars(parser.parse_args(arguments)))


def pick_device(name: str) -> torch.device:
    """Turn `--device` into a device that is there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"--device {name!r} cannot be used here ({reason}); try --device cpu.") from None
