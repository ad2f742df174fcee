"""What a JPEG makes a decoder do, counted without decoding any of it."""

import re
from typing import IO

from fer_hub.vision.directories import MAX_EXIF_BYTES, check_exif

MAX_SEGMENTS = 5_000
"""Parts of a JPEG up to the end of its picture."""

MAX_JUNK_BYTES = 1 << 20
"""Bytes between the parts before the pixels; Pillow reads them one by one."""

_MARKER = re.compile(rb"\xff([\x02-\xcf\xd9-\xfe])")  # neither a byte of a scan nor one that stands alone
_START_OF_SCAN, _END_OF_IMAGE = b"\xda", b"\xd9"
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL = {0xC0, 0xC1, 0xC9}
_UNKNOWN = {0xC8, *range(0xF0, 0xFE)}  # to libjpeg these are errors, and Pillow takes them for parts of no length


def jpeg_work(file: IO[bytes]) -> int:
    """The pixels of a JPEG times the scans that a decoder would go over.

    Follows the markers as libjpeg does, which skips what is none; up to the pixels, Pillow sees the same parts. Raises
    ValueError where there are too many, or where what lies beside the pixels costs more than they may.
    """
    file.seek(0)
    data = file.read()
    place, junk, pixels, components, scans, single = 2, 0, 0, 0, 0, False
    exif, pictures = b"", b""
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(data, place)
        if not scans:
            junk += (found.start() if found else len(data)) - place
            if junk > MAX_JUNK_BYTES:
                raise ValueError("it holds too much beside its pixels")
        if found is None or found[1] == _END_OF_IMAGE:
            if not scans:
                raise ValueError("it has no pixels")
            return pixels * scans
        marker, length = found[1][0], int.from_bytes(data[found.end() : found.end() + 2])
        content = data[found.end() + 2 : found.end() + length]
        place = found.end() + length
        if marker in _UNKNOWN and not scans:
            raise ValueError("it has a part that no JPEG has")
        if marker in _FRAMES and len(content) >= 6:
            pixels, components = int.from_bytes(content[1:3]) * int.from_bytes(content[3:5]), content[5]
            single = marker in _SEQUENTIAL
        elif marker == 0xE1 and content.startswith(b"Exif\0\0") and not scans:
            exif += content[6:] if exif else content
            if len(exif) > MAX_EXIF_BYTES:  # each part is copied onto those before
                raise ValueError("it holds too much beside its pixels")
        elif marker == 0xE2 and content.startswith(b"MPF\0") and not scans:
            pictures = content[4:]
        elif found[1] == _START_OF_SCAN:
            if not scans:
                check_exif(exif)
                check_exif(pictures)
            scans += 1
            if single and content[:1] == bytes([components]):
                return pixels  # all components in the one scan that is decoded
    raise ValueError("it has too many parts")
