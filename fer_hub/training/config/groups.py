"""The choices of a training run, in groups: each part of the training gets its own.

The flags of train/finetune.py are made from the fields (flags.py): their names, bounds and descriptions.
"""

from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator

from fer_hub.models import ARCHITECTURES, find_architecture
from fer_hub.models.config import MAX_HEADS, Label


class Group(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """Settings that belong together; refuses values that cannot work."""


class DataConfig(Group, frozen=True):
    """Data: what is trained on."""

    dataset: str = Field(
        default="AutumnQiu/fer2013", description="folder, file or owner/name[@revision] that holds the data"
    )
    image_column: str | None = Field(
        default=None, description="column that holds the pictures (default: found by names such as image)"
    )
    label_column: str | None = Field(
        default=None, description="column that holds the labels (default: found by names such as label)"
    )
    vocabulary: tuple[Label, ...] = Field(
        default=(),
        max_length=64,
        description="the labels, where they are other words than the eight expressions: engaged bored",
    )
    crop: Literal["landmarks", "box", "none"] | None = Field(
        default=None,
        description="cut the faces out of whole photos first, by their landmarks or boxes; or none: train on the "
        "photos as they are (default: whole photos are refused)",
    )
    max_train_images: int | None = Field(
        default=None, ge=1, description="train on at most this many pictures, drawn with the seed"
    )
    validation_share: float = Field(
        default=0.1, gt=0, le=0.5, description="share of train to choose on where the dataset leaves no split for it"
    )

    @field_validator("vocabulary", mode="before")
    @classmethod
    def _is_lower_case(cls, words: Any) -> Any:
        return tuple(map(str.lower, words)) if isinstance(words, list | tuple) else words


class NetworkConfig(Group, frozen=True):
    """Network: what is trained, and what it starts from."""

    architecture: str = Field(
        default="simple_cnn",
        max_length=128,
        description=f"network to train: {', '.join(ARCHITECTURES)}, a torchvision name, timm/NAME, hf/owner/name, or "
        "that of an installed package",
    )
    input_size: int | None = Field(
        default=None, ge=16, le=512, description="side of the network's input in pixels (default: the architecture's)"
    )
    dropout: float | None = Field(
        default=None, ge=0, le=0.95, description="share of activations dropped (default: the architecture's own)"
    )
    pretrained: bool = Field(
        default=True, description="start from the weights the architecture's library publishes, where it has any"
    )
    pretrained_weights: str = Field(
        default="DEFAULT",
        pattern=r"^[A-Z][A-Z0-9_]*$",
        max_length=40,
        description="which of the published weights, by torchvision's name for them, such as IMAGENET1K_V1",
    )
    init_from: str | None = Field(
        default=None,
        description="start from a model: a bundled name, a folder or owner/name on the Hub, with its architecture "
        "where none is given; or from a .safetensors file of weights",
    )
    tta_flip: bool = Field(
        default=False,
        description="the model answers with the average of a face and its mirror image: steadier, at twice the cost",
    )

    @field_validator("architecture")
    @classmethod
    def _is_known(cls, architecture: str) -> str:
        find_architecture(architecture)
        return architecture


class OptimisationConfig(Group, frozen=True):
    """Optimisation: how the weights are changed, for how long, and which epoch is kept."""

    epochs: int = Field(default=50, ge=1, description="at most this many passes over the training pictures")
    batch_size: int = Field(default=64, ge=2, description="pictures per step")
    gradient_accumulation_steps: int = Field(
        default=1, ge=1, description="take each step's pictures in this many pieces, for want of memory"
    )
    mixed_precision: Literal["no", "bf16", "fp16"] = Field(
        default="no", description="compute in half precision where it is safe"
    )
    compile: bool = Field(
        default=False, description="compile the network first (torch.compile): minutes at the start, faster steps after"
    )
    optimizer: Literal["adam", "adamw", "sgd"] = Field(default="adam", description="sgd is with Nesterov momentum 0.9")
    learning_rate: float = Field(default=1e-3, gt=0, le=10, description="the optimizer's step size, at its highest")
    backbone_rate: float = Field(
        default=1.0, ge=0, le=1, description="share of the learning rate for all layers but the last"
    )
    weight_decay: float = Field(
        default=0.0, ge=0, le=1, description="pull of the weights towards zero; biases and norms are left out"
    )
    schedule: Literal["plateau", "cosine", "onecycle"] = Field(
        default="plateau",
        description="plateau: halve the rate when validation stalls; cosine, onecycle: warm up, then fall",
    )
    warmup_share: float = Field(
        default=0.08, ge=0, le=0.5, description="share of the steps in which cosine and onecycle rise to their highest"
    )
    plateau_patience: int = Field(
        default=3, ge=1, description="epochs without a lower validation loss before plateau halves the rate"
    )
    freeze_epochs: int = Field(
        default=0, ge=0, description="train only the last layer for this many epochs, then all of them"
    )
    max_grad_norm: float | None = Field(
        default=None, ge=0, le=1e6, description="scale gradients down to at most this norm"
    )
    ema_decay: float = Field(
        default=0.0,
        ge=0,
        le=0.9999,
        description="decay per step of a moving average of the weights, which is kept; over at most a ninth of the "
        "steps so far; 0: no average",
    )
    progressive_start_size: int | None = Field(
        default=None,
        ge=16,
        le=512,
        description="side of the pictures at first; they grow to the network's input over two thirds of the epochs",
    )
    metric_for_best: Literal["accuracy", "balanced_accuracy", "macro_f1", "loss"] = Field(
        default="accuracy", description="what the epoch that is kept has most of on validation (of loss: least)"
    )
    stopping_patience: int = Field(default=10, ge=1, description="epochs without a better one before training stops")


class AugmentationConfig(Group, frozen=True):
    """Augmentation: what is changed in each training picture at random."""

    flip: bool = Field(default=True, description="mirror half of the pictures")
    rotation: float = Field(default=15.0, ge=0, le=180, description="turn by up to this many degrees either way")
    shear: float = Field(default=0.2, ge=0, le=1, description="slant by up to this share of the height")
    zoom: float = Field(default=0.2, ge=0, le=0.9, description="enlarge or shrink by up to this share")
    translation: float = Field(default=0.0, ge=0, le=0.5, description="shift by up to this share of the side")
    brightness: float = Field(
        default=0.0, ge=0, le=2, description="lighten or darken by up to this many standard deviations"
    )
    contrast: float = Field(default=0.0, ge=0, le=1, description="strengthen or weaken contrast by up to this share")
    random_erasing: float = Field(
        default=0.0, ge=0, le=1, description="share of the pictures that a grey rectangle is laid over"
    )
    coarseness: float = Field(
        default=0.0, ge=0, le=1, description="share of the pictures that lose detail, as a small or blurred face does"
    )
    noise: float = Field(default=0.0, ge=0, le=1, description="share of the pictures that grain is laid over")
    mixup: float = Field(
        default=0.0,
        ge=0,
        le=10,
        description="blend pairs of pictures by shares from Beta(mixup, mixup); 0: no blending",
    )


class TargetsConfig(Group, frozen=True):
    """Targets: what is learnt of each picture, and how much it counts."""

    targets: Literal["labels", "votes"] = Field(
        default="labels", description="votes: the share of a picture's annotators that chose each expression"
    )
    label_smoothing: float = Field(
        default=0.0, ge=0, le=0.9, description="share of the target spread over all expressions"
    )
    balance: Literal["none", "weights", "sampling"] = Field(
        default="none", description="weights: rare expressions count more; sampling: they are shown more often"
    )
    logit_adjustment: float = Field(
        default=0.0,
        ge=0,
        le=2,
        description="power of the expressions' shares that is taken out of what is learnt, so that rare ones are named "
        "more",
    )
    teacher: tuple[str, ...] = Field(
        default=(), description="models (references) whose averaged answers are learnt along with the targets"
    )
    distillation: float = Field(default=0.7, ge=0, le=1, description="share of the target that is the teacher's answer")
    auxiliary: tuple[str, ...] = Field(
        default=(),
        max_length=MAX_HEADS,
        description="further columns of classes to learn along with the expression, such as gender",
    )
    values: tuple[str, ...] = Field(
        default=(),
        max_length=MAX_HEADS,
        description="further columns of numbers to learn along with the expression, such as valence arousal age",
    )
    auxiliary_weight: float = Field(
        default=0.3, ge=0, le=10, description="weight of each further column's loss beside the expression's"
    )

    @property
    def further(self) -> tuple[str, ...]:
        """All further columns that are learnt."""
        return (*self.auxiliary, *self.values)


class RunConfig(Group, frozen=True):
    """Run: where it computes and writes, and what becomes of it; but for the seed, nothing that the weights show."""

    output: str = Field(default="", description="folder for the results (default: runs/<architecture>)")
    seed: int = Field(
        default=0, ge=0, le=2**32 - 1, description="seed of the split, the weights, the order and the augmentation"
    )
    device: str = Field(default="auto", description="cpu, cuda, mps, or auto for the fastest one at hand")
    resume: bool = Field(default=False, description="continue the run in --output where it stopped")
    push: str | None = Field(
        default=None, description="publish on the Hub as [owner/]name (default: the recipe's or architecture's)"
    )
    public: bool = Field(default=False, description="publish where everybody can see it, not you alone")
    dry_run: bool = Field(
        default=False, description="stop before training: show what it would take, and check all settings"
    )
    preview_augmentation: str | None = Field(
        default=None, description="write a sheet of augmented pictures to this PNG file and stop"
    )
    track: Literal["trackio", "tensorboard", "wandb"] | None = Field(
        default=None, description="show the run there while it lasts; without a name in trackio, which needs no account"
    )
