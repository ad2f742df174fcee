"""The Evaluation tab: how far to trust a model, from its model folder or on a visitor's own pictures."""

from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import quote

import gradio as gr

from fer_hub.demo.state.evaluations import CELL_CLICKS, Evaluated, Evaluations, cell_html
from fer_hub.demo.state.own_data import MAX_PHOTOS, evaluate_zip
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.state.zipped import MAX_BYTES, MAX_PICTURES
from fer_hub.demo.views.downloads import link
from fer_hub.demo.views.markdown import harmless_html
from fer_hub.demo.views.report import confused_html, matrix_html, per_class_html, report_html, robustness_html
from fer_hub.errors import InputError
from fer_hub.evaluation.report import EvaluationReport

COUNTS, SHARES = "pictures", "share of the row"
CROPS, PHOTOS = "faces, already cut out", "photos: find the face first"

_OWN_DATA = f"""
Pack folders named `happy`, `sad` and so on, each with its pictures (JPEG, PNG, WebP), into one zip: at most
{MAX_PICTURES:,} pictures and {MAX_BYTES // 1_000_000} MB, or {MAX_PHOTOS} whole photos. It is read where it lies,
never unpacked, and deleted within twenty minutes.
"""


def evaluation_tab(
    recognizers: Recognizers, evaluations: Evaluations, demo: gr.Blocks, tabs: gr.Tabs, tab: gr.Tab
) -> None:
    """Lay out `tab`, one of `tabs`, and wire it, with `/evaluation` as its public twin."""

    def view(evaluated: Evaluated, cells: str, foot: str) -> list[Any]:
        """What all parts of the report show; behind the matrix, its most frequent mistake."""
        from fer_hub.demo.views import measured  # noqa: PLC0415 it takes a second to import: only when it is looked at

        report = evaluated.report
        true, named, _ = (report.most_confused(1) or [(report.labels[0], report.labels[0], 0)])[0]
        return [
            evaluated,
            report_html(report),
            matrix_html(report, shares=cells == SHARES),
            confused_html(report),
            cell_html(evaluated, report.labels.index(true), report.labels.index(named)),
            per_class_html(report),
            measured.reliability_html(report),
            robustness_html(report),
            foot + _save(report),
        ]

    def show(model: str, cells: str) -> list[Any]:
        try:
            return [*view(evaluations.get(model), cells, _permalink(model)), harmless_html(recognizers.card(model))]
        except InputError as error:
            return [None, _refusal(error), *[""] * 7, harmless_html(recognizers.card(model))]

    def open_once(shown: Evaluated | None, model: str, cells: str) -> list[Any]:
        return [gr.skip()] * 10 if shown else show(model, cells)

    def fill(shown: Evaluated | None, cells: str) -> str:
        return matrix_html(shown.report, shares=cells == SHARES) if shown else ""

    def open_cell(shown: Evaluated | None, event: gr.EventData) -> str:
        true, _, named = str(event.cell).partition(",")
        classes = range(len(shown.report.labels)) if shown else ()
        if shown is None or not (true.isdecimal() and named.isdecimal()):
            return ""
        return cell_html(shown, int(true), int(named)) if int(true) in classes and int(named) in classes else ""

    def own(
        zipped: str | None,
        models: list[str],
        kind: str,
        cells: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 Gradio finds it by its default
    ) -> list[Any]:
        if not zipped:
            return ['<p class="fer-hint" role="alert">Give a zip first.</p>', *[gr.skip()] * 10]
        chosen = models or recognizers.references[:1]

        def tell(done: int, count: int) -> None:
            progress((done, count), desc="Naming the pictures", unit="pictures")

        try:
            evaluated, told = evaluate_zip(zipped, recognizers.get(chosen), chosen, kind == PHOTOS, tell)
        except InputError as error:
            return [_refusal(error), *[gr.skip()] * 10]
        done = "".join(
            f'<p class="fer-small">{escape(sentence)}</p>'
            for sentence in ["Done: the report below is of your pictures.", *told]
        )
        return [done, *view(evaluated, cells, ""), ""]

    def from_link(request: gr.Request) -> list[Any]:
        """`?model=NAME` opens that model's evaluation."""
        model = dict(request.query_params).get("model")
        if model in recognizers.references:
            return [gr.Tabs(selected="evaluation"), model]
        if model is not None:
            gr.Warning(f"There is no model {model[:100]!r} here.")
        return [gr.skip(), gr.skip()]

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
        model = gr.Dropdown(recognizers.choices(), value=first, label="Model", min_width=240, elem_id="evaluated")
        cells = gr.Radio([COUNTS, SHARES], value=SHARES, label="Matrix shows", min_width=240)
    with gr.Accordion("Evaluate on your own pictures", open=False, elem_id="own-data"):
        gr.Markdown(_OWN_DATA)
        with gr.Row(equal_height=False):
            zipped = gr.File(label="Zip", file_types=[".zip"], height=150, elem_id="zip")
            with gr.Column(min_width=280):
                models = gr.Dropdown(recognizers.choices(), value=[first], multiselect=True, label="Models")
                kind = gr.Radio([CROPS, PHOTOS], value=CROPS, label="The pictures are")
                start = gr.Button("Evaluate", variant="primary", interactive=False)
        told = gr.HTML(elem_id="own-told")
    shown = gr.State(None, time_to_live=1200)
    report = gr.HTML(_or_refusal(lambda: report_html(recognizers.evaluation(first))), elem_id="report")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            matrix = gr.HTML(
                _or_refusal(lambda: matrix_html(recognizers.evaluation(first), shares=True), ""),
                elem_id="matrix",
                js_on_load=CELL_CLICKS,
            )
        with gr.Column(min_width=280):
            confused = gr.HTML(elem_id="confused", js_on_load=CELL_CLICKS)
            cell = gr.HTML(elem_id="cell")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            per_class = gr.HTML()
            robustness = gr.HTML(elem_id="robustness")
        with gr.Column(min_width=280):
            reliability = gr.HTML(elem_id="reliability")
    foot = gr.HTML(elem_id="permalink")
    with gr.Accordion("The model's card", open=False, elem_id="card"):
        card = gr.HTML()

    parts = [shown, report, matrix, confused, cell, per_class, reliability, robustness, foot, card]
    quiet: dict[str, Any] = {"show_progress": "minimal", "api_visibility": "private"}
    opened = tab.select(open_once, [shown, model, cells], parts, **quiet)
    # Not before: the model's own report would come after the visitor's and take its place.
    opened.then(lambda: gr.Button(interactive=True), None, start, show_progress="hidden", api_visibility="private")
    model.change(show, [model, cells], parts, **quiet)
    cells.change(fill, [shown, cells], matrix, **quiet)
    gr.on([matrix.click, confused.click], open_cell, shown, cell, trigger_mode="always_last", **quiet)
    start.click(
        own,
        [zipped, models, kind, cells],
        [told, *parts],
        show_progress_on=[told],
        api_visibility="private",
        concurrency_id="own data",
        concurrency_limit=1,
    )
    demo.load(from_link, None, [tabs, model], show_progress="hidden", api_visibility="private")
    gr.api(evaluation, api_name="evaluation")


def _or_refusal(html: Callable[[], str], refusal: str | None = None) -> str:
    try:
        return html()
    except InputError as error:
        return _refusal(error) if refusal is None else refusal


def _refusal(error: InputError) -> str:
    return f'<p class="fer-hint" role="alert">{escape(str(error))}</p>'


def _permalink(model: str) -> str:
    return f'<p class="fer-downloads"><a href="?model={quote(model, safe="")}">Link to this evaluation</a></p>'


def _save(report: EvaluationReport) -> str:
    saved = link("evaluation.json", "application/json", report.to_json())
    return f'<p class="fer-downloads">Save: {saved}</p>'
