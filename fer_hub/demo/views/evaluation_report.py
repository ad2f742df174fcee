"""An EvaluationReport as HTML, part by part, and what is behind a cell of its matrix."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from markupsafe import Markup
from PIL import Image

from fer_hub.demo.state.evaluations import LoadedEvaluation
from fer_hub.demo.views.downloads import links
from fer_hub.demo.views.messages import alert, notes
from fer_hub.demo.views.templating import render
from fer_hub.errors import InputError
from fer_hub.evaluation.report import EvaluationReport

SHOWN_PICTURES = 18

_THUMBNAIL_SIDE = 96


@dataclass(frozen=True)
class MatrixCell:
    """How often pictures of one label were named so."""

    label: str
    place: str
    """Row and column, as a click on it tells."""
    count: int
    share: float
    """Of its row."""
    right: bool


@dataclass(frozen=True)
class MatrixRow:
    """What the pictures of one label were named."""

    label: str
    support: int
    """Pictures labelled so, also those in which no face was found."""
    cells: list[MatrixCell]


def matrix_rows(report: EvaluationReport) -> list[MatrixRow]:
    """The confusion matrix for a template."""
    rows = []
    for true, (label, counts) in enumerate(zip(report.labels, report.confusion_matrix, strict=True)):
        support = int(report.per_class[label]["support"])
        cells = [
            MatrixCell(report.labels[named], f"{true},{named}", count, count / max(support, 1), true == named)
            for named, count in enumerate(counts)
        ]
        rows.append(MatrixRow(label, support, cells))
    return rows


def headline(report: EvaluationReport) -> Markup:
    """What was asked of the model, and the figures that say most."""
    commonest = max(row["support"] for row in report.per_class.values()) / report.images
    return render("evaluation/headline", report=report, commonest=commonest)


def matrix(report: EvaluationReport, shares: bool) -> Markup:
    """The confusion matrix, each cell a button that names its row and column; `shares` fills it with row shares."""
    return render("evaluation/matrix", labels=report.labels, rows=matrix_rows(report), shares=shares)


def most_confused(report: EvaluationReport) -> Markup:
    """The most frequent mistakes, each a button to its cell of the matrix."""
    mistakes = [
        (true, named, f"{report.labels.index(true)},{report.labels.index(named)}", count)
        for true, named, count in report.most_confused()
    ]
    return render("evaluation/confused", mistakes=mistakes)


def per_class(report: EvaluationReport) -> Markup:
    """Precision, recall and F1 of every expression."""
    return render("evaluation/per_class", report=report)


def robustness(report: EvaluationReport) -> Markup:
    """Accuracy by corruption (rows) and strength (columns); nothing where it was not measured."""
    if not report.robustness:
        return Markup()
    strengths = sorted({name.rpartition(" ")[2] for name in report.robustness})
    rows = [
        (corruption, [report.robustness.get(f"{corruption} {strength}") for strength in strengths])
        for corruption in dict.fromkeys(name.rpartition(" ")[0] for name in report.robustness)
    ]
    return render("evaluation/robustness", report=report, strengths=strengths, rows=rows)


def reliability(report: EvaluationReport) -> Markup:
    """The reliability diagram; nothing where the report has none."""
    if not report.reliability:
        return Markup()
    return render("evaluation/reliability", bins=report.reliability, chart=_reliability_chart(report.to_json()))


@lru_cache(maxsize=16)
def _reliability_chart(report: str) -> str:
    """SVG in base64, of a report as JSON, which can be a key of the cache."""
    # matplotlib takes seconds to import, and the page must not wait for it.
    from fer_hub.evaluation.charts import draw_reliability  # noqa: PLC0415

    drawn = io.BytesIO()
    draw_reliability(EvaluationReport.from_json(report)).savefig(drawn, format="svg")
    return base64.b64encode(drawn.getvalue()).decode()


def foot(report: EvaluationReport, link: str = "") -> Markup:
    """The report as a file, and where `link` names a model of the demo, the address of its evaluation."""
    saved = links("Save", [("evaluation.json", "application/json", report.to_json())])
    return render("evaluation/foot", link=link, saved=saved)


def cell(evaluation: LoadedEvaluation, true: int, named: int) -> Markup:
    """What is behind a cell: how many, how sure the model was, and the pictures it was surest of."""
    report, label, name = evaluation.report, evaluation.report.labels[true], evaluation.report.labels[named]
    count, sure, shown = report.confusion_matrix[true][named], None, Markup()
    if count and evaluation.predictions is None:
        shown = notes([evaluation.lacking])
    elif count and evaluation.predictions is not None:
        answers = evaluation.predictions
        rows = np.flatnonzero((answers.labels == true) & (answers.named == named))
        sure = answers.probabilities[rows, named]
        order = np.argsort(-sure, kind="stable")[:SHOWN_PICTURES]
        captions = [f"{value:.0%}" for value in sure[order]]
        shown = pictures(evaluation, rows[order], captions, f"{label}, named {name}")
    return render(
        "evaluation/cell",
        title=f"{label}, named right" if true == named else f"{label}, taken for {name}",
        count=count,
        support=report.per_class[label]["support"],
        label=label,
        name=name,
        sure=sure,
        pictures=shown,
    )


def pictures(evaluation: LoadedEvaluation, rows: np.ndarray, captions: Sequence[str], alt: str) -> Markup:
    """Pictures of the given rows of the predictions; a sentence where they are not at hand."""
    if evaluation.pictures is None or evaluation.predictions is None:
        return notes([evaluation.lacking])
    positions = evaluation.predictions.index[rows].tolist()
    try:
        found = [_thumbnail(picture) for picture in evaluation.pictures.read(positions)]
    except InputError as error:
        return alert(str(error))
    return render("evaluation/pictures", pictures=list(zip(positions, found, captions, strict=True)), alt=alt)


def _thumbnail(picture: np.ndarray) -> Image.Image:
    image = Image.fromarray(picture)
    image.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE))
    return image
