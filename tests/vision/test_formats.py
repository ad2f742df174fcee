"""BMP, TIFF and GIF are read where a dataset asks for them, and cannot cost more than their pixels."""

import contextlib
import io
import struct
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fer_hub import InputError, open_image
from fer_hub.vision import images
from fer_hub.vision.formats import jpeg_work, picture_kind
from fer_hub.vision.images import DATASET_FORMATS, EXAMPLE, FORMATS


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def coarse(seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (12, 9, 3), np.uint8))


@pytest.mark.parametrize("kind", DATASET_FORMATS)
def test_a_picture_is_known_by_its_first_bytes(kind):
    assert picture_kind(encoded(coarse(), kind)) == kind


def test_what_is_no_picture_is_not_taken_for_one():
    assert picture_kind(EXAMPLE.read_bytes()) == "JPEG"
    for other in (b"", b"BM, said the man, and left.", b"II", b"RIFF1234WAVEfmt ", Path(__file__).read_bytes()):
        assert picture_kind(other) is None
    assert picture_kind(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic") == "HEIC"


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "GIF"])
def test_further_formats_are_read_where_they_are_asked_for(kind):
    image = coarse() if kind != "GIF" else coarse().quantize(256)
    data = encoded(image, kind)
    assert (open_image(data, DATASET_FORMATS) == np.asarray(image.convert("RGB"))).all()
    with pytest.raises(InputError, match="not a JPEG, PNG or WebP picture"):
        open_image(data)


@pytest.mark.parametrize("options", [{}, {"compression": "tiff_lzw"}, {"compression": "jpeg"}, {"exif": True}])
def test_tiffs_as_programs_write_them(options):
    if options.get("exif"):
        exif = Image.Exif()
        exif[0x0112] = 6
        exif.get_ifd(0x8769)[0x9286] = "a comment"
        options = {"exif": exif}
    picture = open_image(encoded(coarse(), "TIFF", **options), DATASET_FORMATS)
    assert picture.shape == ((9, 12, 3) if "exif" in options else (12, 9, 3))


@pytest.mark.parametrize("kind", ["TIFF", "GIF"])
def test_the_first_frame_alone_is_read(kind):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert tuple(open_image(data, DATASET_FORMATS)[0, 0]) == (255, 0, 0)


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
        (tiff([(34665, 4, 1, 8)]), "not a JPEG"),  # a directory that names itself
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
        open_image(data, DATASET_FORMATS)
    assert time.process_time() - started < 1


@given(
    st.sampled_from(["BMP", "TIFF", "GIF"]), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6)
)
def test_damage_ends_in_a_sentence_or_a_picture(kind, changes):
    data = bytearray(encoded(coarse(), kind))
    for place, value in changes:
        data[place % len(data)] = value
    with patch.object(images, "MAX_PIXELS", 1_000_000), contextlib.suppress(InputError):  # not whole seconds for each
        assert open_image(bytes(data), DATASET_FORMATS).ndim == 3


def test_strangers_reach_no_further_decoder():
    assert FORMATS == ("JPEG", "PNG", "WEBP")


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


@given(st.binary(max_size=300), st.integers(0, 2000))
def test_damaged_jpegs_are_counted_without_an_error_of_another_kind(bytes_put_in, place):
    whole = encoded(coarse(), "JPEG", progressive=True)
    with contextlib.suppress(ValueError):
        assert jpeg_work(io.BytesIO(whole[:place] + bytes_put_in + whole[place:])) >= 0
