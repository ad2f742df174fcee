import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from fer_hub import EXPRESSIONS, ExpressionRecognizer, InputError
from fer_hub.demo.state.live_stream import LiveStream, decode, shrink
from fer_hub.demo.views.timeline import live_people


@pytest.fixture(scope="module")
def recognizer(model_folder) -> ExpressionRecognizer:
    return ExpressionRecognizer.from_pretrained(str(model_folder))


def data_url(picture: np.ndarray, kind: str = "jpeg") -> str:
    """As the browser sends a frame."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def test_a_frame_of_the_browser_is_read(photo):
    picture = decode(data_url(photo))
    assert picture.shape == photo.shape
    assert np.abs(picture.astype(int) - photo).mean() < 8


@pytest.mark.parametrize(
    "message",
    ["", "/etc/passwd", "http://elsewhere/frame.jpg", "data:image/jpeg;base64,", "data:image/jpeg;base64,?!",
     "data:text/plain;base64,aGVsbG8=", "data:image/png;base64,aGVsbG8=", "data:image/png;base64," + "A" * 5_000_000],
)  # fmt: skip
def test_anything_else_is_refused(message):
    with pytest.raises(InputError, match=r"no picture of a webcam|not a JPEG, PNG or WebP"):
        decode(message)


@pytest.mark.parametrize(("shape", "small"), [((480, 640), (240, 320)), ((640, 480), (320, 240)), ((90, 90), (90, 90))])
def test_frames_are_made_small_and_never_large(shape, small):
    assert shrink(np.zeros((*shape, 3), np.uint8), 320).shape == (*small, 3)


def test_bars_and_rate_are_shown_for_each_person(recognizer, photo):
    stream = LiveStream()
    assert "first picture" in live_people(stream.look(photo, recognizer, 100.0))
    shown = live_people(stream.look(photo, recognizer, 100.2))
    assert "5.0 pictures a second" in shown
    assert shown.count("<section") == 1
    meters = re.findall(r'aria-label="(\w+)" aria-valuemin="0" aria-valuemax="100" aria-valuenow="([\d.]+)"', shown)
    assert [name for name, _ in meters] == list(EXPRESSIONS)
    assert sum(float(value) for _, value in meters) == pytest.approx(100, abs=0.5)


def test_half_a_minute_is_remembered_and_no_picture(recognizer, photo):
    stream = LiveStream()
    small = shrink(photo, 320)
    for time in np.arange(0, 45, 1.0):
        live_people(stream.look(small, recognizer, float(time)))
    shown = live_people(stream.look(small, recognizer, 45.0))
    (area,) = re.findall(r'aria-label="happy: at most \d+%"><path d="([^"]*)"', shown)
    assert area.count("L") == 33  # a point a second, the present one, and where it ends
    assert len(stream._history) == 31
    assert not any(isinstance(value, np.ndarray) for value in vars(stream).values())


def test_nobody_in_sight_gets_advice(recognizer):
    assert "No face in sight" in live_people(LiveStream().look(np.zeros((240, 320, 3), np.uint8), recognizer, 0.0))
