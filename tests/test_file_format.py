"""Files of later releases say so; those of earlier ones, and only those, lack a version."""

import json
import shutil

import pytest

from fer_hub import EvaluationReport, InputError, ModelConfig, ModelFolder, __version__
from fer_hub.file_format import FORMAT_VERSION
from fer_hub.hub.references import BUNDLED

MODEL = BUNDLED / "simple_cnn"


@pytest.mark.parametrize("name", ["config.json", "evaluation.json"])
def test_a_file_that_is_too_new_says_what_to_do(tmp_path, name):
    folder = shutil.copytree(MODEL, tmp_path / "new")
    values = json.loads((folder / name).read_text()) | {"format_version": FORMAT_VERSION + 1, "written_by": "9.1.0"}
    (folder / name).write_text(json.dumps(values | {"unheard_of": [1, 2]}))
    with pytest.raises(InputError, match=r"was written by FER Hub 9\.1\.0 or newer: upgrade"):
        ModelFolder(folder).summary()
    with pytest.raises(InputError, match=f"{name} was written by"):
        _ = ModelFolder(folder).config if name == "config.json" else ModelFolder(folder).evaluation


def test_a_key_that_is_unknown_is_named_in_files_of_this_version(tmp_path):
    folder = shutil.copytree(MODEL, tmp_path / "odd")
    values = json.loads((folder / "config.json").read_text()) | {"unheard_of": 1}
    (folder / "config.json").write_text(json.dumps(values))
    with pytest.raises(InputError, match="unheard_of: unknown key"):
        _ = ModelFolder(folder).config


def test_what_is_written_now_has_a_version_and_what_had_none_is_of_the_first(tmp_path):
    old = ModelFolder(BUNDLED / "fer2013-live")
    assert (old.config.format_version, old.config.written_by) == (1, None)
    assert (old.evaluation.format_version, old.evaluation.written_by) == (1, None)
    config = ModelConfig(**old.config.model_dump(exclude={"format_version", "written_by"}))
    assert (config.format_version, config.written_by) == (FORMAT_VERSION, __version__)
    assert ModelConfig.from_json(config.model_dump_json(), "here") == config
    assert EvaluationReport.from_json(old.evaluation.to_json()) == old.evaluation


@pytest.mark.parametrize(("purpose", "sound"), [("webcam", True), (None, True), ("the best!", False), (1, False)])
def test_a_purpose_is_one_of_few(purpose, sound, tmp_path):
    folder = shutil.copytree(MODEL, tmp_path / "model")
    values = json.loads((folder / "config.json").read_text()) | {"purpose": purpose}
    (folder / "config.json").write_text(json.dumps(values))
    if sound:
        assert ModelFolder(folder).summary().purpose == purpose
        return
    with pytest.raises(InputError, match="purpose is"):
        ModelFolder(folder).summary()
