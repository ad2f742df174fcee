"""The Video tab: a video in, what every person's face shows over time out."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import gradio as gr
from PIL import Image

from fer_hub.demo.recognizers import Recognizers
from fer_hub.demo.timeline import ON_CLICK, seconds, timeline_html
from fer_hub.errors import InputError
from fer_hub.frames import VideoFile
from fer_hub.video import LOOKS_PER_SECOND, MAX_LOOKS, Timeline, annotated, watch_video, write_annotated

_BLANK = f"""<p class="fer-hint">Give a video of up to ten minutes. Every person in it gets a timeline of seven
expressions; click on it to see that moment. Frames are looked at {LOOKS_PER_SECOND:.0f} times a second, in a long video
less often: {MAX_LOOKS} times in all. People are told apart by where they are in the picture, never recognised.</p>"""

_NOBODY = """<p class="fer-hint"><strong>No face was found.</strong> Faces are found best when they look at the camera
and are at least a twentieth of the picture wide.</p>"""

_SHOWN_SIDE = 960

# The line at the chosen moment is moved in the browser alone.
_MOVE_LINE = """time => {
  for (const shown of document.querySelectorAll('.fer-timeline')) {
    shown.style.setProperty('--at', time / shown.dataset.seconds);
    shown.style.setProperty('--shown', 'visible');
  }
}"""


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
            status = gr.HTML(_BLANK, elem_id="video-status")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            timeline = gr.HTML(elem_id="timeline", js_on_load=ON_CLICK)
        with gr.Column(min_width=300, visible=False, elem_id="moment") as results:
            moment = gr.Slider(
                0, 1, step=0.01, label="Moment", info="Seconds from the start; or click on the timeline.", buttons=[]
            )
            frame = gr.Image(
                label="This moment", show_label=False, interactive=False, format="jpeg", buttons=["fullscreen"]
            )
            table = gr.DownloadButton("Download the table (CSV)")
            with gr.Column(visible=False) as drawing:
                gr.HTML('<p class="fer-small">The whole video with boxes, without its sound:</p>')
                drawn = gr.Video(label="Video with boxes", show_label=False, interactive=False, buttons=["download"])
    watched = gr.State(None, time_to_live=1200)

    outputs: list[Any] = [status, timeline, results, moment, frame, drawing, drawn, table, watched, cancel]
    every = dict.fromkeys(outputs, gr.skip())

    def read(path: str | None, chosen: list[str]) -> Iterator[dict[Any, Any]]:
        if path is None:
            yield {status: _hint("Give a video first: drop a file above.")}
            return
        yield {
            **every,
            status: _hint("Opening the video."),
            timeline: "",
            results: gr.Column(visible=False),
            drawing: gr.Column(visible=False),
            drawn: None,
            watched: None,
            cancel: gr.Button(visible=True),
        }
        try:
            yield from work(path, chosen)
        except InputError as error:
            yield {status: _hint(str(error)), timeline: ""}
        yield {cancel: gr.Button(visible=False)}

    def work(path: str, chosen: list[str]) -> Iterator[dict[Any, Any]]:
        began, shown = monotonic(), 0.0
        for so_far in watch_video(path, recognizers.get(chosen)):
            if monotonic() - shown > 1:
                shown = monotonic()
                share = so_far.moments[-1].time / so_far.duration if so_far.duration else 1.0
                yield {status: _progress("Looking at the video", share, began), timeline: timeline_html(so_far)}
        report = _report(so_far, monotonic() - began)
        if not so_far.people:
            yield {status: _NOBODY + report, timeline: ""}
            return
        first = next(m.time for m in so_far.moments if m.faces)
        with TemporaryDirectory(prefix="fer-hub-") as folder:
            csv, mp4 = Path(folder, "expressions.csv"), Path(folder, "expressions.mp4")
            so_far.write_csv(csv)
            yield {
                timeline: timeline_html(so_far),
                results: gr.Column(visible=True),
                moment: gr.Slider(first, maximum=max(so_far.duration, 0.01)),
                frame: show(first, (path, so_far)),
                table: csv,
                watched: (path, so_far),
            }
            began = shown = monotonic()
            for share in write_annotated(path, so_far, mp4):
                if monotonic() - shown > 0.5:
                    shown = monotonic()
                    yield {status: report + _progress("Drawing the video with boxes", share, began)}
            yield {status: report, drawing: gr.Column(visible=True), drawn: mp4}

    def show(time: float, kept: tuple[str, Timeline] | None) -> Image.Image | None:
        if kept is None:
            return None
        path, so_far = kept
        if not Path(path).is_file():
            raise gr.Error("The video has been deleted meanwhile; upload it again.", print_exception=False)
        try:
            file = VideoFile(path)
            return Image.fromarray(annotated(file.frame_at(time, _SHOWN_SIDE), so_far.at(time), file.size[0]))
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from None

    def go(kept: tuple[str, Timeline] | None, click: gr.EventData) -> Any:
        if kept is None:
            return gr.skip()
        return round(min(max(float(click.share), 0.0), 1.0) * kept[1].duration, 2)

    def stop() -> dict[Any, Any]:
        return {status: _hint("Stopped."), cancel: gr.Button(visible=False)}

    reading = start.click(
        read, [video, models], outputs, show_progress="hidden", concurrency_id="video", concurrency_limit=1,
        api_visibility="private",
    )  # fmt: skip
    cancel.click(stop, None, [status, cancel], cancels=[reading], api_visibility="private")
    timeline.click(go, [watched], moment, show_progress="hidden", api_visibility="private")
    moment.change(
        show, [moment, watched], frame, trigger_mode="always_last", show_progress="hidden", api_visibility="private"
    )
    moment.change(None, moment, None, js=_MOVE_LINE, api_visibility="private")


def _hint(text: str) -> str:
    return f'<p class="fer-hint" role="status">{escape(text)}</p>'


def _progress(doing: str, share: float, began: float) -> str:
    """A bar, with the time left once there is something to judge it by."""
    spent = monotonic() - began
    left = f", about {seconds(max(round(spent / share - spent), 1))} left" if share > 0.02 else ""
    return (
        f'<div class="fer-hint"><label>{doing}: {share:.0%}{left}.<progress max="1" value="{share:.3f}"></progress>'
        "</label></div>"
    )


def _report(timeline: Timeline, spent: float) -> str:
    """What was done, in a sentence or two."""
    people = len(timeline.people)
    who = "1 person" if people == 1 else f"{people} people"
    sampled = (
        f" As it is long, it was looked at every {timeline.step:.2f} s only, and what lies between was not seen."
        if timeline.is_sampled
        else ""
    )
    return (
        f'<p class="fer-count"><strong>{who}</strong> in {seconds(timeline.duration)} of video, looked at '
        f"{len(timeline.moments)} times, {1 / timeline.step:.1f} a second; this took {seconds(spent)}.{sampled}</p>"
    )
