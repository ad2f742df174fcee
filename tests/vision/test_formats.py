"""BMP, TIFF and GIF are read where a dataset asks for them, and cannot cost more than their pixels."""

import contextlib
import io
import struct
import time
import zlib
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from fer_hub import InputError, open_image
from fer_hub.vision import images
from fer_hub.vision.formats import check_work, picture_kind
from fer_hub.vision.images import EXAMPLE, FORMATS
from fer_hub.vision.jpeg import jpeg_work


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def coarse(seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (12, 9, 3), np.uint8))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_is_known_by_its_first_bytes(kind):
    assert picture_kind(encoded(coarse(), kind)) == kind


def test_what_is_no_picture_is_not_taken_for_one():
    assert picture_kind(EXAMPLE.read_bytes()) == "JPEG"
    for other in (b"", b"BM, said the man, and left.", b"II", b"RIFF1234WAVEfmt ", Path(__file__).read_bytes()):
        assert picture_kind(other) is None
    assert picture_kind(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic") == "HEIF"


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "GIF"])
def test_formats_of_scanners_and_old_programs_are_read(kind):
    image = coarse() if kind != "GIF" else coarse().quantize(256)
    data = encoded(image, kind)
    assert (open_image(data) == np.asarray(image.convert("RGB"))).all()


@pytest.mark.parametrize("options", [{}, {"compression": "tiff_lzw"}, {"compression": "jpeg"}, {"exif": True}])
def test_tiffs_as_programs_write_them(options):
    if options.get("exif"):
        exif = Image.Exif()
        exif[0x0112] = 6
        exif.get_ifd(0x8769)[0x9286] = "a comment"
        options = {"exif": exif}
    picture = open_image(encoded(coarse(), "TIFF", **options))
    assert picture.shape == ((9, 12, 3) if "exif" in options else (12, 9, 3))


@pytest.mark.parametrize("kind", ["TIFF", "GIF"])
def test_the_first_frame_alone_is_read(kind):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert tuple(open_image(data)[0, 0]) == (255, 0, 0)


def tiff(entries: list[tuple[int, int, int, int]], rest: int = 0) -> bytes:
    directory = b"".join(struct.pack("<HHLL", *entry) for entry in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + directory + b"\0\0\0\0" + b"x" * rest


def gif_with(extensions: bytes) -> bytes:
    data = encoded(Image.new("P", (8, 8)), "GIF")
    place = 13 + (3 * (2 << (data[10] & 7)) if data[10] & 0x80 else 0)
    return data[:place] + extensions + data[place:]


def large_bmp(width: int, height: int, compression: int) -> bytes:
    header = struct.pack("<LllHHLLllLL", 40, width, height, 1, 8, compression, 0, 0, 0, 256, 0)
    return b"BM" + struct.pack("<LHHL", 2000, 0, 0, 54 + 1024) + header + bytes(1024) + b"\0\x02\xff\xff" * 200


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (tiff([(33432, 2, 8_000_000, 0)] * 500, rest=8_000_000), "too much beside"),  # 4 GB to copy
        (tiff([(273, 4, 4_000_000, 0), (256, 3, 1, 9)]), "too many pieces"),
        (tiff([(300, 3, 1, 1)] * 60_000), "too long"),
        (tiff([(34665, 4, 1, 8)]), "damaged"),  # a directory that names itself
        (b"II*\0\xff\xff\xff\xff", "too early"),
        (gif_with(b"!\xfe" + (b"\xff" + b"x" * 255) * 40_000 + b"\0"), "too much beside"),  # 19 s in Pillow 12.3
        (gif_with(b"!\xfe\0" * 3_000_000), "too much beside"),
        (gif_with(b"\0!\xfe" + (b"\xff" + b"x" * 255) * 4_000 + b"\0"), "no frame"),
        (large_bmp(63_000_000, 1, compression=1), "compressed"),  # a run of 16 GB
        (encoded(coarse(), "BMP")[:100], "damaged"),
        (large_bmp(60_000, 60_000, compression=0), "larger than 64 megapixels"),
    ],
)
def test_hostile_files_cost_nothing(data, why):
    started = time.process_time()
    with pytest.raises(InputError, match=why):
        open_image(data)
    assert time.process_time() - started < 1


