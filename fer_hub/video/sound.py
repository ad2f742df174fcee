"""The sound of a video, copied into another one as it is: no decoder of sound ever reads a stranger's file."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain

from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet

from fer_hub.video.container import open_video
from fer_hub.video.reader import VideoFile

_ADTS_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
"""Channels -> how PyAV calls them."""


class CopiedSound:
    """Sound that is written bit by bit, beside the pictures; nothing where the video has none that can be copied."""

    def __init__(self, packets: "Iterator[Packet[AudioStream]]", start: float, target: OutputContainer) -> None:
        """Packets of one stream; `start`: seconds on their clock at which the new video starts."""
        self._packets, self._start, self._target = packets, start, target
        self._next = next(packets, None)
        self._last = -1

    def write(self, until: float) -> None:
        """Write what sounds up to a time in seconds of the new video. What cannot be written ends the sound alone."""
        while (packet := self._next) is not None:
            assert packet.pts is not None
            assert packet.dts is not None
            ticks = round(self._start / packet.time_base)
            pts, dts = packet.pts - ticks, packet.dts - ticks
            if dts * packet.time_base > until:
                return
            self._next = next(self._packets, None)
            if dts > self._last:
                packet.pts, packet.dts, self._last = pts, dts, dts
                try:
                    self._target.mux(packet)
                except FFmpegError:
                    self._next = None


@contextmanager
def copied_sound(video: VideoFile, target: OutputContainer, codecs: tuple[str, ...]) -> Iterator[CopiedSound]:
    """Add a stream for the sound of a video to a new one, where it is of one of these codecs.

    Args:
        video: what it is copied from.
        target: what it is copied into.
        codecs: names that FFmpeg gives them.
    """
    with open_video(video.path) as (container, _):
        stream = next(iter(container.streams.audio), None)
        if stream is None or stream.codec_context is None or stream.codec_context.codec.canonical_name not in codecs:
            yield CopiedSound(iter(()), 0, target)
            return
        packets = _packets(container, stream)
        first = next(packets, None)
        known = stream.codec_context.rate > 0 and stream.codec_context.channels > 0
        rate, layout = (0, "") if known or first is None else _adts(bytes(first))
        if first is None or not (known or layout):
            yield CopiedSound(iter(()), 0, target)
            return
        written = target.add_stream_from_template(stream)
        if not known:
            written.codec_context.sample_rate, written.codec_context.layout = rate, layout
        yield CopiedSound(_onto(written, chain([first], packets)), video.start, target)


def _adts(packet: bytes) -> tuple[int, str]:
    """Rate and layout of AAC as broadcasts and camcorders write it, where each packet says them; empty where not.

    ISO/IEC 13818-7, 6.2. FFmpeg leaves that to its decoder of sound.
    """
    if len(packet) >= 7 and packet[0] == 0xFF and packet[1] & 0xF6 == 0xF0:
        number, channels = packet[2] >> 2 & 0xF, (packet[2] & 1) << 2 | packet[3] >> 6
        if number < len(_ADTS_RATES) and channels in _LAYOUTS:
            return _ADTS_RATES[number], _LAYOUTS[channels]
    return 0, ""


def _packets(container: InputContainer, stream: AudioStream) -> "Iterator[Packet[AudioStream]]":
    """The packets of a stream that have a time, up to where the file is damaged."""
    with suppress(FFmpegError):
        for packet in container.demux(stream):
            if packet.pts is not None and packet.dts is not None:
                yield packet


def _onto(written: AudioStream, packets: "Iterable[Packet[AudioStream]]") -> "Iterator[Packet[AudioStream]]":
    """The packets as packets of another stream."""
    for packet in packets:
        packet.stream = written
        yield packet
