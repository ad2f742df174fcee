"""Video file -> upright RGB frames with their times; what images.py is to a picture."""

import math
from collections.abc import Generator
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from fer_hub.errors import InputError
from fer_hub.video.container import MAX_PIXELS, decode_pictures, open_video, read_packets, unreadable

_MAX_RATE = 120
"""Frames a second, on average, of a video whose length is limited; of others it does not matter."""

_SLACK = 0.002
"""Seconds; some formats round times to whole milliseconds."""


class VideoFile:
    """A video that can be read; its frames are decoded when they are asked for, in the memory of a few."""

    def __init__(self, path: str | Path, max_seconds: float | None = None) -> None:
        """Read what the video is, by its first frame; with `max_seconds`, pass over all of it, without decoding.

        Raises:
            InputError: no MP4, MOV, WebM, Matroska, AVI or MPEG-TS video with a codec that browsers and phones
                write, or one above `max_seconds` or `MAX_PIXELS`.
        """
        self.path, self.max_seconds = Path(path), max_seconds
        with open_video(self.path) as (container, stream):
            context = stream.codec_context
            if context.width * context.height > MAX_PIXELS:
                raise InputError(
                    f"{self.path.name} is {context.width} x {context.height} pixels; scale it down to "
                    "4096 x 2304 or less."
                )
            first = next(decode_pictures(read_packets(container, stream)), None)
            if first is None:
                raise unreadable(self.path, "its pictures are damaged")
            self.start = first.time or 0.0
            """Of its first picture, in seconds on its own clock; all other times are from there."""
            self.rate = float(stream.average_rate or 25)
            """Frames a second, in the mean."""
            aspect = stream.sample_aspect_ratio or 1
            self._decoded_size = (max(round(first.width * aspect), 1), first.height)
        turned = round(first.rotation / 90) % 2
        self.size: tuple[int, int] = self._decoded_size[::-1] if turned else self._decoded_size
        """Width and height in pixels as shown: turned upright, with square pixels."""
        if max_seconds is not None:
            self._bound(self.duration, 0)

    @cached_property
    def duration(self) -> float:
        """Seconds, from the packets' own times: headers lack them (browsers' WebM) or lie. Passes over the file."""
        end, count = -math.inf, 0
        with open_video(self.path) as (container, stream):
            for packet in read_packets(container, stream):
                if packet.pts is not None:
                    end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base) - self.start)
                count += packet.size > 0
                self._bound(end, count)
            return max(end, 0.0) if math.isfinite(end) else count / float(stream.average_rate or 25)

    def frames(
        self, step: float = 0.0, max_side: int | None = None, start: float = 0.0, end: float = math.inf
    ) -> Generator[tuple[float, np.ndarray]]:
        """Yield time in seconds and HWC uint8 RGB picture of frames at least `step` seconds apart, in order.

        All are of one size: `self.size`, or scaled down to `max_side` pixels on the longest side. With `start` and
        `end` in seconds, multiples of `step`, only those in between, the same as without.
        """
        due, keyframe = start, self._keyframe_before(start) if start else 0
        with open_video(self.path) as (container, stream):
            for number, (time, frame) in enumerate(self._timed(container, stream, keyframe), keyframe):
                self._bound(time, number)
                if time >= end - _SLACK:
                    return
                if time >= due - _SLACK:
                    due = (math.floor((time + _SLACK) / step) + 1) * step if step else time
                    yield time, self._upright(frame, max_side)

    def frame_at(self, time: float, max_side: int | None = None) -> np.ndarray:
        """The picture shown at a time in seconds: the last one after the end. Passes over the file up to there."""
        keyframe = self._keyframe_before(time)
        shown = None
        with open_video(self.path) as (container, stream):
            for now, frame in self._timed(container, stream, keyframe):
                if shown is not None and now > time + _SLACK:
                    break
                shown = frame
            if shown is None:
                raise InputError(f"{self.path.name} has no picture at {time:.1f} s; choose an earlier moment.")
            return self._upright(shown, max_side)

    def _keyframe_before(self, time: float) -> int:
        """The number of the packet at which to begin to decode; formats' own ways of seeking cannot be relied on."""
        found = 0
        with open_video(self.path) as (container, stream):
            for number, packet in enumerate(read_packets(container, stream)):
                if packet.pts is None or packet.dts is None:
                    continue
                if float(packet.dts * packet.time_base) - self.start > time:
                    break
                if packet.is_keyframe and float(packet.pts * packet.time_base) - self.start <= time:
                    found = number
        return found

    def _timed(
        self, container: InputContainer, stream: VideoStream, packet: int = 0
    ) -> Generator[tuple[float, VideoFrame]]:
        """Frames and their times in seconds, decoded from a packet on; times never go back, whatever the file says."""
        last = 0.0
        frames = decode_pictures(islice(read_packets(container, stream), packet, None))
        for number, frame in enumerate(frames, packet):
            time = number / float(stream.average_rate or 25) if frame.time is None else frame.time - self.start
            last = max(time, last)
            yield last, frame

    def _upright(self, frame: VideoFrame, max_side: int | None) -> np.ndarray:
        scale = min(1.0, max_side / max(self._decoded_size)) if max_side else 1.0
        width, height = (max(round(value * scale), 1) for value in self._decoded_size)
        picture = frame.reformat(width, height, "rgb24", interpolation="AREA").to_ndarray()
        return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90)))

    def _bound(self, seconds: float, frames: int) -> None:
        most = self.max_seconds
        if most is not None and (seconds > most + 1 or frames > most * _MAX_RATE):
            raise InputError(f"{self.path.name} is longer than {most / 60:g} minutes; cut it down first.")
