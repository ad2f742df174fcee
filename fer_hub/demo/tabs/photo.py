"""The Photo tab: photos in, every face's expression out; whatever is pressed is chosen everywhere."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import gradio as gr

from fer_hub.demo.security.deadline import check_deadline
from fer_hub.demo.security.uploads import given_files
from fer_hub.demo.state.examples import EXAMPLES
from fer_hub.demo.state.photos import (
    PhotoResults,
    RecognizedPhoto,
    drawn_face,
    portrait,
    recognize_example,
    recognize_photo,
)
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.tabs.explanation import GONE, closer_look
from fer_hub.demo.tabs.panel import panel
from fer_hub.demo.views import faces as view
from fer_hub.demo.views.messages import alert, drop_zone, waiting
from fer_hub.errors import InputError

MAX_PHOTOS = 20
ACCEPTED = "image/*,.heic,.heif,.avif"

Look = Callable[[], RecognizedPhoto]


def photo_tab(recognizers: Recognizers, demo: gr.Blocks, models: gr.Dropdown) -> None:
    """Lay out the tab and wire it to the choice of models."""

    @lru_cache(maxsize=4 * len(EXAMPLES))
    def example(number: int, chosen: tuple[str, ...]) -> RecognizedPhoto:
        """Every visitor sees it first, so that it is looked at once; visitors' own photos are never kept."""
        return recognize_example(number, recognizers.get(list(chosen)))

    with gr.Row(equal_height=False, elem_id="photo-view"):
        with gr.Column(min_width=320, scale=6):
            stage = panel(view.blank_stage(), elem_id="stage", script="stage")
            zone = panel(
                drop_zone("Drop photos here", ACCEPTED, MAX_PHOTOS, pictures=True, examples=EXAMPLES),
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
            **staged(now, place, index, refused),
            card: view.chosen_face(photo, number) if photo else "",
            grid: view.cards(now, index),
            results: now,
            chosen: index,
            **look.start(photo is not None),
        }

    def staged(now: PhotoResults, place: int, index: int | None, refused: list[str]) -> dict[Any, Any]:
        """The photo itself, and what is said of it."""
        try:
            return {stage: view.stage(now, place, index), told: view.summary(now, place, refused)}
        except InputError:
            return {stage: view.blank_stage(), told: alert(GONE)}

    def working(words: str, share: float | None = None) -> dict[Any, Any]:
        """While a photo is looked at, nothing of the last one is left."""
        return {
            stage: view.blank_stage(),
            told: waiting(words, share),
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
            try:
                check_deadline()
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
            part |= staged(now, place, index, [])
        return part

    def draw(now: PhotoResults, event: gr.EventData) -> dict[Any, Any]:
        place = _index(getattr(event, "photo", 0), len(now.photos))
        box = getattr(event, "box", None)
        photo = now.photos[place]
        try:
            picture, recognizer = photo.read(), recognizers.get(list(now.models))
            face = drawn_face(picture, box if isinstance(box, list) else [], recognizer)
        except InputError as error:
            return show(now, place, now.first_of(place) if photo.faces else None, [str(error)])
        (answer,) = recognizer.classify([(picture, face)])
        more = photo.with_face(answer, portrait(picture, face, recognizer.classifiers[0].config.crop))
        now = replace(now, photos=(*now.photos[:place], more, *now.photos[place + 1 :]))
        return show(now, place, now.first_of(place) + len(more.faces) - 1, [])

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


def _index(value: Any, count: int) -> int:
    """What the page sent as an index below `count`. Raises InputError where it is none."""
    if isinstance(value, int) and 0 <= value < count:
        return value
    raise InputError("That is not on the page any more; press what you see now.")
