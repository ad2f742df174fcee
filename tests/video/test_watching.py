import csv
import threading
import tracemalloc
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from fer_hub import EXPRESSIONS, ExpressionRecognizer, InputError
from fer_hub.video.reader import VideoFile
from fer_hub.video.watching import timeline_of, watch_moments, write_timeline_csv
from tests.videos import walking, write_video


@pytest.fixture(scope="module")
def recognizer() -> ExpressionRecognizer:
    return ExpressionRecognizer.from_pretrained("fer-live")


@pytest.fixture(scope="module")
def clip(photo, tmp_path_factory):
    """Two seconds of a real face that moves to the right by 160 pixels."""
    return write_video(tmp_path_factory.mktemp("clips") / "walk.mp4", walking(photo, 60), rate=30)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table))


def test_every_frame_can_be_looked_at_and_the_person_stays_one(clip, recognizer):
    moments = list(watch_moments(VideoFile(clip), recognizer))
    assert [moment.time for moment in moments] == pytest.approx(np.arange(60) / 30, abs=0.01)
    assert {face.person for moment in moments for face in moment.faces} == {1}
    assert all(len(moment.faces) == 1 for moment in moments)
    boxes = np.array([moment.faces[0].box for moment in moments])
    assert (boxes[30:, 0] - boxes[:30, 0]).mean() == pytest.approx(30 * 160 / 59, abs=2)


def test_a_table_is_written_while_the_video_is_watched(clip, recognizer, tmp_path):
    told: list[float] = []
    written = write_timeline_csv(clip, recognizer, tmp_path / "new" / "clip.csv", progress=told.append)
    assert (written.looks, written.people) == (10, 1)
    assert written.seconds == told[-1] == pytest.approx(1.8, abs=0.02)
    timeline_of(clip, recognizer).write_csv(tmp_path / "same.csv")
    assert (tmp_path / "new" / "clip.csv").read_bytes() == (tmp_path / "same.csv").read_bytes()
    rows = rows_of(tmp_path / "same.csv")
    assert [row["person"] for row in rows] == ["1"] * 10
    assert sum(float(rows[0][label]) for label in EXPRESSIONS) == pytest.approx(1, abs=0.001)
    assert write_timeline_csv(clip, recognizer, tmp_path / "often.csv", looks_per_second=10).looks == 20


def test_a_table_that_is_not_finished_leaves_the_old_one(clip, recognizer, tmp_path):
    (tmp_path / "clip.csv").write_text("old")

    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_timeline_csv(clip, recognizer, tmp_path / "clip.csv", progress=stop)
    with pytest.raises(InputError, match="there is no video"):
        write_timeline_csv(tmp_path / "none.mp4", recognizer, tmp_path / "clip.csv")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("clip.csv", "old")]


def test_a_table_does_not_take_the_place_of_its_video(clip, recognizer):
    before = clip.read_bytes()
    with pytest.raises(InputError, match="is what is read"):
        write_timeline_csv(clip, recognizer, clip)
    assert clip.read_bytes() == before


def test_the_thread_that_decodes_ends_when_nobody_watches_any_more(clip, recognizer):
    moments = watch_moments(VideoFile(clip), recognizer)
    next(moments)
    assert any(thread.name.startswith("prefetch") for thread in threading.enumerate())
    moments.close()
    assert not any(thread.name.startswith("prefetch") for thread in threading.enumerate())


def test_memory_does_not_grow_with_the_length(recognizer, photo, tmp_path):
    frames = walking(photo, 10, 120, 80, 0)
    path = write_video(tmp_path / "long.mp4", (frames[n % 10] for n in range(220)), rate=30)
    moments = watch_moments(VideoFile(path), recognizer)
    for _ in islice(moments, 60):  # what is made once
        pass
    tracemalloc.start()
    peaks = []
    for _ in range(2):
        tracemalloc.reset_peak()
        for _ in islice(moments, 80):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    moments.close()
    assert peaks[1] < peaks[0] + 1_000_000  # the frames alone would be 2.3 MB
