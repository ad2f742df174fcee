"""The Photo tab: photos in, every face's expression out."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from fer_hub.demo.security.deadline import check_deadline
from fer_hub.demo.state.photos import PhotoResults, RecognizedPhoto
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.tabs.explanation import explanation_section
from fer_hub.demo.views.downloads import face_links
from fer_hub.demo.views.faces import count_faces, photo_cards, summary
from fer_hub.errors import InputError
from fer_hub.recognizer import FaceExpression
from fer_hub.vision.drawing import annotate
from fer_hub.vision.images import EXAMPLE, open_image

MAX_PHOTOS = 20


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
        results: PhotoResults,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 Gradio finds it by its default
    ) -> list[Any]:
        paths = tuple(path for path, _ in photos or ())
        chosen = tuple(models or recognizers.references[:1])
        if (paths, chosen) == (results.paths, results.models):  # Gradio says twice that photos came
            return [gr.skip()] * 7
        recognized, annotated, refused = [], [], []
        for path in progress.tqdm(paths[:MAX_PHOTOS] or (str(EXAMPLE),), desc="Looking for faces", unit="photos"):
            name = Path(path).name
            check_deadline()
            try:
                picture, faces = look(path, list(chosen)) if paths else example(chosen)
            except InputError as error:
                refused.append(str(error))
                continue
            recognized.append(RecognizedPhoto(name, path, faces))
            annotated.append((picture, f"{name}: {count_faces(faces)}"))
        if len(paths) > MAX_PHOTOS:
            refused.append(f"{len(paths)} photos are too many at once; the first {MAX_PHOTOS} were looked at.")
        now = PhotoResults(paths, chosen, recognized)
        choices = now.choices()
        return [
            gr.Gallery(annotated, visible=bool(annotated), selected_index=0 if annotated else None),
            summary(recognized, refused, is_example=not paths),
            photo_cards(recognized),
            face_links([(photo.name, photo.faces) for photo in recognized]),
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
        if not picture:
            raise InputError("No picture was given; send a JPEG, PNG or WebP file.")
        annotated, faces = look(picture, models)
        return annotated, [face.to_dict() for face in faces]

    results = gr.State(PhotoResults(), time_to_live=1200)
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
    section, face, update = explanation_section(recognizers, results)

    looked = gr.on(
        [demo.load, photos.change, models.change],
        show,
        [photos, models, results],
        [annotated, told, faces, save, results, section, face],
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
