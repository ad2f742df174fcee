"""Look closer at one face of the photos: which part decided, and what if it were covered, turned or in other light."""

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import Any

import gradio as gr

from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.views.cards import data_uri, face_card, verdict
from fer_hub.errors import InputError
from fer_hub.explain.what_if import PARTS, Change
from fer_hub.recognizer import FaceExpression
from fer_hub.vision.drawing import heat_over
from fer_hub.vision.images import open_image


@dataclass(frozen=True)
class Seen:
    """A photo and its faces."""

    name: str
    path: str
    """Where Gradio keeps it for a while; the photo itself is not kept in memory."""
    faces: list[FaceExpression]


@dataclass(frozen=True)
class Shown:
    """What a visitor looks at."""

    paths: tuple[str, ...] = ()
    """None: the example."""
    models: tuple[str, ...] = ()
    photos: list[Seen] = field(default_factory=list)

    def faces(self) -> list[tuple[Seen, int, FaceExpression]]:
        """Every face with its photo and its number there, from 1."""
        return [(photo, number, face) for photo in self.photos for number, face in enumerate(photo.faces, 1)]

    def choices(self) -> list[tuple[str, int]]:
        """What a menu of faces shows, and each face's index."""
        several = len(self.photos) > 1
        return [
            (
                f"{f'{photo.name}, ' if several else ''}face {number}: {face.expression}{'?' if face.doubt else ''}",
                index,
            )
            for index, (photo, number, face) in enumerate(self.faces())
        ]


def look_closer(
    recognizers: Recognizers, shown: gr.State
) -> tuple[gr.Column, gr.Dropdown, Callable[[gr.events.Dependency], None]]:
    """Lay out the section and wire it; returns it, its menu of faces, and how to bring it up to date after an event."""

    def start(shown: Shown, index: int | None) -> tuple[str, str, list[str], int, int]:
        if index is None or index >= len(shown.faces()):
            return "", "", [], 0, 100
        _, _, face = shown.faces()[index]
        try:
            reason = why(recognizers, shown, index)
        except InputError as error:  # the model that a visitor brought had to go
            reason = _hint(str(error))
        return reason, what_if_html(face), [], 0, 100

    def again(shown: Shown, index: int | None, cover: list[str], turn: float, light: float) -> str:
        if index is None or index >= len(shown.faces()):
            return ""
        photo, _, face = shown.faces()[index]
        try:
            picture = open_image(photo.path)
        except InputError:
            return _hint("This photo was deleted after a while, as all are; please give it again.")
        try:
            changed = Change(tuple(cover), turn, light / 100).apply(picture, face.face)
            (answer,) = recognizers.get(list(shown.models)).classify([changed])
        except InputError as error:
            return _hint(str(error))
        return what_if_html(answer, before=face)

    with gr.Column() as section:
        gr.HTML("<h2>Look closer</h2>")
        face = gr.Dropdown([], label="Face", elem_id="closer-face", interactive=True)
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
    face.input(start, [shown, face], whole, **shared)
    gr.on(
        [cover.input, turn.input, light.input],
        again,
        [shown, face, cover, turn, light],
        outcome,
        trigger_mode="always_last",
        **shared,
    )
    return section, face, lambda event: event.then(start, [shown, face], whole, **shared)


def _hint(text: str) -> str:
    return f'<p class="fer-hint">{escape(text)}</p>'


def why(recognizers: Recognizers, shown: Shown, index: int) -> str:
    """The face with the place that decided lit up, and what that means."""
    # captum takes seconds to import, and the page must not wait for it.
    from fer_hub.explain.attribution import explain, has_attention  # noqa: PLC0415

    _, number, face = shown.faces()[index]
    classifier = recognizers.get(list(shown.models)).classifiers[0]
    heat = explain(classifier, face.crop, face.expression)
    alone = "" if len(shown.models) < 2 else f" This is {escape(shown.models[0])}'s view alone."
    expression, points = escape(face.expression), 100 * float(heat.max())
    if has_attention(classifier.network):
        meaning = "Bright is where the network looks."
    elif points < 1:
        meaning = f"No single place speaks for {expression}: blurring any of them changes next to nothing."
    else:
        meaning = f"Bright places speak for {expression}: blurring the brightest takes {points:.0f} points from it."
    return (
        f'<figure class="fer-why"><img src="{data_uri(heat_over(face.crop, heat))}" '
        f'alt="Face {number} with the places that speak for {expression} lit up">'
        f"<figcaption><b>Why {expression}?</b> {meaning}{alone}</figcaption></figure>"
    )


def what_if_html(face: FaceExpression, before: FaceExpression | None = None) -> str:
    """The face as the model sees it, and its bars; with `before`, a mark on each where it stood."""
    marks = None if before is None else before.probabilities
    note = "Change the face and see the bars move." if marks is None else "The line on each bar is where it stood."
    return face_card(
        face,
        f"<h3>{verdict(face)}</h3>",
        "The face as the model sees it now",
        caption="as the model<br>sees it now",
        before=marks,
        note=f'<p class="fer-small">{note}</p>',
    )
