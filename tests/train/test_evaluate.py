import numpy as np
import pytest
import torch

from fer_hub import EvaluationReport, ExpressionClassifier, InputError
from fer_hub.data.reference import Dataset
from fer_hub.evaluation.predictions import Predictions
from fer_hub.evaluation.robustness import CORRUPTIONS
from train import card, evaluate, prepare_data, reproduce


@pytest.fixture
def arguments(model_folder, dataset_folder, tmp_path) -> list[str]:
    options = ["--model", model_folder, "--dataset", dataset_folder, "--output", tmp_path / "report.json"]
    return [*map(str, options), "--split", "test", "--device", "cpu"]


@pytest.fixture
def report(arguments, tmp_path):
    """Run the command with further flags and return what it wrote."""

    def run(*flags: str) -> EvaluationReport:
        evaluate.main([*arguments, "--overwrite", *flags])
        return EvaluationReport.from_json((tmp_path / "report.json").read_text())

    return run


def test_robustness_is_the_accuracy_under_each_corruption(report, capsys):
    found = report("--robustness")
    assert found.robustness is not None
    assert list(found.robustness) == [f"{name} {strength}" for name in CORRUPTIONS for strength in (1, 2, 3)]
    assert all(0 <= accuracy <= 1 for accuracy in found.robustness.values())
    # The drawn faces differ by brows and mouth alone.
    assert found.robustness["mouth covered 3"] < found.accuracy - 0.1
    assert found.robustness["noise 3"] < found.accuracy
    strengths = [f"{found.robustness[f'jpeg {strength}']:.1%}" for strength in (1, 2, 3)]
    assert ["jpeg", *strengths] in [line.split() for line in capsys.readouterr().out.splitlines()]


def test_a_model_is_compared_with_another_on_the_same_pictures(report, model_folder, tmp_path, capsys):
    classifier = ExpressionClassifier.load(model_folder)
    torch.manual_seed(0)
    for parameter in classifier.network.parameters():
        parameter.data = torch.randn_like(parameter) * 0.05
    (worse := tmp_path / "worse").mkdir()
    classifier.save(worse)
    report("--compare", str(worse))
    assert f"{model_folder} is better than {worse}" in capsys.readouterr().out
    report("--compare", str(model_folder))
    assert "do not show that one is better" in capsys.readouterr().out


def test_mirror_images_are_averaged_in(report, model_folder, dataset_folder, tmp_path):
    found = report("--mirror")
    assert found.model.endswith("(mirror images too)")
    answers = Predictions.load(tmp_path / "report.predictions.parquet", found.labels).probabilities
    classifier = ExpressionClassifier.load(model_folder)
    crops = Dataset(str(dataset_folder)).read("test", classifier.config.crop.size, 1).pictures
    logits = (classifier.logits(crops) + classifier.logits(crops.flip(-1))).double() / 2
    expected = (logits / classifier.config.temperature).softmax(dim=1)
    assert np.allclose(answers, expected.numpy(), atol=1e-6)


def test_mistakes_and_reliability_are_printed(report, capsys):
    found = report()
    printed = capsys.readouterr().out
    for true, named, count in found.most_confused():
        assert f"{true} taken for {named} ({count})" in printed
    assert found.reliability is not None
    assert sum(bin["images"] for bin in found.reliability) == found.images
    assert printed.count("\n") >= len(found.reliability) + 3


def test_a_report_is_never_replaced_in_silence(arguments, tmp_path):
    (tmp_path / "report.json").write_text("mine")
    with pytest.raises(InputError, match=r"report\.json exists already; choose another --output, or replace it with"):
        evaluate.main(arguments)
    assert (tmp_path / "report.json").read_text() == "mine"


@pytest.mark.parametrize(
    ("command", "flags", "message"),
    [
        (
            evaluate,
            "--modle fer-live",
            r"there is no flag --modle \(did you mean --model\?\); see train/evaluate.py --help",
        ),
        (prepare_data, "folder --crops box", r"there is no flag --crops \(did you mean --crop\?\)"),
        (prepare_data, "fer2031 --raw x --output y", "invalid choice: 'fer2031'"),
        (reproduce, "--sedes 1", r"there is no flag --sedes \(did you mean --seeds\?\)"),
        (card, "--all", "there is no flag --all"),
        (card, "", "the following arguments are required: DIR"),
    ],
)
def test_a_wrong_flag_gets_one_line_with_the_nearest_right_one(command, flags, message):
    with pytest.raises(InputError, match=message) as refused:
        command.main(flags.split())
    assert "\n" not in str(refused.value)


def test_photos_and_corrupted_crops_exclude_each_other(arguments):
    with pytest.raises(InputError, match="give one of them"):
        evaluate.main([*arguments, "--detect", "--robustness"])
