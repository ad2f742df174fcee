import io
from typing import Any

import datasets
import numpy as np
import pytest
from PIL import Image

from fer_hub import EXPRESSIONS, InputError
from fer_hub.data.raw.forms import Reading
from fer_hub.data.raw.table_columns import TableColumns
from fer_hub.data.reference import Dataset
from tests.faces import draw_face, write_dataset


def write_rows(folder, labels, feature, split="train", **columns):
    """Write a parquet dataset of drawn faces with these labels."""
    rng = np.random.default_rng(0)
    images = [draw_face("neutral", rng) for _ in labels]
    features = datasets.Features({"image": datasets.Image(), "label": feature})
    rows = datasets.Dataset.from_dict({"image": images, "label": labels}, features=features)
    for name, values in columns.items():
        rows = rows.add_column(name, values)
    folder.mkdir(exist_ok=True)
    rows.to_parquet(str(folder / f"{split}.parquet"))
    return str(folder)


def test_labels_are_matched_by_name_whatever_their_order(tmp_path):
    reference = write_rows(tmp_path / "d", [0, 1, 2], datasets.ClassLabel(names=["neutral", "Happiness", "anger"]))
    dataset = Dataset(reference)
    assert dataset.label_names == ("angry", "happy", "neutral")
    labels = dataset.read("train", 48, 1).labels
    assert [dataset.label_names[label] for label in labels] == ["neutral", "happy", "angry"]


def test_image_folders_and_words_are_matched_too(tmp_path):
    folder = write_dataset(tmp_path / "folder", {"train": 1})  # classes in alphabetical order there
    assert Dataset(str(folder)).label_names == EXPRESSIONS
    words = write_rows(tmp_path / "words", ["sad", "happy"], datasets.Value("string"))
    dataset = Dataset(words)
    assert [dataset.label_names[label] for label in dataset.read("train", 48, 1).labels] == ["sad", "happy"]


def test_pictures_keep_their_pixels_and_their_row(dataset_folder):
    dataset = Dataset(str(dataset_folder))
    split = dataset.read("test", 48, 1)
    assert split.pictures.shape == (70, 1, 48, 48)
    for row in (0, 13, 69):
        image = dataset.rows["test"][row]["image"]
        assert (split.pictures[row, 0].numpy() == np.asarray(image)).all()
    some = dataset.read("test", 48, 1, np.array([13, 5]))
    assert some.index.tolist() == [13, 5]
    assert (some.pictures == split.pictures[[13, 5]]).all()


def test_pictures_of_any_kind_become_one_size(tmp_path):
    (tmp_path / "train" / "happy").mkdir(parents=True)
    (tmp_path / "train" / "sad").mkdir()
    Image.new("RGBA", (100, 60), (255, 0, 0, 255)).save(tmp_path / "train" / "happy" / "a.png")
    Image.new("L", (20, 30), 7).save(tmp_path / "train" / "sad" / "b.png")
    dataset = Dataset(str(tmp_path))
    assert dataset.look() == (40, False)
    colour = dataset.read("train", 32, 3).pictures
    assert colour.shape == (2, 3, 32, 32)
    assert colour[0, :, 5, 5].tolist() == [255, 0, 0]
    assert dataset.read("train", 32, 1).pictures[1, 0, 3, 3] == 7


def test_grey_is_seen_and_size_measured(dataset_folder):
    assert Dataset(str(dataset_folder)).look() == (48, True)


def test_equal_pixels_or_the_group_column_form_a_group(tmp_path, dataset_folder):
    split = Dataset(str(dataset_folder)).read("test", 48, 1)
    assert len(set(split.group)) == 70
    twice = split.take(np.array([3, 4, 3]))
    assert twice.content_keys()[0] == twice.content_keys()[2] != twice.content_keys()[1]
    feature = datasets.ClassLabel(names=["happy", "sad"])
    grouped = write_rows(tmp_path / "d", [0, 1, 0], feature, group=["a", "b", "a"])
    assert Dataset(grouped).read("train", 48, 1).group.tolist() == ["a", "b", "a"]


