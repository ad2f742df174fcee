import json

import pytest

from fer_hub import EXPRESSIONS, InputError
from fer_hub.data.vocabulary.labels import LabelMeanings, read_label_map


def meant(labels, **said):
    return LabelMeanings(**said).of(dict.fromkeys(labels, 1), "faces")


def test_words_of_any_language_and_case():
    assert meant(["Happiness", " sad ", "Wut", "en_colère", "U\u0308berraschung"]) == {
        **{"Happiness": "happy", " sad ": "sad", "Wut": "angry", "en_colère": "angry"},
        "U\u0308berraschung": "surprise",
    }


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["0", "1", "6"], ["angry", "disgust", "neutral"]),
        (["1", "2", "7"], ["angry", "disgust", "neutral"]),  # counted from one
        (["0.0", "1.0"], ["angry", "disgust"]),  # as pandas writes a column that has gaps
    ],
)
def test_numbers_are_named_in_their_order(labels, expected):
    assert list(meant(labels, names=EXPRESSIONS).values()) == expected


@pytest.mark.parametrize("labels", [["1", "6"], ["0", "7"], ["3"]])
def test_numbers_that_could_be_counted_from_either_end_are_refused(labels):
    with pytest.raises(InputError, match="and --label-names names 7; give as many names"):
        meant(labels, names=EXPRESSIONS)


def test_numbers_without_names_are_told_what_to_give():
    with pytest.raises(InputError, match=r"numbers, which say nothing .* --label-names angry,disgust,fear,\.\.\."):
        meant(["0", "1"])


def test_a_map_names_labels_and_leaves_some_out():
    assert meant(["JOY!", "7", "sad"], mapping={"JOY!": "Freude", "7": "-"}) == {"JOY!": "happy", "7": "", "sad": "sad"}
    with pytest.raises(InputError, match=r"are not known: 'bored' \(1\), 'tired' \(1\); rename .* --label-map FILE"):
        meant(["bored", "happy", "tired"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("map.json", json.dumps({"0": "angry", "1": "happy", "x": None})),
        ("map.json", '\ufeff{"0": "angry", "1": "happy", "x": "-"}'),
        ("map.yaml", "0: angry\n1: happy\nx: ''\n"),
        ("map.csv", "label,expression\n0,angry\n1,happy\nx,-\n"),
        ("map.csv", "0;angry\r\n1;happy\r\nx;skip\r\n"),
        ("map.tsv", "0\tangry\n1\thappy\nx\tignore\n"),
        ("map.json", json.dumps({"angry": 0, "happy": 1, "-": "x"}).replace('"x"', "2")),  # label2id
    ],
)
def test_label_maps_in_every_form(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    mapping = read_label_map(tmp_path / name)
    third = "2" if "2" in mapping else "x"
    assert meant(["0", "1", third], mapping=mapping) == {"0": "angry", "1": "happy", third: ""}


def test_a_list_is_counted_from_nought(tmp_path):
    (tmp_path / "names.json").write_text('["angry", "happy"]')
    assert read_label_map(tmp_path / "names.json") == {"0": "angry", "1": "happy"}


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", "{"), ("a.yaml", "a: [1"), ("a.json", "7"), ("a.csv", "a,b,c\n"), ("a.yaml", "")]
)
def test_what_is_no_map_is_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=r"cannot be read|must hold two columns"):
        read_label_map(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read"):
        read_label_map(tmp_path / "nothing.json")
