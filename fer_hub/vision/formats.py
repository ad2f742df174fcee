"""Which kind of picture a file is, by its first bytes, and bounds for those that can make Pillow work for minutes."""

import io
import re
import struct
from typing import IO

HEAD = 32
"""First bytes of a file that `picture_kind` needs."""

MAX_ENTRIES = 512
"""Entries of a TIFF directory: cameras write about fifty. Each may name any part of the file as its value."""

MAX_TAG_BYTES = 16 << 20
"""Values of all entries of a TIFF together, colour profile and strip table among them."""

MAX_EXTENSION_BYTES = 1 << 16
"""Comments and other extensions before the first frame of a GIF; Pillow's time grows with their square."""

MAX_STRIPS = 1 << 16
"""Pieces that the pixels of a TIFF come in: Pillow holds a record of each."""

MAX_SCAN_PIXELS = 1_000_000_000
"""Pixels of a JPEG times the scans they come in: each scan goes over all pixels, 55 ms for 64 million, and a hundred
bytes are enough for one. Programs write ten to fourteen."""

MAX_SEGMENTS = 5_000
"""Parts of a JPEG up to the end of its picture."""

_MAX_DIRECTORIES = 8
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")  # neither a byte of a scan nor one that stands alone
_START_OF_SCAN, _END_OF_IMAGE = b"\xda", b"\xd9"
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL = {0xC0, 0xC1, 0xC9}
_PIECES = {273, 279, 324, 325}  # TIFF entries that list where the strips or tiles are, and their sizes
_POINTERS = {34665, 34853, 40965}  # TIFF entries that name a further directory: EXIF, GPS, interoperability
_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_UNCOMPRESSED = (0, 3)
_BOXES = {
    b"heic": "HEIC", b"heix": "HEIC", b"heim": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC", b"avif": "AVIF",
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


def check_work(file: IO[bytes], kind: str) -> None:
    """Raise ValueError where a file of this kind makes the decoder do much more than its pixels need.

    The file is left at its start.
    """
    try:
        if kind == "JPEG":
            if jpeg_work(file) > MAX_SCAN_PIXELS:
                raise ValueError("its pixels come in so many scans that decoding takes too long")
        elif kind == "TIFF":
            _check_tiff(file)
        elif kind == "GIF":
            _check_gif(file)
        elif kind == "BMP":
            file.seek(14)
            header = file.read(20)
            if header[:4] != b"\x0c\0\0\0" and int.from_bytes(header[16:20], "little") not in _UNCOMPRESSED:
                raise ValueError("it is compressed")
    except struct.error:
        raise ValueError("it ends too early") from None
    finally:
        file.seek(0)


def jpeg_work(file: IO[bytes]) -> int:
    """The pixels of a JPEG times the scans that a decoder would go over, counted without decoding any.

    Follows the markers as libjpeg does, which skips what is none. Raises ValueError where it has too many parts.
    """
    file.seek(0)
    data = file.read()
    place, pixels, components, scans, single = 2, 0, 0, 0, False
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(data, place)
        if found is None or found[1] == _END_OF_IMAGE:
            return pixels * max(scans, 1)
        length = int.from_bytes(data[found.end() : found.end() + 2])
        header = data[found.end() + 2 : found.end() + length]
        place = found.end() + length
        if found[1][0] in _FRAMES and len(header) >= 6:
            pixels, components = int.from_bytes(header[1:3]) * int.from_bytes(header[3:5]), header[5]
            single = found[1][0] in _SEQUENTIAL
        elif found[1] == _START_OF_SCAN:
            scans += 1
            if single and header[:1] == bytes([components]):
                return pixels  # all components in the one scan that is decoded
    raise ValueError("it has too many parts")


def _check_tiff(file: IO[bytes]) -> None:
    file.seek(0)
    order = "<" if file.read(4) == b"II*\0" else ">"
    (first,) = struct.unpack(order + "L", file.read(4))
    waiting, seen, total = [first], set[int](), 0
    while waiting:
        file.seek(place := waiting.pop())
        if place in seen:
            continue
        seen.add(place)
        (entries,) = struct.unpack(order + "H", file.read(2))
        if entries > MAX_ENTRIES or len(seen) > _MAX_DIRECTORIES:
            raise ValueError("its directories are too long")
        table = io.BytesIO(file.read(12 * entries))
        for _ in range(entries):
            tag, kind, count, value = struct.unpack(order + "HHLL", table.read(12))
            total += count * _VALUE_BYTES.get(kind, 0)
            if tag in _PIECES and count > MAX_STRIPS:
                raise ValueError("its pixels are in too many pieces")
            if tag in _POINTERS:
                waiting.append(value)
    if total > MAX_TAG_BYTES:
        raise ValueError("it holds too much beside its pixels")


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
