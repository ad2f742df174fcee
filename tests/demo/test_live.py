import base64
import io
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fer_hub import EXPRESSIONS, ExpressionRecognizer, InputError
from fer_hub.demo.state.live_stream import LiveStream, decode, shrink
from fer_hub.demo.views.live import live_log, live_people
from fer_hub.recognizer import FaceExpression


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
    with pytest.raises(InputError, match=r"no picture of a webcam|not a JPEG, PNG, WebP|is empty"):
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


def test_a_model_with_other_labels_begins_anew(recognizer, photo):
    stream = LiveStream()
    stream.look(photo, recognizer, 0.0)
    fewer = replace_labels(recognizer, ("happy", "sad"))
    shown = live_people(stream.look(photo, fewer, 0.2))
    assert shown.count('role="meter"') == 2
    assert stream.log().labels == ("happy", "sad")
    assert live_people(stream.look(photo, recognizer, 0.4)).count('role="meter"') == len(EXPRESSIONS)


def replace_labels(recognizer: ExpressionRecognizer, labels: tuple[str, ...]) -> Any:
    """A recognizer that names the same faces with other words."""

    class Other:
        detector = recognizer.detector

        def __init__(self) -> None:
            self.labels = labels

        def classify(self, faces: Any) -> list[FaceExpression]:
            share = 1 / len(labels)
            return [replace(face, probabilities=dict.fromkeys(labels, share)) for face in recognizer.classify(faces)]

    return Other()


def test_people_are_numbered_from_those_present(recognizer, photo):
    stream, empty = LiveStream(), np.zeros_like(photo)
    for time in range(5):
        stream.look(photo, recognizer, float(time))
    for time in range(5, 10):
        stream.look(empty, recognizer, float(time))
    (person,) = stream.look(photo, recognizer, 10.0).people
    assert person.number == 1


def test_what_was_seen_can_be_saved(recognizer, photo):
    stream = LiveStream()
    for time in np.arange(100, 103, 0.25):
        stream.look(photo, recognizer, float(time))
    (content,) = re.findall(r"base64,([^\"]+)", live_log(stream.log()))
    header, *rows = base64.b64decode(content).decode().splitlines()
    assert header.startswith("time_s,person,")
    assert [row.split(",")[0] for row in rows] == ["0.000", "0.500", "1.000", "1.500", "2.000", "2.500"]
    assert live_log(LiveStream().log()) == ""
