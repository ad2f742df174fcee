"""Raw trees in each published layout go through the real command, and come out right."""

import io
import json
import tarfile

import datasets
import numpy as np
import pytest
from PIL import Image

from fer_hub import EXPRESSIONS
from fer_hub.data.reference import Dataset
from fer_hub.data.vocabulary.columns import FERPLUS_VOTES
from fer_hub.expressions import EIGHT_EXPRESSIONS
from fer_hub.vision.images import EXAMPLE
from tests.faces import draw_face
from tests.raw_data import all_rows, fer2013_faces, noise, prepare, words, write_expw, write_fer2013_csv, write_table
from train import finetune


def test_expw_boxes_are_the_photos_own_pixels(tmp_path):
    repeated = "angry_man_0.jpg 9 1 2 30 31 50 {}"
    broken = "broken.jpg 0 0 0 20 20 50 3"
    lines = [repeated.format(5), repeated.format(5), repeated.format(4), broken, "gone.jpg 0 0 0 9 9 50 0"]
    lines += ["angry_man_1.jpg 0 10 20 10 30 50 6", "angry_man_1.jpg 0 900 900 950 950 50 6"]
    faces = write_expw(tmp_path / "raw", photos=40, faces=3, extra_lines=lines)
    (tmp_path / "raw" / "image" / "origin" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    loaded, report = prepare("expw", tmp_path / "raw", tmp_path / "out", "--crop", "box", "--margin", "0.1")

    rows = all_rows(loaded)
    found = {(row["source"]["file"], tuple(row["source"]["box"])): row for row in rows}
    assert len(found) == len(rows) == report["faces"] == 121
    for name, (left, top, right, bottom), expression in faces:
        row = found[name, (left, top, right, bottom)]
        assert EXPRESSIONS[row["label"]] == expression
        photo = np.asarray(Image.open(tmp_path / "raw" / "image" / "origin" / name))
        margined = photo[max(top - 4, 0) : bottom + 4, max(left - 4, 0) : right + 4]
        assert (np.asarray(row["image"]) == margined).all()
    reasons = report["left_out"]
    # Of the lines that repeat a face, whichever comes first in the list is kept.
    assert reasons.pop("repeated row", 0) + reasons.pop("repeated row with another label", 0) == 2
    assert reasons == {"unreadable": 1, "no such picture": 1, "empty box": 1, "box outside the photo": 1}
    assert [entry["file"] for entry in report["unreadable"]] == ["broken.jpg"]
    assert report["cut"] == {"box": 121}


def test_expw_splits_by_photo_in_the_reports_proportion(tmp_path):
    write_expw(tmp_path / "raw", photos=60, faces=2)
    loaded, _ = prepare("expw", tmp_path / "raw", tmp_path / "out", "--crop", "box", "--max-images", "80")
    assert {name: len(rows) for name, rows in loaded.items()} == {"train": 58, "validation": 20, "test": 2}
    photos = [{source["file"] for source in rows["source"]} for rows in loaded.values()]
    assert not photos[0] & photos[1]
    assert not photos[0] & photos[2]
    assert not photos[1] & photos[2]
    again, _ = prepare("expw", tmp_path / "raw", tmp_path / "again", "--crop", "box", "--max-images", "80")
    assert again["test"]["source"] == loaded["test"]["source"]
    assert "arXiv 1609.06426" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert not (tmp_path / "out" / "examples.jpg").exists()  # its photos may not be shown
    assert not list(tmp_path.glob(".*"))


def test_expw_faces_are_cut_by_their_landmarks(tmp_path):
    faces = tmp_path / "origin"
    faces.mkdir()
    person = Image.open(EXAMPLE)
    lines = []
    for number in range(4):
        photo = Image.fromarray(noise(number, 400, 600))
        photo.paste(person.crop((120, 20, 320, 220)).rotate(6 * number - 9), (100 + number, 100))
        photo.save(faces / f"{number}.jpg", quality=95)
        lines.append(f"{number}.jpg 0 135 {150 + number} {260 + number} 260 99 3")
        Image.fromarray(noise(100 + number, 200, 200)).save(faces / f"empty_{number}.jpg")
        lines.append(f"empty_{number}.jpg 0 20 40 140 120 99 6")
    (tmp_path / "label.lst").write_text("\n".join(lines), encoding="utf-8")
    loaded, report = prepare("expw", tmp_path, tmp_path / "out", "--size", "64", "--proportions", "1:1:1")
    assert report["cut"] == {"landmarks": 4, "box": 4}
    cut = [np.asarray(row["image"]) for row in all_rows(loaded) if row["label"] == EXPRESSIONS.index("happy")]
    assert {crop.shape for crop in cut} == {(64, 64, 3)}
    # Turned upright: where the photos differ by up to 18 degrees, the crops are alike.
    assert np.std(np.stack(cut), axis=0)[16:48, 16:48].mean() < 15
    assert "in the boxes of 4 no face was found" in " ".join((tmp_path / "out/README.md").read_text().split())
    # The same person four times: near copies, so all of them share one split.
    assert sum("happy" in words(rows) for rows in loaded.values()) == 1


@pytest.mark.parametrize("form", ["csv", "folder", "kaggle folder", "parquet"])
def test_fer2013_in_every_form(tmp_path, form):
    faces = fer2013_faces({"train": 30, "validation": 8, "test": 8})
    raw = tmp_path / "raw"
    raw.mkdir()
    if form == "csv":
        write_fer2013_csv(raw / "fer2013.csv", faces)
    elif form == "parquet":
        names = ["neutral", *EXPRESSIONS[:-1]]  # another order of the labels
        features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=names)})
        for split in ("train", "validation", "test"):
            some = [(Image.fromarray(pixels), names.index(label)) for part, label, pixels in faces if part == split]
            columns = {"image": [image for image, _ in some], "label": [label for _, label in some]}
            datasets.Dataset.from_dict(columns, features=features).to_parquet(str(raw / f"{split}.parquet"))
    else:
        for number, (split, expression, pixels) in enumerate(faces):
            usage = {"train": "Training", "validation": "PublicTest", "test": "PrivateTest"}[split]
            top = ("train" if split == "train" else "test") if form == "kaggle folder" else split
            name = f"{usage}_{number}.png" if form == "kaggle folder" else f"{number}.png"
            (raw / top / expression).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(raw / top / expression / name)
    loaded, _ = prepare("fer2013", raw, tmp_path / "out")
    assert "its expression, by name (labels of one person)" in (tmp_path / "out" / "README.md").read_text()
    expected = sorted((split, label, pixels.tobytes()) for split, label, pixels in faces)
    assert expected == sorted(
        (split, label, np.asarray(image.convert("L")).tobytes())
        for split, rows in loaded.items()
        for label, image in zip(words(rows), rows["image"], strict=True)
    )
    assert rows_are_grey(loaded["train"])


