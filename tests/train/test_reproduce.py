import pytest

from fer_hub import InputError, ModelFolder
from fer_hub.hub.references import bundled_models, resolve
from fer_hub.models.config import load_config
from fer_hub.training.config.finetune import RENAMED
from fer_hub.training.config.flags import parse_config
from train import reproduce

QUICK = "--epochs 1 --max-train-images 100 --device cpu"
# Where things lay, and how simple_cnn's commit named the columns.
ELSEWHERE = {"dataset", "output", "device", "seed", "teacher", "image_column", "label_column", "private", "track"}


@pytest.fixture
def two_runs(monkeypatch, tmp_path):
    runs = {"one": reproduce.Run(QUICK, ships=False), "other": reproduce.Run(f"{QUICK} --no-flip")}
    monkeypatch.setattr(reproduce, "RUNS", runs)
    monkeypatch.setattr(reproduce, "BUNDLED", tmp_path / "bundled")


@pytest.mark.slow
def test_models_are_trained_measured_and_bundled_once(two_runs, dataset_folder, tmp_path, capsys):
    flags = ["--dataset", str(dataset_folder), "--output", str(tmp_path / "runs"), "--device", "cpu", "--bundle"]
    reproduce.main(flags)
    assert [path.name for path in (tmp_path / "bundled").iterdir()] == ["other"]
    report = resolve(str(tmp_path / "bundled" / "other")).evaluation
    assert report.model == "other"
    assert report.robustness is not None
    assert {f"blur {strength}" for strength in (1, 2, 3)} <= set(report.robustness)
    assert "Harder pictures" in (tmp_path / "bundled" / "other" / "README.md").read_text(encoding="utf-8")
    assert load_config(tmp_path / "bundled" / "other").training["config"]["flip"] is False
    assert f"other: {report.accuracy:.1%} on test" in capsys.readouterr().out

    weights = tmp_path / "runs" / "one" / "model" / "model.safetensors"
    written = weights.stat().st_mtime_ns
    reproduce.main([*flags, "one", "--seeds", "0", "1"])
    assert weights.stat().st_mtime_ns == written
    assert load_config(tmp_path / "runs" / "one-seed-1" / "model").training["config"]["seed"] == 1
    assert "mean of 2 seeds" in capsys.readouterr().out


def test_a_run_that_was_stopped_goes_on(two_runs, dataset_folder, tmp_path, monkeypatch):
    flags = ["one", "--dataset", str(dataset_folder), "--output", str(tmp_path / "runs")]
    with monkeypatch.context() as broken:
        broken.setattr("fer_hub.hub.model_folder.ModelFolder.write_card", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reproduce.main(flags)
    history = (tmp_path / "runs" / "one" / "history.json").read_text()
    reproduce.main(flags)
    assert (tmp_path / "runs" / "one" / "history.json").read_text() == history
    assert (tmp_path / "runs" / "one" / "model" / "config.json").exists()


def test_what_ships_stays_until_the_copy_is_whole(monkeypatch, model_folder, tmp_path):
    monkeypatch.setattr(reproduce, "BUNDLED", tmp_path / "bundled")
    reproduce.bundle(ModelFolder(model_folder), "one")
    shipped = (tmp_path / "bundled" / "one" / "config.json").read_bytes()
    with pytest.raises(InputError, match="is not a model folder"):
        reproduce.bundle(ModelFolder(tmp_path / "gone"), "one")
    assert (tmp_path / "bundled" / "one" / "config.json").read_bytes() == shipped
    assert [path.name for path in tmp_path.iterdir()] == ["bundled"]


def test_unknown_models_are_named():
    with pytest.raises(InputError, match="no such model: fer-huge; choose of simple_cnn, complex_cnn"):
        reproduce.main(["fer-huge"])


def test_every_bundled_model_has_its_run():
    assert sorted(bundled_models()) == sorted(name for name, run in reproduce.RUNS.items() if run.ships)


@pytest.mark.parametrize("run", reproduce.RUNS.values())
def test_the_flags_of_every_run_are_understood(run):
    assert parse_config(run.flags.split()).data.dataset


@pytest.mark.parametrize("name", bundled_models())
def test_bundled_models_were_trained_as_the_script_would(name):
    flags = reproduce.RUNS[name].flags.split()
    expected, settings = parse_config(flags).settings(), resolve(name).config.training["config"]
    recorded = {RENAMED.get(key, key): value for key, value in settings.items()}
    told = {key: list(value) if isinstance(value, tuple) else value for key, value in expected.items()}
    compared = set(recorded) - ELSEWHERE
    assert {key: recorded[key] for key in compared} == {key: told[key] for key in compared}
