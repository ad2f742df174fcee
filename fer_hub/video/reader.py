"""Video file -> upright RGB frames with their times; what images.py is to a picture."""

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from fer_hub.errors import InputError

MAX_SECONDS = 600
"""A longer video is refused."""

MAX_FRAMES = MAX_SECONDS * 120

MAX_PIXELS = 4096 * 2304
"""Pixels of a frame; the decoder refuses larger ones before it makes room for them."""

# The only readers and decoders a stranger's file reaches. None of these formats names other files, as playlists do.
_FORMATS = "mov,mp4,matroska,webm,avi,mpegts"
_CODECS = "h264,hevc,vp8,vp9,libdav1d,av1,mpeg4,mpeg2video,mjpeg,prores,h263"

_SLACK = 0.002
"""Seconds; some formats round times to whole milliseconds."""


class VideoFile:
    """A video that can be read; its frames are decoded when they are asked for."""

    def __init__(self, path: str | Path) -> None:
        """Read what the video is, without decoding it.

        Raises:
            InputError: no MP4, MOV, WebM, Matroska, AVI or MPEG-TS video with a codec that browsers and phones
                write, or one above `MAX_SECONDS` or `MAX_PIXELS`.
        """
        self.path = Path(path)
        with self._opened() as (container, stream):
            context = stream.codec_context
            if context.width * context.height > MAX_PIXELS:
                raise InputError(
                    f"{self.path.name} is {context.width} x {context.height} pixels; scale it down to "
                    "4096 x 2304 or less."
                )
            self.duration = self._measure(container, stream)
            """Seconds."""
            first = next(self._decoded(container, stream), None)
            if first is None:
                raise self._unreadable("its pictures are damaged")
            self._start = first.time or 0.0
            aspect = stream.sample_aspect_ratio or 1
            self._decoded_size = (max(round(first.width * aspect), 1), first.height)
        turned = round(first.rotation / 90) % 2
        self.size: tuple[int, int] = self._decoded_size[::-1] if turned else self._decoded_size
        """Width and height in pixels as shown: turned upright, with square pixels."""

    def frames(self, step: float = 0.0, max_side: int | None = None) -> Iterator[tuple[float, np.ndarray]]:
        """Yield time in seconds and HWC uint8 RGB picture of frames at least `step` seconds apart, in order.

        All are of one size: `self.size`, or scaled down to `max_side` pixels on the longest side.
        """
        with self._opened() as (container, stream):
            last, due = 0.0, 0.0
            for number, frame in enumerate(self._decoded(container, stream)):
                time = number / float(stream.average_rate or 25) if frame.time is None else frame.time - self._start
                last = max(time, last)  # times never go back, whatever the file says
                if last > MAX_SECONDS + 1 or number > MAX_FRAMES:
                    raise self._too_long()
                if last >= due - _SLACK:
                    due = (math.floor((last + _SLACK) / step) + 1) * step if step else last
                    yield last, self._upright(frame, max_side)

    def frame_at(self, time: float, max_side: int | None = None) -> np.ndarray:
        """The picture shown at a time in seconds: the last one after the end."""
        shown = None
        with self._opened() as (container, stream):
            with suppress(FFmpegError):  # where a format has no index, from the beginning
                container.seek(int((self._start + time) * 1_000_000))
            for frame in self._decoded(container, stream):
                if shown is not None and (frame.time or 0.0) - self._start > time + _SLACK:
                    break
                shown = frame
            if shown is None:
                raise InputError(f"{self.path.name} has no picture at {time:.1f} s; choose an earlier moment.")
            return self._upright(shown, max_side)

    def _upright(self, frame: VideoFrame, max_side: int | None) -> np.ndarray:
        scale = min(1.0, max_side / max(self._decoded_size)) if max_side else 1.0
        width, height = (max(round(value * scale), 1) for value in self._decoded_size)
        picture = frame.reformat(width, height, "rgb24", interpolation="AREA").to_ndarray()
        return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90)))

    @contextmanager
    def _opened(self) -> Iterator[tuple[InputContainer, VideoStream]]:
        options = {"format_whitelist": _FORMATS, "codec_whitelist": _CODECS, "protocol_whitelist": "file"}
        if not self.path.is_file():
            raise InputError(f"there is no video at {str(self.path)!r}; give the path of a file.")
        try:
            container = av.open(f"file:{self.path.absolute()}", options=options)
        except FFmpegError:
            raise self._unreadable("it is damaged, or something else") from None
        with container:
            streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
            if not streams:
                raise InputError(f"{self.path.name} holds no moving pictures, only sound or text; give a video.")
            stream = streams[0]
            if stream.codec_context is None:
                raise self._unreadable("its codec is unknown")
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            stream.thread_type = "AUTO"
            yield container, stream

    def _measure(self, container: InputContainer, stream: VideoStream) -> float:
        """Duration in seconds, from the packets' own times: headers lack it (browsers' WebM) or lie."""
        start, end, count = math.inf, 0.0, 0
        for packet in container.demux(stream):
            if packet.pts is not None and packet.time_base is not None:
                start = min(start, float(packet.pts * packet.time_base))
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            count += packet.size > 0
            if end - start > MAX_SECONDS + 1 or count > MAX_FRAMES:
                raise self._too_long()
        container.seek(0)
        return end - start if math.isfinite(start) else count / float(stream.average_rate or 25)

    @staticmethod
    def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        """Frames of the stream; damaged parts are left out."""
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
            except FFmpegError:
                continue
            yield from frames

    def _unreadable(self, reason: str) -> InputError:
        return InputError(
            f"{self.path.name} cannot be read as a video ({reason}); give an MP4, MOV, WebM, Matroska or AVI file, "
            "as phones and browsers write them."
        )

    def _too_long(self) -> InputError:
        return InputError(f"{self.path.name} is longer than {MAX_SECONDS // 60} minutes; cut it down first.")
