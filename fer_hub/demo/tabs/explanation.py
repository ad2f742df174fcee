"""A closer look at the chosen face: which part decided, and what if it were covered, turned or in other light."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from fer_hub.demo.state.photos import PhotoResults, portrait
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.tabs.panel import panel
from fer_hub.demo.views.faces import chosen_face, explanation
from fer_hub.demo.views.messages import alert
from fer_hub.errors import InputError
from fer_hub.explain.what_if import PARTS, Change

GONE = "This photo was deleted after a while, as all are; please give it again."


@dataclass(frozen=True)
class CloserLook:
    """The section as the rest of the tab sees it."""

    outputs: list[Any]
    start: Callable[[bool], dict[Any, Any]]
    """What to set when another face is chosen, or none: everything as it is before a change."""
    update: Callable[[gr.events.Dependency], None]
    """Explains the chosen face after an event."""


def closer_look(recognizers: Recognizers, results: gr.State, chosen: gr.State, card: gr.HTML) -> CloserLook:
    """Lay out the section and wire it; what if changes the bars of `card`, the face that is `chosen` in `results`."""

    def why(now: PhotoResults, index: int | None) -> str:
        if index is None or index >= len(now.faces()):
            return ""
        # captum takes seconds to import, and the page must not wait for it.
        from fer_hub.explain.attribution import explain, has_attention  # noqa: PLC0415

        photo, number, face = now.faces()[index]
        try:
            classifier = recognizers.get(list(now.models)).classifiers[0]
            heat = explain(classifier, face.crop, face.expression)
        except InputError as error:  # the model that a visitor brought had to go
            return alert(str(error))
        return explanation(face, photo.shown(number), number, heat, has_attention(classifier.network), now.models)

    def change(now: PhotoResults, index: int | None, cover: list[str], turn: float, light: float) -> str:
        if index is None or index >= len(now.faces()):
            return ""
        photo, number, face = now.faces()[index]
        if not cover and not turn and light == 100:
            return chosen_face(photo, number)
        try:
            picture = photo.read()
        except InputError:
            return alert(GONE)
        try:
            changed = Change(tuple(cover), turn, light / 100).apply(picture, face.face)
            recognizer = recognizers.get(list(now.models))
            (answer,) = recognizer.classify([changed])
        except InputError as error:
            return alert(str(error))
        return chosen_face(photo, number, (answer, portrait(*changed, recognizer.classifiers[0].config.crop)))

    with gr.Row(equal_height=False, visible=False, elem_id="closer") as section:
        with gr.Column(min_width=240, elem_id="what-if"):
            cover = gr.CheckboxGroup(list(PARTS), label="What if covered", elem_id="cover")
            turn = _slider(-45, 45, 0, step=5, label="What if turned (degrees)")
            light = _slider(10, 200, 100, step=10, label="What if in other light (%)")
        with gr.Column(min_width=160):
            reason = panel(elem_id="why")

    def start(there: bool) -> dict[Any, Any]:
        return {section: gr.Row(visible=there), reason: "", cover: [], turn: 0, light: 100}

    shared: dict[str, Any] = {"api_visibility": "private", "concurrency_id": "faces", "show_progress": "hidden"}
    gr.on(
        [cover.input, turn.input, light.input],
        change,
        [results, chosen, cover, turn, light],
        card,
        trigger_mode="always_last",
        **shared,
    )

    def update(event: gr.events.Dependency) -> None:
        event.then(why, [results, chosen], reason, trigger_mode="always_last", **shared)

    return CloserLook([section, reason, cover, turn, light], start, update)


def _slider(least: float, most: float, value: float, **options: Any) -> gr.Slider:
    """A slider in whose field any number can be typed: what is beyond its ends is the end."""
    slider = gr.Slider(least, most, value, buttons=[], **options)
    setattr(slider, "preprocess", lambda number: min(max(float(number or 0), least), most))  # noqa: B010
    return slider
