"""ModelFolder: one way to read a model, whoever wrote it, and to copy it."""

import json

import pytest

from fer_hub import InputError, ModelFolder
from fer_hub.evaluation.predictions import Predictions
from fer_hub.files import CARD_PICTURES, MODEL_FILES
from fer_hub.hub.references import BUNDLED
from tests.foreign_models import write_timm, write_vit

MODEL = ModelFolder(BUNDLED / "fer-live")


def test_nobody_is_told_where_a_dataset_lies(tmp_path):
    folder = MODEL.copy(tmp_path / "mine")
    report = json.loads((folder.path / "evaluation.json").read_text()) | {"dataset": "/home/me/faces"}
    (folder.path / "evaluation.json").write_text(json.dumps(report))
    assert ModelFolder(folder.path).evaluation.dataset == "faces"  # as the demo's API gives it
    assert ModelFolder(folder.path).summary().dataset == "faces"


def test_a_folder_gives_all_that_a_model_has():
    assert MODEL.config.labels == tuple(MODEL.evaluation.labels) == MODEL.predictions.names
    assert MODEL.predictions.correct.mean() == pytest.approx(MODEL.evaluation.accuracy)
    assert MODEL.card.startswith("---\nlibrary_name: fer-hub")
    assert MODEL.load().config == MODEL.config
    assert MODEL.summary("live").parameters == sum(
        tensor.numel() for name, tensor in MODEL.load().network.state_dict().items() if "num_batches" not in name
    )
    assert ModelFolder(BUNDLED / "fer-live") == MODEL


@pytest.mark.parametrize("write", [write_vit, write_timm])
def test_models_of_other_libraries_are_described_as_they_are_loaded(write, tmp_path):
    write(tmp_path)
    folder = ModelFolder(tmp_path)
    assert folder.config == folder.load().config
    assert folder.config.labels == folder.load().config.labels
    assert not folder.is_evaluated
    with pytest.raises(InputError, match=r"has no evaluation\.json"):
        _ = folder.evaluation
    with pytest.raises(InputError, match="is not a whole model folder"):
        folder.check()


def test_a_copy_holds_our_files_and_nothing_else(tmp_path):
    whole = MODEL.copy(tmp_path / "whole")
    (whole.path / "secret.txt").write_text("x")
    copy = whole.copy(tmp_path / "copy")
    assert {file.name for file in copy.path.iterdir()} == {*MODEL_FILES, *CARD_PICTURES}
    with pytest.raises(InputError, match="exists already"):
        whole.copy(tmp_path / "copy")
    with pytest.raises(InputError, match="is not a model folder"):
        ModelFolder(tmp_path / "nothing").copy(tmp_path / "more")
    assert not (tmp_path / "more").exists()


def test_predictions_of_other_pictures_are_noticed(tmp_path):
    copy = MODEL.copy(tmp_path / "copy")
    found = MODEL.predictions
    fewer = Predictions(found.names, found.index[1:], found.labels[1:], found.probabilities[1:])
    fewer.save(copy.path / "predictions.parquet")
    with pytest.raises(InputError, match="of other pictures than its evaluation"):
        _ = copy.predictions
