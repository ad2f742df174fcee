"""Raw data that is not what was published is refused in one sentence, before any picture is read."""

import numpy as np
import pytest
from PIL import Image

from fer_hub import EXPRESSIONS, InputError
from fer_hub.data.preparation.listing import list_rows
from fer_hub.data.sources import SOURCES, affectnet, rafdb
from fer_hub.data.sources.ferplus import majority
from fer_hub.data.vocabulary.columns import FERPLUS_VOTES
from fer_hub.expressions import EIGHT_EXPRESSIONS
from tests.raw_data import fer2013_faces, noise, write_expw, write_fer2013_csv, write_table


def listed(source, raw, most=None, seed=0):
    return list(list_rows(SOURCES[source], raw, EXPRESSIONS, most, seed).rows)


def picture(file):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(0, 48, 48)).save(file)


def test_label_orders_are_the_published_ones():
    assert set(rafdb.LABELS) == set(EXPRESSIONS)
    assert rafdb.LABELS[:3] == ("surprise", "fear", "disgust")
    assert set(affectnet.LABELS[:8]) == set(EIGHT_EXPRESSIONS)
    assert affectnet.LABELS[6] == "angry"


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_not_there_or_empty_is_refused(tmp_path, source):
    with pytest.raises(InputError, match="does not exist" if source != "folder" else "there is no dataset '.*nothing'"):
        listed(source, tmp_path / "nothing")
    with pytest.raises(InputError, match=r"holds no .*; give the folder of the unpacked dataset"):
        listed(source, tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.jpg 0 1 2 30 40 90", "line 1: 7 columns; expected the eight image_name face_id_in_image face_box_top"),
        ("a.jpg 0 1 2 30 40 90 7", r"label '7'; expected 0 \(angry\) to 6 \(neutral\)"),
        ("a.jpg 0 1 x 30 40 90 3", "box '1 x 30 40'; expected four whole numbers"),
        ("b.jpg 0 1 2 30 40 90 3", r"no row of .* can be used; the first, b.jpg: no such picture"),
    ],
)
def test_wrong_lines_of_expw(tmp_path, line, message):
    picture(tmp_path / "origin" / "a.jpg")
    (tmp_path / "label.lst").write_text(line + "\n")
    with pytest.raises(InputError, match=message):
        listed("expw", tmp_path)


def test_expw_photos_follow_each_other_whatever_the_list_does(tmp_path):
    faces = write_expw(tmp_path, photos=10, faces=3)
    rows = listed("expw", tmp_path)
    assert [row.file for row in rows] == sorted(name for name, _, _ in faces)
    assert sorted((row.file, row.box, row.label) for row in rows) == sorted(faces)
    assert {row.group for row in rows} == {row.file for row in rows}


def test_a_draw_depends_on_the_seed_alone(tmp_path):
    write_expw(tmp_path, photos=10, faces=3)
    first, again, other = ([row.box for row in listed("expw", tmp_path, most=9, seed=seed)] for seed in (0, 0, 1))
    assert first == again != other
    assert len(first) == len(other) == 9


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        (("emotion", "Usage"), (0, "Training"), "no column 'pixels', only emotion, Usage"),
        (("emotion", "pixels", "Usage"), (7, "0", "Training"), "line 2: label '7'"),
        (("emotion", "pixels", "Usage"), (0, "0", "Tuning"), "Usage 'Tuning'; expected Training, PublicTest"),
        (("emotion", "pixels", "Usage"), (0, "0"), "line 2: 2 cells instead of 3"),
    ],
)
def test_wrong_fer2013(tmp_path, header, row, message):
    write_table(tmp_path / "fer2013.csv", [header, row])
    with pytest.raises(InputError, match=message):
        listed("fer2013", tmp_path)


def test_other_encodings_are_refused(tmp_path):
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n", encoding="utf-16")
    with pytest.raises(InputError, match=r"fer2013\.csv is not UTF-8 text \(byte 0xff in it\); save it as UTF-8"):
        listed("fer2013", tmp_path)


def test_kaggles_column_names_have_blanks(tmp_path):
    write_table(tmp_path / "icml_face_data.csv", [("emotion", " Usage", " pixels"), (3, "Training", "1 2")])
    (row,) = listed("fer2013", tmp_path)
    assert (row.label, row.split, row.picture) == ("happy", "train", "1 2")


def test_a_fer2013_folder_needs_splits_and_words(tmp_path):
    picture(tmp_path / "happy" / "1.jpg")
    with pytest.raises(InputError, match=r"happy/1\.jpg is in no split"):
        listed("fer2013", tmp_path)


def test_ferplus_without_votes_is_told_where_they_belong(tmp_path):
    write_fer2013_csv(tmp_path / "fer2013.csv", fer2013_faces({"train": 3}))
    (tmp_path / "empty").mkdir()
    for raw in (tmp_path, tmp_path / "empty"):
        with pytest.raises(InputError, match=r"holds no fer2013new\.csv, and no FER-2013 with a column votes"):
            listed("ferplus", raw)