def test_revision_changes_with_the_files(tmp_path):
    folder = write_dataset(tmp_path / "folder", {"train": 1})
    before = Dataset(str(folder)).revision
    assert Dataset(str(folder)).revision == before
    draw_face("sad", np.random.default_rng(9)).save(folder / "train" / "sad" / "0.png")
    assert Dataset(str(folder)).revision != before


def test_a_file_is_a_reference_too(tmp_path):
    write_rows(tmp_path / "d", [0, 1], datasets.ClassLabel(names=["happy", "sad"]))
    assert Dataset(str(tmp_path / "d" / "train.parquet")).split_names == ["train"]


@pytest.mark.parametrize(
    ("labels", "feature", "message"),
    [
        ([0, 1], datasets.ClassLabel(names=["happy", "bored"]), r"are not known: 'bored' \(1\)"),
        ([0, 0], datasets.ClassLabel(names=["happy"]), "at least two"),
        ([0.5, 1.5], datasets.Value("float64"), "says nothing about what they mean"),
        ([0, 1], datasets.Value("int64"), "say nothing about what they mean.*--label-names angry,disgust,fear"),
    ],
)
def test_labels_that_mean_nothing_here_are_shown_beside_ours(tmp_path, labels, feature, message):
    with pytest.raises(InputError, match=message) as error:
        Dataset(write_rows(tmp_path / "d", labels, feature))
    assert "angry, disgust, fear" in str(error.value).replace(",", ", ").replace(",  ", ", ")


def test_columns_are_found_by_the_names_people_give_them(tmp_path):
    reference = write_rows(tmp_path / "d", [0, 1], datasets.ClassLabel(names=["happy", "sad"]))
    rows = datasets.Dataset.from_parquet(str(tmp_path / "d" / "train.parquet"))
    rows.rename_columns({"image": "IMG", "label": "emotion"}).to_parquet(str(tmp_path / "d" / "train.parquet"))
    dataset = Dataset(reference)
    assert (dataset.image_column, dataset.label_column) == ("IMG", "emotion")
    rows.rename_column("label", "what").to_parquet(str(tmp_path / "d" / "train.parquet"))
    with pytest.raises(InputError, match=r"no column named like label, .*only image, what; name yours with --lab"):
        Dataset(reference)
    assert Dataset(reference, reading=Reading(columns=TableColumns(label="what"))).label_names == ("happy", "sad")


def test_missing_columns_splits_and_labels_are_named(tmp_path, dataset_folder):
    with pytest.raises(InputError, match="holds no table, so that no column can be named"):
        Dataset(str(dataset_folder), reading=Reading(columns=TableColumns("face")))
    parquet = write_rows(tmp_path / "p", [0, 1], datasets.ClassLabel(names=["happy", "sad"]))
    with pytest.raises(InputError, match="no column 'face' in its split 'train', only image, label"):
        Dataset(parquet, reading=Reading(columns=TableColumns("face")))
    with pytest.raises(InputError, match="no split 'dev', only train, test"):
        Dataset(str(dataset_folder)).read("dev", 48, 1)
    unlabelled = write_rows(tmp_path / "d", [0, -1], datasets.ClassLabel(names=["happy", "sad"]))
    with pytest.raises(
        InputError, match=r"1 of 2 pictures of .*, split 'train', cannot be used; the first, row 1: it has no label"
    ):
        Dataset(unlabelled).read("train", 48, 1)


@pytest.mark.parametrize("reference", ["nothing", "", "a/b/c", "../nowhere", "someone/not-reachable"])
def test_datasets_that_cannot_be_had_are_refused(reference, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"owner/name\[@revision\] on the Hub"):
        Dataset(reference)


def stored(number: int, damage: str = "") -> dict[str, bytes | None] | None:
    """A drawn picture as parquet holds it, or a damaged one, or none."""
    buffer = io.BytesIO()
    draw_face("happy", np.random.default_rng(number)).save(buffer, "PNG")
    data = {"": buffer.getvalue(), "cut off": buffer.getvalue()[:300], "other": b"<html>not found", "empty": b""}
    return None if damage == "null" else {"bytes": data[damage], "path": None}


def write_stored(folder, pictures, labels):
    folder.mkdir()
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["happy", "sad"])})
    rows = datasets.Dataset.from_dict({"image": pictures, "label": labels}, features=features)
    rows.to_parquet(str(folder / "train.parquet"))
    return str(folder)


