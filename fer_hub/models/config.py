"""ModelConfig: everything that weights need beside themselves, as `config.json` of a model folder."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError, model_validator

from fer_hub import __version__
from fer_hub.errors import InputError, first_problem
from fer_hub.file_format import FORMAT_VERSION, refuse_newer
from fer_hub.files import CONFIG_FILE, model_file
from fer_hub.vision.geometry import CropGeometry

Purpose = Literal["photos", "webcam", "bad pictures", "as in the report", "smallest"]
"""What a model can be for; lists, menus and cards show it. No other text: a stranger's would be an advertisement."""

Label = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_ -]{0,31}$")]
ClassName = Annotated[str, Field(pattern=r"^[\w.+-][\w .,:+()/-]{0,31}$")]
HeadName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_. -]{0,31}$")]

MAX_CLASSES = 200
MAX_HEADS = 16


class Head(BaseModel, frozen=True, extra="forbid", strict=True, allow_inf_nan=False):
    """A further answer of a network, from the features that the expression comes from: one of some classes, or a value.

    `age` as a class or as a number of years, `valence` and `arousal`, and the like.
    """

    classes: tuple[ClassName, ...] = Field(default=(), max_length=MAX_CLASSES)
    """Class of each output, in order; none: the one output is a value."""
    temperature: float = Field(default=1.0, gt=0, le=100)
    """Divides the outputs of classes before the softmax."""
    mean: float = Field(default=0.0, ge=-1e9, le=1e9)
    """Added to the output of a value, after it is multiplied by `std`: those of the training pictures."""
    std: float = Field(default=1.0, gt=0, le=1e9)

    @property
    def outputs(self) -> int:
        return len(self.classes) or 1

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Head":
        if len(self.classes) == 1 or len(set(self.classes)) != len(self.classes):
            raise ValueError("expected at least two classes, none of them twice")
        return self


class ModelConfig(BaseModel, frozen=True, extra="forbid", strict=True, allow_inf_nan=False):
    """How a network was built and what its input and output mean. Nothing is guessed from a name."""

    format_version: int = Field(default=FORMAT_VERSION, ge=1)
    written_by: str | None = Field(default=__version__, max_length=20)
    """The version of FER Hub, where it is known."""
    architecture: str = Field(max_length=128)
    """Name in `fer_hub.models.ARCHITECTURES`, or another that `find_architecture` knows."""
    backbone: dict[str, Any] | None = Field(default=None, max_length=100)
    """Settings of a network of transformers (`hf/owner/name`), as that library writes them; None for all others."""
    dropout: float = Field(ge=0, lt=1)
    """Share of activations dropped in training; the weights do not depend on it."""
    labels: tuple[Label, ...] = Field(min_length=2, max_length=64)
    """Expression of each output, in order."""
    input_size: int = Field(ge=16, le=512)
    """Side of the network's square input in pixels."""
    channels: int = Field(ge=1, le=3)
    """Of the network's input: 1 or 3."""
    grey: bool
    """Colour is taken out of a crop first, because the training pictures had none or the network takes none."""
    mean: tuple[Annotated[float, Field(ge=-10, le=10)], ...]
    """Per channel, of pixel values scaled to 0-1; subtracted from the input."""
    std: tuple[Annotated[float, Field(gt=1e-4, le=10)], ...]
    """Per channel, of pixel values scaled to 0-1; divides the input."""
    crop: CropGeometry
    """The crops the network was trained on."""
    temperature: float = Field(default=1.0, gt=0, le=100)
    """Divides the logits before the softmax, so that probabilities match observed shares."""
    mirror: bool = False
    """Logits are averaged over a crop and its mirror image: steadier, at twice the network's cost."""
    purpose: Purpose | None = None
    """What the model is for, where it says so."""
    heads: dict[HeadName, Head] = Field(default_factory=dict, max_length=MAX_HEADS)
    """What else the network answers, by name; its outputs follow those of the labels, in this order."""
    training: dict[str, Any] = Field(default_factory=dict)
    """Where the weights come from: configuration, dataset and its revision, seed, versions. Only shown."""

    @property
    def outputs(self) -> int:
        """How many numbers the network gives for a picture: one for each label, then those of its heads."""
        return len(self.labels) + sum(head.outputs for head in self.heads.values())

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "ModelConfig":
        if len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels repeat: {', '.join(self.labels)}")
        if self.channels == 2 or (self.channels == 1 and not self.grey):
            raise ValueError("channels must be 1 (which is grey) or 3")
        if not len(self.mean) == len(self.std) == self.channels:
            raise ValueError(f"mean and std need {self.channels} values, one per channel")
        return self

    @classmethod
    def from_json(cls, text: str | bytes, source: str) -> "ModelConfig":
        """Read a config.json; `source` names it in the error."""
        refuse_newer(text, source)
        try:
            config = cls.model_validate_json(text)
        except ValidationError as error:
            raise InputError(f"{source} is not a model configuration: {first_problem(error)}.") from None
        unversioned = {"format_version": 1, "written_by": None}
        return config if "format_version" in config.model_fields_set else config.model_copy(update=unversioned)


def load_config(folder: Path) -> ModelConfig:
    """Read the config.json of a model folder."""
    path = model_file(folder, CONFIG_FILE)
    return ModelConfig.from_json(path.read_bytes(), str(path))
