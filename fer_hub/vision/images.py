"""Path, bytes, PIL image or array -> one safe RGB picture."""

import io
import struct
import warnings
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError, features

from fer_hub.errors import InputError, printable
from fer_hub.vision.directories import check_exif
from fer_hub.vision.formats import HEAD, check_work, is_video, picture_kind

Picture = str | Path | bytes | Image.Image | np.ndarray
"""What the library accepts as a picture."""

try:
    from pillow_heif import register_heif_opener
except ImportError:
    HAS_HEIC = False
else:
    register_heif_opener(thumbnails=False)
    HAS_HEIC = True

FORMATS = (
    *("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"),
    *(("AVIF",) if features.check("avif") else ()),
    *(("HEIF",) if HAS_HEIC else ()),
)
"""What is read, as Pillow calls it: AVIF where Pillow was built with it, HEIC (HEIF) where pillow-heif is installed."""

FORMAT_WORDS = {"WEBP": "WebP", "HEIF": "HEIC"}
"""What people call a format, where that is not Pillow's word."""

MAX_PIXELS = 64_000_000
"""A larger picture is refused before it is decoded: 64 megapixels take 192 MB."""

MAX_SIDE = 1_000_000
"""Pillow keeps a pointer for each row: 64 million rows of one pixel would take 1.6 GB."""

EXAMPLE = Path(__file__).parents[1] / "examples" / "astronaut.jpg"
"""Eileen Collins, NASA portrait, public domain (as in scikit-image)."""

_ORIENTATION = 0x0112

Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # also where others open a picture first, as Gradio does
# Up to twice as many Pillow only warns: `open_image` refuses it, and says so to whoever gave it.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def open_image(picture: Picture) -> np.ndarray:
    """Return a picture as HWC uint8 RGB, 0-255, turned upright by its EXIF tag, transparency on white.

    Only the first frame of an animation is read. Raises InputError for anything that is not a picture of
    one of `FORMATS` with at most `MAX_PIXELS` pixels, or an array that is not HWC uint8 RGB.
    """
    if isinstance(picture, np.ndarray):
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or picture.size == 0:
            raise InputError(
                f"the array is {picture.dtype} of shape {picture.shape}; expected uint8 RGB of shape "
                "(height, width, 3), values 0-255."
            )
        return picture
    if isinstance(picture, Image.Image):
        return _from_pil(picture)
    if isinstance(picture, bytes):
        return _decode(io.BytesIO(picture), "the picture")
    if not isinstance(picture, str | Path):
        raise InputError(
            f"{type(picture).__name__} is no picture; give a path, the bytes of a file, a PIL image or an array."
        )
    if str(picture).startswith("data:"):
        raise InputError("a data URL is no path of a picture; decode it and give the bytes.")
    path, shown = Path(picture), f"'{printable(str(picture)[:200])}'"
    try:
        with path.open("rb") as file:
            return _decode(file, printable(path.name[:200]))
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"there is no picture at {shown}; give the path of a file.") from None
    except IsADirectoryError:
        raise InputError(f"{shown} is a folder; give the path of a picture.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no path of a file"
        raise InputError(f"{shown} cannot be opened: {reason.lower()}.") from None


def _decode(file: IO[bytes], name: str) -> np.ndarray:
    head = file.read(HEAD)
    if not head:
        raise InputError(f"{name} is empty.")
    kind = picture_kind(head)
    if kind is None and is_video(head):
        raise InputError(
            f"{name} is a video, not a picture; the tab Video of the demo takes it, or recognize --output FILE.csv."
        )
    if kind is None or kind not in FORMATS:
        raise InputError(f"{name} is not a {known_formats()} picture; {_advice(kind)}.")
    try:
        check_work(file, kind)
        image = Image.open(file, formats=[kind])
    except UnidentifiedImageError:
        raise InputError(_damaged(name, ValueError("it does not begin as such a file does"))) from None
    except Image.DecompressionBombError:
        raise InputError(_too_large(name)) from None
    except Exception as error:  # a damaged header makes Pillow raise nearly anything
        raise InputError(_damaged(name, error)) from None
    return _to_rgb(image, name)


def _to_rgb(image: Image.Image, name: str) -> np.ndarray:
    if image.width * image.height > MAX_PIXELS:
        raise InputError(_too_large(name))
    if max(image.size) > MAX_SIDE:
        size = f"{image.width:,} x {image.height:,} px"
        raise InputError(f"{name} has {size}, and a side may have at most {MAX_SIDE:,}; cut the faces out first.")
    if image.width * image.height == 0:
        raise InputError(f"{name} has no pixels.")
    try:
        image.load()
        _read_exif(image)
        if image.getexif().get(_ORIENTATION, 1) != 1:  # else each of these would copy the picture
            image = ImageOps.exif_transpose(image)
        if image.mode[0] in "IF":  # grey of more than 8 bits, which Pillow would clip instead of scale
            return np.repeat(_eight_bits(np.asarray(image))[..., None], 3, axis=2)
        if image.has_transparency_data:
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image.convert("RGBA"))
        return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
    except Exception as error:  # so does damage further on
        raise InputError(_damaged(name, error)) from None


