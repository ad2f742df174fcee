"""A video with what its faces show drawn on it."""

import os
from collections.abc import Generator, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

from fer_hub.errors import InputError
from fer_hub.files import refuse_itself
from fer_hub.video.reader import VideoFile
from fer_hub.video.sound import copied_sound
from fer_hub.video.timeline import Timeline, scaled
from fer_hub.video.tracking import TrackedFace
from fer_hub.vision.drawing import UNSURE, label_boxes

FORMAT_VARIABLE = "FER_HUB_VIDEO"
"""Environment variable: `mp4` or `webm`, in which the demo writes videos."""

_WRITTEN_SIDE = 960
_WRITTEN_RATE = 30


@dataclass(frozen=True)
class _Format:
    """How a kind of file is written."""

    encoder: str
    encoding: dict[str, str]
    sounds: tuple[str, ...]
    """Codecs of sound that it takes; players know them."""
    options: dict[str, str]


_FORMATS = {
    ".mp4": _Format("libx264", {"preset": "veryfast"}, ("aac", "mp3", "opus"), {"movflags": "+faststart"}),
    ".webm": _Format("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "crf": "33"}, ("opus", "vorbis"), {}),
}


def video_suffix() -> str:
    """`.mp4`, or `.webm` where the host wants that or there is no encoder of H.264, which is under the GPL."""
    wanted = os.environ.get(FORMAT_VARIABLE, "mp4").lower()
    if f".{wanted}" not in _FORMATS:
        raise InputError(f"{FORMAT_VARIABLE} is {wanted!r}; it should be mp4 or webm.")
    return f".{wanted}" if _FORMATS[f".{wanted}"].encoder in av.codecs_available else ".webm"


def annotated(picture: np.ndarray, faces: list[TrackedFace], width: float) -> np.ndarray:
    """Draw boxes, people's numbers and expressions on a frame; boxes are in pixels of a video this wide."""
    scale = picture.shape[1] / width
    labels = []
    for face in faces:
        name = UNSURE if face.is_close else f"{face.expression} {face.probabilities[face.expression]:.0%}"
        labels.append((scaled(face, scale).box, UNSURE if face.is_close else face.expression, f"{face.person} {name}"))
    return np.asarray(label_boxes(picture, labels))


def write_annotated(path: str | Path, timeline: Timeline, output: str | Path) -> Generator[float]:
    """Write a video with its faces labelled, and yield the share done, 0-1.

    At most 960 pixels and 30 frames a second: `.mp4` is H.264, `.webm` VP9; browsers play both. Sound is copied as it
    is where such a file takes it, AAC, MP3 and Opus in MP4, Opus and Vorbis in WebM, and left out where not. The file
    appears when it is whole. Raises InputError for other names, and where it would be the video itself.
    """
    video, output = VideoFile(path), Path(output)
    if (form := _FORMATS.get(output.suffix.lower())) is None:
        raise InputError(f"{output.name} cannot be written; give it the name of an .mp4 or .webm file.")
    refuse_itself(path, output)
    part = output.with_name(f"{output.stem}.part{output.suffix}")
    try:
        with av.open(str(part), "w", options=form.options) as container, ExitStack() as opened:
            stream = container.add_stream(form.encoder, rate=_WRITTEN_RATE, options=form.encoding)
            assert isinstance(stream, VideoStream)
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            sound = opened.enter_context(copied_sound(video, container, form.sounds))
            for time, picture in video.frames(1 / _WRITTEN_RATE, _WRITTEN_SIDE):
                picture = annotated(picture, timeline.at(time), video.size[0])
                frame = av.VideoFrame.from_ndarray(_even(picture), "rgb24")
                if not stream.codec_context.is_open:
                    stream.width, stream.height = frame.width, frame.height
                frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
                container.mux(stream.encode(frame))
                sound.write(time)
                yield min(time / video.duration, 1.0) if video.duration else 1.0
            container.mux(stream.encode())
            sound.write(video.duration)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def write_frames(frames: Iterable[np.ndarray], rate: int, output: Path) -> None:
    """Write HWC uint8 RGB pictures of one size, `rate` a second, as `.mp4` or `.webm`."""
    form = _FORMATS[output.suffix.lower()]
    with av.open(str(output), "w", options=form.options) as container:
        stream = container.add_stream(form.encoder, rate=rate, options=form.encoding)
        assert isinstance(stream, VideoStream)
        stream.pix_fmt = "yuv420p"
        for picture in frames:
            frame = av.VideoFrame.from_ndarray(_even(picture), "rgb24")
            if not stream.codec_context.is_open:
                stream.width, stream.height = frame.width, frame.height
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _even(picture: np.ndarray) -> np.ndarray:
    """Half-resolution colour wants even sides; a side of one pixel is doubled."""
    height, width = picture.shape[:2]
    if min(height, width) < 2:
        picture = picture.repeat(2, axis=0).repeat(2, axis=1)
        height, width = 2 * height, 2 * width
    return np.ascontiguousarray(picture[: height // 2 * 2, : width // 2 * 2])
