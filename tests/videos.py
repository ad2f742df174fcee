"""Videos that the tests make: pictures that move, written as phones and browsers write them."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image


def write_video(
    path: Path,
    pictures: Iterable[np.ndarray],
    rate: int | Fraction = 10,
    codec: str = "libx264",
    shape: Fraction | None = None,
    keyframes: int | None = None,
    times: Sequence[float] | None = None,
    sound: str | None = None,
) -> Path:
    """Write HWC uint8 RGB pictures of even sides, `rate` a second, or at `times` in seconds.

    `sound` is the codec of two seconds of sound, the first of which is silent.

    `shape` is the width of a pixel over its height; every so many frames, as `keyframes` says, stand for themselves.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.VideoStream)
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if keyframes is not None:
            stream.gop_size = keyframes
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        heard = container.add_stream(sound, rate=48_000, layout="mono") if sound else None
        for number, picture in enumerate(pictures):
            if not stream.codec_context.is_open:
                stream.height, stream.width = picture.shape[:2]
                if shape is not None:
                    stream.codec_context.sample_aspect_ratio = shape
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            if times is not None:
                frame.pts, frame.time_base = round(times[number] * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if isinstance(heard, av.AudioStream):
            tone = np.sin(np.arange(96_000) * 0.1).astype(np.float32) * (np.arange(96_000) >= 48_000)
            for start in range(0, len(tone), 960):
                beat = av.AudioFrame.from_ndarray(tone[None, start : start + 960], "fltp", "mono")
                beat.sample_rate, beat.pts, beat.time_base = 48_000, start, Fraction(1, 48_000)
                container.mux(heard.encode(beat))
            container.mux(heard.encode())
    return path


def heard_from(path: Path) -> float | None:
    """The moment in seconds from which there is sound that is not silent; None where there is none at all."""
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.audio[0]) if container.streams.audio else ():
            loud = np.flatnonzero(np.abs(frame.to_ndarray().astype(np.float32)).max(axis=0) > 0.2)
            if len(loud):
                assert frame.time is not None
                return float(frame.time + loud[0] / frame.sample_rate)
    return None


def write_sound(path: Path) -> Path:
    """A quarter of a second of silence, and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 2000), np.float32), "fltp", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def walking(photo: np.ndarray, frames: int, width: int = 480, height: int = 320, reach: int = 160) -> list[np.ndarray]:
    """The photo, as high as the frame, moving to the right by `reach` pixels in all."""
    face = Image.fromarray(photo).resize((height, height))
    shown = []
    for number in range(frames):
        frame = Image.new("RGB", (width, height), "teal")
        frame.paste(face, (round(reach * number / max(frames - 1, 1)), 0))
        shown.append(np.asarray(frame))
    return shown


def turn(path: Path, quarters: int) -> None:
    """Say in an MP4 file that it is to be shown turned by so many quarters clockwise, as phones do."""
    data = bytearray(path.read_bytes())
    header = data.index(b"tkhd") + 4
    matrix = header + 4 + (32 if data[header] else 20) + 16
    a, b = [(1, 0), (0, 1), (-1, 0), (0, -1)][quarters % 4]
    for place, value in ((0, a), (4, b), (12, -b), (16, a)):
        data[matrix + place : matrix + place + 4] = int(value * 65536).to_bytes(4, "big", signed=True)
    path.write_bytes(data)
