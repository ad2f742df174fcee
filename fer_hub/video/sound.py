"""The sound of a video, copied into another one as it is: no decoder of sound ever reads a stranger's file."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet

from fer_hub.video.container import open_video
from fer_hub.video.reader import VideoFile


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
        if stream is None or not _is_whole(stream, codecs):
            yield CopiedSound(iter(()), 0, target)
            return
        written = target.add_stream_from_template(stream)
        yield CopiedSound(_packets(container, stream, written), video.start, target)


def _is_whole(stream: AudioStream, codecs: tuple[str, ...]) -> bool:
    context = stream.codec_context
    return context is not None and context.codec.canonical_name in codecs and context.rate > 0 and context.channels > 0


def _packets(container: InputContainer, stream: AudioStream, written: AudioStream) -> "Iterator[Packet[AudioStream]]":
    """The packets of a stream, as packets of another one, up to where the file is damaged."""
    with suppress(FFmpegError):
        for packet in container.demux(stream):
            if packet.pts is not None and packet.dts is not None:
                packet.stream = written
                yield packet
