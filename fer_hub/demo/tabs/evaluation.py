"""The Evaluation tab: how far to trust a model, from its model folder or on a visitor's own pictures."""

from collections.abc import Callable, Iterator
from functools import partial
from time import monotonic
from typing import Any

import gradio as gr

from fer_hub.demo.security.blocks import warn
from fer_hub.demo.security.deadline import Deadline
from fer_hub.demo.state.evaluations import Evaluations, LoadedEvaluation
from fer_hub.demo.state.own_data import MAX_PHOTOS, evaluate_zip
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.state.zipped import MAX_BYTES, MAX_PICTURES
from fer_hub.demo.tabs.panel import panel
from fer_hub.demo.views import evaluation_report as view
from fer_hub.demo.views.markdown import harmless_html
from fer_hub.demo.views.messages import alert, notes, progress
from fer_hub.demo.views.templating import asset
from fer_hub.errors import InputError
from fer_hub.evaluation.report import EvaluationReport

COUNTS, SHARES = "pictures", "share of the row"
CROPS, PHOTOS = "faces, already cut out", "photos: find the face first"

TABS = ("photo", "live", "video", "compare", "evaluation", "models", "about")

OWN_DATA_SECONDS = 600.0
"""In which a visitor's pictures must be named."""

_OWN_DATA = f"""
Pack folders named `happy`, `sad` and so on, each with its pictures, into one zip: at most
{MAX_PICTURES:,} pictures and {MAX_BYTES // 1_000_000} MB, or {MAX_PHOTOS} whole photos. It is read where it lies,
never unpacked, and deleted within twenty minutes. The model is the one chosen at the top of the page.
"""


def evaluation_tab(
    recognizers: Recognizers, evaluations: Evaluations, demo: gr.Blocks, tabs: gr.Tabs, tab: gr.Tab, models: gr.Dropdown
) -> None:
    """Lay out `tab`, one of `tabs`, and wire it to the choice of models, with `/evaluation` as its public twin."""

    def parts_of(evaluation: LoadedEvaluation, cells: str, link: str = "") -> list[Any]:
        """What all parts of the page but the card show; behind the matrix, its most frequent mistake."""
        report = evaluation.report
        true, named, _ = (report.most_confused(1) or [(report.labels[0], report.labels[0], 0)])[0]
        return [
            evaluation,
            view.headline(report),
            view.matrix(report, shares=cells == SHARES),
            view.most_confused(report),
            view.cell(evaluation, report.labels.index(true), report.labels.index(named)),
            view.per_class(report),
            view.reliability(report),
            view.robustness(report),
            view.foot(report, link),
        ]

    def show(model: str, cells: str) -> list[Any]:
        try:
            return [*parts_of(evaluations.get(model), cells, model), harmless_html(recognizers.card(model))]
        except InputError as error:
            return [None, alert(str(error)), *[""] * 7, harmless_html(recognizers.card(model))]

    def open_once(shown: LoadedEvaluation | None, model: str, cells: str) -> list[Any]:
        return [gr.skip()] * 10 if shown else show(model, cells)

    def fill(shown: LoadedEvaluation | None, cells: str) -> str:
        return view.matrix(shown.report, shares=cells == SHARES) if shown else ""

    def open_cell(shown: LoadedEvaluation | None, event: gr.EventData) -> str:
        true, _, named = str(getattr(event, "cell", "")).partition(",")
        classes = [str(place) for place in range(len(shown.report.labels))] if shown else []
        if shown is None or true not in classes or named not in classes:
            return ""
        return view.cell(shown, int(true), int(named))

    def own(zipped: str | None, chosen: list[str], kind: str, cells: str) -> Iterator[list[Any]]:
        unchanged = [gr.skip()] * 10
        if not zipped:
            yield [alert("Give a zip first."), *unchanged]
            return
        chosen = list(dict.fromkeys(chosen or recognizers.references[:1]))
        began, limit, share = monotonic(), Deadline(OWN_DATA_SECONDS), 0.0
        try:
            steps = evaluate_zip(zipped, recognizers.get(chosen), chosen, kind == PHOTOS)
            while True:
                yield [progress("Naming the pictures", share, began), *unchanged]
                limit.check()
                share = next(steps)
        except StopIteration as finished:
            evaluation, left_out = finished.value
        except InputError as error:
            yield [alert(str(error)), *unchanged]
            return
        yield [notes(["Done: the report below is of your pictures.", *left_out]), *parts_of(evaluation, cells), ""]

    def from_link(request: gr.Request) -> list[Any]:
        """`?tab=NAME` opens a tab; `?model=NAME` chooses a model, and opens its evaluation where no tab is named."""
        asked = dict(request.query_params)
        model, opened = asked.get("model"), asked.get("tab")
        if opened is not None and opened not in TABS:
            warn(f"There is no tab {opened[:100]!r}; there are: {', '.join(TABS)}.")
            opened = None
        if model is not None and model not in recognizers.references:
            warn(f"There is no model {model[:100]!r} here.")
            model = None
        opened = opened or ("evaluation" if model else None)
        return [
            gr.Tabs(selected=opened) if opened else gr.skip(),
            model or gr.skip(),
            [model] if model else gr.skip(),
        ]

    def follow(chosen: list[str], shown: str) -> Any:
        """The model that is chosen for all tabs is the one whose evaluation is shown."""
        return chosen[0] if chosen and shown not in chosen else gr.skip()

    def evaluation(model: str) -> dict[str, Any]:
        """A model's evaluation.json: accuracy with interval, confusion matrix, per expression, calibration.

        Args:
            model: one of the references in the list of models.
        """
        if not isinstance(model, str):
            raise InputError("one model is expected, by its reference in the list of models.")
        return recognizers.evaluation(model).to_dict()

    first, clicks = recognizers.references[0], asset("scripts/cell_clicks.js")
    with gr.Row():
        model = gr.Dropdown(
            recognizers.choices(), value=first, label="Evaluation of", min_width=240, elem_id="evaluated"
        )
        cells = gr.Radio([COUNTS, SHARES], value=SHARES, label="Matrix shows", min_width=240)
    with gr.Accordion("Evaluate on your own pictures", open=False, elem_id="own-data"):
        gr.Markdown(_OWN_DATA)
        with gr.Row(equal_height=False):
            zipped = gr.File(label="Zip", file_types=[".zip"], height=150, elem_id="zip")
            with gr.Column(min_width=280):
                kind = gr.Radio([CROPS, PHOTOS], value=CROPS, label="The pictures are")
                start = gr.Button("Evaluate", variant="primary", interactive=False)
        told = panel(elem_id="own-told", script="status")
    shown = gr.State(None, time_to_live=1200)
    report = gr.HTML(_first(view.headline, recognizers), elem_id="report")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=280):
            matrix = gr.HTML(
                _first(partial(view.matrix, shares=True), recognizers), elem_id="matrix", js_on_load=clicks
            )
        with gr.Column(min_width=280):
            confused = gr.HTML(elem_id="confused", js_on_load=clicks)
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
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
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
        show_progress="hidden",
        api_visibility="private",
        concurrency_id="own data",
        concurrency_limit=1,
    )
    models.change(follow, [models, model], model, **quiet)
    demo.load(from_link, None, [tabs, model, models], show_progress="hidden", api_visibility="private")
    gr.events.api(evaluation, api_name="evaluation")


def _first(show: Callable[[EvaluationReport], str], recognizers: Recognizers) -> str:
    """A part of the default model's report; nothing where it has none."""
    try:
        return show(recognizers.evaluation(recognizers.references[0]))
    except InputError:
        return ""