def rows_are_grey(rows: datasets.Dataset) -> bool:
    return all(image.size == (48, 48) for image in rows["image"])


def test_ferplus_from_a_copy_that_holds_the_votes(tmp_path):
    votes = [[8, 0, 0, 1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 8, 2, 0], [0] * 10, [0, 9, 1, 0, 0, 0, 0, 0, 0, 0]]
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=list(EXPRESSIONS)),
            "votes": datasets.List(datasets.Value("uint8")),
        }
    )
    for split, some in {"train": slice(3), "validation": slice(3, 4)}.items():
        pictures = [Image.fromarray(noise(number, 48, 48)) for number in range(4)][some]
        columns = {"image": pictures, "label": [0, 1, 2, 3][some], "votes": votes[some]}
        datasets.Dataset.from_dict(columns, features=features).to_parquet(str(tmp_path / f"{split}.parquet"))
    loaded, report = prepare("ferplus", tmp_path, tmp_path / "out", "--classes", "8")
    assert words(loaded["train"]) == ["neutral", "contempt"]
    assert words(loaded["validation"]) == ["happy"]
    assert loaded["train"]["votes"] == votes[:2]
    assert report["left_out"] == {"no majority among the votes": 1}


@pytest.mark.parametrize("classes", [7, 8])
def test_ferplus_joins_votes_row_by_row(tmp_path, classes):
    faces = fer2013_faces({"train": 6, "validation": 1, "test": 1})
    write_fer2013_csv(tmp_path / "raw" / "fer2013.csv", faces)
    votes = [
        (8, 0, 0, 1, 1, 0, 0, 0, 0, 0),  # neutral
        (0, 0, 2, 0, 0, 0, 5, 1, 1, 1),  # fear: 5 of the 7 that are not single
        (4, 0, 0, 4, 0, 0, 0, 0, 2, 0),  # no majority
        (0, 0, 0, 0, 0, 0, 0, 0, 9, 1),  # unknown
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 10),  # no face
        (0, 0, 0, 0, 1, 1, 0, 8, 0, 0),  # contempt
        (0, 0, 0, 0, 9, 1, 0, 0, 0, 0),  # anger
        (0, 10, 0, 0, 0, 0, 0, 0, 0, 0),  # happiness
    ]
    usages = ["Training"] * 6 + ["PublicTest", "PrivateTest"]
    names = [f"fer{number:07d}.png" for number in range(8)]
    lines = [(usage, name, *row) for usage, name, row in zip(usages, names, votes, strict=True)]
    write_table(tmp_path / "raw" / "fer2013new.csv", [("Usage", "Image name", *FERPLUS_VOTES), *lines])
    loaded, report = prepare("ferplus", tmp_path / "raw", tmp_path / "out", "--classes", str(classes))

    contempt = ["contempt"] if classes == 8 else []
    assert words(loaded["train"]) == ["neutral", "fear", None, *contempt]
    assert loaded["train"]["votes"][2] == list(votes[2])
    assert report["without_label"] == 1
    card = (tmp_path / "out" / "README.md").read_text()
    assert "its expression, by name (majority of ten votes); none for 1 pictures of `train`" in card
    assert "on FER-2013's own, those of one person, do not compare" in card
    assert words(loaded["validation"]) + words(loaded["test"]) == ["angry", "happy"]
    assert loaded["train"]["votes"][1] == list(votes[1])
    assert (np.asarray(loaded["train"]["image"][1]) == faces[1][2]).all()
    left_out = {"voted unknown": 1, "voted no face": 1}
    if classes == 7:
        left_out["labelled contempt, which is none of the 7 classes"] = 1
    assert report["left_out"] == left_out
    assert loaded["train"].features["label"].names == list(EIGHT_EXPRESSIONS[:classes])
    assert Dataset(str(tmp_path / "out")).label_names == EIGHT_EXPRESSIONS[:classes]


