"""FinetuneConfig: every choice of a training run. Command-line flags are generated from its fields."""

import argparse
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import torch

from fer_hub.errors import InputError
from fer_hub.models import ARCHITECTURES
from train.recipes import RECIPES


def _setting(default: Any, help: str, **flag: Any) -> Any:
    return field(default=default, metadata={"help": help, "flag": flag})


# Setting -> highest value; the lowest is 0.
_SHARES = {
    "dropout": 0.95,
    "weight_decay": 1,
    "warmup_share": 0.5,
    "label_smoothing": 0.9,
    "gradient_clip": 1e6,
    "averaging": 0.9999,
    "rotation": 180,
    "shear": 1,
    "zoom": 0.9,
    "translation": 0.5,
    "brightness": 2,
    "contrast": 1,
    "occlusion": 1,
}


@dataclass(frozen=True)
class FinetuneConfig:
    """The defaults are the `report` recipe (see train/recipes.py). Refuses values that cannot work, quoting them."""

    architecture: str = _setting("simple_cnn", f"network to train: {', '.join(ARCHITECTURES)}")
    dataset: str = _setting("AutumnQiu/fer2013", "folder, file or owner/name[@revision] that holds the data")
    output: str = _setting("", "folder for the results (default: runs/<architecture>)")
    image_column: str | None = _setting(None, "column that holds the pictures (default: found by names such as image)")
    label_column: str | None = _setting(None, "column that holds the labels (default: found by names such as label)")
    seed: int = _setting(0, "seed of the split, the weights, the order and the augmentation")
    device: str = _setting("auto", "cpu, cuda, mps, or auto for the fastest one at hand")
    resume: bool = _setting(False, "continue the run in --output where it stopped")
    push: str | None = _setting(
        None, "publish on the Hub as [owner/]name (default: the recipe's or architecture's)", nargs="?", const=""
    )
    private: bool = _setting(False, "publish where only you can see it")
    max_train_images: int | None = _setting(None, "train on at most this many pictures, drawn with the seed")
    validation_share: float = _setting(0.1, "share of train to choose on where the dataset leaves no split for it")

    epochs: int = _setting(50, "at most this many passes over the training pictures")
    batch_size: int = _setting(64, "pictures per step")
    optimizer: str = _setting("adam", "adam, or sgd with Nesterov momentum 0.9")
    learning_rate: float = _setting(1e-3, "the optimizer's step size, at its highest")
    weight_decay: float = _setting(0.0, "pull of the weights towards zero; biases and norms are left out")
    schedule: str = _setting("plateau", "plateau: halve the rate when validation stalls; cosine: warm up, then fall")
    plateau_patience: int = _setting(3, "epochs without a lower validation loss before the rate is halved")
    warmup_share: float = _setting(0.08, "share of the steps in which the cosine schedule rises to its highest rate")
    stopping_patience: int = _setting(10, "epochs without a better validation accuracy before training stops")
    label_smoothing: float = _setting(0.0, "share of the target spread over all expressions")
    gradient_clip: float | None = _setting(None, "scale gradients down to at most this norm")
    averaging: float = _setting(0.0, "decay per step of a moving average of the weights that is kept; 0: no average")
    dropout: float | None = _setting(None, "share of activations dropped (default: the architecture's own)")

    flip: bool = _setting(True, "mirror half of the pictures")
    rotation: float = _setting(15.0, "turn by up to this many degrees either way")
    shear: float = _setting(0.2, "slant by up to this share of the height")
    zoom: float = _setting(0.2, "enlarge or shrink by up to this share")
    translation: float = _setting(0.0, "shift by up to this share of the side")
    brightness: float = _setting(0.0, "lighten or darken by up to this many standard deviations")
    contrast: float = _setting(0.0, "strengthen or weaken contrast by up to this share")
    occlusion: float = _setting(0.0, "share of the pictures that a grey rectangle is laid over")

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise InputError(
                f"--architecture {self.architecture!r} is unknown; choose one of: {', '.join(ARCHITECTURES)}."
            )
        for name, known in (("optimizer", ("adam", "sgd")), ("schedule", ("plateau", "cosine"))):
            if getattr(self, name) not in known:
                raise InputError(f"--{name} {getattr(self, name)!r} is unknown; choose one of: {', '.join(known)}.")
        for name in ("epochs", "batch_size", "plateau_patience", "stopping_patience", "max_train_images"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"--{_flag(name)} is {value}; it must be at least 1.")
        for name, high in (("learning_rate", 10), ("validation_share", 0.5)):
            if not 0 < getattr(self, name) <= high:
                raise InputError(f"--{_flag(name)} is {getattr(self, name)}; it must be above 0 and at most {high}.")
        for name, high in _SHARES.items():
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
    parser.add_argument(
        "--recipe", choices=RECIPES, default="report", help="settings to start from; flags override (default: report)"
    )
    types = get_type_hints(FinetuneConfig)
    for setting in fields(FinetuneConfig):
        kind = next((t for t in get_args(types[setting.name]) if t is not type(None)), types[setting.name])
        shown = "" if setting.default in (None, "") else f" (default: {setting.default})"
        action: dict[str, Any] = {"action": argparse.BooleanOptionalAction} if kind is bool else {"type": kind}
        help = setting.metadata["help"].replace("%", "%%") + shown
        parser.add_argument(
            f"--{_flag(setting.name)}", default=argparse.SUPPRESS, help=help, **action, **setting.metadata["flag"]
        )
    given = vars(parser.parse_args(arguments))
    recipe = given.pop("recipe")
    if given.get("push") == "":
        given["push"] = given.get("architecture", recipe)
    return FinetuneConfig(**{**RECIPES[recipe], **given})


def pick_device(name: str) -> torch.device:
    """Turn `--device` into a device that is there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"--device {name!r} cannot be used here ({reason}); try --device cpu.") from None
