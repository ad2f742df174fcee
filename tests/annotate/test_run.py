"""annotate from a folder of photos to its tables: what is in them, kills, shares, refusals."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import datasets
import pytest
from PIL import Image

from fer_hub import EXPRESSIONS, ExpressionClassifier, ExpressionRecognizer, InputError, files
from fer_hub.annotate import local
from fer_hub.annotate.run import Asked, annotate, annotate_share, merge
from fer_hub.annotate.work import Share
from fer_hub.files import new_output
from fer_hub.models import build_network
from fer_hub.models.config import Head
from tests.annotate import crashing
from tests.annotate.conftest import ASKED, MODEL, rows, write_photos
from tests.conftest import REPOSITORY
from tests.models.test_models import config_of

pytestmark = pytest.mark.usefixtures("small_parts")


def test_a_row_a_face_says_what_the_recognizer_says(photos, annotated):
    recognizer = ExpressionRecognizer.from_pretrained(MODEL)
    found = rows(annotated)
    order = [("first", n) for n in range(0, 10, 2)] + [("second", n) for n in range(1, 10, 2)]
    assert [row["source"] for row in found] == [f"{folder}/{n:03d}.jpg" for folder, n in order]
    for row in found[:3]:
        (face,) = recognizer(photos / row["source"])
        assert row["box"] == pytest.approx(face.box, abs=1e-2)
        assert row["probabilities"] == pytest.approx(face.probabilities, abs=1e-4)
        assert (row["expression"], row["doubt"]) == (face.expression, face.doubt)
        assert tuple(row["probabilities"]) == EXPRESSIONS
        assert row["landmarks"][0] == pytest.approx(face.face.landmarks[0], abs=1e-2)
        assert (row["face"], row["frame"], row["seconds"], row["person"], row["heads"]) == (0, None, None, None, [])
        assert (row["model"], row["commit"][:7]) == (MODEL, "sha256:")
        assert "torch" in row["versions"]
    assert found[0]["angle"] != pytest.approx(found[-1]["angle"], abs=5)


def test_further_heads_have_an_entry_a_class_or_a_value(photos, tmp_path):
    heads = {"gender": Head(classes=("female", "male")), "age": Head(mean=40.0, std=12.0)}
    config = config_of("compact_tiny", heads=heads)
    model = tmp_path / "mine" / "model"
    model.mkdir(parents=True)
    ExpressionClassifier(build_network(config), config).save(model)
    annotate(str(photos / "first"), tmp_path / "out", Asked((str(model),), crops=False, processes=0))
    row = rows(tmp_path / "out")[0]
    (face,) = ExpressionRecognizer.from_pretrained(str(model))(photos / "first" / row["source"])
    assert [(entry["head"], entry["label"]) for entry in row["heads"]] == [
        ("gender", "female"),
        ("gender", "male"),
        ("age", None),
    ]
    gender = face.heads["gender"]
    assert isinstance(gender, dict)
    assert [entry["probability"] for entry in row["heads"]] == pytest.approx([*gender.values(), None])
    assert row["model"] == "mine"  # a table may be published: no path of this machine
    assert [entry["value"] for entry in row["heads"]] == [None, None, pytest.approx(face.heads["age"], abs=1e-3)]


def test_a_row_an_item_says_what_became_of_it(annotated):
    items = {row["source"]: row for row in rows(annotated, "items")}
    assert len(items) == 14
    assert "link to a folder" in items["again"]["problem"]
    known = ("kind", "width", "height", "looks", "faces", "problem")
    assert [items["first/000.jpg"][name] for name in known] == ["photo", 160, 160, 1, 1, None]
    assert [items["dark.png"][name] for name in known] == ["photo", 200, 150, 1, 0, None]
    assert "is damaged" in items["broken.jpg"]["problem"]
    assert "not a JPEG" in items["phone.heic"]["problem"]
    assert (items["phone.heic"]["looks"], items["phone.heic"]["faces"]) == (0, 0)


def test_summary_and_card_agree_with_the_rows(annotated):
    summary = json.loads((annotated / "summary.json").read_text())
    assert (summary["photos"], summary["looks_without_face"], summary["faces"], summary["not_read"]) == (11, 1, 10, 3)
    assert sum(row["faces"] for row in summary["expressions"].values()) == 10
    for row in summary["expressions"].values():
        assert row["share_ci95"][0] <= row["share"] <= row["share_ci95"][1]
    assert sum(row["corrected_share"] for row in summary["expressions"].values()) == pytest.approx(1, abs=1e-3)
    assert summary["corrected_by"]["images"] == 3589
    card = (annotated / "README.md").read_text()
    assert card.index("Before you use") < card.index("What the faces show")
    assert "phone.heic" in card


def test_the_datasets_library_loads_both_tables(annotated, tmp_path):
    for name, count in (("faces", 10), ("items", 14)):
        loaded = datasets.load_dataset(str(annotated), name, split="train", cache_dir=str(tmp_path))
        assert len(loaded) == count


@pytest.mark.slow
def test_pixels_are_written_only_when_asked_for(photos, annotated, tmp_path):
    assert b"\x89PNG" not in b"".join(file.read_bytes() for file in annotated.rglob("*.parquet"))
    annotate(str(photos / "first"), tmp_path / "out", Asked((MODEL,), crops=True, processes=1))
    loaded = datasets.load_dataset(str(tmp_path / "out"), "faces", split="train", cache_dir=str(tmp_path))
    assert loaded[0]["crop"].size == (48, 48)
    assert "`crop`, the face as the model saw it" in (tmp_path / "out" / "README.md").read_text()


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_stopped(photos, annotated, tmp_path, monkeypatch):
    output = tmp_path / "out"
    script = (
        "if __name__ == '__main__':\n"
        "    from pathlib import Path; from fer_hub.annotate import run, work; work.PART_PHOTOS = 4\n"
        f"    run.annotate({str(photos)!r}, Path({str(output)!r}), run.Asked(({MODEL!r},), processes=2))"
    )
    (tmp_path / "go.py").write_text(script)
    child = subprocess.Popen(
        [sys.executable, str(tmp_path / "go.py")],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stderr=subprocess.DEVNULL,
    )
    folder = tmp_path / ".out-unfinished" / "parts"
    deadline = time.monotonic() + 120
    while not list(folder.glob("*.parquet")):
        assert child.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    time.sleep(0.5)  # its processes end with it
    finished = {file.name for file in folder.glob("*.parquet")}
    assert not output.exists()

    written: list[str] = []
    replace_file = files.replace_file

    def noted(file: Path, content: bytes) -> None:
        written.append(file.name)
        replace_file(file, content)

    monkeypatch.setattr(local, "replace_file", noted)
    annotate(str(photos), output, ASKED)
    assert len(written) == 4 - len(finished)
    assert finished.isdisjoint(written)
    assert rows(output) == rows(annotated)  # bit for bit, whoever wrote them
    assert rows(output, "items") == rows(annotated, "items")
    assert list(tmp_path.glob(".out-*")) == []


def test_shares_merge_into_the_whole(photos, annotated, tmp_path):
    shares = [tmp_path / str(number) for number in (1, 2, 3)]
    for number, folder in enumerate(shares, 1):
        annotate_share(str(photos), folder, Share(number, 3), ASKED)
    with pytest.raises(InputError, match="3 shares are expected, each once; given are 1, 3"):
        merge([shares[0], shares[2]], tmp_path / "out")
    merge(shares[::-1], tmp_path / "out")
    assert rows(tmp_path / "out") == rows(annotated)
    assert rows(tmp_path / "out", "items") == rows(annotated, "items")
    assert (tmp_path / "out/summary.json").read_text() == (annotated / "summary.json").read_text()


def test_shares_of_other_runs_are_not_merged(tmp_path):
    folder = write_photos(tmp_path / "photos", 6)
    annotate_share(str(folder), tmp_path / "1", Share(1, 2), ASKED)
    (folder / "first" / "new.jpg").write_bytes(b"")
    annotate_share(str(folder), tmp_path / "2", Share(2, 2), ASKED)
    with pytest.raises(InputError, match="shares of different runs"):
        merge([tmp_path / "1", tmp_path / "2"], tmp_path / "out")
    with pytest.raises(InputError, match="not the finished output of annotate --shard"):
        merge([folder], tmp_path / "out")


def test_a_share_whose_copy_broke_off_is_not_merged(tmp_path):
    folder = write_photos(tmp_path / "photos", 6)
    annotate_share(str(folder), tmp_path / "1", Share(1, 1), ASKED)
    next((tmp_path / "1" / "parts").iterdir()).unlink()
    with pytest.raises(InputError, match="has 1 of 2 parts; copy it again"):
        merge([tmp_path / "1"], tmp_path / "out")


def test_more_shares_than_parts(tmp_path):
    folder = write_photos(tmp_path / "photos", 2)
    for number in (1, 2, 3):
        annotate_share(str(folder), tmp_path / str(number), Share(number, 3), ASKED)
    assert merge([tmp_path / str(number) for number in (1, 2, 3)], tmp_path / "out")["faces"] == 2


def test_two_runs_do_not_write_one_output(tmp_path):
    folder = write_photos(tmp_path / "photos", 1)
    with new_output(tmp_path / "out"), pytest.raises(InputError, match=r"is writing to .*out; wait for it"):
        annotate(str(folder), tmp_path / "out", ASKED)
    assert annotate(str(folder), tmp_path / "out", ASKED)["faces"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "photos"]


def test_reasons_are_counted_whatever_is_said_of_each_item(tmp_path):
    folder = write_photos(tmp_path / "photos", 3)
    for number, file in enumerate(sorted(folder.rglob("*.jpg"))):
        file.write_bytes(file.read_bytes()[: -1000 - 100 * number])
    summary = annotate(str(folder), tmp_path / "out", ASKED)
    assert summary["reasons"] == {"it is damaged and cannot be read.": 3}
    assert "truncated" in rows(tmp_path / "out", "items")[0]["problem"]


def test_what_the_networks_fail_on_is_listed(tmp_path, monkeypatch):
    folder = write_photos(tmp_path / "photos", 3)
    predict = ExpressionRecognizer.predict_batch

    def failing(self, pictures):
        if any(picture.shape[0] == 200 for picture in pictures):
            raise RuntimeError("expected something else")
        return predict(self, pictures)

    monkeypatch.setattr(ExpressionRecognizer, "predict_batch", failing)
    summary = annotate(str(folder), tmp_path / "out", ASKED)
    assert (summary["photos"], summary["faces"], summary["not_read"]) == (2, 2, 1)
    assert "the networks fail on it (RuntimeError: expected" in summary["not_read_first"][0]["problem"]


def test_a_collection_without_faces_has_tables_too(tmp_path):
    Image.new("RGB", (200, 150)).save(tmp_path / "dark.png")
    summary = annotate(str(tmp_path / "dark.png"), tmp_path / "out", ASKED)
    assert (summary["photos"], summary["faces"]) == (1, 0)
    assert rows(tmp_path / "out") == []
    assert "No face was found." in (tmp_path / "out" / "README.md").read_text()


def test_changed_photos_are_done_again(tmp_path, monkeypatch):
    folder = write_photos(tmp_path / "photos", 2)
    monkeypatch.setattr("fer_hub.annotate.run.write_tables", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        annotate(str(folder), tmp_path / "out", ASKED)
    monkeypatch.undo()
    Image.new("RGB", (200, 150)).save(folder / "first" / "000.jpg")
    assert annotate(str(folder), tmp_path / "out", ASKED)["faces"] == 1


def test_what_is_no_collection_is_refused(tmp_path, annotated):
    with pytest.raises(InputError, match=r"there is no collection .* give a photo, a video, a folder"):
        annotate(str(tmp_path / "nowhere"), tmp_path / "out")
    with pytest.raises(InputError, match="exists already"):
        annotate(str(tmp_path), annotated)


def test_a_list_names_files_in_its_order(photos, tmp_path):
    (tmp_path / "list.txt").write_text(f"{photos / 'second/001.jpg'}\n\nmissing.jpg\n{photos / 'first/000.jpg'}\n")
    annotate(str(tmp_path / "list.txt"), tmp_path / "out", ASKED)
    items = rows(tmp_path / "out", "items")
    assert [(Path(row["source"]).name, row["faces"]) for row in items] == [
        ("001.jpg", 1),
        ("missing.jpg", 0),
        ("000.jpg", 1),
    ]
    assert "there is no picture at this path" in items[1]["problem"]


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_a_photo_that_ends_the_process_is_listed_like_any_other(tmp_path, monkeypatch, processes):
    monkeypatch.setattr(local, "_write", crashing.write_or_die)
    folder = write_photos(tmp_path / "photos", 10)
    (folder / "second" / "001.jpg").rename(folder / "second" / "deadly.jpg")
    summary = annotate(str(folder), tmp_path / "out", Asked((MODEL,), processes=processes))
    assert (summary["photos"], summary["faces"], summary["not_read"]) == (9, 9, 1)
    assert summary["not_read_first"][0] == {
        "source": "second/deadly.jpg",
        "problem": "it ends the process that reads it.",
    }