def test_votes_must_fit_the_pictures(tmp_path):
    write_fer2013_csv(tmp_path / "fer2013.csv", fer2013_faces({"train": 3}))
    line = ("Training", "fer0000000.png", *[1] * 10)
    write_table(tmp_path / "fer2013new.csv", [("Usage", "Image name", *FERPLUS_VOTES), line, line])
    with pytest.raises(InputError, match=r"3 pictures in train and fer2013new\.csv votes for 2"):
        listed("ferplus", tmp_path)
    write_table(tmp_path / "fer2013new.csv", [("Usage", "Image name", *FERPLUS_VOTES), (*line[:-1], "x")])
    with pytest.raises(InputError, match="line 2: expected Training, PublicTest or PrivateTest and ten counts"):
        listed("ferplus", tmp_path)
    (tmp_path / "fer2013.csv").unlink()
    with pytest.raises(InputError, match=r"put fer2013\.csv or a parquet copy beside fer2013new\.csv"):
        listed("ferplus", tmp_path)


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ((0, 5, 0, 0, 5, 0, 0, 0, 0, 0), ""),  # half is no majority
        ((1, 1, 1, 1, 1, 1, 1, 1, 1, 1), ""),
        ((2, 1, 1, 1, 1, 1, 1, 1, 1, 0), "neutral"),
        ((0, 0, 0, 6, 4, 0, 0, 0, 0, 0), "sad"),
        ((0, 0, 0, 0, 0, 0, 0, 6, 4, 0), "contempt"),
    ],
)
def test_the_papers_majority(votes, expected):
    assert majority(votes)[0] == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train_00001.jpg 0", r"label '0'; expected 1 \(surprise\) to 7 \(neutral\)"),
        ("dev_00001.jpg 1", "expected train_... or test_..."),
        ("train_00001.jpg", "1 columns; expected a name and a label"),
    ],
)
def test_wrong_lines_of_rafdb(tmp_path, line, message):
    (tmp_path / "list_patition_label.txt").write_text(line)
    picture(tmp_path / "train_00001.jpg")
    with pytest.raises(InputError, match=r"no aligned faces; unpack aligned\.zip"):
        listed("rafdb", tmp_path)
    picture(tmp_path / "train_00001_aligned.jpg")
    with pytest.raises(InputError, match=message):
        listed("rafdb", tmp_path)


def test_wrong_affectnet(tmp_path):
    picture(tmp_path / "train" / "11" / "1.jpg")
    with pytest.raises(InputError, match=r"train/11/1\.jpg is not where AffectNet has its pictures"):
        listed("affectnet", tmp_path)
    columns = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"
    (tmp_path / "training.csv").write_text(f"{columns}\n11/1.jpg,0,0,NULL,9,,1,0,0\n")
    with pytest.raises(InputError, match=r"training\.csv, line 2: the box of the face is not four numbers"):
        listed("affectnet", tmp_path)


def test_unknown_words_are_listed_with_their_number(tmp_path):
    for name in ("happy/1.png", "bored/1.png", "bored/2.png", "zzz/1.png"):
        picture(tmp_path / name)
    with pytest.raises(InputError, match=r"not known: 'bored' \(2\), 'zzz' \(1\); rename them to angry"):
        listed("folder", tmp_path)


def test_a_csv_without_known_columns_or_rows_is_refused(tmp_path):
    write_table(tmp_path / "a.csv", [("path", "what"), ("1.png", "happy")])
    with pytest.raises(InputError, match=r"a\.csv has no column named like label, .*, only path, what"):
        listed("folder", tmp_path)
    write_table(tmp_path / "a.csv", [("path", "label")])
    with pytest.raises(InputError, match=r"a\.csv has no rows"):
        listed("folder", tmp_path)
    write_table(tmp_path / "b.csv", [("path", "label")])
    with pytest.raises(InputError, match=r"several tables, and not each is named by a split.*--raw .*a\.csv"):
        listed("folder", tmp_path)


def test_splits_are_for_all_pictures_or_none(tmp_path):
    for name in ("train/happy/1.png", "sad/2.png"):
        picture(tmp_path / name)
    with pytest.raises(InputError, match="only some pictures"):
        listed("folder", tmp_path)


def test_annotations_that_are_no_arrays_are_refused(tmp_path):
    picture(tmp_path / "train_set" / "images" / "1.jpg")
    annotation = tmp_path / "train_set" / "annotations" / "1_exp.npy"
    annotation.parent.mkdir()
    np.save(annotation, np.array([{}], dtype=object))  # a pickle, which is not opened
    with pytest.raises(InputError, match=r"1_exp\.npy cannot be read as an annotation"):
        listed("affectnet", tmp_path)
