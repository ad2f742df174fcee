import datasets
import numpy as np
import pytest
from PIL import Image

from fer_hub import EXPRESSIONS, InputError
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
        ([0, 1], datasets.ClassLabel(names=["happy", "bored"]), "and these are not: bored"),
        ([0, 0], datasets.ClassLabel(names=["happy"]), "at least two"),
        ([0, 1], datasets.Value("int64"), "says nothing about what they mean"),
    ],
)
def test_labels_that_mean_nothing_here_are_shown_beside_ours(tmp_path, labels, feature, message):
    with pytest.raises(InputError, match=message) as error:
        Dataset(write_rows(tmp_path / "d", labels, feature))
    assert "angry, disgust, fear, happy, sad, surprise, neutral" in str(error.value)


def test_columns_are_found_by_the_names_people_give_them(tmp_path):
    reference = write_rows(tmp_path / "d", [0, 1], datasets.ClassLabel(names=["happy", "sad"]))
    rows = datasets.Dataset.from_parquet(str(tmp_path / "d" / "train.parquet"))
    rows.rename_columns({"image": "IMG", "label": "emotion"}).to_parquet(str(tmp_path / "d" / "train.parquet"))
    dataset = Dataset(reference)
    assert (dataset.image_column, dataset.label_column) == ("IMG", "emotion")
    rows.rename_column("label", "what").to_parquet(str(tmp_path / "d" / "train.parquet"))
    with pytest.raises(InputError, match=r"no column named like label, .*only image, what; name yours with --lab"):
        Dataset(reference)
    assert Dataset(reference, label_column="what").label_names == ("happy", "sad")


def test_missing_columns_splits_and_labels_are_named(tmp_path, dataset_folder):
    with pytest.raises(InputError, match="no column 'face' in its split 'train', only image, label"):
        Dataset(str(dataset_folder), image_column="face")
    with pytest.raises(InputError, match="no split 'dev', only train, test"):
        Dataset(str(dataset_folder)).read("dev", 48, 1)
    unlabelled = write_rows(tmp_path / "d", [0, -1], datasets.ClassLabel(names=["happy", "sad"]))
    with pytest.raises(InputError, match=r"1 pictures of .* have no label"):
        Dataset(unlabelled).read("train", 48, 1)


@pytest.mark.parametrize("reference", ["nothing", "", "a/b/c", "../nowhere", "someone/not-reachable"])
def test_datasets_that_cannot_be_had_are_refused(reference, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"owner/name\[@revision\] on the Hub"):
        Dataset(reference)
