"""The Photo tab: photos in, every face's expression out."""

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.tabs.closer import Seen, Shown, look_closer
from fer_hub.demo.views.cards import cards
from fer_hub.demo.views.downloads import links
from fer_hub.errors import InputError
from fer_hub.recognizer import FaceExpression
from fer_hub.vision.drawing import annotate
from fer_hub.vision.images import EXAMPLE, open_image

MAX_PHOTOS = 20
MAX_CARDS = 60

_NO_FACE = (
    "<strong>No face was found.</strong> Faces are found best when they look at the camera, are lit from the front and "
    "are at least 40 pixels wide; try a closer or larger photo."
)


def photo_tab(recognizers: Recognizers, demo: gr.Blocks) -> None:
    """Lay out the tab and wire it, with `/recognize` as its public twin."""

    def look(path: str, models: list[str] | str | None) -> tuple[Image.Image, list[FaceExpression]]:
        rgb = open_image(path)
        faces = recognizers.get(models)(rgb)
        return annotate(rgb, faces), faces

    @lru_cache(maxsize=4)
    def example(models: tuple[str, ...]) -> tuple[Image.Image, list[FaceExpression]]:
        """Every visitor sees it first, so that it is looked at once; visitors' own photos are never kept."""
        return look(str(EXAMPLE), list(models))

    def show(
        photos: list[tuple[str, str | None]] | None,
        models: list[str],
        shown: Shown,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 Gradio finds it by its default
    ) -> list[Any]:
        paths = tuple(path for path, _ in photos or ())
        chosen = tuple(models or recognizers.references[:1])
        if (paths, chosen) == (shown.paths, shown.models):  # Gradio says twice that photos came
            return [gr.skip()] * 7
        seen, annotated, refused = [], [], []
        for path in progress.tqdm(paths[:MAX_PHOTOS] or (str(EXAMPLE),), desc="Looking for faces", unit="photos"):
            name = Path(path).name
            try:
                picture, faces = look(path, list(chosen)) if paths else example(chosen)
            except InputError as error:
                refused.append(str(error))
                continue
            seen.append(Seen(name, path, faces))
            annotated.append((picture, f"{name}: {_count(faces)}"))
        if len(paths) > MAX_PHOTOS:
            refused.append(f"{len(paths)} photos are too many at once; the first {MAX_PHOTOS} were looked at.")
        now = Shown(paths, chosen, seen)
        choices = now.choices()
        return [
            gr.Gallery(annotated, visible=bool(annotated), selected_index=0 if annotated else None),
            summary(seen, refused, is_example=not paths),
            photo_cards(seen),
            links([(photo.name, photo.faces) for photo in seen]),
            now,
            gr.Column(visible=bool(choices)),
            gr.Dropdown(choices, value=0 if choices else None),
        ]

    def recognize(picture: str, models: list[str] | None = None) -> tuple[Image.Image, list[dict[str, Any]]]:
        """Find the faces in a picture and name the expression each one shows (which is not what a person feels).

        Args:
            picture: a JPEG, PNG or WebP picture of up to 64 megapixels.
            models: references from the list of models; several are averaged as an ensemble. None: the best one here.

        Returns:
            the picture with its faces marked
            a list, largest face first, of {"box": [x1, y1, x2, y2] in pixels, "confidence": 0 to 1 that it is a face,
            "expression": the most probable, "probabilities": {expression: 0 to 1}}; empty where there is no face
        """
        if picture is None:
            raise gr.Error("No picture was given; send a JPEG, PNG or WebP file.", print_exception=False)
        try:
            annotated, faces = look(picture, models)
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return annotated, [face.to_dict() for face in faces]

    shown = gr.State(Shown(), time_to_live=1200)
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            photos = gr.Gallery(
                label="Photos",
                sources=["upload", "webcam", "clipboard"],
                file_types=["image"],
                type="filepath",  # handed on unopened, so that only our own safe decoder reads it
                interactive=True,
                height=260,
                columns=3,
                fit_columns=False,
                object_fit="contain",
                buttons=[],
                elem_id="photos",
            )
            models = gr.Dropdown(
                recognizers.choices(),
                value=recognizers.references[:1],
                multiselect=True,
                label="Model",
                info="In brackets: the share of test faces it names right, and its size. Several models are averaged.",
            )
            told = gr.HTML(elem_id="message")
        with gr.Column(min_width=300):
            annotated = gr.Gallery(
                label="Faces found",
                elem_id="annotated",
                show_label=False,
                interactive=False,
                object_fit="contain",
                height=420,
                buttons=["download", "fullscreen"],
                format="jpeg",
            )
    faces = gr.HTML(elem_id="faces")
    save = gr.HTML()
    section, face, update = look_closer(recognizers, shown)

    looked = gr.on(
        [demo.load, photos.change, models.change],
        show,
        [photos, models, shown],
        [annotated, told, faces, save, shown, section, face],
        trigger_mode="always_last",
        show_progress_on=[told],
        api_visibility="private",
        concurrency_id="faces",
        concurrency_limit=2,
    )
    update(looked)

    picture = gr.Image(type="filepath", visible=False, label="Picture")
    setattr(picture, "preprocess", lambda payload: payload and payload.path)  # unopened too  # noqa: B010
    gr.Button(visible=False).click(
        recognize,
        [picture, models],
        [gr.Image(visible=False, format="jpeg", label="Faces found"), gr.JSON(visible=False, label="Faces")],
        api_name="recognize",
        concurrency_id="faces",
    )


def summary(photos: Sequence[Seen], refused: Sequence[str], is_example: bool) -> str:
    """How many faces there are, or what to do about there being none, and what could not be read."""
    faces = [face for photo in photos for face in photo.faces]
    lines = [f'<p class="fer-hint" role="alert">{escape(sentence)}</p>' for sentence in refused]
    if is_example:
        lines.append('<p class="fer-hint">This is an example (NASA, public domain). Give a photo of your own.</p>')
    elif photos and not faces:
        lines.append(f'<p class="fer-hint">{_NO_FACE}</p>')
    elif photos:
        where = "" if len(photos) == 1 else f" in {len(photos)} photos"
        order = ", largest first" if len(faces) > 1 and len(photos) == 1 else ""
        lines.append(f'<p class="fer-count"><strong>{_count(faces)} found</strong>{where}{order}.</p>')
    return "".join(lines)


def photo_cards(photos: Sequence[Seen]) -> str:
    """The cards of every photo, with its name above them where there are several; at most `MAX_CARDS` in all."""
    left, parts = MAX_CARDS, []
    for photo in photos:
        heading = f"<h3>{escape(photo.name)}: {_count(photo.faces)}</h3>" if len(photos) > 1 else ""
        parts.append(heading + cards(photo.faces[:left]))
        left -= len(photo.faces[:left])
    if left == 0:
        parts.append(f'<p class="fer-small">The first {MAX_CARDS} faces have cards; the files below hold all.</p>')
    return "".join(parts)


def _count(faces: Sequence[FaceExpression]) -> str:
    return "no face" if not faces else "1 face" if len(faces) == 1 else f"{len(faces)} faces"
