"""Write what a training run is published as: the model folder, and the evaluation in it; a dataset to the Hub."""

import importlib.metadata
import os
import platform
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import datasets
import numpy as np
from huggingface_hub import HfApi

from fer_hub.connection import full_name, talking_to_hub
from fer_hub.errors import InputError
from fer_hub.folder import EVALUATION_FILE, PREDICTIONS_FILE
from fer_hub.report import EvaluationReport
from fer_hub.upload import create_repository

_RECORDED_PACKAGES = (
    "torch",
    "torchvision",
    "facenet-pytorch",
    "datasets",
    "scikit-learn",
    "numpy",
    "pillow",
)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder beside `folder`, and move it into place once all of it is written."""
    refuse_existing(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield unfinished
        unfinished.chmod(0o755)
        os.rename(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def refuse_existing(folder: Path) -> None:
    """Raise InputError where a finished model lies already."""
    if folder.exists():
        raise InputError(f"{folder} exists already; choose another --output, or move it away first.")


def push_dataset(folder: Path, repository: str, private: bool) -> str:
    """Publish a dataset's folder as [owner/]name, by default <user>/<folder's name>, and return its address.

    Raises InputError where it should be private, as its licence asks, but is there and public.
    """
    repository = full_name(repository or folder.resolve().name)
    hub = HfApi()
    command = f"hf upload {repository} {shlex.quote(str(folder))} . --repo-type dataset"
    with talking_to_hub(f"{folder} is complete, but could not be pushed", f"`{command}` repeats the push alone"):
        address = create_repository(hub, repository, "dataset", private)
        hub.upload_folder(repo_id=repository, repo_type="dataset", folder_path=folder)
    return address


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a result depends on."""
    installed = {package: importlib.metadata.version(package) for package in _RECORDED_PACKAGES}
    return {"python": platform.python_version(), **installed}


def write_evaluation(
    file: Path, report: EvaluationReport, index: np.ndarray, labels: np.ndarray, probabilities: np.ndarray
) -> None:
    """Write a report, and beside it the predictions it was computed from: predictions.parquet for evaluation.json,
    NAME.predictions.parquet for NAME.json."""
    predictions = PREDICTIONS_FILE if file.name == EVALUATION_FILE else f"{file.stem}.{PREDICTIONS_FILE}"
    file.write_text(report.to_json(), encoding="utf-8")
    columns = {
        "index": index.tolist(),
        "label": [report.labels[label] for label in labels],
        "probabilities": probabilities.tolist(),
    }
    features = datasets.Features(
        {
            "index": datasets.Value("int64"),
            "label": datasets.Value("string"),
            "probabilities": datasets.List(datasets.Value("float32"), length=len(report.labels)),
        }
    )
    datasets.Dataset.from_dict(columns, features=features).to_parquet(str(file.with_name(predictions)))
