import re

import pytest
from huggingface_hub import ModelCard

from fer_hub import EvaluationReport, InputError
from fer_hub.classifier import load_config
from fer_hub.hub import bundled_models, resolve
from train.publishing import new_folder, versions, write_card


def folders() -> list[str]:
    return ["trained", *bundled_models()]


@pytest.mark.parametrize("name", folders())
def test_every_number_of_a_card_is_the_evaluations(name, model_folder, tmp_path):
    folder = model_folder if name == "trained" else resolve(name)
    report = EvaluationReport.from_json((folder / "evaluation.json").read_text())
    card = ModelCard.load(folder / "README.md")
    assert {result.metric_type: result.metric_value for result in card.data.eval_results} == {
        "accuracy": round(report.accuracy, 4),
        "f1": round(report.macro_f1, 4),
    }
    assert f"accuracy **{report.accuracy:.1%}**" in card.text
    for label, counts in zip(report.labels, report.confusion_matrix, strict=True):
        assert f"| **{label}** | {' | '.join(map(str, counts))} |" in card.text
        row = report.per_class[label]
        assert f"| {label} | {row['precision']:.1%} | {row['recall']:.1%} |" in card.text
    assert "not what a person feels" in re.sub(r"\s+", " ", card.text)
    write_card(tmp_path, load_config(folder), report)
    assert (tmp_path / "README.md").read_text() == (folder / "README.md").read_text()


def write_half(folder):
    with new_folder(folder) as unfinished:
        (unfinished / "file").write_text("half")
        raise ValueError("half way")


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "a" / "model"
    with pytest.raises(ValueError, match="half way"):
        write_half(folder)
    assert list(folder.parent.iterdir()) == []
    with new_folder(folder) as unfinished:
        (unfinished / "file").write_text("whole")
        assert not folder.exists()
    assert (folder / "file").read_text() == "whole"
    assert list(folder.parent.iterdir()) == [folder]
    with pytest.raises(InputError, match="exists already"):
        write_half(folder)


def test_versions_are_recorded():
    assert {"python", "torch", "facenet-pytorch"} <= set(versions())
