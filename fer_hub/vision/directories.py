"""Bounds for TIFF directories, in TIFF files and in the EXIF data of other pictures."""

import io
import struct
from contextlib import suppress
from typing import IO

MAX_ENTRIES = 512
"""Entries of a directory: cameras write about fifty. Each may name any part of the file as its value."""

MAX_TAG_BYTES = 16 << 20
"""Values of all entries together, colour profile and strip table among them."""

MAX_STRIPS = 1 << 16
"""Pieces that the pixels of a TIFF come in: Pillow holds a record of each."""

MAX_EXIF_BYTES = 4 << 20
"""Cameras write at most 64 kilobytes, programs a preview of the picture besides."""

_EXIF = b"Exif\0\0"
_MAX_DIRECTORIES = 8
_PIECES = {273, 279, 324, 325}  # entries that list where the strips or tiles are, and their sizes
_POINTERS = {34665, 34853, 40965}  # entries that name a further directory: EXIF, GPS, interoperability
_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


def check_directories(file: IO[bytes]) -> None:
    """Raise ValueError where a TIFF names more than its pixels need, struct.error where its directory is missing."""
    file.seek(0)
    order = "<" if file.read(4)[:2] == b"II" else ">"
    (first,) = struct.unpack(order + "L", file.read(4))
    waiting, seen, total = [first], set[int](), 0
    while waiting:
        file.seek(place := waiting.pop())
        if place in seen:
            continue
        seen.add(place)
        size = file.read(2)
        if len(size) < 2 and place != first:
            continue  # cameras and editors leave pointers behind that lead nowhere
        (entries,) = struct.unpack(order + "H", size)
        if entries > MAX_ENTRIES or len(seen) > _MAX_DIRECTORIES:
            raise ValueError("its directories are too long")
        table = file.read(12 * entries)
        for tag, kind, count, value in struct.iter_unpack(order + "HHLL", table[: len(table) // 12 * 12]):
            total += count * _VALUE_BYTES.get(kind, 0)
            if tag in _PIECES and count > MAX_STRIPS:
                raise ValueError("its pixels are in too many pieces")
            if tag in _POINTERS:
                waiting.append(value)
    if total > MAX_TAG_BYTES:
        raise ValueError("it holds too much beside its pixels")


def check_exif(data: bytes) -> None:
    """Raise ValueError where EXIF data, or a JPEG's list of further pictures, names more than a camera writes."""
    if data.startswith(3 * _EXIF) or len(data) > MAX_EXIF_BYTES:  # Pillow copies all that follows each beginning
        raise ValueError("it holds too much beside its pixels")
    data = data.removeprefix(_EXIF).removeprefix(_EXIF)  # some programs write it twice
    with suppress(struct.error):  # damaged EXIF data is nothing to Pillow either
        check_directories(io.BytesIO(data))
