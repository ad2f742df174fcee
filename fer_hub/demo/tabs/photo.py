"""The Photo tab: photos in, every face's expression out; whatever is pressed is chosen everywhere."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import gradio as gr
from PIL import Image

from fer_hub.demo.security.deadline import check_deadline
from fer_hub.demo.security.uploads import given_files
from fer_hub.demo.state.examples import CREDIT, EXAMPLES
from fer_hub.demo.state.photos import (
    PhotoResults,
    RecognizedPhoto,
    drawn_face,
    portrait,
    recognize_example,
    recognize_photo,
)
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.tabs.explanation import closer_look
from fer_hub.demo.tabs.panel import panel
from fer_hub.demo.views import faces as view
from fer_hub.demo.views.messages import drop_zone
from fer_hub.errors import InputError
from fer_hub.recognizer import FaceExpression
from fer_hub.vision.drawing import annotate
from fer_hub.vision.images import open_image

MAX_PHOTOS = 20
ACCEPTED = "image/*,.heic,.heif,.avif"

Look = Callable[[], RecognizedPhoto]


def photo_tab(recognizers: Recognizers, demo: gr.Blocks, models: gr.Dropdown) -> None:
    """Lay out the tab and wire it to the choice of models, with `/recognize` as its public twin."""

    @lru_cache(maxsize=4 * len(EXAMPLES))
    def example(number: int, chosen: tuple[str, ...]) -> RecognizedPhoto:
        """Every visitor sees it first, so that it is looked at once; visitors' own photos are never kept."""
        return recognize_example(number, recognizers.get(list(chosen)))

    with gr.Row(equal_height=False, elem_id="photo-view"):
        with gr.Column(min_width=320, scale=6):
            stage = panel(view.blank_stage(), elem_id="stage", script="stage")
            zone = panel(
                drop_zone("Drop photos here", ACCEPTED, MAX_PHOTOS, pictures=True, examples=EXAMPLES, credit=CREDIT),
                elem_id="photos",
                script="drop_zone",
            )
            told = panel(elem_id="message", script="stage")
        with gr.Column(min_width=320, scale=5):
            card = panel(elem_id="face", script="face")
            results, chosen = gr.State(PhotoResults(), time_to_live=1200), gr.State(None, time_to_live=1200)
            look = closer_look(recognizers, results, chosen, card)
    grid = panel(elem_id="faces", script="stage")
    shown: list[Any] = [stage, told, card, grid, results, chosen, *look.outputs]

    def show(now: PhotoResults, place: int, face: int | None, refused: list[str]) -> dict[Any, Any]:
        """All of the tab: the photo at this place, and one of its faces by its index among all."""
        faces = now.faces()
        index = face if face is not None and face < len(faces) else None
        photo, number, _ = faces[index] if index is not None else (None, 0, None)
        return {
            stage: view.stage(now, place, index),
            told: view.summary(now, place, refused),
            card: view.chosen_face(photo, number) if photo else "",
            grid: view.cards(now, index),
            results: now,
            chosen: index,
            **look.start(photo is not None),
        }

    def working(words: str, share: float | None = None) -> dict[Any, Any]:
        """While a photo is looked at, nothing of the last one is left."""
        return {
            stage: view.blank_stage(),
            told: view.waiting(words, share),
            card: "",
            grid: "",
            chosen: None,
            **look.start(False),
        }

    def look_at(
        looks: list[Look], before: PhotoResults, used: list[str], refused: list[str]
    ) -> Iterator[dict[Any, Any]]:
        """Look at photos, and show the first of them; what was there `before` stays."""
        yield working("Looking for faces")
        found = list(before.photos)
        for number, look_once in enumerate(looks):
            if number:
                yield working(f"Looking for faces, photo {number + 1} of {len(looks)}", number / len(looks))
            check_deadline()
            try:
                found.append(look_once())
            except InputError as error:
                refused.append(str(error))
        now = PhotoResults(tuple(used), tuple(found))
        place = min(len(before.photos), max(len(found) - 1, 0))
        face = now.first_of(place) if found and found[place].faces else None
        yield show(now, place, face, refused)

    def look_at_photos(now: PhotoResults, used: list[str], event: gr.EventData) -> Iterator[dict[Any, Any]]:
        used = used or recognizers.references[:1]
        given, refused = given_files(event, MAX_PHOTOS)
        refused = [f"{name} could not be uploaded; is it larger than 100 MB?" for name in refused]
        kept = now.photos if not now.is_example and now.models == tuple(used) else ()
        room = MAX_PHOTOS - len(kept)
        if len(given) > room:
            refused.append(f"At most {MAX_PHOTOS} photos are kept at once; remove some to look at more.")
        recognizer = recognizers.get(used)
        looks: list[Look] = [partial(recognize_photo, name, path, recognizer) for path, name in given[:room]]
        if not looks and not kept:
            looks = [partial(example, 0, tuple(used))]
        yield from look_at(looks, PhotoResults(tuple(used), kept), used, refused)

    def again(now: PhotoResults, used: list[str]) -> Iterator[dict[Any, Any]]:
        """The same photos with other models."""
        used = used or recognizers.references[:1]
        if tuple(used) == now.models:
            yield {stage: gr.skip()}
            return
        recognizer = recognizers.get(used)

        def once_more(photo: RecognizedPhoto) -> Look:
            if photo.example:
                return partial(example, EXAMPLES.index(photo.example), tuple(used))
            return partial(recognize_photo, photo.name, photo.path, recognizer)

        looks = [once_more(photo) for photo in now.photos]
        yield from look_at(looks or [partial(example, 0, tuple(used))], PhotoResults(), used, [])

    def try_example(used: list[str], event: gr.EventData) -> Iterator[dict[Any, Any]]:
        used, number = used or recognizers.references[:1], _index(getattr(event, "number", 0), len(EXAMPLES))
        yield from look_at([partial(example, number, tuple(used))], PhotoResults(), used, [])

    def opened(used: list[str], request: gr.Request) -> dict[Any, Any]:
        """`?example=NAME` opens one of the examples."""
        used, name = used or recognizers.references[:1], dict(request.query_params).get("example")
        number = next((number for number, each in enumerate(EXAMPLES) if each.name == name), 0)
        return show(PhotoResults(tuple(used), (example(number, tuple(used)),)), 0, 0, [])

    def clear(used: list[str]) -> dict[Any, Any]:
        used = used or recognizers.references[:1]
        return show(PhotoResults(tuple(used), (example(0, tuple(used)),)), 0, 0, [])

    def choose(now: PhotoResults, before: int | None, event: gr.EventData) -> dict[Any, Any]:
        """A face by its index, or a photo by its place where it has none; the photo is sent where it is another one."""
        if getattr(event, "face", None) is None:
            return show(now, _index(getattr(event, "photo", 0), len(now.photos)), None, [])
        index = _index(event.face, len(now.faces()))
        photo, number, _ = now.faces()[index]
        place = now.place_of(index)
        part = {card: view.chosen_face(photo, number), chosen: index, **look.start(True)}
        if before is None or now.place_of(before) != place:
            part |= {stage: view.stage(now, place, index), told: view.summary(now, place, [])}
        return part

    def draw(now: PhotoResults, event: gr.EventData) -> dict[Any, Any]:
        place = _index(getattr(event, "photo", 0), len(now.photos))
        box = [float(share) for share in getattr(event, "box", ())][:4]
        photo = now.photos[place]
        picture, recognizer = photo.read(), recognizers.get(list(now.models))
        try:
            face = drawn_face(picture, box, recognizer)
        except InputError as error:
            return show(now, place, now.first_of(place) if photo.faces else None, [str(error)])
        (answer,) = recognizer.classify([(picture, face)])
        more = photo.with_face(answer, portrait(picture, face, recognizer.classifiers[0].config.crop))
        now = replace(now, photos=(*now.photos[:place], more, *now.photos[place + 1 :]))
        return show(now, place, now.first_of(place) + len(more.faces) - 1, [])

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
        rgb = open_image(picture)
        found: list[FaceExpression] = recognizers.get(models)(rgb)
        return annotate(rgb, found), [face.to_dict() for face in found]

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    working_on: dict[str, Any] = {**quiet, "concurrency_id": "faces", "concurrency_limit": 2}
    last: dict[str, Any] = {**working_on, "trigger_mode": "always_last"}
    look.update(demo.load(opened, [models], shown, **working_on))
    look.update(zone.give(look_at_photos, [results, models], shown, trigger_mode="multiple", **working_on))
    look.update(zone.example(try_example, [models], shown, **last))
    look.update(models.change(again, [results, models], shown, **last))
    for pressed in (stage, grid):
        look.update(pressed.choose(choose, [results, chosen], shown, **last))
    for pressed in (stage, told):
        look.update(pressed.draw(draw, [results], shown, **last))
    look.update(stage.clear(clear, [models], shown, **working_on))

    picture = gr.Image(type="filepath", visible=False, label="Picture")
    setattr(picture, "preprocess", lambda payload: payload and payload.path)  # unopened too  # noqa: B010
    gr.Button(visible=False).click(
        recognize,
        [picture, gr.Dropdown(recognizers.choices(), multiselect=True, visible=False, label="Models")],
        [gr.Image(visible=False, format="jpeg", label="Faces found"), gr.JSON(visible=False, label="Faces")],
        api_name="recognize",
        concurrency_id="faces",
    )


def _index(value: Any, count: int) -> int:
    """What the page sent as an index below `count`. Raises InputError where it is none."""
    if isinstance(value, int) and 0 <= value < count:
        return value
    raise InputError("That is not on the page any more; press what you see now.")