def test_a_few_damaged_pictures_are_left_out_and_counted(tmp_path, caplog):
    pictures: list[Any] = [stored(number) for number in range(400)]
    labels: list[Any] = [0, 1] * 200
    pictures[7], pictures[9], labels[11] = stored(0, "cut off"), None, None
    dataset = Dataset(write_stored(tmp_path / "d", pictures, labels))
    split = dataset.read("train", 48, 1)
    used = [row for row in range(400) if row not in (7, 9, 11)]
    assert split.index.tolist() == used
    assert split.labels.tolist() == [row % 2 for row in used]
    whole = np.asarray(Image.open(io.BytesIO(pictures[399]["bytes"])))
    assert (split.pictures[-1, 0].numpy() == whole).all()
    assert "left out: 2 of 400 pictures of" in caplog.text
    assert "the first, row 7: the picture is damaged" in caplog.text
    assert "left out: 1 of 400" in caplog.text
    assert [row for row, _, _ in dataset.photos("train")] == used
    assert dataset.look() == (48, True)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ("cut off", "the picture is damaged and cannot be read"),
        ("other", "the picture is not a JPEG, PNG, WebP, BMP, TIFF"),
        ("empty", "the picture is empty"),
        ("null", "there is no picture"),
    ],
)
def test_more_of_them_are_refused_in_one_sentence(tmp_path, damage, why):
    pictures = [stored(number, damage if number in (5, 6) else "") for number in range(100)]
    dataset = Dataset(write_stored(tmp_path / "d", pictures, [0, 1] * 50))
    message = rf"2 of 100 pictures of .*, split 'train', cannot be used; the first, row 5: {why}.*Up to 1% are left out"
    with pytest.raises(InputError, match=message):
        dataset.read("train", 48, 1)
    with pytest.raises(InputError, match=message):
        list(dataset.photos("train"))
    reasons = [row.left_out for row in dataset.stored("train")]
    assert (reasons[5] != "") == (damage in ("null", "empty"))  # the others show when they are decoded


def voted(folder, labels, votes):
    feature = datasets.ClassLabel(names=["happy", "sad", "neutral"])
    return write_rows(folder, labels, feature, votes=votes)


def test_votes_teach_where_there_is_no_label(tmp_path, caplog):
    caplog.set_level("INFO")
    votes = [[9, 1, 0], [0, 4, 6], [0, 0, 0], [3, 3, 3]]
    reference = voted(tmp_path / "d", [0, None, None, 1], votes)
    split = Dataset(reference, votes=True).read("train", 48, 1)
    assert split.index.tolist() == [0, 1, 3]
    assert [split.label_names[label] for label in split.labels] == [
        "happy",
        "neutral",
        "sad",
    ]  # voted, where unlabelled
    assert split.labelled is not None
    assert split.votes is not None
    assert split.labelled.tolist() == [True, False, True]
    assert split.votes[1].tolist() == pytest.approx([0, 0.4, 0.6])
    assert "1 pictures of train without a label are left out." in caplog.text

    plain = Dataset(reference).read("train", 48, 1)
    assert plain.index.tolist() == [0, 3]
    assert plain.votes is None
    assert plain.labelled is None
    assert "2 pictures of train without a label are left out; --targets votes learns from those" in caplog.text
    assert [row.votes for row in Dataset(reference).stored("train")] == [tuple(row) for row in votes]


def test_a_parquet_folder_is_loaded_whole_whatever_its_files_are_called(tmp_path):
    feature = datasets.ClassLabel(names=["happy", "sad"])
    for name in ("faces_part1", "faces_part2"):
        write_rows(tmp_path / "d", [0, 1], feature, split=name)
    assert len(Dataset(str(tmp_path / "d")).rows["train"]) == 4
    write_rows(tmp_path / "d", [0, 1, 0], feature, split="train_extra")
    with pytest.raises(InputError, match=r"only some pictures in .* are in a split"):
        Dataset(str(tmp_path / "d"))


