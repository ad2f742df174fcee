"""Write what a training run is published as: the model folder with its card."""

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
from huggingface_hub import EvalResult, HfApi, ModelCard, ModelCardData

from fer_hub.connection import full_name, talking_to_hub
from fer_hub.errors import InputError
from fer_hub.models import ModelConfig
from fer_hub.report import EvaluationReport
from fer_hub.upload import LIBRARY, create_repository

EVALUATION_FILE = "evaluation.json"
PREDICTIONS_FILE = "predictions.parquet"
CARD_FILE = "README.md"
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


def write_card(folder: Path, config: ModelConfig, report: EvaluationReport) -> None:
    """Write the model card; every number in it comes from the report or the configuration."""
    data = ModelCardData(
        license="apache-2.0",
        library_name=LIBRARY,
        pipeline_tag="image-classification",
        tags=["facial-expression-recognition", config.architecture],
        metrics=["accuracy", "f1"],
        model_name=report.model,
        eval_results=[
            EvalResult(
                task_type="image-classification",
                dataset_type=report.dataset,
                dataset_name=report.dataset,
                dataset_split=report.split,
                dataset_revision=report.dataset_revision,
                metric_type=metric,
                metric_value=round(value, 4),
            )
            for metric, value in (("accuracy", report.accuracy), ("f1", report.macro_f1))
        ],
    )
    (folder / CARD_FILE).write_text(
        str(ModelCard(f"---\n{data.to_yaml()}\n---\n\n{_card_text(config, report)}")), encoding="utf-8"
    )


def _card_text(config: ModelConfig, report: EvaluationReport) -> str:
    low, high = report.accuracy_ci95
    unseen = (
        f"\n{report.images_seen_in_training} of these pictures are copies of training pictures; "
        f"on the others the accuracy is {report.accuracy_unseen:.1%}.\n"
        if report.accuracy_unseen is not None
        else ""
    )
    return f"""# {report.model}

Names the expression that a face shows: {", ".join(config.labels)}. An expression is what a face shows; it is
not what a person feels, and this model says nothing about feelings.

- Network: `{config.architecture}`, {config.input_size} px, {"grey" if config.channels == 1 else "colour"}
- Trained with: `{config.training.get("command", "unknown")}`
- Data: `{report.dataset}` (revision `{report.dataset_revision}`)

## How far to trust it

On the {report.images:,} pictures of `{report.split}`: accuracy **{report.accuracy:.1%}**
(95% interval {low:.1%} to {high:.1%}), balanced accuracy {report.balanced_accuracy:.1%}, macro F1
{report.macro_f1:.3f}, expected calibration error {report.expected_calibration_error:.3f} after temperature
{report.temperature:.2f}.
{unseen}
{_per_class_table(report)}

Rows are what the picture is labelled as, columns what the model named:

{_matrix_table(report)}

## Use

```python
from fer_hub import ExpressionRecognizer

faces = ExpressionRecognizer.from_pretrained("{report.model}")("photo.jpg")
```

## Limits and responsible use

Labels of such datasets are the opinion of few annotators about posed and found pictures, mostly of adults and
unevenly over groups of people; the model repeats their mistakes. Turned heads, covered or dark faces, and
expressions that mix several, are named worse than the numbers above say.

Do not use it to judge, select or watch people. In the European Union, inferring emotions of people at work and in
education is forbidden (Regulation 2024/1689, Article 5(1)(f)), and people must be told when such a system looks at
them (Article 50(3)).
"""


def _per_class_table(report: EvaluationReport) -> str:
    lines = ["| Expression | Precision | Recall | F1 | Pictures |", "|---|---|---|---|---|"]
    lines += [
        f"| {name} | {row['precision']:.1%} | {row['recall']:.1%} | {row['f1']:.3f} | {row['support']} |"
        for name, row in report.per_class.items()
    ]
    return "\n".join(lines)


def _matrix_table(report: EvaluationReport) -> str:
    lines = [f"| | {' | '.join(report.labels)} |", "|---" * (len(report.labels) + 1) + "|"]
    lines += [
        f"| **{name}** | {' | '.join(str(count) for count in row)} |"
        for name, row in zip(report.labels, report.confusion_matrix, strict=True)
    ]
    return "\n".join(lines)
