import shutil

import pytest

from fer_hub import EXPRESSIONS, InputError, list_models, resolve
from fer_hub.hub.references import BUNDLED, bundled_models, read_evaluation, summarize


@pytest.mark.parametrize("name", bundled_models())
def test_bundled_models_resolve_and_carry_their_evaluation(name):
    folder = resolve(name)
    assert folder.parent == BUNDLED
    report = read_evaluation(name)
    trace = sum(report.confusion_matrix[k][k] for k in range(len(report.labels)))
    assert trace / report.images == pytest.approx(report.accuracy)
    assert {file.name for file in folder.iterdir()} == {
        "config.json",
        "model.safetensors",
        "evaluation.json",
        "predictions.parquet",
        "confusion_matrix.png",
        "reliability.png",
        "README.md",
    }


def test_the_most_accurate_bundled_model_of_the_seven_expressions_comes_first():
    reports = [read_evaluation(model.reference) for model in list_models()]
    seven = [set(report.labels) == set(EXPRESSIONS) for report in reports]
    assert seven == sorted(seven, reverse=True)
    accuracies = [report.accuracy for report in reports][: sum(seven)]
    assert accuracies == sorted(accuracies, reverse=True) != []


def test_a_folder_is_its_own_reference(model_folder):
    assert resolve(str(model_folder)) == model_folder
    model = summarize(str(model_folder))
    assert (model.architecture, model.parameters) == ("simple_cnn", 1_626_055)
    assert model.accuracy == read_evaluation(str(model_folder)).accuracy


@pytest.mark.parametrize("reference", ["", "nothing-here", "../bundled/x", "a/b/c", "https://x.example/y", "a/b@"])
def test_other_references_are_refused_with_the_three_forms(reference):
    with pytest.raises(InputError, match=r"bundled model .*model folder, or owner/name\[@revision\]"):
        resolve(reference)


def test_a_folder_without_evaluation_has_none(model_folder, tmp_path):
    copy = shutil.copytree(model_folder, tmp_path / "copy")
    (copy / "evaluation.json").unlink()
    assert summarize(str(copy)).accuracy is None
    with pytest.raises(InputError, match=r"has no evaluation\.json"):
        read_evaluation(str(copy))
