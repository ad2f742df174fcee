import csv
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from fer_hub import EXPRESSIONS, ExpressionRecognizer, InputError
from fer_hub.video import watching
from fer_hub.video.glimpses import without_glimpses
from fer_hub.video.reader import VideoFile
from fer_hub.video.timeline import Moment, Timeline
from fer_hub.video.tracking import TrackedFace
from fer_hub.video.watching import timeline_of, watch_video
from tests.videos import turn, walking, write_video


@pytest.fixture(scope="module")
def recognizer(model_folder) -> ExpressionRecognizer:
    return ExpressionRecognizer.from_pretrained(str(model_folder))


@pytest.fixture(scope="module")
def clip(photo, tmp_path_factory):
    """Two seconds of a real face that moves to the right by 160 pixels."""
    return write_video(tmp_path_factory.mktemp("clips") / "walk.mp4", walking(photo, 20))


@pytest.fixture(scope="module")
def timeline(clip, recognizer) -> Timeline:
    return timeline_of(clip, recognizer)


def face(person: int, x: float = 0.0, top: str = "happy") -> TrackedFace:
    probabilities = {label: 0.7 if label == top else 0.05 for label in EXPRESSIONS}
    return TrackedFace(person, (x, 10.0, x + 50, 60.0), probabilities)


def made(*moments: tuple[float, list[TrackedFace]]) -> Timeline:
    return Timeline(2.0, 0.2, EXPRESSIONS, tuple(Moment(time, tuple(faces)) for time, faces in moments))


def test_one_person_is_followed_through_the_video(timeline, recognizer, photo):
    assert timeline.duration == pytest.approx(2, abs=0.11)
    assert [moment.time for moment in timeline.moments] == pytest.approx(np.arange(10) * 0.2, abs=0.01)
    assert timeline.people == [1]
    boxes = np.array([sighting.box for _, sighting in timeline.of(1)])
    assert len(boxes) == 10
    # It moves as it was made to: 160 pixels over 19 frames, seen at every second frame.
    assert np.diff(boxes[:, 0]).mean() == pytest.approx(2 * 160 / 19, abs=1.5)
    where = np.array(recognizer(photo)[0].box) * 320 / 512
    assert boxes[0] == pytest.approx(where, abs=6)
    for _, sighting in timeline.of(1):
        assert sum(sighting.probabilities.values()) == pytest.approx(1)


def test_boxes_are_in_pixels_of_the_upright_video_however_large(photo, recognizer, tmp_path, timeline):
    upright = walking(photo, 4, 1440, 960, 0)
    path = write_video(tmp_path / "phone.mp4", [np.rot90(picture) for picture in upright])
    turn(path, 1)
    assert VideoFile(path).size == (1440, 960)
    (first, *_) = timeline_of(path, recognizer).moments
    assert np.array(first.faces[0].box) == pytest.approx(3 * np.array(timeline.moments[0].faces[0].box), abs=20)


def test_it_grows_as_it_is_watched_and_stops_when_no_longer_asked(clip, recognizer):
    watched = [len(so_far.moments) for so_far in watch_video(clip, recognizer)]
    assert watched == [8, 10]
    looking = watch_video(clip, recognizer)
    next(looking)
    looking.close()


def test_a_long_video_is_looked_at_less_often(clip, recognizer, monkeypatch):
    monkeypatch.setattr(watching, "MAX_LOOKS", 4)
    sampled = timeline_of(clip, recognizer)
    assert [moment.time for moment in sampled.moments] == pytest.approx([0, 0.5, 1, 1.5], abs=0.01)
    assert sampled.is_sampled
    assert sampled.people == [1]


def test_nobody_is_lost_in_a_video_with_a_frame_every_other_second(photo, tmp_path, recognizer):
    path = write_video(tmp_path / "slow.mp4", walking(photo, 6, reach=100), rate=Fraction(1, 2))
    slow = timeline_of(path, recognizer)
    assert slow.people == [1]
    assert [time for time, _ in slow.of(1)] == pytest.approx(np.arange(6) * 2)
    assert slow.interval == pytest.approx(2)
    assert not slow.is_sampled


def test_a_video_without_faces_has_moments_and_no_people(tmp_path, recognizer):
    path = write_video(tmp_path / "sea.mp4", [np.full((120, 160, 3), 90, np.uint8)] * 3)
    empty = timeline_of(path, recognizer)
    assert empty.people == []
    assert len(empty.moments) == 2
    assert not empty.is_sampled
    assert empty.at(0.1) == []


