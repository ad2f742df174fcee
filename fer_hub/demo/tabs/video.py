"""The Video tab: a video in, what every person's face shows over time out, beside the player."""

import math
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from time import monotonic
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from fer_hub.demo.security.deadline import Deadline
from fer_hub.demo.security.uploads import given_files, is_upload
from fer_hub.demo.state.examples import VIDEO_EXAMPLE, write_example_video
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.state.watched_video import Readings, Stopped, WatchedVideo, in_words
from fer_hub.demo.tabs.panel import panel
from fer_hub.demo.views.messages import alert, drop_zone, hint, progress
from fer_hub.demo.views.timeline import drawn_link, timeline_html, video_blank, video_summary
from fer_hub.errors import InputError
from fer_hub.video.watching import watch_video
from fer_hub.video.writer import video_suffix, write_annotated

_MAX_SECONDS = 600
_READING_SECONDS = 1200
_TOLD_EVERY = 0.7
ACCEPTED = "video/*,.mkv,.avi,.mov"

Given = tuple[str, str]
"""Path and name of a video."""


def video_tab(recognizers: Recognizers, models: gr.Dropdown) -> None:
    """Lay out the tab and wire it to the choice of models."""
    offered = drop_zone("Drop a video here", ACCEPTED, 1, examples=[VIDEO_EXAMPLE])
    zone = panel(offered, "drop_zone", elem_id="video")
    status = panel(video_blank(), elem_id="video-status", script="status")
    with gr.Row():
        cancel = gr.Button("Cancel", visible=False, size="sm", min_width=100, scale=0)
        again = gr.Button("Read again with the chosen model", visible=False, size="sm", min_width=280, scale=0)
    timeline = panel(elem_id="timeline", script="player")
    drawn = panel(elem_id="video-drawn")
    given, watched = gr.State(None, time_to_live=1200), gr.State(None, time_to_live=1200)
    readings = Readings()

    # A browser that falls behind takes the last message of an event only, so that each event's last one says it all.
    shown: list[Any] = [status, timeline, drawn, cancel, again, given, watched]

    def ended(words: str, video: Given | None) -> dict[Any, Any]:
        """Nothing is read, and nothing half read is left."""
        return {
            status: words, timeline: "", drawn: "", cancel: gr.Button(visible=False),
            again: gr.Button(visible=video is not None), given: video, watched: None,
        }  # fmt: skip

    def read(chosen: list[str], event: gr.EventData, request: gr.Request) -> Iterator[dict[Any, Any]]:
        files, refused = given_files(event, 1)
        if not files:
            name = refused[0] if refused else "The video"
            yield ended(alert(f"{name} could not be uploaded; is it larger than 100 MB?"), None)
            return
        yield from steps(files[0], chosen, str(request.session_hash), _given_at(event) or 0)

    def read_example(chosen: list[str], request: gr.Request) -> Iterator[dict[Any, Any]]:
        readings.stop(str(request.session_hash))
        file = _new_file(f"example{video_suffix()}")
        write_example_video(file)
        yield from steps((str(file), file.name), chosen, str(request.session_hash))

    def read_again(video: Given | None, chosen: list[str], request: gr.Request) -> Iterator[dict[Any, Any]]:
        if video is None:
            yield ended(hint("Give a video first."), None)
            return
        yield from steps(video, chosen, str(request.session_hash))

    def steps(video: Given, chosen: list[str], visitor: str, given_at: float = 0) -> Iterator[dict[Any, Any]]:
        path, name = video
        if not is_upload(path):
            yield ended(alert(f"{name} has been deleted meanwhile, as all uploads are; give it again."), None)
            return
        with readings.reading(visitor, given_at) as stop:
            yield {**ended(hint(f"Opening {name}."), video), again: gr.Button(visible=False),
                   cancel: gr.Button(visible=True)}  # fmt: skip
            try:
                yield from watch(video, chosen, stop)
            except Stopped:
                yield ended(hint(f"Stopped. {name} is still here to be read again."), video)
            except InputError as error:
                yield ended(alert(in_words(error, path, name)), video if is_upload(path) else None)

    def watch(video: Given, chosen: list[str], stop: Event) -> Iterator[dict[Any, Any]]:
        path, name = video
        began, limit = monotonic(), Deadline(_READING_SECONDS)
        told = began
        for so_far in watch_video(path, recognizers.get(chosen), _MAX_SECONDS):
            _go_on(stop, limit)
            if monotonic() - told > _TOLD_EVERY:
                told = monotonic()
                share = so_far.moments[-1].time / so_far.duration if so_far.duration else 1.0
                yield {status: progress("Looking at the video", share, began)}
        summary = video_summary(so_far, monotonic() - began)
        if not so_far.people:
            yield ended(summary, video)
            return
        kept = WatchedVideo(path, name, so_far, tuple(chosen))
        whole = {
            status: summary, timeline: timeline_html(kept), drawn: "", given: video, watched: kept,
            cancel: gr.Button(visible=True), again: gr.Button(visible=False),
        }  # fmt: skip
        yield whole
        try:
            for share, link in draw(kept, stop, limit):
                yield {drawn: link or progress("Drawing the video with boxes", share, began)}
        except Stopped:
            link = hint("The video with boxes was not drawn.")
        yield {**whole, drawn: link, cancel: gr.Button(visible=False), again: gr.Button(visible=True)}

    def draw(kept: WatchedVideo, stop: Event, limit: Deadline) -> Iterator[tuple[float, str]]:
        """The share that is done, and at last the link to the file, which is swept like an upload."""
        file, told = _new_file(f"expressions{video_suffix()}"), monotonic()
        for share in write_annotated(kept.path, kept.timeline, file):
            _go_on(stop, limit)
            if monotonic() - told > _TOLD_EVERY:
                told = monotonic()
                yield share, ""
        yield 1.0, drawn_link(str(file))

    def halt(event: gr.EventData, request: gr.Request) -> Any:
        """What this visitor reads ends, before a further video waits for its turn; that one may have begun already."""
        readings.stop(str(request.session_hash), _given_at(event) or math.inf)
        return hint("Waiting for another video to be done.") if readings.busy else gr.skip()

    def stop_reading(request: gr.Request) -> Any:
        return hint("Stopping.") if readings.stop(str(request.session_hash)) else gr.skip()

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    alone: dict[str, Any] = {**quiet, "concurrency_id": "video", "concurrency_limit": 1}
    zone.uploading(halt, None, status, **quiet)
    zone.give(read, [models], shown, **alone)
    zone.example(read_example, [models], shown, **alone)
    again.click(read_again, [given, models], shown, **alone)
    cancel.click(stop_reading, None, status, **quiet)


def _go_on(stop: Event, limit: Deadline) -> None:
    if stop.is_set():
        raise Stopped
    limit.check()


def _given_at(event: gr.EventData) -> float | None:
    """When a video was given, by the browser's clock, as scripts/drop_zone.js says it."""
    at = getattr(event, "at", None)
    return at if isinstance(at, int | float) else None


def _new_file(name: str) -> Path:
    """Where a file can be written that is swept like an upload."""
    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    return Path(mkdtemp(dir=folder), name)
