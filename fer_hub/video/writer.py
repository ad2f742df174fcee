"""A video with what its faces show drawn on it."""

from collections.abc import Generator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

from fer_hub.video.reader import VideoFile
from fer_hub.video.timeline import Timeline, scaled
from fer_hub.video.tracking import TrackedFace
from fer_hub.vision.drawing import label_boxes

_WRITTEN_SIDE = 960
_WRITTEN_RATE = 30
_ENCODER = "libx264" if "libx264" in av.codecs_available else "mpeg4"


def annotated(picture: np.ndarray, faces: list[TrackedFace], width: float) -> np.ndarray:
    """Draw boxes, people's numbers and expressions on a frame; boxes are in pixels of a video this wide."""
    scale = picture.shape[1] / width
    labels = []
    for face in faces:
        name = "not sure" if face.is_close else f"{face.expression} {face.probabilities[face.expression]:.0%}"
        labels.append((scaled(face, scale).box, face.expression, f"{face.person} {name}"))
    return np.asarray(label_boxes(picture, labels))


def write_annotated(path: str | Path, timeline: Timeline, output: str | Path) -> Generator[float]:
    """Write a video as MP4 with its faces labelled, without its sound, and yield the share done, 0-1.

    H.264 that browsers play, at most 960 pixels and 30 frames a second. The file appears when it is whole.
    """
    video, output = VideoFile(path), Path(output)
    part = output.with_name(f"{output.stem}.part.mp4")
    try:
        with av.open(str(part), "w", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream(_ENCODER, rate=_WRITTEN_RATE, options={"preset": "veryfast"})
            assert isinstance(stream, VideoStream)
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            for time, picture in video.frames(1 / _WRITTEN_RATE, _WRITTEN_SIDE):
                picture = annotated(picture, timeline.at(time), video.size[0])
                frame = av.VideoFrame.from_ndarray(_even(picture), "rgb24")
                if not stream.codec_context.is_open:
                    stream.width, stream.height = frame.width, frame.height
                frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
                container.mux(stream.encode(frame))
                yield min(time / video.duration, 1.0) if video.duration else 1.0
            container.mux(stream.encode())
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def _even(picture: np.ndarray) -> np.ndarray:
    """Half-resolution colour wants even sides; a side of one pixel is doubled."""
    height, width = picture.shape[:2]
    if min(height, width) < 2:
        picture = picture.repeat(2, axis=0).repeat(2, axis=1)
        height, width = 2 * height, 2 * width
    return np.ascontiguousarray(picture[: height // 2 * 2, : width // 2 * 2])
