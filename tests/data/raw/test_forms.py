"""Every file that is given is read, counted as left out, or refused, whatever its form."""

import io
import json
import tarfile
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from fer_hub import InputError
from fer_hub.data.raw.forms import Reading, own_rows
from fer_hub.data.raw.table_columns import TableColumns
from fer_hub.data.vocabulary.labels import LabelMeanings
from fer_hub.vision.formats import picture_kind
from tests.raw_data import noise, write_table


def picture(file: Path, kind: str = "PNG") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(abs(hash(file.name)) % 1000, 20, 20)).save(file, kind)
    return file


def read(raw: Path, **said) -> list[tuple[str, str, str | None]]:
    """File, label and split of the rows that are used."""
    return [(row.file, row.label, row.split) for row in own_rows(raw, Reading(**said)) if not row.left_out]


def left_out(raw: Path, **said) -> Counter[str]:
    return Counter(row.left_out for row in own_rows(raw, Reading(**said)) if row.left_out)


def test_pictures_are_known_by_what_they_hold(tmp_path):
    for name, kind in (("a.jfif", "JPEG"), ("b.jpe", "JPEG"), ("c.bmp", "BMP"), ("d.tif", "TIFF"), ("e", "PNG")):
        picture(tmp_path / "happy" / name, kind)
    picture(tmp_path / "sad" / "f.GIF", "GIF")
    picture(tmp_path / "sad" / "g.JPG", "WEBP")  # misnamed
    (tmp_path / "sad" / "h.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(20))
    (tmp_path / "sad" / "notes.txt").write_text("which is no picture")
    (tmp_path / "sad" / "link.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / ".DS_Store").write_bytes(b"litter")
    (tmp_path / "__MACOSX" / "happy").mkdir(parents=True)
    picture(tmp_path / "__MACOSX" / "happy" / "a.png")
    assert [file for file, _, _ in read(tmp_path)] == [
        *("happy/a.jfif", "happy/b.jpe", "happy/c.bmp", "happy/d.tif", "happy/e", "sad/f.GIF", "sad/g.JPG")
    ]
    assert left_out(tmp_path) == {
        "HEIC picture: convert it to JPEG or PNG": 1,
        "not a picture": 1,
        "not a file": 1,
    }


@pytest.mark.parametrize(
    ("train", "test"),
    [("train_images", "Test Set"), ("images_train", "Val/.."), ("TRAIN", "test-images"), ("a/Train", "a/Val")],
)
def test_folders_of_splits_are_known_by_any_name(tmp_path, train, test):
    test = test.removesuffix("/..")
    for folder in (train, test):
        for label in ("happy", "sad"):
            picture(tmp_path / folder / label / "train_1.png")  # the names of files say nothing here
    expected = "test" if "est" in test else "validation"
    assert Counter(split for _, _, split in read(tmp_path)) == {"train": 2, expected: 2}


def test_names_of_files_divide_where_no_folder_does(tmp_path):
    for label in ("happy", "sad"):
        for name in ("train_1.png", "test_1.png", "test_2.png"):
            picture(tmp_path / label / name)
    assert Counter(split for _, _, split in read(tmp_path)) == {"train": 2, "test": 4}
    picture(tmp_path / "happy" / "other.png")
    assert Counter(split for _, _, split in read(tmp_path)) == {None: 7}


def test_the_label_is_the_innermost_folder_that_names_one(tmp_path):
    for path in ("train/happy/person 1/1.png", "train/S005/sad/1.png", "test/happy/2/1.png"):
        picture(tmp_path / path)
    assert [label for _, label, _ in read(tmp_path)] == ["happy", "sad", "happy"]


def test_numbered_folders_need_names(tmp_path):
    for number in "1234567":
        picture(tmp_path / "train" / number / f"{number}.png")
    with pytest.raises(InputError, match=r"are numbers, which say nothing.*--label-names"):
        read(tmp_path)
    names = ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")
    assert [label for _, label, _ in read(tmp_path, meanings=LabelMeanings(names))] == list(names)
    mapping = LabelMeanings(mapping={number: "-" if number == "7" else "sad" for number in "1234567"})
    assert len(read(tmp_path, meanings=mapping)) == 6
    assert left_out(tmp_path, meanings=mapping) == {"labelled 7": 1}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("column", ["pth", "path", "filename", " File Name ", "IMAGE_PATH"])
def test_tables_as_people_write_them(tmp_path, delimiter, column):
    for name in ("images/a 1.png", "images/b.png", "images/deep/c.png", "images/d.png"):
        picture(tmp_path / name)
    cells = [
        [f'"{column}"', " Label ", "SUBSET", "Valence", "person"],
        ["images\\a 1.png", "Happy", "Train", "0.5", "p1"],  # as Windows writes paths
        ["/home/somebody/data/images/b.png", " sad", "TEST", "", "p2"],
        ["c.png", "3", "dev", "-0.25", "p3"],
        ["gone.png", "sad", "test", "0", "p4"],
    ]
    text = "\r\n".join(delimiter.join(row) for row in cells)
    (tmp_path / "labels.csv").write_text(f"\ufeff{text}\r\n\r\n", encoding="utf-8")
    rows = list(own_rows(tmp_path, Reading(LabelMeanings(mapping={"3": "fear"}))))
    used = [row for row in rows if not row.left_out]
    assert [(row.picture, row.label, row.split, row.group) for row in used] == [
        (tmp_path / "images/a 1.png", "happy", "train", "p1"),
        (tmp_path / "images/b.png", "sad", "test", "p2"),
        (tmp_path / "images/deep/c.png", "fear", "validation", "p3"),
    ]
    assert [row.further["Valence"] for row in used] == ["0.5", "", "-0.25"]
    reasons = Counter(row.left_out for row in rows if row.left_out)
    assert reasons == {"no such picture": 1, "not in the list of labels": 1}


def test_a_name_that_several_pictures_have_is_not_guessed(tmp_path):
    for name in ("a/1.png", "b/1.png", "b/2.png"):
        picture(tmp_path / name)
    write_table(
        tmp_path / "labels.csv", [("path", "label"), ("1.png", "sad"), ("x/b/1.png", "happy"), ("2.png", "sad")]
    )
    assert [(file, label) for file, label, _ in read(tmp_path)] == [("b/1.png", "happy"), ("b/2.png", "sad")]
    assert left_out(tmp_path) == {"several pictures bear this name": 1, "not in the list of labels": 1}


def test_tables_named_by_splits_are_read_together(tmp_path):
    for name in ("1.png", "2.png", "3.png"):
        picture(tmp_path / name)
    write_table(tmp_path / "train_labels.csv", [("image", "label"), ("1.png", "sad"), ("2.png", "happy")])
    write_table(tmp_path / "test_labels.csv", [("image", "label"), ("3.png", "sad")])
    assert Counter(split for _, _, split in read(tmp_path)) == {"train": 2, "test": 1}


def test_folders_name_the_splits_of_a_table_that_does_not(tmp_path):
    for name in ("train/1.png", "train/2.png", "Test Set/3.png"):
        picture(tmp_path / name)
    rows = [("path", "label"), ("train/1.png", "sad"), ("C:\\mine\\train\\2.png", "happy"), ("3.png", "sad")]
    write_table(tmp_path / "labels.csv", rows)
    used = [("train/1.png", "train"), ("train/2.png", "train"), ("Test Set/3.png", "test")]
    assert [(file, split) for file, _, split in read(tmp_path)] == used  # of other machines' paths nothing is kept
    picture(tmp_path / "4.png")
    write_table(tmp_path / "labels.csv", [("path", "label"), ("train/1.png", "sad"), ("4.png", "happy")])
    assert [split for _, _, split in read(tmp_path)] == [None, None]  # one folder is no division


def test_a_column_of_split_words_may_bear_any_name(tmp_path):
    for name in ("1.png", "2.png"):
        picture(tmp_path / name)
    rows = [("path", "label", "part", "site"), ("1.png", "sad", "Training", "a"), ("2.png", "sad", "val", "train")]
    write_table(tmp_path / "labels.csv", rows)
    assert [split for _, _, split in read(tmp_path)] == ["train", "validation"]


def test_a_name_in_two_folders_is_the_one_of_the_rows_split(tmp_path):
    for name in ("train/1.png", "test/1.png"):
        picture(tmp_path / name)
    for split, label in (("train", "sad"), ("test", "happy")):
        write_table(tmp_path / f"{split}.csv", [("path", "label"), ("1.png", label)])
    rows = sorted((row.picture, row.label, row.split) for row in own_rows(tmp_path, Reading()))
    assert rows == [(tmp_path / "test/1.png", "happy", "test"), (tmp_path / "train/1.png", "sad", "train")]


def test_a_table_in_each_folder_of_a_split(tmp_path):
    for split in ("train", "valid"):
        picture(tmp_path / split / "images" / "1.png")
        write_table(tmp_path / split / "labels.csv", [("file", "label"), ("1.png", "sad")])
    assert [(label, split) for _, label, split in read(tmp_path)] == [("sad", "train"), ("sad", "validation")]


def test_a_column_for_each_label_as_roboflow_writes_them(tmp_path):
    rows = {"train": [(1, 0, 0), (0, 1, 0), (0, 0, 1)], "valid": [(1, 1, 0), (0, 1, 0)]}
    for split, marks in rows.items():
        names = [
            picture(tmp_path / split / f"{split}{number}_jpg.rf.0a.jpg", "JPEG").name for number in range(len(marks))
        ]
        head = ("filename", " Happy", " Sad", " Unlabeled")
        write_table(tmp_path / split / "_classes.csv", [head, *zip(names, *zip(*marks, strict=True), strict=True)])
    assert [(label, split) for _, label, split in read(tmp_path)] == [
        *(("happy", "train"), ("sad", "train"), ("sad", "validation"))
    ]
    assert left_out(tmp_path) == {"it has no label": 1, "several labels": 1}


def test_rows_without_a_label_are_counted(tmp_path):
    for name in ("1.png", "2.png"):
        picture(tmp_path / name)
    write_table(tmp_path / "labels.csv", [("path", "label"), ("1.png", "sad"), ("2.png", " ")])
    assert read(tmp_path) == [("1.png", "sad", None)]
    assert left_out(tmp_path) == {"it has no label": 1}
    assert left_out(tmp_path, meanings=LabelMeanings(mapping={"": "happy"})) == {}


@pytest.mark.parametrize(
    "written", ["a%201", "A 1.JPG", "/data/local-files/?d=x/a%201.jpg", "/data/upload/3/0a1b2c3d-a 1.jpg", "x/a 1"]
)
def test_pictures_are_found_by_the_names_that_tools_write(tmp_path, written):
    file = picture(tmp_path / "images" / "a 1.jpg", "JPEG")
    picture(tmp_path / "images" / "b 1.jpg", "JPEG")
    write_table(tmp_path / "labels.csv", [("path", "label"), (written, "sad")])
    assert [row.picture for row in own_rows(tmp_path, Reading()) if not row.left_out] == [file]


@pytest.mark.parametrize("form", ["labels.jsonl", "labels.json", "labels.parquet"])
def test_tables_that_are_not_csv(tmp_path, form):
    for name in ("images/1.png", "images/2.png"):
        picture(tmp_path / name)
    rows = [{"image": "images/1.png", "emotion": "Sad", "age": 30}, {"image": "2.png", "emotion": "Happy"}]
    if form.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / form)
    else:
        text = json.dumps(rows) if form.endswith(".json") else "\n".join(map(json.dumps, rows))
        (tmp_path / form).write_text(text, encoding="utf-8")
    raw = tmp_path / form if form.endswith(".json") else tmp_path
    used = [row for row in own_rows(raw, Reading()) if not row.left_out]
    assert [(Path(str(row.picture)).name, row.label, row.further) for row in used] == [
        ("1.png", "sad", {"age": "30"}),
        ("2.png", "happy", {"age": ""}),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            [{"id": 1, "data": {"image": "1.png"}, "annotations": []}],
            "is Label Studio's whole export; export it as JSON-",
        ),
        ({"images": [], "annotations": []}, 'is not a list of rows such as {"path": "1.jpg", "label": "happy"}'),
    ],
)
def test_json_of_other_tools_is_refused(tmp_path, content, message):
    picture(tmp_path / "1.png")
    (tmp_path / "x.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=message):
        read(tmp_path / "x.json")


@pytest.mark.parametrize(
    ("folder", "listed", "message"),
    [
        (
            "train/images",
            "data.yaml",
            "lie in 'train/images'.*may stand in data.yaml, which is not read; write it as a",
        ),
        ("train", "train/_annotations.coco.json", "lie in 'train'.*may stand in train/_annotations.coco.json"),
        ("AF01", "labels.xlsx", "may stand in labels.xlsx"),
        ("train", "README.txt", r"1.png lies in .*/train itself.*such as .*/train/happy/, or add a table"),
        ("train/happy", "notes.txt", ""),
    ],
)
def test_labels_that_stand_elsewhere(tmp_path, folder, listed, message):
    picture(tmp_path / folder / "1.png")
    (tmp_path / listed).write_text("x")
    with pytest.raises(InputError, match=message) if message else nullcontext():
        assert len(read(tmp_path)) == 1


def test_a_licence_beside_two_classes_of_ones_own_is_no_list(tmp_path):
    picture(tmp_path / "engaged" / "1.png")
    picture(tmp_path / "bored" / "2.png")
    (tmp_path / "LICENSE.txt").write_text("CC0")
    with pytest.raises(InputError, match=r"'bored' .1., 'engaged' .1.; .* learnt with --vocabulary"):
        read(tmp_path)


@pytest.mark.parametrize("word", ["0_happy", "3. Happy", "happy2", "Happy Faces", "happy_face", "Happiness expression"])
def test_words_with_numbers_and_faces_around_them(tmp_path, word):
    picture(tmp_path / word / "1.png")
    assert [label for _, label, _ in read(tmp_path)] == ["happy"]


def test_none_is_no_expression(tmp_path):
    picture(tmp_path / "1.png")
    write_table(tmp_path / "labels.csv", [("path", "label"), ("1.png", "none")])
    with pytest.raises(InputError, match=r"are not known: 'none' \(1\)"):
        read(tmp_path)


def test_words_are_taken_before_the_numbers_beside_them(tmp_path):
    picture(tmp_path / "1.png")
    write_table(tmp_path / "labels.csv", [("path", "label", "emotion"), ("1.png", "0", "sad")])
    assert read(tmp_path) == [("1.png", "sad", None)]
    assert read(tmp_path, meanings=LabelMeanings(("fear",))) == [("1.png", "fear", None)]


def test_commas_in_the_names_of_columns_part_no_semicolons(tmp_path):
    picture(tmp_path / "1.png")
    (tmp_path / "labels.csv").write_text("path;label;remark, if any, or not\n1.png;sad;\n")
    assert read(tmp_path) == [("1.png", "sad", None)]


@pytest.mark.parametrize(
    ("rows", "said", "message"),
    [
        (
            [("path", "label", "fold"), ("1.png", "sad", "3")],
            {},
            r"the column 'fold' of t.csv should name splits, and holds '3' \(1\); write train, validation or test into",
        ),
        ([("path", "label", "set"), ("1.png", "sad", ""), ("2.png", "sad", "test")], {}, r"and holds nothing \(1\);"),
        (
            [("path", "label", "is_train"), ("1.png", "sad", "1"), ("2.png", "sad", "0")],
            {},
            "the column 'is_train' of t.csv seems to say which pictures are in train; write train, validation or test",
        ),
        ([("path", "emotion"), ("1.png", "0")], {}, "are numbers, which say nothing"),
        (
            [("1.png", "sad")] * 2,
            {},
            "the first line of t.csv should name its columns, and is 1.png, sad; write a line",
        ),
        ([("emotion", "pixels"), ("0", "1 2")], {}, "holds pixels.*prepare it as fer2013"),
        ([("x", "label"), ("1.png", "sad")], {}, "no column named like image.*name yours with --image-column"),
        ([("path", "label"), ("1.png", "sad")], {"label": "what"}, "--label-column 'what': t.csv has only path, label"),
        ([("path", "label"), ("1.png", "sad", "more")], {}, "line 2: 3 cells instead of 2"),
    ],
)
def test_mistakes_in_tables_are_told_with_their_place(tmp_path, rows, said, message):
    picture(tmp_path / "1.png")
    write_table(tmp_path / "t.csv", rows)
    with pytest.raises(InputError, match=message):
        read(tmp_path, columns=TableColumns(**said))


def test_columns_can_be_named(tmp_path):
    picture(tmp_path / "1.png")
    write_table(tmp_path / "t.csv", [("x", "y", "z", "label"), ("1.png", "sad", "TEST", "odd")])
    assert read(tmp_path, columns=TableColumns("x", "y", "z")) == [("1.png", "sad", "test")]


def shard(file: Path, examples: list[dict[str, bytes]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w") as archive:
        for number, members in enumerate(examples):
            for ending, data in members.items():
                entry = tarfile.TarInfo(f"{number:06d}.{ending}")
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))


def test_webdataset_shards(tmp_path):
    image = picture(tmp_path / "x.png").read_bytes()
    (tmp_path / "x.png").unlink()
    shard(tmp_path / "train-000000.tar", [{"png": image, "cls": b"3"}, {"cls": b"4\n", "jpg": image}])
    shard(tmp_path / "train-000001.tar", [{"json": json.dumps({"emotion": "fear", "id": 7}).encode(), "png": image}])
    shard(tmp_path / "test-000000.tar", [{"txt": b"sad", "png": image}, {"png": image}, {"cls": b"3", "npy": b"1"}])
    meanings = LabelMeanings(mapping={"3": "happy", "4": "sad"})
    assert [(label, split) for _, label, split in read(tmp_path, meanings=meanings)] == [
        *(("sad", "test"), ("happy", "train"), ("sad", "train"), ("fear", "train"))
    ]
    assert left_out(tmp_path, meanings=meanings) == {"no label": 1, "not a picture": 1}
    kept = [row.picture for row in own_rows(tmp_path, Reading(meanings)) if not row.left_out]
    assert all(isinstance(picture, bytes) and picture_kind(picture) == "PNG" for picture in kept)
    (tmp_path / "test-000000.tar").write_bytes(b"not a tar, by any means" * 100)
    with pytest.raises(InputError, match=r"test-000000\.tar is not a whole tar file"):
        read(tmp_path, meanings=meanings)


@pytest.mark.parametrize("name", ["data.zip", "labels.xlsx"])
def test_other_files_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match=r"file of no known kind; give a folder of pictures \(unpacked, if"):
        read(tmp_path / name)


def test_links_in_circles_end(tmp_path):
    picture(tmp_path / "happy" / "1.png")
    picture(tmp_path / "elsewhere" / "2.png")
    (tmp_path / "raw" / "sad").mkdir(parents=True)
    (tmp_path / "raw" / "happy").symlink_to(tmp_path / "happy")
    (tmp_path / "raw" / "sad" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "raw" / "again").symlink_to(tmp_path / "raw")
    assert [label for _, label, _ in read(tmp_path / "raw")] == ["happy", "sad"]


def test_rows_are_in_an_order_that_never_changes(tmp_path):
    for number in np.random.default_rng(0).permutation(30):
        picture(tmp_path / ("happy" if number % 2 else "sad") / f"{number}.png")
    files = [file for file, _, _ in read(tmp_path)]
    assert files == sorted(files)
