"""A model folder's card, README.md and its pictures, from its config.json and evaluation.json alone."""

import io
import re
import shlex
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData, constants
from matplotlib.figure import Figure
from PIL import Image

from fer_hub.errors import plain
from fer_hub.evaluation.charts import draw_confusion_matrix, draw_reliability
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.files import CARD_FILE, MATRIX_PICTURE, RELIABILITY_PICTURE
from fer_hub.hub.cards.figures import network_figures, report_figures
from fer_hub.hub.cards.measuring import measuring_commands
from fer_hub.hub.cards.origin import (
    dataset_title,
    licence_of,
    licence_text,
    track_figures,
    training_figures,
)
from fer_hub.hub.client import LIBRARY
from fer_hub.models.config import ModelConfig
from fer_hub.published_datasets import find_published

TEMPLATE = Path(__file__).with_name("model_card.md.jinja")

NOTES_BELOW = "<!-- All above is written anew whenever the model is pushed. What stands below this line stays. -->"

_COLOURS = 64
"""Enough for a chart's few and their edges; the file is a third of the size."""


def card_files(config: ModelConfig, report: EvaluationReport, name: str, before: str = "") -> dict[str, bytes]:
    """File name -> content of the card and its pictures; for `name` and `before` see `render_card`."""
    files = {CARD_FILE: render_card(config, report, name, before).encode()}
    files[MATRIX_PICTURE] = _png(draw_confusion_matrix(report))
    if report.reliability:
        files[RELIABILITY_PICTURE] = _png(draw_reliability(report))
    return files


def render_card(config: ModelConfig, report: EvaluationReport, name: str, before: str = "") -> str:
    """The card: metadata that the Hub reads, and text. Every number is the report's or the configuration's.

    Args:
        config: the model's.
        report: its evaluation.
        name: how the model is called, `owner/name` where it is published.
        before: the card that this one replaces; what its owner wrote below `NOTES_BELOW` is kept.
    """
    title = plain(name.rpartition("/")[2])
    card = ModelCard.from_template(
        _metadata(config, report, title),
        str(TEMPLATE),
        title=title,
        reference=plain(name),
        shell_reference=shlex.quote(plain(name)),
        is_pushed="/" in name,
        address=f"{constants.ENDPOINT}/{plain(name)}",
        dataset=dataset_title(report.dataset),
        **track_figures(report.dataset),
        measuring=measuring_commands(config, report, name),
        training=training_figures(config),
        licence=licence_text(config),
        notes_below=NOTES_BELOW,
        **network_figures(config),
        **report_figures(report),
    )
    notes = before.partition(NOTES_BELOW)[2].strip()
    return f"{str(card).strip()}\n" + (f"\n{notes}\n" if notes else "")


def _metadata(config: ModelConfig, report: EvaluationReport, name: str) -> ModelCardData:
    on_hub = re.fullmatch(r"[0-9a-f]{40}", report.dataset_revision) is not None  # a folder's is a sha256
    dataset = plain(report.dataset.partition("@")[0]) if on_hub else plain(Path(report.dataset).name)
    published = find_published(report.dataset)
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
        model_name=name,
        eval_results=[
            EvalResult(
                task_type="image-classification",
                dataset_type=dataset,
                dataset_name=published.track if published else dataset,
                dataset_split=plain(report.split),
                dataset_revision=plain(report.dataset_revision),
                metric_type=kind,
                metric_name=metric,
                metric_value=round(value, 4),
            )
            for kind, metric, value in values
        ],
    )


def _png(figure: Figure) -> bytes:
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    Image.open(drawn).convert("RGB").quantize(_COLOURS).save(small, "PNG", optimize=True)
    return small.getvalue()
