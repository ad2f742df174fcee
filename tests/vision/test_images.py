import contextlib
import io
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fer_hub import InputError, open_image
from fer_hub.vision import images
from fer_hub.vision.detection import FaceDetector
from fer_hub.vision.drawing import label_boxes
from fer_hub.vision.images import known_formats
from tests.conftest import REPOSITORY
from tests.videos import write_video


def encoded(image: Image.Image, format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_png_mode_becomes_rgb(mode):
    picture = open_image(encoded(Image.new("RGB", (7, 5), "white").convert("L").convert(mode)))
    assert picture.shape == (5, 7, 3)
    assert picture.dtype == np.uint8
    if mode != "I;16":
        assert (picture == 255).all()


def test_sixteen_bit_grey_is_scaled_not_clipped():
    grey = Image.fromarray(np.full((4, 4), 257 * 100, np.uint16))
    assert (open_image(encoded(grey)) == 100).all()


@pytest.mark.parametrize(
    ("values", "white"),
    [
        (np.array([[0, 4095]], np.uint16), 4095),  # 12 bits, as scanners and X-ray machines write
        (np.array([[0, 200]], np.uint16), 255),
        (np.array([[0, 60_000]], np.int32), 65_535),
        (np.array([[0, 2_000_000]], np.int32), 2_000_000),
        (np.array([[0.0, 0.5]], np.float32), 1),
        (np.array([[0.0, 200.0]], np.float32), 255),
        (np.array([[-7.0, 1e9]], np.float32), 1e9),
    ],
)
def test_grey_of_more_bits_is_scaled_and_never_black_in_silence(values, white):
    picture = open_image(Image.fromarray(values))
    assert picture[0, 0].tolist() == [0] * 3
    assert picture[0, 1].tolist() == [round(float(values[0, 1]) * 255 / white)] * 3


def test_grey_that_is_no_number_is_refused():
    with pytest.raises(InputError, match="not all numbers"):
        open_image(Image.fromarray(np.full((4, 4), np.nan, np.float32)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "NoneType is no picture"),
        (io.BytesIO(b"x"), "BytesIO is no picture; give a path, the bytes"),
        (7, "int is no picture"),
        ([], "list is no picture"),
        ("data:image/png;base64,AAAA", "a data URL is no path"),
        ("a\0b", "cannot be opened: it is no path"),
        ("x" * 5_000, "cannot be opened: file name too long"),
        ("", "is a folder"),
    ],
)
def test_what_is_no_picture_at_all_gets_a_sentence(given, said):
    with pytest.raises(InputError, match=said) as refused:
        open_image(given)
    assert len(str(refused.value)) < 400


def test_names_of_files_are_printable(tmp_path):
    name = os.fsdecode(b"\xff\x1b[31m\n.jpg")
    (tmp_path / name).write_bytes(b"no picture")
    with pytest.raises(InputError) as refused:
        open_image(tmp_path / name)
    assert str(refused.value) == (
        rf"\udcff\x1b[31m\n.jpg is not a {known_formats()} picture; convert it to one of these."
    )


def test_a_jpeg_of_many_scans_is_refused_before_it_is_decoded():
    whole = encoded(Image.new("L", (4000, 4000), 90), "JPEG", progressive=True)
    assert open_image(whole).shape == (4000, 4000, 3)
    last = whole.rindex(b"\xff\xda")
    many = whole[:-2] + 64 * whole[last:-2] + whole[-2:]
    began = time.process_time()
    with pytest.raises(InputError, match="so many scans"):
        open_image(many)
    with pytest.raises(InputError, match="so many scans"):
        open_image(Image.open(io.BytesIO(many)))
    assert time.process_time() - began < 1


@pytest.mark.parametrize(("width", "height"), [(1, 4000), (4000, 1), (1, 1_000_000), (3, 63)])
def test_pictures_of_any_shape_are_searched_and_drawn(width, height):
    picture = open_image(encoded(Image.new("RGB", (width, height), "teal")))
    faces = FaceDetector().detect(picture)
    assert faces == []
    assert min(label_boxes(picture, [((0, 0, width, height), "happy", "1 happy")]).size) >= 1


def test_cmyk_jpeg_becomes_rgb():
    assert open_image(encoded(Image.new("CMYK", (8, 8)), "JPEG")).shape == (8, 8, 3)


def test_transparency_lies_on_white():
    assert (open_image(encoded(Image.new("RGBA", (3, 3), (10, 20, 30, 0)))) == 255).all()


def test_exif_turns_the_picture_upright():
    image = Image.new("RGB", (20, 10))
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side
    assert open_image(encoded(image, "JPEG", exif=exif)).shape == (20, 10, 3)


def test_path_bytes_image_and_array_agree(tmp_path, photo):
    path = tmp_path / "photo.png"
    Image.fromarray(photo).save(path)
    for form in (path, str(path), path.read_bytes(), Image.fromarray(photo), photo):
        assert (open_image(form) == photo).all()


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    picture = open_image(encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True))
    assert tuple(picture[0, 0]) == (255, 0, 0)


