"""Opens a stranger's video file, and puts its packets on one clock."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from fer_hub.errors import InputError, printable

MAX_PIXELS = 4096 * 2304
"""Pixels of a frame; the decoder refuses larger ones before it makes room for them."""

# The only readers and decoders a stranger's file reaches. None of these formats names other files, as playlists do.
_FORMATS = "mov,mp4,matroska,webm,avi,mpegts"
_CODECS = "h264,hevc,vp8,vp9,libdav1d,av1,mpeg4,mpeg2video,mjpeg,prores,h263"

# Seconds. A step back of more, or a leap ahead of more, is where another recording begins; both as in ffmpeg's tools.
_STEP_BACK = 0.1
_LEAP = 10.0


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a video file and choose its moving pictures.

    Raises:
        InputError: no file of one of the formats and codecs that browsers and phones write.
    """
    options = {"format_whitelist": _FORMATS, "codec_whitelist": _CODECS, "protocol_whitelist": "file"}
    if not path.is_file():
        raise InputError(f"there is no video at '{printable(str(path)[:200])}'; give the path of a file.")
    try:
        container = av.open(f"file:{path.absolute()}", options=options, metadata_errors="replace")
    except PermissionError:
        raise InputError(f"{path.name} cannot be opened: permission denied.") from None
    except FFmpegError:
        raise unreadable(path, "it is damaged, or something else") from None
    with container:
        streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
        if not streams:
            raise InputError(f"{path.name} holds no moving pictures, only sound or text; give a video.")
        stream = streams[0]
        if stream.codec_context is None:
            raise unreadable(path, "its codec is unknown")
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        stream.thread_type = "AUTO"
        yield container, stream


def read_packets(container: InputContainer, wanted: Stream) -> "Generator[Packet[Stream]]":
    """The packets of a stream; their times go on where recordings were joined end to end. Damage is left out.

    In MPEG-TS, files put one after the other are one file, and times start anew in each. Picture and sound are moved
    alike, so that they stay together.
    """
    joinable = container.format.name == "mpegts"
    sound = container.streams.audio[:1]
    demuxed = container.demux(wanted, *(stream for stream in sound if stream.index != wanted.index))
    ends: dict[int, Fraction] = {}
    shift = Fraction(0)
    while True:
        try:
            packet = next(demuxed, None)
        except FFmpegError:
            continue
        if packet is None:
            return
        if joinable and packet.dts is not None:
            time = packet.dts * packet.time_base + shift
            expected = ends.get(packet.stream_index, time)
            if not -_STEP_BACK <= time - expected <= _LEAP:
                shift += expected - time
            ticks = round(shift / packet.time_base)
            packet.dts += ticks
            packet.pts = None if packet.pts is None else packet.pts + ticks
            ends[packet.stream_index] = (packet.dts + (packet.duration or 0)) * packet.time_base
        if packet.stream_index == wanted.index:
            yield packet


def decode_pictures(packets: "Iterable[Packet[Stream]]") -> Generator[VideoFrame]:
    """Frames of a video stream's packets, in the order in which they are shown; damaged ones are left out."""
    for packet in packets:
        try:
            frames = packet.decode()
        except FFmpegError:
            continue
        for frame in frames:
            assert isinstance(frame, VideoFrame)
            yield frame


def unreadable(path: Path, reason: str) -> InputError:
    """The error for a file that is no video, or a damaged one."""
    return InputError(
        f"{path.name} cannot be read as a video ({reason}); give an MP4, MOV, WebM, Matroska or AVI file, "
        "as phones and browsers write them."
    )