def test_rafdb_counts_labels_from_one(tmp_path):
    lines = ["train_00001.jpg 1", "train_00002.jpg 7", "test_0001.jpg 4", "train_00003.jpg 6"]
    aligned = tmp_path / "raw" / "basic" / "Image" / "aligned"
    aligned.mkdir(parents=True)
    (tmp_path / "raw" / "basic" / "EmoLabel").mkdir()
    (tmp_path / "raw" / "basic" / "EmoLabel" / "list_patition_label.txt").write_text("\n".join(lines))
    for number, line in enumerate(lines):
        Image.fromarray(noise(number, 100, 100)).save(aligned / line.split()[0].replace(".jpg", "_aligned.jpg"))
    loaded, _ = prepare("rafdb", tmp_path / "raw", tmp_path / "out")
    assert words(loaded["train"]) == ["surprise", "neutral", "angry"]
    assert words(loaded["test"]) == ["happy"]
    assert (np.asarray(loaded["test"][0]["image"]) == np.asarray(Image.open(aligned / "test_0001_aligned.jpg"))).all()


@pytest.mark.parametrize("name", ["list_patition_label.txt", "list_partition_label.txt"])
def test_rafdb_counts_what_it_does_not_use(tmp_path, name):
    for file in (
        "Image/aligned/train_00001_aligned.jpg",
        "Image/original/train_00001.jpg",
        "Image/aligned/train_00009_aligned.jpg",
    ):
        (tmp_path / "raw" / file).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(abs(hash(file)) % 999, 100, 100)).save(tmp_path / "raw" / file)
    (tmp_path / "raw" / name).write_text("train_00001.jpg 1\r\ntest_0001.jpg 4\r\n")
    (tmp_path / "raw" / "boundingbox.txt").write_text("1 2 3 4")
    loaded, report = prepare("rafdb", tmp_path / "raw", tmp_path / "out")
    assert words(loaded["train"]) == ["surprise"]
    assert report["left_out"] == {
        **{"no such picture": 1, "not in the list of labels": 1, "not an aligned face": 1, "not a picture": 1}
    }


@pytest.mark.parametrize("tables", [True, False])
def test_rafdb_as_kaggle_has_it(tmp_path, tables):
    lines = {
        "train": [("train_00001_aligned.jpg", 1), ("train_00002_aligned.jpg", 7)],
        "test": [("test_0001_aligned.jpg", 4)],
    }
    for number, (split, entries) in enumerate(lines.items()):
        for name, label in entries:
            folder = tmp_path / "raw" / "DATASET" / split / str(label)
            folder.mkdir(parents=True)
            Image.fromarray(noise(10 * number + label, 100, 100)).save(folder / name)
        if tables:
            write_table(tmp_path / "raw" / f"{split}_labels.csv", [("image", "label"), *entries])
    loaded, report = prepare("rafdb", tmp_path / "raw", tmp_path / "out")
    assert words(loaded["train"]) == ["surprise", "neutral"]
    assert words(loaded["test"]) == ["happy"]
    assert report["left_out"] == {}


