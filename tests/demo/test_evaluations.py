"""What is behind a cell of the matrix, the card as text, and models side by side."""

import numpy as np
import pytest
from datasets import load_dataset

from fer_hub import InputError, ModelFolder
from fer_hub.demo.state.dataset_pictures import DatasetPictures
from fer_hub.demo.state.evaluations import Evaluations
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.views.evaluation_report import cell, most_confused, robustness
from fer_hub.demo.views.markdown import harmless_html
from fer_hub.demo.views.model_comparison import disagreement, pair
from fer_hub.hub.references import resolve


@pytest.fixture(scope="module")
def recognizers(model_folder) -> Recognizers:
    return Recognizers([str(model_folder)])


def test_a_cell_tells_how_many_how_sure_and_shows_the_pictures(recognizers, model_folder, dataset_folder):
    evaluated = Evaluations(recognizers, str(dataset_folder)).get(str(model_folder))
    report, answers = evaluated.report, evaluated.predictions
    assert answers is not None
    true, named = (report.labels.index(label) for label in (report.most_confused(1) or [("happy", "happy", 0)])[0][:2])
    html = cell(evaluated, true, named)
    count = report.confusion_matrix[true][named]
    assert f"{count} of the" in html
    assert html.count("<img") == min(count, 18)
    rows = (answers.labels == true) & (answers.named == named)
    assert f"{answers.probabilities[rows, named].mean():.0%} on average" in html


def test_pictures_are_the_very_ones_that_were_named(recognizers, model_folder, dataset_folder):
    evaluated = Evaluations(recognizers, str(dataset_folder)).get(str(model_folder))
    assert evaluated.pictures is not None
    stored = load_dataset(str(dataset_folder), split=evaluated.report.split)
    for position, picture in zip([3, 0], evaluated.pictures.read([3, 0]), strict=True):
        assert np.array_equal(picture, np.asarray(stored[position]["image"].convert("RGB")))


def test_without_the_dataset_the_cell_says_what_is_lacking(recognizers, model_folder):
    html = cell(Evaluations(recognizers, None).get(str(model_folder)), 3, 3)
    assert "on average" in html
    assert "FER_HUB_DATASET" in html
    assert "<img" not in html


def test_another_dataset_is_noticed(model_folder, dataset_folder):
    predictions = resolve(str(model_folder)).predictions
    with pytest.raises(InputError, match="is not the dataset this model was evaluated on"):
        DatasetPictures(str(dataset_folder), "train", predictions)
    with pytest.raises(InputError, match="there is no dataset at"):
        DatasetPictures("nowhere", "test", predictions)


def test_without_predictions_the_report_stands_alone(model_folder, tmp_path):
    copy = ModelFolder(model_folder).copy(tmp_path / "copy")
    (copy.path / "predictions.parquet").unlink()
    evaluated = Evaluations(Recognizers([str(copy)]), None).get(str(copy))
    assert evaluated.predictions is None
    assert "it has no predictions.parquet" in evaluated.lacking


def test_two_models_are_compared_in_words_with_what_they_disagree_about():
    names = ["fer2013-live", "simple_cnn"]
    evaluations = Evaluations(Recognizers(names), None)
    first, second = ((name, evaluations.get(name)) for name in names)
    words = pair(first, second, place=0)
    assert "(McNemar, exact)" in words
    assert words.count("data-cell") == 5
    label, said, other_said = (int(part) for part in words.split('data-cell="0,')[1].split('"')[0].split(","))
    html = disagreement(first, second, (label, said, other_said))
    one, other = first[1].predictions, second[1].predictions
    assert one is not None
    assert other is not None
    count = ((one.labels == label) & (one.named == said) & (other.named == other_said)).sum()
    assert f"{count} pictures labelled" in html
    assert f"<small>{count}</small>" in words


def test_models_of_different_pictures_are_not_compared(recognizers, model_folder):
    tiny = ("tiny", Evaluations(recognizers, None).get(str(model_folder)))
    live = ("fer2013-live", Evaluations(Recognizers(["fer2013-live"]), None).get("fer2013-live"))
    assert "They cannot be compared" in pair(tiny, live, place=0)


def test_the_report_has_its_mistakes_and_its_robustness():
    report = resolve("fer2013-live").evaluation
    (true, named, count), *_ = report.most_confused()
    assert f"{true} taken for {named} <small>{count:,}</small>" in most_confused(report)
    html = robustness(report)
    assert report.robustness is not None
    assert html.count("<td style") == len(report.robustness)
    assert f'">{report.robustness["blur 3"]:.0%}</td>' in html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\ntags: [a]\n---\n# Card", "<h1>Card</h1>"),
        ("<script>alert(1)</script>", "&lt;script&gt;"),
        ("a <img src=x onerror=alert(1)>", "&lt;img src=x"),
        ("![who reads](https://example.org/a.png)", "[picture: who reads]"),
        ("![<b>](a.png)", "[picture: &lt;b&gt;]"),
        ("[go](javascript:alert(1))", "[go](javascript:alert(1))"),
        ("[go](https://example.org)", 'rel="noopener noreferrer nofollow"'),
        ("|a|\n|-|\n|1|", "<td>1</td>"),
    ],
)
def test_a_strangers_card_is_harmless(text, expected):
    html = harmless_html(text)
    assert expected in html
    assert "<script" not in html
    assert "<img" not in html