def test_what_is_no_video_is_refused(tmp_path, recognizer):
    (tmp_path / "notes.mp4").write_text("hello")
    with pytest.raises(InputError, match="cannot be read as a video"):
        timeline_of(tmp_path / "notes.mp4", recognizer)


def test_between_two_looks_boxes_move_straight():
    timeline = made((0.0, [face(1, 0), face(2, 100)]), (0.2, [face(1, 40)]), (0.4, []))
    assert [sighting.box[0] for sighting in timeline.at(0.1)] == pytest.approx([20, 100])
    assert [sighting.box[0] for sighting in timeline.at(0.2)] == pytest.approx([40])
    assert timeline.at(-1) == []
    assert timeline.at(99) == []


def people_in(*moments: tuple[float, list[TrackedFace]]) -> list[list[int]]:
    """Who is left; whoever is not seen for a second is lost."""
    last: dict[int, float] = {}
    now = 0.0

    def told() -> Iterator[Moment]:
        nonlocal now
        for now, faces in moments:
            last.update({face.person: now for face in faces})
            yield Moment(now, tuple(faces))

    kept = without_glimpses(told(), lambda person: now - last[person] <= 1)
    return [[face.person for face in moment.faces] for moment in kept]


def test_glimpses_are_left_out_and_people_numbered_in_order():
    shown = [(0.0, [face(1), face(2, 100)]), (0.2, [face(2, 100)]), (0.4, [face(3, 200)]), (0.6, [face(3, 200)])]
    assert people_in(*shown) == [[1], [1], [2], [2]]
    later = [(1.6, []), (1.8, [face(4)]), (2.9, []), (3.1, [face(5)]), (3.3, [face(5)])]
    assert people_in(*shown, *later) == [[1], [1], [2], [2], [], [], [], [3], [3]]


def test_what_is_seen_for_a_few_frames_only_is_a_glimpse_too():
    frames = [(number / 30, [face(1), *([face(2)] if 10 <= number < 14 else [])]) for number in range(60)]
    assert people_in(*frames) == [[1]] * 60


def test_everybody_counts_in_a_video_that_is_too_short_to_tell():
    assert people_in((0.0, [face(1)])) == [[1]]
    assert people_in((0.0, [face(1)]), (0.9, [face(2)])) == [[1], [2]]
    assert people_in(*((number / 30, [face(7)]) for number in range(5))) == [[1]] * 5
    assert people_in() == []


def test_the_table_holds_every_sighting(tmp_path):
    timeline = made((0.0, [face(1), face(2, 100, "sad")]), (0.2, []), (0.4, [face(2, 110)]))
    timeline.write_csv(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["time_s"], row["person"], row["expression"]) for row in rows] == [
        ("0.000", "1", "happy"),
        ("0.000", "2", "sad"),
        ("0.400", "2", "happy"),
    ]
    assert [float(rows[1][key]) for key in ("x1", "y1", "x2", "y2")] == [100, 10, 150, 60]
    for row in rows:
        assert sum(float(row[label]) for label in EXPRESSIONS) == pytest.approx(1, abs=0.001)


def test_faces_of_frames_are_the_same_together_and_one_by_one(recognizer, photo):
    frames = walking(photo, 3)
    frames.insert(1, np.zeros((90, 120, 3), np.uint8))
    together = recognizer.predict_batch(frames)
    assert [len(faces) for faces in together] == [1, 0, 1, 1]
    for faces, frame in zip(together, frames, strict=True):
        for one, other in zip(faces, recognizer(frame), strict=True):
            assert one.box == pytest.approx(other.box, abs=0.1)
            assert one.probabilities == pytest.approx(other.probabilities, abs=0.01)
    assert recognizer.predict_batch([]) == []


def test_people_in_a_real_street_are_told_apart(media):
    street = timeline_of(media / "two_people.mp4", ExpressionRecognizer.from_pretrained("fer-live"))
    assert len(street.moments) == 21
    longest = street.people[:2]
    assert min(len(street.of(person)) for person in longest) >= 15
    assert timeline_of(media / "no_face.mp4", ExpressionRecognizer.from_pretrained("fer-live")).people == []
