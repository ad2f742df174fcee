"""A model folder's card, README.md and its pictures, from its evaluation.json and config.json alone."""

import io
import re
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData
from matplotlib.figure import Figure
from PIL import Image

from fer_hub.errors import plain
from fer_hub.evaluation.charts import draw_confusion_matrix, draw_reliability
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.files import CARD_FILE, MATRIX_PICTURE, RELIABILITY_PICTURE, replace_file
from fer_hub.hub.cards.origin import licence_of
from fer_hub.hub.cards.text import card_text
from fer_hub.hub.client import LIBRARY
from fer_hub.models import ModelConfig

_COLOURS = 64
"""Enough for a chart's few and their edges; the file is a third of the size."""


def write_card(folder: Path, config: ModelConfig, report: EvaluationReport) -> None:
    """Write README.md and its pictures, each moved into place when it is whole."""
    replace_file(folder / MATRIX_PICTURE, _png(draw_confusion_matrix(report)))
    if report.reliability:
        replace_file(folder / RELIABILITY_PICTURE, _png(draw_reliability(report)))
    replace_file(folder / CARD_FILE, render_card(config, report).encode())


def render_card(config: ModelConfig, report: EvaluationReport) -> str:
    """The card: metadata that the Hub reads, and text. Every number is the report's or the configuration's."""
    return str(ModelCard(f"---\n{_metadata(config, report).to_yaml()}\n---\n\n{card_text(config, report)}"))


def _metadata(config: ModelConfig, report: EvaluationReport) -> ModelCardData:
    on_hub = re.fullmatch(r"[0-9a-f]{40}", report.dataset_revision) is not None  # a folder's is a sha256
    dataset = plain(report.dataset.partition("@")[0]) if on_hub else plain(Path(report.dataset).name)
    values = [("accuracy", "Accuracy", report.accuracy), ("f1", "Macro F1", report.macro_f1)]
    if report.accuracy_unseen is not None:
        values.append(("accuracy", "Accuracy on pictures not seen in training", report.accuracy_unseen))
    started_from = str(config.training.get("started_from", ""))
    base = re.fullmatch(r"the model ([\w.-]+/[\w.-]+)@[0-9a-f]{40}", started_from, re.ASCII)
    return ModelCardData(
        license=licence_of(config),
        library_name=LIBRARY,
        pipeline_tag="image-classification",
        tags=["facial-expression-recognition", plain(config.architecture)],
        metrics=["accuracy", "f1"],
        base_model=base[1] if base else None,
        datasets=[dataset] if on_hub else None,
        model_name=plain(report.model),
        eval_results=[
            EvalResult(
                task_type="image-classification",
                dataset_type=dataset,
                dataset_name=dataset,
                dataset_split=plain(report.split),
                dataset_revision=plain(report.dataset_revision),
                metric_type=kind,
                metric_name=name,
                metric_value=round(value, 4),
            )
            for kind, name, value in values
        ],
    )


def _png(figure: Figure) -> bytes:
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    Image.open(drawn).convert("RGB").quantize(_COLOURS).save(small, "PNG", optimize=True)
    return small.getvalue()