def test_all_pictures_of_a_folder_are_used_whatever_their_names_begin_with(tmp_path):
    for number in range(20):  # the datasets library would load the five of each expression that begin with train_
        for label in ("happy", "sad"):
            (tmp_path / label).mkdir(exist_ok=True)
            name = f"train_{number}.png" if number < 5 else f"{number}.jfif"
            draw_face("happy", np.random.default_rng(number)).save(
                tmp_path / label / name, name[-3:].replace("fif", "PNG")
            )
    assert {name: len(rows) for name, rows in Dataset(str(tmp_path)).rows.items()} == {"train": 40}


def test_splits_bear_one_name_whatever_they_are_called(tmp_path):
    feature = datasets.ClassLabel(names=["happy", "sad"])
    for name in ("TRAIN_set", "valid", "PrivateTest"):
        write_rows(tmp_path / "d", [0, 1], feature, split=name)
    assert Dataset(str(tmp_path / "d")).split_names == ["train", "validation", "test"]
    folder = write_dataset(tmp_path / "folder", {"Val": 2, "Training Images": 2})
    assert Dataset(str(folder)).split_names == ["train", "validation"]


def test_a_table_of_paths_is_a_dataset(tmp_path):
    write_dataset(tmp_path, {"pictures": 2})
    lines = [
        "file;emotion;SET;age",
        *(
            f"{name}\\0.png;{name};{part};{number}"
            for number, (name, part) in enumerate(
                zip(EXPRESSIONS, ("Train", "Train", "Train", "Train", "Train", "Test", "Test"), strict=True)
            )
        ),
    ]
    (tmp_path / "labels.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    for reference in (tmp_path, tmp_path / "labels.csv"):
        dataset = Dataset(str(reference), auxiliary_columns=("age",))
        assert dataset.label_names == EXPRESSIONS
        assert dataset.read("test", 48, 1).labels.tolist() == [5, 6]
        assert dataset.read("train", 48, 1).auxiliary["age"].tolist() == [0, 1, 2, 3, 4]


def test_a_moved_picture_changes_the_revision(tmp_path):
    folder = write_dataset(tmp_path / "folder", {"train": 1})
    before = Dataset(str(folder)).revision
    (folder / "train" / "happy").rename(folder / "train" / "joy")  # the same label, but not the same folder
    assert Dataset(str(folder)).revision != before


def test_a_saved_dataset_is_loaded(tmp_path):
    rows = Dataset(write_rows(tmp_path / "d", [0, 1], datasets.ClassLabel(names=["happy", "sad"]))).rows
    rows.save_to_disk(str(tmp_path / "saved"))
    assert len(Dataset(str(tmp_path / "saved")).read("train", 48, 1)) == 2


def test_a_column_parts_a_dataset_that_has_one_split(tmp_path):
    said = {"Subset": ["Training", "val", "test_set", "TRAIN"], "fold": [0, 1, 2, 3]}
    reference = write_rows(tmp_path / "d", ["sad", "happy", "sad", "happy"], datasets.Value("string"), "all", **said)
    assert {name: rows["fold"] for name, rows in Dataset(reference).rows.items()} == {
        **{"train": [0, 3], "validation": [1], "test": [2]}
    }
    folds = write_rows(tmp_path / "folds", ["sad", "happy"], datasets.Value("string"), fold=[0, 1])
    assert Dataset(folds).split_names == ["train"]  # about something else
    reading = Reading(columns=TableColumns(split="fold"))
    with pytest.raises(
        InputError, match=r"the column 'fold' of .* should name splits, and holds '0' \(1\), '1' \(1\);"
    ):
        Dataset(folds, reading=reading)
    some = write_rows(tmp_path / "some", ["sad", "happy"], datasets.Value("string"), partition=["test", None])
    with pytest.raises(InputError, match=r"should name splits, and holds nothing \(1\);"):
        Dataset(some)


def test_pictures_beside_parquet_files_are_not_passed_over(tmp_path):
    reference = write_rows(tmp_path, ["sad", "happy"], datasets.Value("string"))
    Image.new("L", (20, 30), 7).save(tmp_path / "counts.png")  # as on a card
    assert Dataset(reference).count("train") == 2
    (tmp_path / "more" / "Joy").mkdir(parents=True)
    Image.new("L", (20, 30), 7).save(tmp_path / "more" / "Joy" / "1.jpg")
    with pytest.raises(
        InputError, match=r"holds parquet files as well as pictures in folders, such as more/Joy/1.jpg;"
    ):
        Dataset(reference)