def _from_pil(image: Image.Image) -> np.ndarray:
    """A PIL image; where it was opened and not read yet, its file is a stranger's as any other."""
    file = getattr(image, "fp", None)
    if file is not None and image.format is not None and image.format in FORMATS:
        try:
            check_work(file, image.format)
        except (OSError, ValueError) as error:
            raise InputError(_damaged("the picture", error)) from None
    return _to_rgb(image, "the picture")


def _read_exif(image: Image.Image) -> None:
    """Read by EXIF data which way a picture is turned; what is damaged there costs the picture nothing.

    Raises ValueError where it would cost more than it may. ImageMagick writes it into PNGs as text, in hexadecimal
    digits after three lines.
    """
    exif, written = image.info.get("exif"), image.info.get("Raw profile type exif")
    if isinstance(written, str) and exif is None:
        try:
            exif = image.info["exif"] = bytes.fromhex("".join(written.split("\n")[3:]))
        except ValueError:
            return
    if isinstance(exif, bytes):
        check_exif(exif)
        with suppress(struct.error, SyntaxError):
            image.getexif()


def _eight_bits(grey: np.ndarray) -> np.ndarray:
    """Grey of more bits, or of floats from 0 to 1, as uint8; white is the highest value of as few bits as hold all."""
    highest = float(grey.max())
    if not np.isfinite(grey).all():
        raise ValueError("its values are not all numbers")
    if grey.dtype.kind == "f" and highest <= 1:
        white = 1.0
    else:
        white = next((float(2**bits - 1) for bits in (8, 12, 16) if highest < 2**bits), max(highest, 1.0))
    return np.rint(grey.clip(0, white) * (255 / white)).astype(np.uint8)


def _advice(kind: str | None) -> str:
    """What to do with a picture of a kind that is not read, for somebody who may hold a phone."""
    if kind == "HEIF":
        return (
            "it is HEIC, as iPhones take them: share it as JPEG, or set Settings, Camera, Formats to Most Compatible, "
            "or give a screenshot of it; on a computer, pip install pillow-heif lets FER Hub read it"
        )
    if kind == "AVIF":
        return "it is AVIF: open it in a browser or the phone's gallery, and save or share it as JPEG or PNG"
    return "convert it to one of these"


def known_formats() -> str:
    """What is read, in words: "JPEG, PNG, ... or GIF"."""
    *first, last = [FORMAT_WORDS.get(name, name) for name in FORMATS]
    return f"{', '.join(first)} or {last}"


def _damaged(name: str, error: Exception) -> str:
    return f"{name} is damaged and cannot be read ({error})."


def _too_large(name: str) -> str:
    return f"{name} is larger than {MAX_PIXELS // 1_000_000} megapixels; scale it down first."
