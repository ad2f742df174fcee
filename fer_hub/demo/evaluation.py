"""The Evaluation tab: how far to trust a model, from its model folder."""

from html import escape
from typing import Any

import gradio as gr

from fer_hub.demo.recognizers import Recognizers
from fer_hub.errors import InputError
from fer_hub.report import EvaluationReport

COUNTS, SHARES = "pictures", "share of the row"


def evaluation_tab(recognizers: Recognizers) -> None:
    """Lay out the tab and wire it, with `/evaluation` as its public twin."""

    def show(model: str, cells: str) -> str:
        try:
            return report_html(recognizers.evaluation(model), shares=cells == SHARES)
        except InputError as error:
            return f'<p class="fer-hint">{escape(str(error))}</p>'

    def evaluation(model: str) -> dict[str, Any]:
        """A model's evaluation.json: accuracy with interval, confusion matrix, per expression, calibration.

        Args:
            model: one of the references in the list of models.
        """
        try:
            return recognizers.evaluation(model).to_dict()
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from None

    first = recognizers.references[0]
    with gr.Row():
        model = gr.Dropdown(recognizers.choices(), value=first, label="Model", min_width=240)
        cells = gr.Radio([COUNTS, SHARES], value=SHARES, label="Matrix shows", min_width=240)
    report = gr.HTML(show(first, SHARES), elem_id="report")
    gr.on([model.change, cells.change], show, [model, cells], report, show_progress="minimal", api_visibility="private")
    gr.api(evaluation, api_name="evaluation")


def report_html(report: EvaluationReport, shares: bool) -> str:
    """The whole report as HTML; `shares` fills the matrix with row shares instead of counts."""
    largest = max(row["support"] for row in report.per_class.values())
    (low, high), name = report.accuracy_ci95, escape(report.model)
    unseen = (
        f" {report.images_seen_in_training} of them are copies of pictures it was trained on; on the others its "
        f"accuracy is {report.accuracy_unseen:.1%}."
        if report.accuracy_unseen is not None
        else ""
    )
    return f"""
<p>{name} was asked to name the {report.images:,} pictures of <code>{escape(report.dataset)}</code>, split
<code>{escape(report.split)}</code>.{unseen}</p>
<dl class="fer-tiles">
{_tile("Accuracy", f"{report.accuracy:.1%}", f"named right; {low:.1%} to {high:.1%} with 95% confidence")}
{_tile("Always the commonest", f"{largest / report.images:.1%}", "what naming one expression every time would reach")}
{_tile("Balanced accuracy", f"{report.balanced_accuracy:.1%}", "each expression counts the same, however rare")}
{_tile("Macro F1", f"{report.macro_f1:.3f}", "misses and false alarms together; 1 is perfect")}
{_tile("Calibration error", f"{100 * report.expected_calibration_error:.1f} points", "how far probabilities are off")}
</dl>
<div class="fer-columns">
<section><h3>What is taken for what</h3>
<p class="fer-small">Each row is how the pictures are labelled, each column what the model named them. Right answers lie
on the diagonal.</p>
{_matrix(report, shares)}</section>
<section><h3>Expression by expression</h3>
<p class="fer-small">Precision: of the pictures named so, how many are labelled so. Recall: of the pictures labelled so,
how many were named so. F1: both in one number.</p>
{_per_class(report)}</section>
</div>
"""


def _tile(title: str, value: str, meaning: str) -> str:
    return f"<div><dt>{title}</dt><dd><b>{value}</b><small>{meaning}</small></dd></div>"


def _matrix(report: EvaluationReport, shares: bool) -> str:
    header = "".join(f'<th scope="col"><span>{escape(label)}</span></th>' for label in report.labels)
    rows = []
    for true, (label, counts) in enumerate(zip(report.labels, report.confusion_matrix, strict=True)):
        total = max(sum(counts), 1)
        row_cells = []
        for predicted, count in enumerate(counts):
            share = count / total
            shown = f"{share:.0%}" if shares else f"{count:,}"
            right = ' class="fer-right"' if predicted == true else ""
            title = f"{count:,} of {sum(counts):,} pictures labelled {label} were named {report.labels[predicted]}"
            row_cells.append(f'<td{right} style="--share:{100 * share:.0f}%" title="{escape(title)}">{shown}</td>')
        rows.append(f'<tr><th scope="row">{escape(label)}</th>{"".join(row_cells)}</tr>')
    return (
        '<table class="fer-matrix"><caption>labelled (rows), named (columns)</caption>'
        f"<thead><tr><td></td>{header}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _per_class(report: EvaluationReport) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td>{row["precision"]:.1%}</td><td>{row["recall"]:.1%}</td>'
        f"<td>{row['f1']:.3f}</td><td>{row['support']:,}</td></tr>"
        for label, row in report.per_class.items()
    )
    header = "".join(f'<th scope="col">{name}</th>' for name in ("Expression", "Precision", "Recall", "F1", "Pictures"))
    return f'<table class="fer-table"><thead><tr>{header}</tr></thead><tbody>{rows}</tbody></table>'