@given(
    st.sampled_from(["BMP", "TIFF", "GIF"]), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6)
)
def test_damage_ends_in_a_sentence_or_a_picture(kind, changes):
    data = bytearray(encoded(coarse(), kind))
    for place, value in changes:
        data[place % len(data)] = value
    with patch.object(images, "MAX_PIXELS", 1_000_000), contextlib.suppress(InputError):  # not whole seconds for each
        assert open_image(bytes(data)).ndim == 3


def test_strangers_reach_no_further_decoder():
    assert set(FORMATS) <= {"JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF"}


@given(st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_avif_ends_in_a_sentence_or_a_picture(changes):
    data = bytearray(encoded(coarse(), "AVIF"))
    for place, value in changes:
        data[place % len(data)] = value
    with patch.object(images, "MAX_PIXELS", 1_000_000), contextlib.suppress(InputError):
        assert open_image(bytes(data)).ndim == 3


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content


def test_scans_of_a_jpeg_are_counted_as_a_decoder_meets_them():
    image = coarse().resize((64, 48))
    pixels = 64 * 48
    progressive = encoded(image, "JPEG", progressive=True)
    scans = progressive.count(b"\xff\xda")
    assert scans > 5
    assert jpeg_work(io.BytesIO(encoded(image, "JPEG"))) == pixels
    assert jpeg_work(io.BytesIO(progressive)) == pixels * scans
    thumbnail = segment(0xE1, encoded(coarse(), "JPEG", progressive=True))
    after_its_end = progressive + progressive
    for other in (progressive[:2] + thumbnail + progressive[2:], after_its_end):
        assert jpeg_work(io.BytesIO(other)) == pixels * scans
    last = progressive.rindex(b"\xff\xda")
    hidden = progressive[:-2] + b"not a marker" + 3 * (b"\xff\xff" + progressive[last:-2]) + progressive[-2:]
    assert jpeg_work(io.BytesIO(hidden)) == pixels * (scans + 3)
    with pytest.raises(ValueError, match="too many parts"):
        jpeg_work(io.BytesIO(progressive[:2] + 6_000 * segment(0xFE, b"") + progressive[2:]))


def exif_of(entries: int, size: int) -> bytes:
    """EXIF data whose every entry names nearly all of it as its value."""
    names = b"".join(struct.pack("<HHLL", 1000 + number, 1, size - 1000, 8) for number in range(entries))
    return (b"II*\0\x08\0\0\0" + struct.pack("<H", entries) + names + b"\0\0\0\0").ljust(size, b"x")


def with_metadata(kind: str, exif: bytes, colour: str = "teal") -> bytes:
    """A picture with a white corner, top left, and this EXIF data."""
    image = Image.new("RGB", (8, 8), colour)
    image.paste("white", (0, 0, 3, 3))
    if kind in ("WEBP", "PNG"):
        return encoded(image, kind, exif=exif)
    if kind == "MPF":  # where cameras list further pictures of a JPEG
        plain = encoded(image, "JPEG")
        return plain[:2] + segment(0xE2, b"MPF\0" + exif) + plain[2:]
    if kind == "JPEG":
        plain = encoded(image, kind)
        pieces = [exif[start : start + 60_000] for start in range(0, len(exif), 60_000)]
        return plain[:2] + b"".join(segment(0xE1, b"Exif\0\0" + piece) for piece in pieces) + plain[2:]
    information = PngImagePlugin.PngInfo()  # as ImageMagick writes it
    information.add_text("Raw profile type exif", f"\nexif\n{len(exif)}\n{exif.hex()}", zip=True)
    return encoded(image, "PNG", pnginfo=information)


METADATA = ["JPEG", "MPF", "PNG", "PNG text", "WEBP"]


@pytest.mark.parametrize("kind", METADATA)
@pytest.mark.parametrize(("entries", "why"), [(2_000, "directories are too long"), (400, "too much beside")])
def test_exif_that_names_itself_over_and_over_is_not_read(kind, entries, why):
    exif = exif_of(entries, 65_000 if kind == "MPF" else 200_000)  # 200 MB in Pillow 12.3, and the square of the size
    with pytest.raises(InputError, match=why):
        open_image(with_metadata(kind, exif))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "PNG text", "WEBP"])
def test_exif_that_begins_over_and_over_is_not_read(kind):
    begun = b"Exif\0\0" * (60_000 if kind == "PNG text" else 300_000)  # a minute: the square of the size
    with pytest.raises(InputError, match="too much beside"):
        open_image(with_metadata(kind, begun))
    twice = b"Exif\0\0" * (1 if kind == "JPEG" else 2)  # as some programs write it
    open_image(with_metadata(kind, twice + tiff([(274, 3, 1, 1)])))