@pytest.mark.parametrize("form", ["icml_face_data.csv", "train.csv"])
def test_fer2013_as_the_competition_has_it(tmp_path, form):
    faces = fer2013_faces({"train": 5, "validation": 2, "test": 2} if form != "train.csv" else {"train": 5})
    usages = {"train": "Training", "validation": "PublicTest", "test": "PrivateTest"}
    pixels = [
        (EXPRESSIONS.index(label), usages[split], " ".join(map(str, face.ravel()))) for split, label, face in faces
    ]
    if form == "train.csv":
        write_table(tmp_path / "raw" / form, [("emotion", "pixels"), *((label, values) for label, _, values in pixels)])
        write_table(tmp_path / "raw" / "test.csv", [("pixels",), (pixels[0][2],)])
    else:
        write_table(tmp_path / "raw" / form, [("emotion", " Usage", " pixels"), *pixels])
    loaded, report = prepare("fer2013", tmp_path / "raw", tmp_path / "out")
    assert {name: words(rows) for name, rows in loaded.items()} == {
        name: [label for split, label, _ in faces if split == name] for name in loaded
    }
    assert report["left_out"] == ({"it has no label": 1} if form == "train.csv" else {})
    assert list(loaded) == (["train"] if form == "train.csv" else ["train", "validation", "test"])


@pytest.mark.parametrize("form", ["lists", "annotations"])
def test_affectnets_valence_and_arousal_are_kept(tmp_path, form):
    raw, said = tmp_path / "raw", [("0.5", "-0.25"), ("-0.125", "1")]
    columns = "subDirectory_filePath face_x face_y face_width face_height facial_landmarks expression valence arousal"
    for number in range(2):
        folder = raw / ("photos/7" if form == "lists" else "train_set/images")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(number, 90, 80)).save(folder / f"{number}.jpg")
        for name, value in zip(("exp", "val", "aro"), (str(number), *said[number]), strict=True):
            if form == "annotations":
                (raw / "train_set" / "annotations").mkdir(exist_ok=True)
                np.save(raw / "train_set" / "annotations" / f"{number}_{name}.npy", value)
    if form == "lists":
        lines = [(f"7/{number}.jpg", 10, 20, 30, 40, "1;2", number, *said[number]) for number in range(2)]
        write_table(raw / "training.csv", [columns.split(), *lines])
    loaded, report = prepare("affectnet", raw, tmp_path / "out", "--crop", "box" if form == "lists" else "none")
    rows = loaded["train"]
    assert (words(rows), rows["valence"], rows["arousal"]) == (["neutral", "happy"], [0.5, -0.125], [-0.25, 1.0])
    assert rows.features["valence"].dtype == "float32"
    assert report["left_out"] == {}
    assert "`valence`" in (tmp_path / "out" / "README.md").read_text()


@pytest.mark.parametrize("header", [True, False])
def test_affectnet_lists_cut_the_face_out_of_the_photo(tmp_path, header):
    raw = tmp_path / "raw"
    columns = "subDirectory_filePath face_x face_y face_width face_height facial_landmarks expression valence arousal"
    lines = [(f"7/{number}.jpg", 10, 20, 30, 40, "1;2", number, -2, -2) for number in range(11)]
    for number in range(11):
        (raw / "Manually_Annotated_Images" / "7").mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(number, 90, 80)).save(raw / "Manually_Annotated_Images" / "7" / f"{number}.jpg")
    write_table(raw / "training.csv", [columns.split(), *lines[2:]])
    write_table(raw / "validation.csv", [*([columns.split()] if header else []), *lines[:2]])
    flags = ("--crop", "box", "--margin", "0", "--classes", "8")
    loaded, report = prepare("affectnet", raw, tmp_path / "out", *flags)
    assert words(loaded["train"]) == ["sad", "surprise", "fear", "disgust", "angry", "contempt"]
    assert words(loaded["validation"]) == ["neutral", "happy"]
    assert report["left_out"] == {"labelled none": 1, "labelled uncertain": 1, "labelled no face": 1}
    photo = np.asarray(Image.open(raw / "Manually_Annotated_Images" / "7" / "1.jpg"))
    assert (np.asarray(loaded["validation"][1]["image"]) == photo[20:60, 10:40]).all()


