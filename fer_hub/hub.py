"""A model reference -> a model folder: bundled name, local folder, or owner/name[@revision] on the Hub."""

import re
from dataclasses import dataclass
from pathlib import Path

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from fer_hub.classifier import CONFIG_FILE, WEIGHTS_FILE, load_config
from fer_hub.errors import InputError
from fer_hub.models import build_network, count_parameters
from fer_hub.report import EvaluationReport

BUNDLED = Path(__file__).parent / "bundled"
EVALUATION_FILE = "evaluation.json"
MODEL_FILES = (CONFIG_FILE, WEIGHTS_FILE, EVALUATION_FILE, "predictions.parquet", "README.md")
"""All that is ever fetched from a model's repository."""

_HUB_REFERENCE = re.compile(r"(?P<id>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(@(?P<revision>[\w./-]+))?")


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
    """Names of the models that ship with the package, most accurate first."""
    names = sorted(path.parent.name for path in BUNDLED.glob(f"*/{CONFIG_FILE}"))
    return sorted(names, key=lambda name: -(summarize(name).accuracy or 0.0))


def resolve(reference: str) -> Path:
    """Return the model folder that a reference names, fetched from the Hub where it is not on this machine.

    A folder `owner/name` on this machine wins over the repository of that name. Raises InputError for what
    is none of the three forms, or cannot be had.
    """
    if re.fullmatch(r"[\w-][\w.-]*", reference) and (BUNDLED / reference / CONFIG_FILE).is_file():
        return BUNDLED / reference
    if reference and Path(reference).is_dir():
        return Path(reference)
    if match := _HUB_REFERENCE.fullmatch(reference):
        return _fetch(match["id"], match["revision"])
    raise InputError(
        f"no model {reference!r}; give the name of a bundled model ({', '.join(bundled_models())}), the path of "
        "a model folder, or owner/name[@revision] on the Hub."
    )


def read_evaluation(reference: str) -> EvaluationReport:
    """Return a model's own evaluation. Raises InputError where it has none."""
    path = resolve(reference) / EVALUATION_FILE
    if not path.is_file():
        raise InputError(f"{reference} has no {EVALUATION_FILE}; python train/evaluate.py writes one.")
    return EvaluationReport.from_json(path.read_text(encoding="utf-8"))


def summarize(reference: str) -> ModelSummary:
    """Return what a list of models shows of one."""
    folder = resolve(reference)
    config = load_config(folder)
    report = read_evaluation(reference) if (folder / EVALUATION_FILE).is_file() else None
    with torch.device("meta"):  # counts without allocating
        parameters = count_parameters(build_network(config))
    accuracy, dataset = (report.accuracy, report.dataset) if report else (None, None)
    return ModelSummary(reference, config.architecture, parameters, accuracy, dataset)


def list_models(references: list[str] | None = None) -> list[ModelSummary]:
    """Return summaries of the given models, or of the bundled ones."""
    return [summarize(reference) for reference in references or bundled_models()]


def _fetch(repository: str, revision: str | None) -> Path:
    """Fetch our files of one commit, or find them in the cache."""
    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=list(MODEL_FILES), token=False))
    except LocalEntryNotFoundError:
        raise InputError(
            f"{repository} is neither a folder here nor in the cache, and the Hub cannot be reached; check the "
            "spelling or the connection."
        ) from None
    except (HfHubHTTPError, ValueError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{repository} cannot be fetched from the Hub: {reason}") from None
