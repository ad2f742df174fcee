"""The Video tab: a video in, what every person's face shows over time out."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import gradio as gr

from fer_hub.demo.security.deadline import Deadline
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.state.watched_video import WatchedVideo
from fer_hub.demo.views.messages import hint, notes
from fer_hub.demo.views.templating import asset
from fer_hub.demo.views.timeline import timeline_html, video_blank, video_progress, video_summary
from fer_hub.errors import InputError
from fer_hub.video.watching import watch_video
from fer_hub.video.writer import video_suffix, write_annotated

_MAX_SECONDS = 600
_READING_SECONDS = 1200


def video_tab(recognizers: Recognizers) -> None:
    """Lay out the tab and wire it."""
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            video = gr.Video(label="Video", sources=["upload"], height=300, buttons=[], elem_id="video")
            models = gr.Dropdown(
                recognizers.choices(), value=recognizers.references[:1], multiselect=True, label="Model for the video"
            )
            with gr.Row():
                start = gr.Button("Read the expressions", variant="primary", min_width=140)
                cancel = gr.Button("Cancel", visible=False, min_width=100)
        with gr.Column(min_width=300):
            status = gr.HTML(video_blank(), elem_id="video-status")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            timeline = gr.HTML(elem_id="timeline", js_on_load=asset("scripts/lane_clicks.js"))
        # Hidden, not absent: what is set while a component is made can get lost in the browser.
        with gr.Column(min_width=300, visible="hidden", elem_id="moment") as results:
            moment = gr.Slider(
                0, 1, step=0.01, label="Moment", info="Seconds from the start; or click on the timeline.", buttons=[]
            )
            frame = gr.Image(
                label="This moment", show_label=False, interactive=False, format="jpeg", buttons=["fullscreen"]
            )
            table = gr.DownloadButton("Download the table (CSV)")
            gr.HTML(notes(["The whole video with boxes, once it is drawn:"]))
            drawn = gr.Video(label="Video with boxes", show_label=False, interactive=False, buttons=["download"])
    watched = gr.State(None, time_to_live=1200)

    # A browser that falls behind takes the last message of an event only, so that each event's last one says it all.
    blank = {timeline: "", results: gr.Column(visible="hidden"), drawn: None, watched: None}
    shown: list[Any] = [status, timeline, results, moment, frame, drawn, table, watched, cancel]

    def read(path: str | None, chosen: list[str]) -> Iterator[dict[Any, Any]]:
        if path is None:
            yield {status: hint("Give a video first: drop a file above.")}
            return
        yield {**blank, status: hint("Opening the video."), cancel: gr.Button(visible=True)}
        try:
            began, limit = monotonic(), Deadline(_READING_SECONDS)
            told = began
            for so_far in watch_video(path, recognizers.get(chosen), _MAX_SECONDS):
                limit.check()
                if monotonic() - told > 1:
                    told = monotonic()
                    share = so_far.moments[-1].time / so_far.duration if so_far.duration else 1.0
                    yield {
                        status: video_progress("Looking at the video", share, began),
                        timeline: timeline_html(so_far),
                    }
            yield from result(WatchedVideo(path, so_far, video_summary(so_far, monotonic() - began)))
        except InputError as error:
            yield {**blank, status: hint(str(error)), cancel: gr.Button(visible=False)}

    def result(kept: WatchedVideo) -> Iterator[dict[Any, Any]]:
        if not kept.timeline.people:
            yield {**blank, status: kept.summary, cancel: gr.Button(visible=False)}
            return
        first = next(moment.time for moment in kept.timeline.moments if moment.faces)
        with TemporaryDirectory(prefix="fer-hub-") as folder:  # Gradio takes a copy, and deletes it in time
            csv = Path(folder, "expressions.csv")
            kept.timeline.write_csv(csv)
            yield {
                status: kept.summary,
                timeline: timeline_html(kept.timeline),
                results: gr.Column(visible=True),
                moment: gr.Slider(first, maximum=max(kept.timeline.duration, 0.01)),
                frame: kept.picture(first),
                table: csv,
                watched: kept,
            }

    def draw(kept: WatchedVideo | None) -> Iterator[dict[Any, Any]]:
        if kept is None:
            yield {status: gr.skip()}  # a generator that yields nothing would empty what it could have filled
            return
        began, limit = monotonic(), Deadline(_READING_SECONDS)
        told = began
        with TemporaryDirectory(prefix="fer-hub-") as folder:
            file = Path(folder, f"expressions{video_suffix()}")
            for share in write_annotated(kept.path, kept.timeline, file):
                limit.check()
                if monotonic() - told > 0.5:
                    told = monotonic()
                    yield {status: kept.summary + video_progress("Drawing the video with boxes", share, began)}
            yield {status: kept.summary, drawn: file, cancel: gr.Button(visible=False)}

    def show(time: float, kept: WatchedVideo | None) -> Any:
        if kept is None:
            return gr.skip()
        return kept.picture(time)

    def go(kept: WatchedVideo | None, click: gr.EventData) -> Any:
        if kept is None:
            return gr.skip()
        return round(min(max(float(click.share), 0.0), 1.0) * kept.timeline.duration, 2)

    def stop() -> dict[Any, Any]:
        return {status: hint("Stopped."), cancel: gr.Button(visible=False)}

    alone: dict[str, Any] = {"show_progress": "hidden", "concurrency_id": "video", "concurrency_limit": 1}
    reading = start.click(read, [video, models], shown, api_visibility="private", **alone)
    drawing = reading.success(draw, [watched], [status, drawn, cancel], api_visibility="private", **alone)
    cancel.click(stop, None, [status, cancel], cancels=[reading, drawing], api_visibility="private")
    timeline.click(go, [watched], moment, show_progress="hidden", api_visibility="private")
    moment.change(
        show, [moment, watched], frame, trigger_mode="always_last", show_progress="hidden", api_visibility="private"
    )
    moment.change(None, moment, None, js=asset("scripts/move_line.js"), api_visibility="private")
