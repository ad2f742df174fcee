"""FinetuneConfig: every choice of a training run. Command-line flags are generated from its fields."""

import argparse
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from fer_hub.errors import InputError
from fer_hub.models import ARCHITECTURES, find_architecture
from fer_hub.training.recipes import RECIPES, describe_recipes


def _setting(default: Any, help: str, **flag: Any) -> Any:
    return field(default=default, metadata={"help": help, "flag": flag})


CHOICES = {
    "optimizer": ("adam", "adamw", "sgd"),
    "schedule": ("plateau", "cosine", "onecycle"),
    "mixed_precision": ("no", "bf16", "fp16"),
    "metric_for_best": ("accuracy", "balanced_accuracy", "macro_f1", "loss"),
    "targets": ("labels", "votes"),
    "balance": ("none", "weights", "sampling"),
}
RENAMED = {
    "averaging": "ema_decay",
    "accumulation": "gradient_accumulation_steps",
    "gradient_clip": "max_grad_norm",
    "mirror": "tta_flip",
    "choose_by": "metric_for_best",
    "occlusion": "random_erasing",
    "start_size": "progressive_start_size",
}
"""Old name -> name of today. Old flags still work, and the configurations in old model folders have the old names."""
# Setting -> highest value; the lowest is 0.
_SHARES = {
    "dropout": 0.95,
    "weight_decay": 1,
    "distillation": 1,
    "logit_adjustment": 2,
    "auxiliary_weight": 10,
    "mixup": 10,
    "warmup_share": 0.5,
    "label_smoothing": 0.9,
    "max_grad_norm": 1e6,
    "ema_decay": 0.9999,
    "rotation": 180,
    "shear": 1,
    "zoom": 0.9,
    "translation": 0.5,
    "brightness": 2,
    "contrast": 1,
    "random_erasing": 1,
    "coarseness": 1,
    "noise": 1,
    "backbone_rate": 1,
}


