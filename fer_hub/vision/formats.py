"""Which kind of picture a file is, by its first bytes, and bounds for those that can make Pillow work for minutes."""

import io
import struct
from typing import IO

from PIL import AvifImagePlugin

from fer_hub.vision.directories import check_directories, check_exif
from fer_hub.vision.jpeg import jpeg_work

HEAD = 32
"""First bytes of a file that `picture_kind` needs."""

MAX_EXTENSION_BYTES = 1 << 16
"""Comments and other extensions before the first frame of a GIF; Pillow's time grows with their square."""

MAX_SCAN_PIXELS = 1_000_000_000
"""Pixels of a JPEG times the scans they come in: each scan goes over all pixels, 55 ms for 64 million, and a hundred
bytes are enough for one. Programs write ten to fourteen."""

MAX_CHUNKS = 100_000
"""Chunks of a PNG: programs write eight kilobytes of pixels in one, and Pillow reads them one by one."""

_UNCOMPRESSED = (0, 3)
_BOXES = {
    b"heic": "HEIF", b"heix": "HEIF", b"heim": "HEIF", b"mif1": "HEIF", b"msf1": "HEIF", b"avif": "AVIF",
    b"avis": "AVIF", b"crx ": "Canon raw",
}  # fmt: skip
_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "BigTIFF",
    b"MM\0+": "BigTIFF",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JPEG XL",
    b"8BPS": "Photoshop",
    b"P5\n": "PGM",
    b"P6\n": "PPM",
    b"P5 ": "PGM",
    b"P6 ": "PPM",
}


def picture_kind(head: bytes) -> str | None:
    """The kind of picture that starts with these bytes, as Pillow calls it where it reads it; None for none."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _BOXES.get(head[8:12])
    if head[:2] == b"BM":  # two letters are little: the reserved bytes are zero, and the header's size is a known one
        known = head[6:10] == b"\0\0\0\0" and head[14:18] in [
            size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124)
        ]
        return "BMP" if known else None
    return next((kind for start, kind in _STARTS.items() if head.startswith(start)), None)


def is_video(head: bytes) -> bool:
    """Whether a file that starts with these bytes and is no picture is a video, as phones and browsers write them."""
    return head[4:8] == b"ftyp" or head[:4] == b"\x1aE\xdf\xa3" or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")


def check_work(file: IO[bytes], kind: str) -> None:
    """Raise ValueError where a file of this kind makes the decoder do much more than its pixels need.

    The file is left at its start.
    """
    try:
        if kind == "JPEG":
            if jpeg_work(file) > MAX_SCAN_PIXELS:
                raise ValueError("its pixels come in so many scans that decoding takes too long")
        elif kind == "TIFF":
            check_directories(file)
        elif kind == "PNG":
            _check_png(file)
        elif kind == "GIF":
            _check_gif(file)
        elif kind == "AVIF":
            _check_avif(file)
        elif kind == "BMP":
            file.seek(14)
            header = file.read(20)
            if header[:4] != b"\x0c\0\0\0" and int.from_bytes(header[16:20], "little") not in _UNCOMPRESSED:
                raise ValueError("it is compressed")
    except struct.error:
        raise ValueError("it ends too early") from None
    finally:
        file.seek(0)


def _check_png(file: IO[bytes]) -> None:
    file.seek(8)
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8 or head[4:] == b"IEND":
            return
        file.seek(int.from_bytes(head[:4]) + 4, io.SEEK_CUR)
    raise ValueError("it has too many parts")


def _check_avif(file: IO[bytes]) -> None:
    """Pillow reads the EXIF data of an AVIF where it only opens it."""
    file.seek(0)
    avif = AvifImagePlugin._avif  # type: ignore[attr-defined]
    decoder = avif.AvifDecoder(file.read(), AvifImagePlugin.DECODE_CODEC_CHOICE, 1)
    _, _, _, _, exif, _, _ = decoder.get_info()
    check_exif(exif or b"")


def _check_gif(file: IO[bytes]) -> None:
    file.seek(10)
    flags = file.read(3)[:1]
    if flags and flags[0] & 0x80:
        file.seek(3 * (2 << (flags[0] & 7)), io.SEEK_CUR)
    total = 0
    while (start := file.read(1)) == b"!":  # an extension: its kind, and blocks that each begin with their size
        file.seek(1, io.SEEK_CUR)
        total += 4
        while (size := file.read(1)) > b"\0" and total <= MAX_EXTENSION_BYTES:
            total += size[0]
            file.seek(size[0], io.SEEK_CUR)
        if total > MAX_EXTENSION_BYTES:
            raise ValueError("it holds too much beside its pixels")
    if start != b",":
        raise ValueError("it has no frame")