@pytest.mark.parametrize("form", ["numbered folders", "annotations"])
def test_affectnet_crops(tmp_path, form):
    for number, (split, label) in enumerate([("train", 3), ("train", 7), ("val", 0)]):
        folder = f"{split}/{label}" if form == "numbered folders" else f"{split}_set/images"
        (tmp_path / "raw" / folder).mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(number, 60, 60)).save(tmp_path / "raw" / folder / f"{number}.jpg")
        if form == "annotations":
            (tmp_path / "raw" / f"{split}_set" / "annotations").mkdir(exist_ok=True)
            np.save(tmp_path / "raw" / f"{split}_set" / "annotations" / f"{number}_exp.npy", str(label))
    loaded, _ = prepare("affectnet", tmp_path / "raw", tmp_path / "out")
    assert (words(loaded["train"]), words(loaded["validation"])) == (["surprise"], ["neutral"])


GERMAN = ("Wut", "Ekel", "Angst", "Freude", "Traurigkeit", "U\u0308berraschung", "Neutral")  # u and its dots apart


@pytest.mark.slow
def test_a_folder_in_another_language_trains(tmp_path, capsys):
    for number in range(35):
        folder = tmp_path / "raw" / GERMAN[number % 7]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(number, 48, 48)).save(folder / f"{number}.png")
    loaded, _ = prepare(
        "folder", tmp_path / "raw", tmp_path / "out", *("--licence", "cc-by-4.0", "--proportions", "3:1:1")
    )
    assert {name: len(rows) for name, rows in loaded.items()} == {"train": 21, "validation": 7, "test": 7}
    assert set(words(loaded["train"])) == set(EXPRESSIONS)
    assert Image.open(tmp_path / "out" / "examples.jpg").size == (768, 672)
    finetune.main(f"--dataset {tmp_path / 'out'} --output {tmp_path / 'run'} --epochs 1 --device cpu".split())
    config = json.loads((tmp_path / "run" / "model" / "config.json").read_text())
    assert tuple(config["labels"]) == EXPRESSIONS
    assert config["training"]["images"] == 21


def test_a_csv_of_paths_and_labels(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(3):
        draw_face("happy", rng).save(tmp_path / f"{number}.png")
    rows = [("0.png", "快乐", "train"), ("1.png", "Печаль", "val"), ("2.png", "en colère", "test")]
    write_table(tmp_path / "labels.csv", [("Path", "Emotion", "split"), *rows])
    loaded, _ = prepare("folder", tmp_path, tmp_path / "out")
    assert [words(loaded[split]) for split in ("train", "validation", "test")] == [["happy"], ["sad"], ["angry"]]


@pytest.mark.parametrize("form", ["parquet", "webdataset", "jsonl"])
def test_own_data_in_the_forms_of_libraries(tmp_path, form):
    raw, pictures = tmp_path / "raw", [Image.fromarray(noise(number, 40, 40)) for number in range(6)]
    raw.mkdir()
    encoded = []
    for picture in pictures:
        picture.save(buffer := io.BytesIO(), "PNG")
        encoded.append(buffer.getvalue())
    if form == "parquet":
        columns = {"img": pictures, "emotion": [0, 1, 2] * 2, "valence": [0.5] * 6}
        features = {"img": datasets.Image(), "emotion": datasets.Value("int64"), "valence": datasets.Value("float32")}
        rows = datasets.Dataset.from_dict(columns, features=datasets.Features(features))
        rows.select(range(4)).to_parquet(str(raw / "TRAIN-0.parquet"))
        rows.select(range(4, 6)).to_parquet(str(raw / "held_out_test.parquet"))
    elif form == "webdataset":
        for shard, some in {"train-000.tar": range(4), "test-000.tar": range(4, 6)}.items():
            with tarfile.open(raw / shard, "w") as archive:
                for number in some:
                    for ending, data in (("png", encoded[number]), ("cls", str(number % 3).encode())):
                        entry = tarfile.TarInfo(f"{number}.{ending}")
                        entry.size = len(data)
                        archive.addfile(entry, io.BytesIO(data))
    else:
        for split, some in {"train": range(4), "test": range(4, 6)}.items():
            (raw / split).mkdir()
            lines = [json.dumps({"file_name": f"{number}.png", "label": str(number % 3)}) for number in some]
            (raw / split / "metadata.jsonl").write_text("\n".join(lines))
            for number in some:
                (raw / split / f"{number}.png").write_bytes(encoded[number])
    loaded, report = prepare("folder", raw, tmp_path / "out", "--label-names", "sad,happy,fear")
    assert words(loaded["train"]) == ["sad", "happy", "fear", "sad"]
    assert words(loaded["test"]) == ["happy", "fear"]
    assert (np.asarray(loaded["test"][1]["image"]) == np.asarray(pictures[5])).all()
    assert report["left_out"] == {}
    assert ("valence" in loaded["test"].features) == (form == "parquet")
