"""The Live tab: the webcam's picture in, what every face shows now and in the last half minute out."""

from time import monotonic
from typing import Any

import gradio as gr

from fer_hub.demo.state.live_stream import LiveStream, decode
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.views.timeline import live_blank, live_people

LOOK_EVERY = 0.1
"""Seconds; the browser sends no picture before the last one was answered."""

_TURN_SECONDS = 180
_VISITORS = 3


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
            shown = gr.HTML(live_blank(), elem_id="live")
    stream = gr.State(None, time_to_live=600)

    def look(frame: str | None, chosen: list[str], known: LiveStream | None) -> tuple[Any, LiveStream | None]:
        if frame is None:
            return gr.skip(), known
        known = known or LiveStream()
        return live_people(known.look(decode(frame), recognizers.get(chosen), monotonic())), known

    webcam.stream(
        look, [webcam, models, stream], [shown, stream], stream_every=LOOK_EVERY, time_limit=_TURN_SECONDS,
        concurrency_limit=_VISITORS, show_progress="hidden", api_visibility="private",
    )  # fmt: skip
