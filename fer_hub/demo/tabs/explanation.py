"""Look closer at one face of the photos: which part decided, and what if it were covered, turned or in other light."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from fer_hub.demo.state.photos import PhotoResults
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.views.faces import explanation, what_if_card
from fer_hub.demo.views.messages import heading, hint
from fer_hub.errors import InputError
from fer_hub.explain.what_if import PARTS, Change
from fer_hub.vision.images import open_image


def explanation_section(
    recognizers: Recognizers, results: gr.State
) -> tuple[gr.Column, gr.Dropdown, Callable[[gr.events.Dependency], None]]:
    """Lay out the section and wire it; returns it, its menu of faces, and how to bring it up to date after an event."""

    def why(results: PhotoResults, index: int) -> str:
        # captum takes seconds to import, and the page must not wait for it.
        from fer_hub.explain.attribution import explain, has_attention  # noqa: PLC0415

        _, number, face = results.faces()[index]
        classifier = recognizers.get(list(results.models)).classifiers[0]
        heat = explain(classifier, face.crop, face.expression)
        return explanation(face, number, heat, has_attention(classifier.network), results.models)

    def start(results: PhotoResults, index: int | None) -> tuple[str, str, list[str], int, int]:
        if index is None or index >= len(results.faces()):
            return "", "", [], 0, 100
        _, _, face = results.faces()[index]
        try:
            reason = why(results, index)
        except InputError as error:  # the model that a visitor brought had to go
            reason = hint(str(error))
        return reason, what_if_card(face), [], 0, 100

    def change(results: PhotoResults, index: int | None, cover: list[str], turn: float, light: float) -> str:
        if index is None or index >= len(results.faces()):
            return ""
        photo, _, face = results.faces()[index]
        try:
            picture = open_image(photo.path)
        except InputError:
            return hint("This photo was deleted after a while, as all are; please give it again.")
        try:
            changed = Change(tuple(cover), turn, light / 100).apply(picture, face.face)
            (answer,) = recognizers.get(list(results.models)).classify([changed])
        except InputError as error:
            return hint(str(error))
        return what_if_card(answer, before=face.probabilities)

    with gr.Column() as section:
        gr.HTML(heading("Look closer"))
        face = gr.Dropdown([], label="Face", elem_id="explained-face", interactive=True)
        with gr.Row(equal_height=False):
            with gr.Column(min_width=280):
                reason = gr.HTML(elem_id="why")
            with gr.Column(min_width=280):
                cover = gr.CheckboxGroup(list(PARTS), label="What if covered", elem_id="cover")
                turn = gr.Slider(-45, 45, 0, step=5, label="What if turned (degrees)")
                light = gr.Slider(10, 200, 100, step=10, label="What if in other light (%)")
            with gr.Column(min_width=300):
                outcome = gr.HTML(elem_id="what-if")

    whole = [reason, outcome, cover, turn, light]
    shared: dict[str, Any] = {"api_visibility": "private", "concurrency_id": "faces", "show_progress": "minimal"}
    face.input(start, [results, face], whole, **shared)
    gr.on(
        [cover.input, turn.input, light.input],
        change,
        [results, face, cover, turn, light],
        outcome,
        trigger_mode="always_last",
        **shared,
    )
    return section, face, lambda event: event.then(start, [results, face], whole, **shared)
