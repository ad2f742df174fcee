"""The Live tab: the webcam's picture in, what every face shows now and in the last half minute out."""

from time import monotonic
from typing import Any

import gradio as gr

from fer_hub.demo.state.live_stream import LiveStream, decode
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.tabs.panel import panel
from fer_hub.demo.views.live import camera, live_blank, live_log, live_people
from fer_hub.demo.views.messages import alert
from fer_hub.errors import InputError

LOOK_EVERY = 0.08
"""Seconds; the browser sends no picture before the last one was answered."""

_AT_ONCE = 3
"""Pictures that are read at the same time, each of another visitor."""


def live_tab(recognizers: Recognizers, models: gr.Dropdown) -> None:
    """Lay out the tab and wire it to the choice of models."""
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320, scale=6):
            film = panel(camera(LOOK_EVERY), elem_id="camera", script="camera")
            saved = panel(elem_id="live-saved")
        with gr.Column(min_width=320, scale=5):
            shown = panel(live_blank(), "people", elem_id="live")
    stream = gr.State(None, time_to_live=600)

    def look(chosen: list[str], known: LiveStream | None, event: gr.EventData) -> tuple[str, Any, Any]:
        """A frame comes inside the message and is handed on as it is, so that nothing of it touches the disk."""
        fresh = known is None or bool(getattr(event, "first", False))
        now = LiveStream() if known is None or fresh else known
        try:
            picture = decode(str(getattr(event, "picture", "")))
            moment = now.look(picture, recognizers.get(chosen), monotonic())
        except InputError as error:
            return alert(str(error)), now, ""
        return live_people(moment), now, "" if fresh else gr.skip()

    def stop(known: LiveStream | None) -> tuple[str, str]:
        return live_blank(), live_log(known.log()) if known else ""

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    film.frame(
        look, [models, stream], [shown, stream, saved],
        trigger_mode="multiple", concurrency_id="live", concurrency_limit=_AT_ONCE, **quiet,
    )  # fmt: skip
    film.stop(stop, [stream], [shown, saved], concurrency_id="live", **quiet)
