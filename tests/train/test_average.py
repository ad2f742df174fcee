from pathlib import Path

import pytest
import torch

from fer_hub import ExpressionClassifier, InputError
from fer_hub.hub.references import resolve
from fer_hub.training.averaging import average
from train import average as average_command
from train import finetune

QUICK = "--epochs 1 --max-train-images 100 --device cpu"


@pytest.fixture(scope="module")
def runs(model_folder: Path, dataset_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The model folders of two runs that started from one model, with seeds 0 and 1."""
    folder = tmp_path_factory.mktemp("seeds")
    for seed in ("0", "1"):
        where = ["--dataset", str(dataset_folder), "--output", str(folder / seed), "--seed", seed]
        finetune.main([*QUICK.split(), "--init-from", str(model_folder), *where])
    return [str(folder / seed / "model") for seed in ("0", "1")]


def test_the_mean_of_two_runs_is_a_model_of_its_own(runs, dataset_folder, tmp_path, capsys):
    output = tmp_path / "mean" / "model"
    average_command.main([*runs, "--dataset", str(dataset_folder), "--output", str(output), "--device", "cpu"])
    found = resolve(str(output))
    first, second, mean = (resolve(str(folder)).load() for folder in (*runs, output))
    for name, tensor in mean.network.state_dict().items():
        expected = (first.network.state_dict()[name].double() + second.network.state_dict()[name].double()) / 2
        assert torch.allclose(tensor.double(), expected, rtol=1e-3, atol=1e-4), name
    assert mean.config.temperature == pytest.approx(
        (first.config.temperature + second.config.temperature) / 2, abs=1e-4
    )
    assert mean.config.mean[0] == pytest.approx((first.config.mean[0] + second.config.mean[0]) / 2, abs=1e-4)
    assert mean.config.training["averaged_seeds"] == [0, 1]
    assert found.evaluation.model == "mean"
    assert f"test: accuracy {found.evaluation.accuracy:.1%}" in capsys.readouterr().out
    assert len(found.predictions.labels) == sum(int(each["support"]) for each in found.evaluation.per_class.values())
    assert "That was run with the seeds 0 and 1; the weights are the mean" in found.card
    found.check()
    with pytest.raises(InputError, match="exists already"):
        average_command.main([*runs, "--dataset", str(dataset_folder), "--output", str(output)])


def test_only_runs_that_began_alike_are_averaged(runs, model_folder, dataset_folder, tmp_path):
    def load(folder: str | Path) -> ExpressionClassifier:
        return ExpressionClassifier.load(Path(folder))

    with pytest.raises(InputError, match="have the seeds 0; give two or more that differ in it"):
        average([load(runs[0])])
    with pytest.raises(InputError, match="have the seeds 1, 1; give two or more"):
        average([load(runs[1]), load(runs[1])])
    with pytest.raises(InputError, match="not runs of one configuration"):
        average([load(runs[0]), load(model_folder)])
    where = ["--dataset", str(dataset_folder), "--output", str(tmp_path / "other"), "--seed", "7", "--no-flip"]
    finetune.main([*QUICK.split(), "--init-from", str(model_folder), *where])
    with pytest.raises(InputError, match="not runs of one configuration"):
        average([load(runs[0]), load(tmp_path / "other" / "model")])


def test_the_mean_of_weights_that_began_at_random_is_refused(runs):
    models = [ExpressionClassifier.load(Path(folder)) for folder in runs]
    for model in models:
        model.config = model.config.model_copy(
            update={"training": {**model.config.training, "started_from": "random weights"}}
        )
    with pytest.raises(InputError, match="the mean of weights that began apart names nothing"):
        average(models)
