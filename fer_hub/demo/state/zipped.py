"""A visitor's zip of pictures in folders named after expressions. It is read where it lies and never unpacked.

Nothing in it is believed: not its sizes, its names, its number of entries nor its pictures.
"""

import io
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from fer_hub.demo.security.deadline import check_deadline
from fer_hub.errors import InputError, printable
from fer_hub.expressions import expression_of
from fer_hub.vision.formats import check_work, picture_kind
from fer_hub.vision.images import FORMATS, open_image
from fer_hub.vision.jpeg import jpeg_work

MAX_PICTURES = 5_000
MAX_BYTES = 100_000_000
"""Of all pictures, unpacked."""
MAX_PIXELS = 1_000_000_000
"""Of all pictures, decoded, counted while they are read: a JPEG's once for each of its scans."""
MAX_PIXELS_EACH = 25_000_000

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif"}
_PACKED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # other methods unpack with much memory
_MAX_LISTING_BYTES = 4_000_000
_END, _END_SIZE, _END_64 = b"PK\x05\x06", 22, b"PK\x06\x07"
_ENCRYPTED = 1


class ZippedPictures:
    """The pictures of a zip, each with the expression that its folder names."""

    def __init__(self, path: str | Path) -> None:
        """List them. Raises InputError where the file is no such zip, or more than one may give."""
        self._path = Path(path)
        self.name = self._path.name
        with self._open() as archive:
            files = [entry for entry in archive.infolist() if not _is_folder(entry) and not _hidden(entry.filename)]
            pictures = [entry for entry in files if PurePosixPath(entry.filename).suffix.lower() in _SUFFIXES]
            self._refuse(pictures)
        self.other_files = len(files) - len(pictures)
        """Files that are no pictures, by their names; they are left out."""
        self._entries = pictures
        expressions = _expressions(pictures)
        self.labels = [expressions[_folder(entry)] for entry in pictures]
        """The expression of each picture."""

    def __len__(self) -> int:
        return len(self._entries)

    def read(self, positions: Sequence[int]) -> list[np.ndarray]:
        """HWC uint8 RGB pictures. Raises InputError where one cannot be read, or the zip is no longer there."""
        with self._open() as archive:
            return [open_image(self._unpack(archive, self._entries[position])[0]) for position in positions]

    def sound(self, broken: list[str]) -> Iterator[tuple[int, np.ndarray]]:
        """Each picture that can be read, with its position; the names of the others join `broken`."""
        spent = 0
        with self._open() as archive:
            for position, entry in enumerate(self._entries):
                check_deadline()
                try:
                    data, work = self._unpack(archive, entry)
                    spent += work  # before it is decoded: what turns out to be damaged costs as much
                    picture = open_image(data) if spent <= MAX_PIXELS else None
                except InputError:
                    broken.append(printable(entry.filename))
                    continue
                if picture is None:
                    raise InputError(
                        f"the pictures have more than {MAX_PIXELS // 1_000_000:,} megapixels together; scale them down."
                    )
                yield position, picture

    def _open(self) -> zipfile.ZipFile:
        try:
            _check_listing(self._path)
            return zipfile.ZipFile(self._path)
        except FileNotFoundError:
            raise InputError("this zip was deleted after a while, as all uploads are; please give it again.") from None
        except Exception as error:  # a damaged listing makes zipfile raise nearly anything
            if isinstance(error, InputError):
                raise
            raise InputError(f"{self.name} is not a zip that can be read: {error}.") from None

    def _refuse(self, pictures: list[zipfile.ZipInfo]) -> None:
        if not pictures:
            raise InputError(f"{self.name} holds no pictures; give a zip of folders named happy, sad and so on.")
        if len(pictures) > MAX_PICTURES:
            raise InputError(f"{self.name} holds {len(pictures):,} pictures; at most {MAX_PICTURES:,} are evaluated.")
        if (size := sum(entry.file_size for entry in pictures)) > MAX_BYTES:
            raise InputError(
                f"the pictures of {self.name} are {size / 1e6:,.0f} MB unpacked; at most {MAX_BYTES / 1e6:,.0f} MB are "
                "evaluated."
            )
        for entry in pictures:
            if ".." in PurePosixPath(entry.filename).parts or entry.filename.startswith("/"):
                raise InputError(
                    f"{self.name} names a place outside itself, {printable(entry.filename[:100])!r}; pack it anew."
                )
            if entry.flag_bits & _ENCRYPTED:
                raise InputError(f"{self.name} is locked with a password; give one without.")
            if entry.compress_type not in _PACKED:
                raise InputError(f"{self.name} is packed in an unusual way; pack it as a plain zip (deflate).")

    def _unpack(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[bytes, int]:
        """A picture's file, and the pixels that decoding it goes over; no more is unpacked than the listing says."""
        try:
            with archive.open(entry) as packed:
                data = packed.read(entry.file_size)
            kind = picture_kind(data) or ""
            check_work(io.BytesIO(data), kind)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                pixels = image.width * image.height
            work = jpeg_work(io.BytesIO(data)) if kind == "JPEG" else pixels
        except Exception as error:  # damage, bombs and lies, of the zip or of the picture
            raise InputError(f"{printable(entry.filename)} cannot be read: {error}.") from None
        if pixels > MAX_PIXELS_EACH:
            raise InputError(f"{printable(entry.filename)} has more than {MAX_PIXELS_EACH // 1_000_000} megapixels.")
        return data, work


def _check_listing(path: Path) -> None:
    """Refuse a list of entries that would not fit into memory before zipfile reads it whole."""
    with path.open("rb") as file:
        file.seek(0, io.SEEK_END)
        file.seek(max(file.tell() - _END_SIZE - 65_535 - 20, 0))
        tail = file.read()
    end = tail.rfind(_END)
    if end >= 0 and (
        _END_64 in tail[max(end - 20, 0) : end]
        or int.from_bytes(tail[end + 12 : end + 16], "little") > _MAX_LISTING_BYTES
    ):
        raise InputError(f"{path.name} lists too many files; at most {MAX_PICTURES:,} pictures are evaluated.")


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return not entry.filename or entry.filename.endswith("/")  # zipfile itself fails where there is no name


def _hidden(name: str) -> bool:
    """What systems leave in zips beside the files themselves."""
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in PurePosixPath(name).parts)


def _folder(entry: zipfile.ZipInfo) -> str:
    return PurePosixPath(entry.filename).parent.name


def _expressions(entries: Sequence[zipfile.ZipInfo]) -> dict[str, str]:
    """Folder name -> expression. Raises InputError which lists those that are none."""
    counts = Counter(map(_folder, entries))
    # Folder names may hold letters and accents apart (macOS): NFC joins them.
    found = {word: expression_of(unicodedata.normalize("NFC", word)) for word in counts}
    unknown = [f"{word[:40] or 'no folder'!r} ({counts[word]:,})" for word in sorted(found) if not found[word]]
    if unknown:
        shown = ", ".join(unknown[:10]) + (" and others" if len(unknown) > 10 else "")
        raise InputError(
            f"these folders, with their numbers of pictures, name no expression: {shown}; call them angry, disgust, "
            "fear, happy, sad, surprise, neutral, or by their words in one of eleven languages."
        )
    return {word: expression for word, expression in found.items() if expression}
