from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_hub import InputError
from fer_hub.data.vocabulary.split_names import SPLITS, check_splits, split_of, split_of_path, splits_of_files


@pytest.mark.parametrize(
    ("split", "names"),
    [
        (
            "train",
            "train Training TRAIN trainset train_images images_train Train-Set data.train trainval TrainVal train2017",
        ),
        ("train", "fer2013train Training_images trainingData"),
        ("validation", "val Val VALID validation dev val_set valset Validation-Set PublicTest public_test valid2"),
        ("test", "test Test-Set testing TESTSET test_images imagesTest eval PrivateTest private-test RAF_test 02_test"),
        (None, "contest latest happy validate-me train_test train_test_split protest 0 angry all default trainer"),
    ],
)
def test_what_people_call_splits(split, names):
    assert {name: split_of(name) for name in names.split()} == dict.fromkeys(names.split(), split)
    assert split_of("Test Set") == "test"
    assert split_of(" Public Test ") == "validation"


@given(
    st.sampled_from(["train", "training", "val", "valid", "validation", "dev", "test", "testing", "eval"]),
    st.sampled_from(
        ["{}", "{}_set", "{} set", "{}-images", "images_{}", "Images {}", "{}_2013", "my_{}", "{}.csv", "1_{}"]
    ),
    st.sampled_from([str.lower, str.upper, str.title, str.capitalize]),
)
def test_case_affixes_and_separators_change_nothing(word, pattern, case):
    assert split_of(case(pattern.format(word))) == split_of(word) in SPLITS


@given(st.text(max_size=30))
def test_any_name_is_a_split_or_none(name):
    assert split_of(name) in (*SPLITS, None)


def test_the_folders_of_a_path_name_its_split():
    assert split_of_path(PurePath("RAF/Test Set/happy/train_1.jpg")) == "test"
    assert split_of_path(PurePath("happy/test_1.jpg")) is None
    assert split_of_path(PurePath("test/PublicTest/happy/1.jpg")) == "validation"
    assert split_of_path(PurePath("train_test_split/train/1.jpg")) == "train"
    for path in ("train/val/happy/1.jpg", "test/images_train/1.jpg"):
        with pytest.raises(InputError, match=r"lies in a folder for train and in one for (validation|test)"):
            split_of_path(PurePath(path))


def test_names_of_files_are_splits_only_where_all_are_and_two_occur():
    assert splits_of_files(["train_1", "Test-2", "val3"]) == ["train", "test", "validation"]
    assert splits_of_files(["train_1", "train_2"]) is None
    assert splits_of_files(["train_1", "test_2", "photo_3"]) is None


def test_splits_are_for_all_pictures_or_none():
    check_splits({None: "1.png"}, "faces")
    check_splits({"train": "train/1.png", "test": "test/1.png"}, "faces")
    with pytest.raises(
        InputError, match=r"only some pictures in faces are in a split \(train\), and tset/1\.png is in"
    ):
        check_splits({None: "tset/1.png", "train": "train/1.png"}, "faces")
