"""The Live tab: the webcam's picture in, what every face shows now and in the last half minute out."""

import base64
import binascii
from collections import deque
from dataclasses import replace
from time import monotonic
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.views.cards import data_uri, verdict
from fer_hub.demo.views.timeline import lanes
from fer_hub.errors import InputError
from fer_hub.recognizer import ExpressionRecognizer, FaceExpression
from fer_hub.video.timeline import Moment
from fer_hub.video.tracking import TrackedFace, Tracker
from fer_hub.vision.images import open_image

SEARCHED_SIDE = 320
"""Longest side, in pixels, at which the webcam's picture is searched: fast, for faces that are near the camera."""

LOOK_EVERY = 0.1
"""Seconds; the browser sends no picture before the last one was answered."""

_SHOWN_SECONDS = 30.0
_KEPT_EVERY = 0.5
_TURN_SECONDS = 180
_VISITORS = 3
_LARGEST_FRAME = 4_000_000

_BLANK = """<p class="fer-hint">Start the webcam and press <strong>Record</strong>. Every face gets its bars, steadied
over half a second, and a line of the last half minute. Pictures go to the machine that runs this demo, are read in its
memory and forgotten: none is written to a disk. A turn lasts three minutes.</p>"""

_NOBODY = '<p class="fer-hint">No face in sight. Come closer, face the camera, and have light on your face.</p>'


class Watcher:
    """What is remembered of one visitor's stream: probabilities of the last half minute, no picture."""

    def __init__(self) -> None:
        self._tracker = Tracker(max_gap=1.5, time_constant=0.5)
        self._history: deque[Moment] = deque()
        self._arrivals: deque[float] = deque(maxlen=20)

    def look(self, picture: np.ndarray, recognizer: ExpressionRecognizer, now: float) -> str:
        """Read one picture that came at `now` seconds; what to show, as HTML."""
        (faces,) = recognizer.predict_batch([shrink(picture, SEARCHED_SIDE)])
        people = self._tracker.update(now, faces)
        self._arrivals.append(now)
        self._remember(Moment(now, tuple(people)))
        cards = sorted(zip(people, faces, strict=True), key=lambda pair: pair[0].person)
        shown = "".join(self._card(person, face, now) for person, face in cards) or _NOBODY
        return f'<p class="fer-count">{self._rate()}</p><div class="fer-live">{shown}</div>'

    def _remember(self, moment: Moment) -> None:
        if not self._history or moment.time - self._history[-1].time >= _KEPT_EVERY:
            self._history.append(moment)
        while moment.time - self._history[0].time > _SHOWN_SECONDS:
            self._history.popleft()

    def _rate(self) -> str:
        span = self._arrivals[-1] - self._arrivals[0]
        return f"{(len(self._arrivals) - 1) / span:.1f} pictures a second" if span else "first picture"

    def _card(self, person: TrackedFace, face: FaceExpression, now: float) -> str:
        steadied = replace(face, probabilities=person.probabilities)
        past = [(m.time, p) for m in self._history for p in m.faces if p.person == person.person]
        number, crop = person.person, data_uri(Image.fromarray(face.crop))
        rows = lanes([*past, (now, person)], person.probabilities, now - _SHOWN_SECONDS, now, _KEPT_EVERY, True)
        return (
            f'<section class="fer-person" aria-label="Person {number}"><h3><img src="{crop}" '
            f'alt="Person {number}, as the model saw it"> <span>Person {number} {verdict(steadied)}</span> '
            f"<small>the last half minute, and now</small></h3>{rows}</section>"
        )


def shrink(picture: np.ndarray, max_side: int) -> np.ndarray:
    """Scale an HWC uint8 RGB picture down to at most `max_side` pixels on its longest side."""
    image = Image.fromarray(picture)
    image.thumbnail((max_side, max_side), Image.Resampling.BILINEAR, reducing_gap=None)
    return np.asarray(image)


def decode(data_url: str) -> np.ndarray:
    """The picture that the browser sent inside its message, HWC uint8 RGB."""
    head, _, body = data_url[:_LARGEST_FRAME].partition(",")
    try:
        if not head.startswith("data:image/") or len(data_url) > _LARGEST_FRAME:
            raise ValueError
        return open_image(base64.b64decode(body, validate=True))
    except (ValueError, binascii.Error):
        raise InputError("that is no picture of a webcam; start the webcam on this page.") from None


def live_tab(recognizers: Recognizers) -> None:
    """Lay out the tab and wire it."""
    fast = [reference for reference in recognizers.references if reference == "fer-live"]
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            webcam = gr.Image(
                label="Webcam",
                sources=["webcam"],
                streaming=True,
                height=320,
                webcam_options=gr.WebcamOptions(
                    mirror=True, constraints={"video": {"width": {"ideal": 480}, "height": {"ideal": 360}}}
                ),
            )
            # A frame comes inside the message; handed on as it is, so that nothing of it touches the disk.
            setattr(webcam, "preprocess", lambda payload: payload and payload.url)  # noqa: B010
            models = gr.Dropdown(
                recognizers.choices(),
                value=(fast or recognizers.references)[:1],
                multiselect=True,
                label="Model for the webcam",
                info="Small models show more pictures a second.",
            )
        with gr.Column(min_width=300):
            shown = gr.HTML(_BLANK, elem_id="live")
    watcher = gr.State(None, time_to_live=600)

    def look(frame: str | None, chosen: list[str], known: Watcher | None) -> tuple[Any, Watcher | None]:
        if frame is None:
            return gr.skip(), known
        known = known or Watcher()
        try:
            return known.look(decode(frame), recognizers.get(chosen), monotonic()), known
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from None

    webcam.stream(
        look, [webcam, models, watcher], [shown, watcher], stream_every=LOOK_EVERY, time_limit=_TURN_SECONDS,
        concurrency_limit=_VISITORS, show_progress="hidden", api_visibility="private",
    )  # fmt: skip
