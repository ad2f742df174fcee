"""The Photo tab: a picture in, every face's expression out."""

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from fer_hub.demo.recognizers import Recognizers
from fer_hub.errors import InputError
from fer_hub.images import open_image
from fer_hub.pictures import COLOURS, OTHER_COLOUR, annotate
from fer_hub.recognizer import FaceExpression

EXAMPLE = Path(__file__).parent / "examples" / "astronaut.jpg"
"""Eileen Collins, NASA portrait, public domain (as in scikit-image)."""

_BLANK = '<p class="fer-hint">Drop, paste or take a photo. Every face in it gets a card with seven probabilities.</p>'

_NO_FACE = (
    '<p class="fer-hint"><strong>No face was found.</strong> Faces are found best when they look at the camera, '
    "are lit from the front and are at least 40 pixels wide; try a closer or larger photo.</p>"
)


def photo_tab(recognizers: Recognizers) -> None:
    """Lay out the tab and wire it, with `/recognize` as its public twin."""

    def look(picture: str, models: list[str] | str | None) -> tuple[Image.Image, list[FaceExpression]]:
        try:
            rgb = open_image(picture)
            faces = recognizers.get(models)(rgb)
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return annotate(rgb, faces), faces

    def show(picture: str | None, models: list[str]) -> tuple[Any, str, str, list[dict[str, Any]] | None]:
        if picture is None:
            return gr.Image(visible=False), _BLANK, "", None
        annotated, faces = look(picture, models)
        return gr.Image(annotated, visible=True), count(faces), cards(faces), [face.to_dict() for face in faces]

    def recognize(picture: str, models: list[str] | None = None) -> tuple[Image.Image, list[dict[str, Any]]]:
        """Find the faces in a picture and name the expression of each, with its probabilities."""
        if picture is None:
            raise gr.Error("No picture was given; send a JPEG, PNG or WebP file.", print_exception=False)
        annotated, faces = look(picture, models)
        return annotated, [face.to_dict() for face in faces]

    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            photo = gr.Image(
                label="Photo", sources=["upload", "webcam", "clipboard"], type="filepath", height=360, buttons=[]
            )
            # The uploaded file is handed on unopened, so that only our own safe decoder reads it.
            setattr(photo, "preprocess", lambda payload: payload and payload.path)  # noqa: B010
            models = gr.Dropdown(
                recognizers.choices(),
                value=recognizers.references[:1],
                multiselect=True,
                label="Model",
                info="In brackets: the share of test faces it names right. Several models are averaged.",
            )
            gr.Examples([[str(EXAMPLE)]], [photo], label="Example (NASA, public domain)", cache_examples=False)
        with gr.Column(min_width=300):
            annotated = gr.Image(
                label="Faces found",
                elem_id="annotated",
                show_label=False,
                interactive=False,
                visible=False,
                buttons=["download", "fullscreen"],
                format="jpeg",
            )
            message = gr.HTML(_BLANK, elem_id="message")
    faces = gr.HTML(elem_id="faces")
    with gr.Accordion("The same as JSON", open=False):
        as_json = gr.JSON(label="Faces", show_label=False)

    gr.on(
        [photo.change, models.change],
        show,
        [photo, models],
        [annotated, message, faces, as_json],
        trigger_mode="always_last",
        show_progress_on=[message],
        api_visibility="private",
    )
    gr.Button(visible=False).click(recognize, [photo, models], [annotated, as_json], api_name="recognize")


def count(faces: Sequence[FaceExpression]) -> str:
    """How many faces there are, or what to do about there being none, as HTML."""
    if not faces:
        return _NO_FACE
    found = "1 face found</strong>." if len(faces) == 1 else f"{len(faces)} faces found</strong>, largest first."
    return f'<p class="fer-count"><strong>{found}</p>'


def cards(faces: Sequence[FaceExpression]) -> str:
    """One card per face as HTML: its crop as the model saw it, and a bar per expression."""
    return f'<div class="fer-cards">{"".join(_card(number, face) for number, face in enumerate(faces, 1))}</div>'


def _card(number: int, face: FaceExpression) -> str:
    bars = "".join(_bar(label, probability) for label, probability in face.probabilities.items())
    top = face.probabilities[face.expression]
    return (
        f'<article class="fer-card" aria-label="Face {number}">'
        f'<div class="fer-face"><img src="{_data_uri(face)}" alt="Face {number}, cut out as the model saw it">'
        f"<small>as the model<br>saw it</small></div>"
        f'<div class="fer-bars"><h3>{number}. looks {escape(face.expression)} <span>{top:.0%}</span></h3>{bars}</div>'
        "</article>"
    )


def _bar(label: str, probability: float) -> str:
    colour = COLOURS.get(label, OTHER_COLOUR)
    return (
        f'<div class="fer-bar" role="meter" aria-label="{escape(label)}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{100 * probability:.1f}"><span>{escape(label)}</span>'
        f'<i><b style="width:{100 * probability:.1f}%;background:{colour}"></b></i><em>{probability:.0%}</em></div>'
    )


def _data_uri(face: FaceExpression) -> str:
    buffer = io.BytesIO()
    Image.fromarray(face.crop).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
