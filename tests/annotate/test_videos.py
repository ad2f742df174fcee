"""Videos in a collection: looked at in parts, by whoever has time, and people followed over all of it."""

import pytest

from fer_hub import ExpressionRecognizer
from fer_hub.annotate import work
from fer_hub.annotate.run import Asked, annotate
from fer_hub.video.watching import timeline_of
from tests.annotate.conftest import ASKED, MODEL, rows, write_photos
from tests.videos import walking, write_video


@pytest.fixture(scope="module")
def film(photo, tmp_path_factory):
    """Six seconds of a face that walks to the right, and a second without anybody."""
    frames = walking(photo, 60, width=960, height=480, reach=480)
    return write_video(tmp_path_factory.mktemp("films") / "film.mp4", [*frames, *[frames[0][:, ::-1] * 0] * 10])


@pytest.mark.slow
def test_people_are_followed_as_in_the_demo(film, tmp_path):
    summary = annotate(str(film), tmp_path / "out", ASKED)
    found = rows(tmp_path / "out")
    expected = [
        (moment.time, face)
        for moment in timeline_of(film, ExpressionRecognizer.from_pretrained(MODEL)).moments
        for face in moment.faces
    ]
    assert [row["seconds"] for row in found] == pytest.approx([time for time, _ in expected])
    assert [row["person"] for row in found] == [face.person for _, face in expected]
    for row, (time, face) in zip(found, expected, strict=True):
        assert row["box"] == pytest.approx(face.box, abs=0.01)
        assert row["frame"] == round(10 * time)
    assert (summary["videos"], summary["photos"], summary["people_in_videos"]) == (1, 0, 1)
    (item,) = rows(tmp_path / "out", "items")
    assert (item["kind"], item["width"], item["height"], item["looks"]) == ("video", 960, 480, 35)
    assert item["faces"] == len(found) == summary["faces"]


@pytest.mark.slow
def test_a_long_video_is_done_in_parts_and_its_people_stay_the_same(film, tmp_path, monkeypatch):
    monkeypatch.setattr(work, "PART_SECONDS", 2.0)
    monkeypatch.setattr(work, "PART_PHOTOS", 2)
    folder = write_photos(tmp_path / "mixed", 5)
    (folder / "film.mp4").write_bytes(film.read_bytes())
    (folder / "broken.mp4").write_bytes(film.read_bytes()[:2000])
    summary = annotate(str(folder), tmp_path / "alone", ASKED)
    annotate(str(folder), tmp_path / "together", Asked((MODEL,), processes=2))
    assert rows(tmp_path / "alone") == rows(tmp_path / "together")
    assert (summary["videos"], summary["photos"], summary["not_read"]) == (1, 5, 1)
    people = [row["person"] for row in rows(tmp_path / "alone") if row["seconds"] is not None]
    assert set(people) == {1}
    assert len(people) >= 30
    broken = {row["source"]: row for row in rows(tmp_path / "alone", "items")}["broken.mp4"]
    assert "cannot be read as a video" in broken["problem"]
    assert str(tmp_path) not in broken["problem"]
