import shutil

import pytest

from fer_hub import EXPRESSIONS, InputError, ModelFolder, list_models, resolve
from fer_hub.hub import references
from fer_hub.hub.references import BUNDLED, DEFAULT_MODEL, bundled_models


@pytest.mark.parametrize("name", bundled_models())
def test_bundled_models_resolve_and_carry_their_evaluation(name):
    folder = resolve(name)
    assert folder.path.parent == BUNDLED
    report = folder.evaluation
    trace = sum(report.confusion_matrix[k][k] for k in range(len(report.labels)))
    assert trace / report.images == pytest.approx(report.accuracy)
    assert {file.name for file in folder.path.iterdir()} == {
        "config.json",
        "model.safetensors",
        "evaluation.json",
        "predictions.parquet",
        "confusion_matrix.png",
        "reliability.png",
        "README.md",
    }


def test_the_default_comes_first_then_the_most_accurate_of_the_seven_expressions(monkeypatch):
    assert bundled_models()[0] == DEFAULT_MODEL
    monkeypatch.setattr(references, "DEFAULT_MODEL", "not there")
    reports = [resolve(model.reference).evaluation for model in list_models()]
    seven = [set(report.labels) == set(EXPRESSIONS) for report in reports]
    assert seven == sorted(seven, reverse=True)
    accuracies = [report.accuracy for report in reports][: sum(seven)]
    assert accuracies == sorted(accuracies, reverse=True) != []


def test_a_folder_is_its_own_reference(model_folder):
    assert resolve(str(model_folder)) == ModelFolder(model_folder)
    model = resolve(str(model_folder)).summary()
    assert (model.architecture, model.parameters) == ("simple_cnn", 1_626_055)
    assert model.accuracy == resolve(str(model_folder)).evaluation.accuracy


@pytest.mark.parametrize("reference", ["", "nothing-here", "../bundled/x", "a/b/c", "https://x.example/y", "a/b@"])
def test_other_references_are_refused_with_the_three_forms(reference):
    with pytest.raises(InputError, match=r"bundled model .*model folder, or owner/name\[@revision\]"):
        resolve(reference)


def test_a_folder_without_evaluation_has_none(model_folder, tmp_path):
    copy = shutil.copytree(model_folder, tmp_path / "copy")
    (copy / "evaluation.json").unlink()
    assert resolve(str(copy)).summary().accuracy is None
    with pytest.raises(InputError, match=r"has no evaluation\.json"):
        _ = resolve(str(copy)).evaluation
