"""ModelFolder: a model's files on disk, the same at home, in `fer_hub/bundled` and in the cache of the Hub's client.

Whoever wrote it may be a stranger: each file's size, kind and place are checked before it is read, and its content
after.
"""

import math
import os
import shutil
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from fer_hub.errors import FerHubError, InputError
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.files import (
    CARD_FILE,
    CONFIG_FILE,
    EVALUATION_FILE,
    MAX_BYTES,
    MODEL_FILES,
    PREDICTIONS_FILE,
    WEIGHTS_FILE,
    model_file,
    new_folder,
    replace_file,
)
from fer_hub.models.adapters import load_classifier, read_config
from fer_hub.models.adapters.files import read_json
from fer_hub.models.adapters.formats import foreign_format
from fer_hub.models.config import ModelConfig
from fer_hub.published_datasets import without_path

if TYPE_CHECKING:  # networks and tables take seconds to import, and a list of models needs neither
    import torch

    from fer_hub.evaluation.predictions import Predictions
    from fer_hub.models.classifier import ExpressionClassifier


@dataclass(frozen=True)
class ModelSummary:
    """A line of the list of models."""

    reference: str
    architecture: str
    parameters: int
    accuracy: float | None
    """On the split its evaluation.json names; None where it has none."""
    dataset: str | None
    purpose: str | None = None
    """What it is for, as its config.json says it (`fer_hub.models.config.Purpose`)."""


@dataclass(frozen=True)
class ModelFolder:
    """The folder of a model in our format, transformers' or timm's.

    Files are read when they are first asked for, and each raises InputError where it is missing or not sound.
    """

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def __fspath__(self) -> str:
        return str(self.path)

    @cached_property
    def config(self) -> ModelConfig:
        """Input, labels and origin of the network."""
        return read_config(self.path)

    @cached_property
    def evaluation(self) -> EvaluationReport:
        """How far to trust it, on a dataset that is named without its place on a machine: visitors see it.

        Also raises InputError where it is of another model.
        """
        if not self.is_evaluated:
            raise InputError(f"{self} has no {EVALUATION_FILE}; python train/evaluate.py writes one.")
        file = model_file(self.path, EVALUATION_FILE)
        report = EvaluationReport.from_json(file.read_bytes(), str(file))
        return replace(report, dataset=without_path(report.dataset))

    @property
    def is_evaluated(self) -> bool:
        """Whether there is an evaluation.json; it need not be sound."""
        return os.path.lexists(self.path / EVALUATION_FILE)

    @cached_property
    def predictions(self) -> "Predictions":
        """What the evaluation was computed from, picture by picture. Also raises InputError where it is another's."""
        from fer_hub.evaluation.predictions import Predictions  # noqa: PLC0415 pyarrow, as above

        report = self.evaluation
        found = Predictions.load(model_file(self.path, PREDICTIONS_FILE), report.labels)
        counts = [int((found.labels == position).sum()) for position in range(len(report.labels))]
        if counts != [int(report.per_class[label]["support"]) for label in report.labels]:
            raise InputError(f"{PREDICTIONS_FILE} of {self} is of other pictures than its {EVALUATION_FILE}.")
        return found

    @property
    def card(self) -> str:
        """README.md as it lies there: Markdown that a stranger may have written."""
        return model_file(self.path, CARD_FILE).read_text(encoding="utf-8", errors="replace")

    @property
    def commit(self) -> str | None:
        """The commit of the Hub that the folder is a copy of; None outside the cache."""
        return self.path.name if self.path.parent.name == "snapshots" else None

    @property
    def weights_bytes(self) -> int:
        """Size of the file of weights."""
        return model_file(self.path, WEIGHTS_FILE).stat().st_size

    def load(self, device: "torch.device | str" = "cpu") -> "ExpressionClassifier":
        """Build the network and read its weights, finite ones of the right names and shapes."""
        return load_classifier(self.path, device)

    def summary(self, reference: str | None = None) -> ModelSummary:
        """What a list of models shows of it, under this reference. The weights are counted, not read."""
        reference = reference or str(self)
        parameters = self._count_weights()
        if foreign_format(self.path):
            config = read_json(self.path, CONFIG_FILE)
            architecture = str(config.get("model_type") or config.get("architecture"))[:64]
            return ModelSummary(reference, architecture, parameters, accuracy=None, dataset=None)
        report = self.evaluation if self.is_evaluated else None
        accuracy, dataset = (report.accuracy, report.dataset) if report else (None, None)
        return ModelSummary(reference, self.config.architecture, parameters, accuracy, dataset, self.config.purpose)

    def check(self) -> dict[str, Path]:
        """Name -> path of each file of a whole model in our format, but for its card. Raises InputError."""
        if not self.path.is_dir():
            raise InputError(f"there is no folder {self}.")
        files = {name: model_file(self.path, name) for name in MODEL_FILES if name != CARD_FILE}
        if foreign_format(self.path):
            raise InputError(f"{self} was written by another library; publish it with that one.")
        self.load()
        self._refuse_other_labels()
        return files

    def copy(self, target: Path) -> "ModelFolder":
        """Copy our files to a folder that does not exist yet, moved into place when all are there."""
        model_file(self.path, CONFIG_FILE)
        with new_folder(target) as unfinished:
            for name in MAX_BYTES:
                if os.path.lexists(self.path / name):
                    shutil.copy(model_file(self.path, name), unfinished / name)
        return ModelFolder(target)

    def rendered_card(self, name: str | None = None) -> dict[str, bytes]:
        """File name -> content of README.md and its pictures, made from the other files.

        `name` is how the card calls the model: `owner/name` where it is published; None: as its evaluation does. What
        its owner has added to the card that lies there is kept.
        """
        from fer_hub.hub.cards.card import card_files  # noqa: PLC0415 it draws, with matplotlib

        self._refuse_other_labels()
        before = self.card if os.path.lexists(self.path / CARD_FILE) else ""
        return card_files(self.config, self.evaluation, name or self.evaluation.model, before)

    def write_card(self) -> None:
        """Write README.md and its pictures anew, each moved into place when it is whole."""
        for name, content in self.rendered_card().items():
            try:
                replace_file(self.path / name, content)
            except OSError as error:
                raise FerHubError(f"the card of {self} could not be written: {error.strerror}.") from None

    def push(self, repository: str, *, public: bool = False) -> str:
        """Publish it as [owner/]name on the Hub and return the address; see `fer_hub.hub.upload.push_model`."""
        from fer_hub.hub.upload import push_model  # noqa: PLC0415 it needs this class, and few need it

        return push_model(self, repository, public=public)

    def _refuse_other_labels(self) -> None:
        labels, named = self.evaluation.labels, self.config.labels
        if set(labels) != set(named):
            raise InputError(
                f"{self.path / EVALUATION_FILE} is of another model: its labels are {', '.join(labels)}, the network's "
                f"{', '.join(named)}."
            )

    def _count_weights(self) -> int:
        """How many numbers model.safetensors holds, from its header alone: weights and, as Keras counts them,
        BatchNorm's running means and variances (not how many batches these are from)."""
        path = model_file(self.path, WEIGHTS_FILE)
        try:
            with safe_open(path, framework="numpy") as file:
                names = [name for name in file.keys() if not name.endswith("num_batches_tracked")]  # noqa: SIM118 no dict
                return sum(math.prod(file.get_slice(name).get_shape()) for name in names)
        except (OSError, SafetensorError) as error:
            raise InputError(f"{path} cannot be read as safetensors: {error}.") from None
