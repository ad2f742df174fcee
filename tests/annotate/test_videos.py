"""Videos in a collection: looked at in parts, by whoever has time, and people followed over all of it; in archives."""

import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pytest

from fer_hub import ExpressionRecognizer
from fer_hub.annotate import local, work
from fer_hub.annotate.run import Asked, annotate
from fer_hub.annotate.sources import archives
from fer_hub.annotate.sources.collection import Count, open_collection
from fer_hub.video.watching import timeline_of
from tests.annotate import crashing
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


@pytest.fixture
def packed(photo, tmp_path) -> Path:
    """Two seconds of a face, as a file and in an archive; and a copy in it that is damaged."""
    folder = tmp_path / "folder"
    folder.mkdir()
    write_video(folder / "film.mp4", walking(photo, 20, width=480, height=240, reach=240))
    (folder / "broken.mp4").write_bytes((folder / "film.mp4").read_bytes()[:2000])
    with tarfile.open(tmp_path / "films.tar", "w") as archive:
        for name in ("broken.mp4", "film.mp4"):
            archive.add(folder / name, name)
    return tmp_path / "films.tar"


@pytest.mark.slow
def test_a_video_in_an_archive_gives_the_rows_of_the_file(packed, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    assert open_collection(str(packed)).count() == Count(0, 2)
    annotate(str(packed), tmp_path / "out", ASKED)
    annotate(str(tmp_path / "folder"), tmp_path / "here", ASKED)
    for table in ("faces", "items"):
        there = [row | {"source": row["source"].removeprefix("films.tar/")} for row in rows(tmp_path / "out", table)]
        assert there == rows(tmp_path / "here", table)
    assert len(rows(tmp_path / "out")) >= 5
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_video_in_an_archive_may_not_fill_the_disk(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_VIDEO_BYTES", 3000)
    summary = annotate(str(packed), tmp_path / "out", ASKED)
    assert (summary["videos"], summary["not_read"]) == (0, 2)
    item = rows(tmp_path / "out", "items")[1]
    assert (item["source"], item["kind"]) == ("films.tar/film.mp4", "video")
    assert "this is larger than 0 MB" in item["problem"]


@pytest.mark.slow
def test_a_video_that_ends_the_process_is_one_item(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "PART_SECONDS", 1.5)
    monkeypatch.setattr(local, "_write", crashing.write_or_die)
    write_video(tmp_path / "deadly.mp4", [np.zeros((64, 64, 3), np.uint8)] * 25)
    annotate(str(tmp_path / "deadly.mp4"), tmp_path / "out", Asked((MODEL,), processes=1))
    (item,) = rows(tmp_path / "out", "items")
    assert (item["kind"], item["problem"]) == ("video", "it ends the process that reads it.")