def avif_with(exif: bytes) -> bytes:
    """An AVIF whose EXIF data is this, and ends as such data begin, so that libavif takes it."""
    room = Image.Exif()
    room[0x010F] = "y" * (len(exif) + 100)
    content = bytearray(encoded(Image.new("RGB", (8, 8)), "AVIF", exif=room))
    place = content.index(b"Exif\0\0MM\0*")
    content[place - 4 : place] = struct.pack(">L", exif.rindex(b"II*\0"))
    content[place : place + len(exif)] = exif
    return bytes(content)


@pytest.mark.skipif("AVIF" not in FORMATS, reason="Pillow was built without AVIF")
def test_exif_of_an_avif_is_bounded_before_it_is_opened():
    for exif in (b"Exif\0\0" * 30_000 + tiff([(274, 3, 1, 1)]), exif_of(400, 200_000), exif_of(2_000, 200_000)):
        with pytest.raises(ValueError, match=r"too much beside|directories are too long"):
            check_work(io.BytesIO(avif_with(exif)), "AVIF")
    assert open_image(avif_with(tiff([(274, 3, 1, 1)]))).shape == (8, 8, 3)


def test_exif_of_many_parts_is_not_joined():
    plain = encoded(Image.new("RGB", (8, 8)), "JPEG")
    with pytest.raises(ValueError, match="too much beside"):  # half a minute for 54 MB, in Pillow and here
        jpeg_work(io.BytesIO(plain[:2] + 900 * segment(0xE1, b"Exif\0\0" + bytes(60_000)) + plain[2:]))


def test_exif_in_a_further_directory_is_bounded_too():
    pointers = [(34665, 4, 1, 1000), (274, 3, 1, 6)]
    exif = tiff(pointers).ljust(1000, b"x") + struct.pack("<H", 60_000) + bytes(720_000)
    with pytest.raises(InputError, match="directories are too long"):
        open_image(with_metadata("PNG", exif))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "PNG text", "WEBP"])
@pytest.mark.parametrize(
    "damage", [b"", b"Exif\0\0", b"II*\0", b"II*\0\xff\xff\xff\xff", tiff([(34665, 4, 1, 1 << 31)])]
)
def test_damaged_exif_does_not_cost_the_picture(kind, damage):
    assert open_image(with_metadata(kind, damage)).shape == (8, 8, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "PNG text", "WEBP"])
def test_a_picture_is_turned_by_its_exif_wherever_that_lies(kind):
    turned = open_image(with_metadata(kind, tiff([(274, 3, 1, 6)]), "black"))
    assert turned[:2, -2:].mean() > 200
    assert turned[:, :4].mean() < 30


def test_what_lies_between_the_parts_of_a_picture_is_not_read_byte_by_byte():
    jpeg, png = encoded(coarse(), "JPEG"), encoded(coarse(), "PNG")
    chunk = struct.pack(">L", 0) + b"aaAa" + struct.pack(">L", zlib.crc32(b"aaAa"))
    hostile = [
        jpeg[:2] + segment(0xFE, b"") + bytes(20_000_000) + jpeg[2:],
        jpeg[:2] + (b"\xff\xd8\xff\xfe" + bytes(60_000)) * 300 + jpeg[2:],
        jpeg[:2] + (b"\xff\xf0\xff\xff" + bytes(65_533)) * 300 + jpeg[2:],
        jpeg[:2] + b"\xff\xd9" + jpeg[2:],
        png[:33] + chunk * 500_000 + png[33:],
    ]
    started = time.process_time()
    for data in hostile:
        with pytest.raises(InputError, match="is damaged and cannot be read"):
            open_image(data)
    assert time.process_time() - started < 1.5  # in Pillow alone 4 s
    assert open_image(jpeg[:2] + segment(0xFE, b"") + bytes(1000) + jpeg[2:]).shape == (12, 9, 3)
    assert open_image(png[:33] + chunk * 500 + png[33:]).shape == (12, 9, 3)


@given(st.binary(max_size=300), st.integers(0, 2000))
def test_damaged_jpegs_are_counted_without_an_error_of_another_kind(bytes_put_in, place):
    whole = encoded(coarse(), "JPEG", progressive=True)
    with contextlib.suppress(ValueError):
        assert jpeg_work(io.BytesIO(whole[:place] + bytes_put_in + whole[place:])) >= 0
