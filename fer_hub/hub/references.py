"""A model reference -> a model folder: bundled name, local folder, or owner/name[@revision] on the Hub."""

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from fer_hub.errors import InputError, plain
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.expressions import EXPRESSIONS
from fer_hub.files import CONFIG_FILE, EVALUATION_FILE, WEIGHTS_FILE, model_file
from fer_hub.hub.download import fetch
from fer_hub.models.adapters.files import read_json
from fer_hub.models.adapters.formats import foreign_format
from fer_hub.models.config import load_config

BUNDLED = Path(__file__).parents[1] / "bundled"

_HUB_REFERENCE = re.compile(r"(?P<id>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(@(?P<revision>\w[\w./-]*))?", re.ASCII)


@dataclass(frozen=True)
class ModelSummary:
    """A line of the list of models."""

    reference: str
    architecture: str
    parameters: int
    accuracy: float | None
    """On the split its evaluation.json names; None where it has none."""
    dataset: str | None


def bundled_models() -> list[str]:
    """Names of the models that ship with the package, the default first: the most accurate of the seven expressions.

    Models of other labels come last: their accuracy is on those, and says nothing beside the others'.
    """
    names = sorted(path.parent.name for path in BUNDLED.glob(f"*/{CONFIG_FILE}"))
    return sorted(names, key=lambda name: (*_other_labels_last(_evaluation(BUNDLED / name)), name))


def resolve(reference: str, *, token: bool | None = None) -> Path:
    """Return the model folder that a reference names, fetched from the Hub where it is not on this machine.

    A folder `owner/name` on this machine wins over the repository of that name. The Hub is asked with the user's own
    token, where logged in; `token=False` is for a reference that a visitor gave: it asks as nobody, and no folder of
    this machine is meant. Raises InputError for what is none of the three forms or cannot be had, FerHubError where
    the Hub fails.
    """
    on_hub = None if ".." in reference else _HUB_REFERENCE.fullmatch(reference)
    if token is False:
        if on_hub is None:
            raise InputError(f"{plain(reference)!r} is no owner/name[@revision] of a model on the Hub.")
        return fetch(on_hub["id"], on_hub["revision"], token)
    if re.fullmatch(r"[\w-][\w.-]*", reference) and (BUNDLED / reference / CONFIG_FILE).is_file():
        return BUNDLED / reference
    if reference and Path(reference).is_dir():
        return Path(reference)
    if on_hub is not None:
        return fetch(on_hub["id"], on_hub["revision"], token)
    raise InputError(
        f"no model {reference!r}; give the name of a bundled model ({', '.join(bundled_models())}), the path of "
        "a model folder, or owner/name[@revision] on the Hub."
    )


def read_evaluation(reference: str) -> EvaluationReport:
    """Return a model's own evaluation. Raises InputError where it has none."""
    report = _evaluation(resolve(reference))
    if report is None:
        raise InputError(f"{reference} has no {EVALUATION_FILE}; python train/evaluate.py writes one.")
    return report


def summarize(reference: str) -> ModelSummary:
    """Return what a list of models shows of one."""
    return summarize_folder(resolve(reference), reference)


def summarize_folder(folder: Path, reference: str) -> ModelSummary:
    """Return the same of a model folder that the reference names. The weights are counted, not read."""
    parameters = count_weights(folder)
    if foreign_format(folder):
        config = read_json(folder, CONFIG_FILE)
        architecture = str(config.get("model_type") or config.get("architecture"))[:64]
        return ModelSummary(reference, architecture, parameters, accuracy=None, dataset=None)
    report = _evaluation(folder)
    accuracy, dataset = (report.accuracy, report.dataset) if report else (None, None)
    return ModelSummary(reference, load_config(folder).architecture, parameters, accuracy, dataset)


def count_weights(folder: Path) -> int:
    """How many numbers a folder's model.safetensors holds, from its header alone: weights and, as Keras counts them,
    BatchNorm's running means and variances (not how many batches these are from)."""
    path = model_file(folder, WEIGHTS_FILE)
    try:
        with safe_open(path, framework="numpy") as file:
            counted = [name for name in file.keys() if not name.endswith("num_batches_tracked")]  # noqa: SIM118  no dict
            return sum(math.prod(file.get_slice(name).get_shape()) for name in counted)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} cannot be read as safetensors: {error}.") from None


def list_models(references: list[str] | None = None) -> list[ModelSummary]:
    """Return summaries of the given models, or of the bundled ones."""
    return [summarize(reference) for reference in references or bundled_models()]


def _other_labels_last(report: EvaluationReport | None) -> tuple[bool, float]:
    return (set(report.labels) != set(EXPRESSIONS), -report.accuracy) if report else (True, 0.0)


def _evaluation(folder: Path) -> EvaluationReport | None:
    if not os.path.lexists(folder / EVALUATION_FILE):
        return None
    return EvaluationReport.from_json(model_file(folder, EVALUATION_FILE).read_bytes())
