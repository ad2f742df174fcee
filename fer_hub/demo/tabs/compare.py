"""The Compare tab: two to four models on the same picture, and on the pictures they were evaluated on."""

from functools import lru_cache
from typing import Any

import gradio as gr
import numpy as np
from markupsafe import Markup

from fer_hub.demo.security.uploads import given_files
from fer_hub.demo.state.evaluations import Evaluations, LoadedEvaluation
from fer_hub.demo.state.examples import COLLINS
from fer_hub.demo.state.photos import portrait, read_photo
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.tabs.panel import panel
from fer_hub.demo.views.messages import alert, drop_zone, heading, hint, notes
from fer_hub.demo.views.model_comparison import (
    Answers,
    compared_faces,
    compared_photo,
    disagreement,
    matrices,
    pair,
    photo_notes,
)
from fer_hub.errors import InputError
from fer_hub.vision.images import EXAMPLE

FEWEST, MOST = 2, 4
MAX_FACES = 12

_DATASET_HINT = (
    "From what each model answered for every picture it was evaluated on: the first model against each of the others."
)


def compare_tab(recognizers: Recognizers, evaluations: Evaluations, tab: gr.Tab) -> None:
    """Lay out `tab` and wire it."""
    if len(recognizers.references) < FEWEST:
        gr.HTML(hint("Comparing needs two models, and there is only one here."))
        return

    def look(path: str, models: tuple[str, ...]) -> tuple[Markup, Answers, list[np.ndarray], int]:
        """The photo with the boxes that all models were given, their answers, the faces, and the number of all."""
        rgb = read_photo(path)
        several = [recognizers.get(model) for model in models]
        found = several[0].detector.detect(rgb)
        answers = {
            model: recognizer.classify([(rgb, face) for face in found[:MAX_FACES]])
            for model, recognizer in zip(models, several, strict=True)
        }
        geometry = several[0].classifiers[0].config.crop
        shown = [portrait(rgb, face, geometry) for face in found[:MAX_FACES]]
        return compared_photo(rgb, answers), answers, shown, len(found)

    example = lru_cache(maxsize=4)(lambda models: look(str(EXAMPLE), models))
    """Every visitor sees it first, so that it is looked at once; visitors' own photos are never kept."""

    def on_picture(path: str | None, models: list[str]) -> tuple[str, str, str]:
        if refused := _wrong_number(models):
            return "", refused, ""
        try:
            photo, answers, shown, count = look(path, tuple(models)) if path else example(tuple(models))
        except InputError as error:
            return "", alert(str(error)), ""
        told = photo_notes(count, MAX_FACES, credit="" if path else COLLINS)
        return photo, told, compared_faces(answers, shown)

    def give(models: list[str], event: gr.EventData) -> tuple[str, str, str, str | None]:
        files, refused = given_files(event, 1)
        if not files:
            name = refused[0] if refused else "The photo"
            return "", alert(f"{name} could not be uploaded; is it larger than 100 MB?"), "", None
        return *on_picture(files[0][0], models), files[0][0]

    def on_dataset(models: list[str], compared: list[str]) -> tuple[Any, ...]:
        if models == compared:  # Gradio may say twice that they changed, which would close the pictures
            return (gr.skip(),) * 4
        return *side_by_side(models), models

    def side_by_side(models: list[str]) -> tuple[str, str, str]:
        if _wrong_number(models):
            return "", "", ""
        loaded, refused = _load(evaluations, models)
        if not loaded:
            return "", notes(refused), ""
        first, *others = loaded.items()
        words = Markup().join([*(pair(first, other, place) for place, other in enumerate(others)), notes(refused)])
        return matrices(list(loaded.values())), words, ""

    def on_disagreement(models: list[str], event: gr.EventData) -> str:
        loaded, _ = _load(evaluations, models[:MOST])
        try:
            place, label, said, other_said = map(int, str(getattr(event, "cell", "")).split(","))
            first, *others = loaded.items()
            return disagreement(first, others[place], (label, said, other_said))
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
            zone = panel(
                drop_zone("Drop a photo here", "image/*", 1, pictures=True), "drop_zone", elem_id="compared-upload"
            )
            told = panel(script="status", elem_id="compare-told")
        with gr.Column(min_width=300):
            annotated = panel(script="goes", elem_id="compared-photo")
    picture = gr.State(None, time_to_live=1200)
    faces = panel(elem_id="compared-faces", script="face")
    gr.HTML(heading("On the same dataset", _DATASET_HINT))
    words = panel(script="cell_clicks", elem_id="compared-words")
    shown = panel(elem_id="disagreement")
    beside = panel(elem_id="compared-matrices")
    compared = gr.State([], time_to_live=1200)

    quiet: dict[str, Any] = {"api_visibility": "private", "trigger_mode": "always_last"}
    gr.on(
        [tab.select, models.change],
        on_picture,
        [picture, models],
        [annotated, told, faces],
        show_progress="hidden",
        concurrency_id="faces",
        **quiet,
    )
    zone.give(
        give, [models], [annotated, told, faces, picture], show_progress="hidden", concurrency_id="faces", **quiet
    )
    gr.on(
        [tab.select, models.change],
        on_dataset,
        [models, compared],
        [beside, words, shown, compared],
        show_progress="hidden",
        **quiet,
    )
    words.click(on_disagreement, models, shown, show_progress="hidden", **quiet)


def _wrong_number(models: list[str]) -> str:
    if FEWEST <= len(models) <= MOST:
        return ""
    return alert(f"Choose {FEWEST} to {MOST} models; {len(models)} chosen.")


def _load(evaluations: Evaluations, models: list[str]) -> tuple[dict[str, LoadedEvaluation], list[str]]:
    """The evaluations of those that have one, and a sentence on each of the others."""
    loaded, refused = {}, []
    for model in models:
        try:
            loaded[model] = evaluations.get(model)
        except InputError as error:
            refused.append(str(error))
    return loaded, refused