@pytest.mark.parametrize(
    ("brand", "lacking", "said"), [(b"heic", "HEIF", "share it as JPEG"), (b"avif", "AVIF", "save or share it as JPEG")]
)
def test_a_phones_format_that_is_not_read_here_is_refused_with_what_to_do_on_a_phone(brand, lacking, said, monkeypatch):
    monkeypatch.setattr(images, "FORMATS", tuple(kind for kind in images.FORMATS if kind != lacking))
    with pytest.raises(InputError, match=f"is not a JPEG, PNG, WebP, .* picture; .*{said}"):
        open_image(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1" + brand + bytes(100))


@pytest.mark.skipif("AVIF" not in images.FORMATS, reason="this Pillow was built without AVIF")
def test_an_avif_is_read_upright_and_bounded(photo, monkeypatch):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.fromarray(photo), "AVIF", quality=90, exif=exif)
    picture = open_image(data)
    assert np.abs(picture.astype(int) - np.rot90(photo, -1)).mean() < 4
    with pytest.raises(InputError, match="the picture is damaged"):
        open_image(data[: len(data) // 2])
    monkeypatch.setattr(images, "MAX_PIXELS", 1000)
    with pytest.raises(InputError, match="larger than"):
        open_image(data)


@pytest.mark.skipif("HEIF" not in images.FORMATS, reason="pillow-heif is not installed")
def test_a_heic_is_read_and_bounded(photo, monkeypatch):
    data = encoded(Image.fromarray(photo), "HEIF", quality=90)
    assert np.abs(open_image(data).astype(int) - photo).mean() < 4
    with pytest.raises(InputError, match="the picture is damaged"):
        open_image(data[: len(data) // 2])
    monkeypatch.setattr(images, "MAX_PIXELS", 1000)
    with pytest.raises(InputError, match="larger than"):
        open_image(data)


@pytest.mark.parametrize("format", ["PPM", "TGA", "JPEG2000"])
def test_other_formats_are_refused(format):
    with pytest.raises(InputError, match="not a JPEG, PNG, WebP, BMP, TIFF"):
        open_image(encoded(Image.new("RGB", (4, 4)), format))


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".avi"])
def test_a_video_is_told_where_videos_go(tmp_path, suffix):
    codec = "libvpx" if suffix == ".webm" else "libx264"
    clip = write_video(tmp_path / f"clip{suffix}", [np.zeros((48, 64, 3), np.uint8)] * 3, codec=codec)
    for given_as in (clip, clip.read_bytes()):
        with pytest.raises(InputError, match=r"is a video, not a picture; the tab Video of the demo takes it"):
            open_image(given_as)


def test_truncated_file_is_refused():
    data = encoded(Image.effect_noise((64, 64), 50).convert("RGB"), "JPEG")
    with pytest.raises(InputError, match="damaged"):
        open_image(data[: len(data) // 2])


def test_huge_picture_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(images, "MAX_PIXELS", 99)
    with pytest.raises(InputError, match="scale it down"):
        open_image(encoded(Image.new("L", (10, 10))))


def test_decompression_bomb_is_refused():
    with pytest.raises(InputError, match="megapixels"):
        open_image(encoded(Image.new("1", (12_000, 12_000))))


@pytest.mark.parametrize("size", [(1, 1_000_001), (1_000_001, 1)])
def test_a_picture_with_too_long_a_side_is_refused(size):
    with pytest.raises(InputError, match=r"1,000,001.* px, and a side may have at most 1,000,000; cut the faces out"):
        open_image(encoded(Image.new("1", size)))


@pytest.mark.slow
def test_what_is_refused_is_not_warned_of_as_well(tmp_path):
    Image.new("1", (9000, 8000)).save(tmp_path / "large.png")
    script = f"from fer_hub import open_image; open_image({str(tmp_path / 'large.png')!r})"
    result = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True)
    assert "large.png is larger than 64 megapixels" in result.stderr
    assert "Warning" not in result.stderr


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    (tmp_path / "empty.jpg").write_bytes(b"")
    with pytest.raises(InputError, match=r"empty\.jpg is empty"):
        open_image(tmp_path / "empty.jpg")


def test_missing_file_and_folder_are_named(tmp_path):
    with pytest.raises(InputError, match=r"no picture at .*nothing\.jpg"):
        open_image(tmp_path / "nothing.jpg")
    with pytest.raises(InputError, match="is a folder"):
        open_image(tmp_path)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_arrays_that_are_not_rgb_are_refused(array):
    with pytest.raises(InputError, match="expected uint8 RGB"):
        open_image(array)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise_anything_else(data):
    with pytest.raises(InputError):
        open_image(data)


@given(st.data())
def test_damaged_pictures_never_raise_anything_else(data):
    whole = bytearray(encoded(Image.linear_gradient("L").resize((16, 16)), data.draw(st.sampled_from(images.FORMATS))))
    for _ in range(3):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InputError):
        assert open_image(bytes(whole)).dtype == np.uint8
