import numpy as np
import pytest

from fer_hub import Face
from fer_hub.video.following import FaceFollower
from fer_hub.vision.detection import FaceDetector
from tests.videos import walking


class CountingDetector(FaceDetector):
    """Remembers at which of the frames that it was shown it searched."""

    def __init__(self) -> None:
        super().__init__()
        self.frame = -1
        self.searches: list[int] = []

    def detect(self, picture: np.ndarray) -> list[Face]:
        self.searches.append(self.frame)
        return super().detect(picture)


@pytest.fixture
def detector() -> CountingDetector:
    return CountingDetector()


def follow(detector: CountingDetector, frames: list[np.ndarray], rate: float = 10.0) -> list[list[Face]]:
    follower = FaceFollower(detector)
    found = []
    for number, frame in enumerate(frames):
        detector.frame = number
        found.append(follower.find(number / rate, frame))
    return found


def test_a_face_that_moves_is_followed_and_the_picture_searched_once_a_second(detector, photo):
    frames = walking(photo, 21)
    found = follow(detector, frames)
    assert [len(faces) for faces in found] == [1] * 21
    assert detector.searches == [0, 10, 20]
    for faces, frame in zip(found[1:10:4], frames[1:10:4], strict=True):
        (searched,) = FaceDetector().detect(frame)
        eyes = float(np.linalg.norm(searched.landmarks[0] - searched.landmarks[1]))
        assert np.abs(faces[0].landmarks - searched.landmarks).max() < 0.1 * eyes
        assert faces[0].box == pytest.approx(searched.box, abs=0.25 * eyes)


def test_another_scene_is_searched_at_once(detector, photo):
    here, there = walking(photo, 4, reach=0), [np.flip(frame, 1).copy() for frame in walking(photo, 4, reach=0)]
    found = follow(detector, [*here, *there])
    assert detector.searches == [0, 4]
    assert [len(faces) for faces in found] == [1] * 8
    assert found[4][0].box[0] > found[3][0].box[2]


def test_whoever_is_lost_is_searched_for_at_once_and_forgotten(detector, photo):
    frames = walking(photo, 4, reach=0)
    hidden = frames[0].copy()
    hidden[:150, 60:220] = hidden[0, -1]
    found = follow(detector, [*frames, hidden, hidden, *frames])
    assert [len(faces) for faces in found] == [1, 1, 1, 1, 0, 0, 1, 1, 1, 1]
    assert detector.searches[:2] == [0, 4]


def test_whoever_comes_is_seen_within_a_second_and_sooner_where_nobody_was(detector, photo):
    alone, empty = walking(photo, 1, 960, 320, 0)[0], np.full((320, 960, 3), 90, np.uint8)
    both = alone.copy()
    both[160:, 800:] = alone[::2, :320:2]
    found = follow(detector, [alone] * 2 + [both] * 10)
    assert [len(faces) for faces in found] == [1] * 10 + [2] * 2
    detector.searches.clear()
    found = follow(detector, [empty] * 6)
    assert [len(faces) for faces in found] == [0] * 6
    assert detector.searches == [0, 2, 4]


def test_one_face_is_told_once(detector, photo):
    follower = FaceFollower(detector)
    (frame,) = walking(photo, 1)
    (face,) = follower.find(0.0, frame)
    left, top, right, bottom = face.box
    follower._faces = [face, Face((left + 3, top, right + 3, bottom), 0.9, face.landmarks)]
    assert len(follower.find(0.1, frame)) == 1