@dataclass(frozen=True)
class FinetuneConfig:
    """The defaults are the `report` recipe (see recipes.py). Refuses values that cannot work, quoting them."""

    architecture: str = _setting("simple_cnn", f"network to train: {', '.join(ARCHITECTURES)}, or a torchvision name")
    input_size: int | None = _setting(None, "side of the network's input in pixels (default: the architecture's own)")
    pretrained: bool = _setting(True, "start from the weights the architecture's library publishes, where it has any")
    init_from: str | None = _setting(None, "start from a model: a bundled name, a folder or owner/name on the Hub")
    freeze_epochs: int = _setting(0, "train only the last layer for this many epochs, then all of them")
    backbone_rate: float = _setting(1.0, "share of the learning rate for all layers but the last")
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
    gradient_accumulation_steps: int = _setting(1, "take each step's pictures in this many pieces, for want of memory")
    mixed_precision: str = _setting("no", "no, bf16 or fp16: compute in half precision where it is safe")
    progressive_start_size: int | None = _setting(
        None, "side of the pictures at first; they grow to the network's input over two thirds of the epochs"
    )
    optimizer: str = _setting("adam", "adam, adamw, or sgd with Nesterov momentum 0.9")
    learning_rate: float = _setting(1e-3, "the optimizer's step size, at its highest")
    weight_decay: float = _setting(0.0, "pull of the weights towards zero; biases and norms are left out")
    schedule: str = _setting(
        "plateau", "plateau: halve the rate when validation stalls; cosine, onecycle: warm up, then fall"
    )
    plateau_patience: int = _setting(3, "epochs without a lower validation loss before the rate is halved")
    warmup_share: float = _setting(0.08, "share of the steps in which cosine and onecycle rise to their highest rate")
    metric_for_best: str = _setting(
        "accuracy", "what the best epoch has most of: accuracy, balanced_accuracy, macro_f1; least of: loss"
    )
    stopping_patience: int = _setting(10, "epochs without a better one before training stops")
    targets: str = _setting(
        "labels", "labels; or votes: the share of a picture's annotators that chose each expression"
    )
    balance: str = _setting("none", "none; weights: rare expressions count more; sampling: they are shown more often")
    logit_adjustment: float = _setting(
        0.0, "power of the expressions' shares that is taken out of what is learnt, so that rare ones are named more"
    )
    teacher: tuple[str, ...] = _setting(
        (), "models (references) whose averaged answers are learnt along with the targets"
    )
    distillation: float = _setting(0.7, "share of the target that is the teacher's answer")
    auxiliary: tuple[str, ...] = _setting((), "further label columns to learn along with the expression, such as age")
    auxiliary_weight: float = _setting(0.3, "weight of each further column's loss beside the expression's")
    label_smoothing: float = _setting(0.0, "share of the target spread over all expressions")
    max_grad_norm: float | None = _setting(None, "scale gradients down to at most this norm")
    ema_decay: float = _setting(0.0, "decay per step of a moving average of the weights that is kept; 0: no average")
    dropout: float | None = _setting(None, "share of activations dropped (default: the architecture's own)")

    tta_flip: bool = _setting(
        False, "the model answers with the average of a face and its mirror image: steadier, at twice the cost"
    )

    flip: bool = _setting(True, "mirror half of the pictures")
    rotation: float = _setting(15.0, "turn by up to this many degrees either way")
    shear: float = _setting(0.2, "slant by up to this share of the height")
    zoom: float = _setting(0.2, "enlarge or shrink by up to this share")
    translation: float = _setting(0.0, "shift by up to this share of the side")
    brightness: float = _setting(0.0, "lighten or darken by up to this many standard deviations")
    contrast: float = _setting(0.0, "strengthen or weaken contrast by up to this share")
    random_erasing: float = _setting(0.0, "share of the pictures that a grey rectangle is laid over")
    coarseness: float = _setting(0.0, "share of the pictures that lose detail, as a small or blurred face does")
    noise: float = _setting(0.0, "share of the pictures that grain is laid over")
    mixup: float = _setting(
        0.0, "blend pairs of pictures and targets by shares from Beta(mixup, mixup); 0: no blending"
    )

    dry_run: bool = _setting(False, "stop before training: show what it would take, and check all settings")
    preview_augmentation: str | None = _setting(None, "write a sheet of augmented pictures to this PNG file and stop")
    track: bool = _setting(False, "show the run in trackio while it lasts (pip install trackio; trackio show)")

    def __post_init__(self) -> None:
        find_architecture(self.architecture)
        for name in ("input_size", "progressive_start_size"):
            value = getattr(self, name)
            if value is not None and not 16 <= value <= 512:
                raise InputError(f"--{_flag(name)} is {value}; it must be between 16 and 512.")
        if self.freeze_epochs < 0:
            raise InputError(f"--freeze-epochs is {self.freeze_epochs}; it must be at least 0.")
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                flag, given = _flag(name), getattr(self, name)
                raise InputError(f"--{flag} {given!r} is unknown; choose one of: {', '.join(known)}.")
        for name in (
            "epochs",
            "batch_size",
            "gradient_accumulation_steps",
            "plateau_patience",
            "stopping_patience",
            "max_train_images",
        ):
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
        if self.mixup and self.auxiliary:
            raise InputError("--mixup blends expressions but cannot blend --auxiliary labels; give one of them.")

    @property
    def output_folder(self) -> Path:
        return Path(self.output or f"runs/{self.architecture}")


class _ShowRecipes(argparse.Action):
    """Prints the recipes and ends, as --help does."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        print(describe_recipes())
        parser.exit()


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
    parser.add_argument(
        "--recipes",
        action=_ShowRecipes,
        nargs=0,
        default=argparse.SUPPRESS,
        help="list the recipes, what they reach and cost",
    )
    types = get_type_hints(FinetuneConfig)
    for setting in fields(FinetuneConfig):
        kind = next((t for t in get_args(types[setting.name]) if t is not type(None)), types[setting.name])
        shown = "" if setting.default in (None, "", ()) else f" (default: {setting.default})"
        action: dict[str, Any] = {"action": argparse.BooleanOptionalAction} if kind is bool else {"type": kind}
        if get_origin(types[setting.name]) is tuple:
            action["nargs"] = "+"
        help = setting.metadata["help"].replace("%", "%%") + shown
        parser.add_argument(
            f"--{_flag(setting.name)}", default=argparse.SUPPRESS, help=help, **action, **setting.metadata["flag"]
        )
        for old in (old for old, new in RENAMED.items() if new == setting.name):
            hidden = action | setting.metadata["flag"] | {"dest": setting.name, "help": argparse.SUPPRESS}
            parser.add_argument(f"--{_flag(old)}", default=argparse.SUPPRESS, **hidden)
    given = vars(parser.parse_args(arguments))
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    recipe = given.pop("recipe")
    if given.get("push") == "":
        given["push"] = given.get("architecture", recipe)
    return FinetuneConfig(**{**RECIPES[recipe], **given})
