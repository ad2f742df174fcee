"""The Compare tab: two to four models on the same picture, and on the pictures they were evaluated on."""

from functools import lru_cache
from html import escape
from typing import Any

import gradio as gr
from PIL import Image

from fer_hub.demo.state.evaluations import CELL_CLICKS, Evaluated, Evaluations
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.views.versus import Answers, disagreement_html, faces_html, matrices_html, words_html
from fer_hub.errors import InputError
from fer_hub.vision.drawing import annotate
from fer_hub.vision.images import EXAMPLE, open_image

FEWEST, MOST = 2, 4
MAX_FACES = 12

_ONE_MODEL = '<p class="fer-hint">Comparing needs two models, and there is only one here.</p>'
_EXAMPLE_NOTE = '<p class="fer-hint">This is an example (NASA, public domain). Give a photo of your own.</p>'


def compare_tab(recognizers: Recognizers, evaluations: Evaluations, tab: gr.Tab) -> None:
    """Lay out `tab` and wire it."""
    if len(recognizers.references) < FEWEST:
        gr.HTML(_ONE_MODEL)
        return

    def look(path: str, models: tuple[str, ...]) -> tuple[Image.Image, Answers, int]:
        """The picture with the boxes that all models were given, their answers, and the number of faces in all."""
        rgb = open_image(path)
        several = [recognizers.get(model) for model in models]
        found = several[0].detector.detect(rgb)
        answers = {
            model: recognizer.classify([(rgb, face) for face in found[:MAX_FACES]])
            for model, recognizer in zip(models, several, strict=True)
        }
        return annotate(rgb, answers[models[0]]), answers, len(found)

    example = lru_cache(maxsize=4)(lambda models: look(str(EXAMPLE), models))
    """Every visitor sees it first, so that it is looked at once; visitors' own photos are never kept."""

    def on_picture(path: str | None, models: list[str]) -> tuple[Any, str, str]:
        if refused := _wrong_number(models):
            return gr.skip(), refused, ""
        try:
            picture, answers, count = look(path, tuple(models)) if path else example(tuple(models))
        except InputError as error:
            return gr.skip(), f'<p class="fer-hint" role="alert">{escape(str(error))}</p>', ""
        told = "" if path else _EXAMPLE_NOTE
        if count == 0:
            told += '<p class="fer-hint">No face was found; try a closer or larger photo.</p>'
        elif count > MAX_FACES:
            told += f'<p class="fer-small">The {MAX_FACES} largest of {count} faces are compared.</p>'
        told += (
            f'<p class="fer-small">All models get the same boxes; what stands at them is from {escape(models[0])}.</p>'
        )
        return gr.Image(picture), told, faces_html(answers)

    def on_dataset(models: list[str], compared: list[str]) -> tuple[Any, ...]:
        if models == compared:  # Gradio may say twice that they changed, which would close the pictures
            return (gr.skip(),) * 4
        return *side_by_side(models), models

    def side_by_side(models: list[str]) -> tuple[str, str, str]:
        if _wrong_number(models):
            return "", "", ""
        evaluated, refused = _evaluated(evaluations, models)
        if not evaluated:
            return "", "".join(f'<p class="fer-small">{escape(sentence)}</p>' for sentence in refused), ""
        first, *others = evaluated.items()
        words = "".join(words_html(first, other, place) for place, other in enumerate(others)) + "".join(
            f'<p class="fer-small">{escape(sentence)}</p>' for sentence in refused
        )
        return matrices_html(list(evaluated.values())), words, ""

    def on_disagreement(models: list[str], event: gr.EventData) -> str:
        evaluated, _ = _evaluated(evaluations, models[:MOST])
        try:
            place, label, said, other_said = map(int, str(event.cell).split(","))
            first, *others = evaluated.items()
            return disagreement_html(first, others[place], (label, said, other_said))
        except (ValueError, IndexError):  # only what the page did not send
            return ""

    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            models = gr.Dropdown(
                recognizers.choices(),
                value=recognizers.references[:FEWEST],
                multiselect=True,
                max_choices=MOST,
                label=f"Models ({FEWEST} to {MOST})",
                elem_id="compared",
            )
            picture = gr.Image(
                label="Photo", sources=["upload", "webcam", "clipboard"], type="filepath", height=260, elem_id="versus"
            )
            setattr(picture, "preprocess", lambda payload: payload and payload.path)  # for our own decoder  # noqa: B010
            told = gr.HTML(elem_id="compare-told")
        with gr.Column(min_width=300):
            annotated = gr.Image(
                label="Faces found",
                show_label=False,
                interactive=False,
                format="jpeg",
                height=420,
                buttons=[],
                elem_id="compared-photo",
            )
    faces = gr.HTML(elem_id="compared-faces")
    gr.HTML(
        "<h2>On the same dataset</h2>"
        '<p class="fer-small">From what each model answered for every picture it was evaluated on: the first model '
        "against each of the others.</p>"
    )
    words = gr.HTML(elem_id="compared-words", js_on_load=CELL_CLICKS)
    pictures = gr.HTML(elem_id="disagreement")
    matrices = gr.HTML(elem_id="compared-matrices")
    compared = gr.State([], time_to_live=1200)

    quiet: dict[str, Any] = {"api_visibility": "private", "trigger_mode": "always_last"}
    gr.on(
        [tab.select, picture.change, models.change],
        on_picture,
        [picture, models],
        [annotated, told, faces],
        show_progress_on=[told],
        concurrency_id="faces",
        **quiet,
    )
    gr.on(
        [tab.select, models.change],
        on_dataset,
        [models, compared],
        [matrices, words, pictures, compared],
        show_progress="minimal",
        **quiet,
    )
    words.click(on_disagreement, models, pictures, show_progress="minimal", **quiet)


def _wrong_number(models: list[str]) -> str:
    if FEWEST <= len(models) <= MOST:
        return ""
    return f'<p class="fer-hint" role="alert">Choose {FEWEST} to {MOST} models; {len(models)} chosen.</p>'


def _evaluated(evaluations: Evaluations, models: list[str]) -> tuple[dict[str, Evaluated], list[str]]:
    """The evaluations of those that have one, and a sentence on each of the others."""
    evaluated, refused = {}, []
    for model in models:
        try:
            evaluated[model] = evaluations.get(model)
        except InputError as error:
            refused.append(str(error))
    return evaluated, refused
