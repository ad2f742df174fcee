"""Write a model folder's card, README.md and its pictures, from its evaluation.json and config.json alone.

    python train/card.py fer_hub/bundled/fer-live

renews the card of a folder that has one; training writes it the first time.
"""

import argparse
import io
import re
import sys
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData
from matplotlib.figure import Figure
from PIL import Image

if not __package__:  # run as a file: the repository root, not train/, is where imports start
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from fer_hub.charts import draw_confusion_matrix, draw_reliability
from fer_hub.classifier import load_config
from fer_hub.errors import FerHubError, plain, run_command
from fer_hub.folder import CARD_FILE, MATRIX_PICTURE, RELIABILITY_PICTURE, replace_file
from fer_hub.models import ModelConfig
from fer_hub.report import EvaluationReport
from fer_hub.upload import LIBRARY, read_report
from train.card_origin import licence_of
from train.card_text import card_text

_COLOURS = 64
"""Enough for a chart's few and their edges; the file is a third of the size."""


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="train/card.py", description="Renew the cards of model folders.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="a model folder, such as runs/mine/model")
    for folder in parser.parse_args(arguments).folders:
        config = load_config(folder)
        try:
            write_card(folder, config, read_report(folder, config))
        except OSError as error:
            raise FerHubError(f"the card of {folder} could not be written: {error.strerror}.") from None
        print(folder / CARD_FILE)


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


if __name__ == "__main__":
    sys.exit(run_command(main))
