"""What the Evaluation and Compare tabs do with matplotlib, scipy, scikit-learn and pyarrow.

These take seconds to import and the page must not wait for them: this module is imported when it is first used.
"""

import base64
import io
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from fer_hub.errors import InputError
from fer_hub.evaluation.charts import draw_reliability
from fer_hub.evaluation.comparison import Comparison, compare
from fer_hub.evaluation.metrics import evaluate
from fer_hub.evaluation.predictions import Predictions, read_predictions
from fer_hub.evaluation.report import EvaluationReport
from fer_hub.files import PREDICTIONS_FILE, model_file

__all__ = ["Comparison", "Predictions", "compare", "predictions_of", "reliability_html", "score"]


def predictions_of(report: EvaluationReport, folder: Path) -> Predictions:
    """What a report was computed from, as it lies beside it. Raises InputError where it is not there or another's."""
    if not (folder / PREDICTIONS_FILE).is_file():
        raise InputError(f"Its {PREDICTIONS_FILE} is not here, which says what it answered for each picture.")
    predictions = read_predictions(model_file(folder, PREDICTIONS_FILE), report.labels)
    counts = np.bincount(predictions.labels, minlength=len(report.labels))
    if counts.tolist() != [int(report.per_class[label]["support"]) for label in report.labels]:
        raise InputError("Its predictions.parquet is of other pictures than its evaluation.json.")
    return predictions


def score(predictions: Predictions, **described: Any) -> EvaluationReport:
    """The report of predictions; `described` as in `fer_hub.evaluation.metrics.evaluate`."""
    return evaluate(predictions.labels, predictions.probabilities, predictions.names, **described)


def reliability_html(report: EvaluationReport) -> str:
    """The reliability diagram as part of the page; nothing where the report has none."""
    if not report.reliability:
        return ""
    return (
        "<h3>Is it right as often as it says?</h3>"
        '<p class="fer-small">Of the pictures it was so sure of, how many it named right. Below the line it is surer '
        "than it should be.</p>"
        f'<img class="fer-chart" src="{_reliability_image(report.to_json())}" alt="{_reliability_words(report)}">'
    )


@lru_cache(maxsize=16)
def _reliability_image(report: str) -> str:
    """Of a report as JSON, which can be a key of the cache."""
    drawn = io.BytesIO()
    draw_reliability(EvaluationReport.from_json(report)).savefig(drawn, format="svg")
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()


def _reliability_words(report: EvaluationReport) -> str:
    """The diagram for who does not see it."""
    bins = (f"sure {bin['confidence']:.0%}, right {bin['accuracy']:.0%}" for bin in report.reliability or [])
    return f"Reliability diagram: {'; '.join(bins)}."
