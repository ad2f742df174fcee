import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from fer_hub import EXPRESSIONS, EvaluationReport, ExpressionClassifier, FerHubError, InputError
from fer_hub.data.reference import Dataset
from fer_hub.evaluation.metrics import evaluate
from fer_hub.evaluation.predictions import Predictions
from fer_hub.files import CARD_PICTURES
from fer_hub.training.run.output import claimed_run
from tests.conftest import REPOSITORY
from tests.raw_data import write_photos
from train import evaluate as evaluate_command
from train import finetune

LEFT = {"history.json", "curves.png", "config.yaml", "checkpoint"}
"""What a run writes beside its model folder."""

QUICK = "--epochs 1 --max-train-images 150 --validation-share 0.2 --device cpu"


@pytest.fixture(scope="module")
def report(model_folder) -> EvaluationReport:
    return EvaluationReport.from_json((model_folder / "evaluation.json").read_text())


def test_the_model_folder_is_whole(trained, model_folder):
    files = {file.name for file in model_folder.iterdir()}
    assert files == {"config.json", "model.safetensors", "evaluation.json", "predictions.parquet", "README.md"} | set(
        CARD_PICTURES
    )
    assert {file.name for file in trained.iterdir()} == LEFT | {"model"}


def test_it_has_learned_the_drawn_faces(report):
    assert report.images == 70
    assert report.accuracy > 0.6  # chance is 14 %


def test_the_evaluation_is_what_the_stored_predictions_say(model_folder, report):
    rows = pyarrow.parquet.read_table(model_folder / "predictions.parquet").to_pydict()
    assert rows["index"] == list(range(70))
    labels = np.array([EXPRESSIONS.index(label) for label in rows["label"]])
    probabilities = np.array(rows["probabilities"])
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    predictions = Predictions(EXPRESSIONS, np.array(rows["index"]), labels, probabilities)
    again = evaluate(predictions, model="", dataset="", dataset_revision="", split="", temperature=1)
    assert again.confusion_matrix == report.confusion_matrix
    assert again.log_loss == pytest.approx(report.log_loss, abs=1e-4)


def test_the_evaluation_is_what_the_stored_weights_say(model_folder, report, dataset_folder):
    classifier = ExpressionClassifier.load(model_folder)
    split = Dataset(str(dataset_folder)).read("test", classifier.config.crop.size, 1)
    probabilities = classifier.probabilities(split.pictures).numpy()
    assert (probabilities.argmax(axis=1) == split.labels.numpy()).mean() == pytest.approx(report.accuracy)
    assert report.temperature == classifier.config.temperature != 1.0


def test_the_configuration_tells_how_to_repeat_it(model_folder, dataset_folder):
    config = ExpressionClassifier.load(model_folder).config
    training = config.training
    assert training["config"]["seed"] == 0
    assert training["dataset_revision"] == Dataset(str(dataset_folder)).revision
    assert f"--dataset {dataset_folder} " in training["command"]
    assert "--no-flip" in training["command"]
    assert {"python", "torch", "numpy"} <= set(training["versions"])
    assert config.labels == EXPRESSIONS
    assert config.grey
    assert config.crop.size == 48


def test_the_history_has_every_epoch(trained):
    history = json.loads((trained / "history.json").read_text())
    assert history[-1]["validation_macro_f1"] > 0.6
    assert [epoch["epoch"] for epoch in history] == list(range(1, len(history) + 1))
    assert history[-1]["loss"] < history[0]["loss"]
    assert all(epoch["seconds"] > 0 for epoch in history)


@pytest.mark.slow
def test_a_seed_gives_the_same_weights_again(dataset_folder, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        finetune.main(f"--dataset {dataset_folder} --output {tmp_path / name} --seed {seed} {QUICK}".split())
    a, b, c = (load_file(tmp_path / name / "model" / "model.safetensors") for name in "abc")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not all(torch.equal(a[name], c[name]) for name in a)


@pytest.mark.slow
def test_complex_cnn_trains_with_the_same_command(dataset_folder, tmp_path):
    finetune.main(f"--architecture complex_cnn --dataset {dataset_folder} --output {tmp_path / 'm'} {QUICK}".split())
    assert ExpressionClassifier.load(tmp_path / "m" / "model").config.channels == 1


def test_training_stops_where_validation_no_longer_improves(dataset_folder, tmp_path, capsys):
    finetune.main(
        f"--dataset {dataset_folder} --output {tmp_path / 'm'} {QUICK} --epochs 9 --learning-rate 1e-9 "
        "--stopping-patience 2".split()
    )
    history = json.loads((tmp_path / "m" / "history.json").read_text())
    assert 3 <= len(history) < 9
    assert "No better validation accuracy for 2 epochs" in capsys.readouterr().out


def test_a_finished_model_is_never_overwritten(trained, dataset_folder):
    before = (trained / "model" / "model.safetensors").read_bytes()
    with pytest.raises(InputError, match="exists already; choose another --output"):
        finetune.main(f"--dataset {dataset_folder} --output {trained}".split())
    assert (trained / "model" / "model.safetensors").read_bytes() == before


def test_a_failure_at_the_end_leaves_no_half_model_and_loses_no_training(dataset_folder, tmp_path, monkeypatch):
    arguments = f"--dataset {dataset_folder} --output {tmp_path} {QUICK}".split()
    with monkeypatch.context() as broken:
        broken.setattr("fer_hub.hub.model_folder.ModelFolder.write_card", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            finetune.main(arguments)
    assert {file.name for file in tmp_path.iterdir()} == LEFT
    history = (tmp_path / "history.json").read_text()
    finetune.main([*arguments, "--resume"])
    assert {file.name for file in tmp_path.iterdir()} == LEFT | {"model"}
    assert (tmp_path / "history.json").read_text() == history


@pytest.mark.slow
def test_the_command_as_users_type_it_ends_with_one_sentence_and_status_2(tmp_path):
    result = subprocess.run(
        [sys.executable, REPOSITORY / "train" / "finetune.py", "--dataset", "nowhere", "--output", tmp_path / "m"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "there is no dataset 'nowhere'" in result.stderr


def test_evaluate_command_agrees_with_training(model_folder, dataset_folder, report, tmp_path, capsys):
    output = tmp_path / "report.json"
    arguments = ["--model", str(model_folder), "--dataset", str(dataset_folder), "--split", "test"]
    evaluate_command.main([*arguments, "--output", str(output), "--device", "cpu"])
    again = EvaluationReport.from_json(output.read_text())
    assert again.confusion_matrix == report.confusion_matrix
    assert again.images_seen_in_training == 0
    assert (tmp_path / "report.predictions.parquet").is_file()
    assert f"accuracy {report.accuracy:.1%}" in capsys.readouterr().out


@pytest.mark.slow
def test_evaluate_command_averages_an_ensemble_and_goes_from_photo_to_label(model_folder, dataset_folder, tmp_path):
    arguments = ["--dataset", str(dataset_folder), "--split", "test", "--device", "cpu"]
    models = ["--model", str(model_folder)] * 2
    evaluate_command.main([*arguments, *models, "--output", str(tmp_path / "twice.json")])
    evaluate_command.main([*arguments, *models[:2], "--output", str(tmp_path / "photo.json"), "--detect"])
    twice = EvaluationReport.from_json((tmp_path / "twice.json").read_text())
    photo = EvaluationReport.from_json((tmp_path / "photo.json").read_text())
    single = EvaluationReport.from_json((model_folder / "evaluation.json").read_text())
    assert twice.confusion_matrix == single.confusion_matrix
    assert photo.images == 70
    assert photo.images_without_face is not None
    assert np.sum(photo.confusion_matrix) == 70 - photo.images_without_face


@pytest.mark.slow
def test_small_pictures_first_and_mirror_images_in_the_answer(dataset_folder, tmp_path):
    run = tmp_path / "grown"
    recipe = ["--recipe", "compact", "--epochs", "3", "--progressive-start-size", "32"]
    finetune.main([*recipe, "--dataset", str(dataset_folder), "--output", str(run), *QUICK.split()[2:]])
    classifier = ExpressionClassifier.load(run / "model")
    assert classifier.config.mirror
    assert classifier.config.input_size == 48
    assert "--progressive-start-size 32" in classifier.config.training["command"]
    report = EvaluationReport.from_json((run / "model" / "evaluation.json").read_text())
    split = Dataset(str(dataset_folder)).read("test", 48, 1)
    named = classifier.probabilities(split.pictures.flip(-1)).numpy().argmax(axis=1)
    assert (named == split.labels.numpy()).mean() == pytest.approx(report.accuracy)


def test_a_dry_run_says_what_it_would_take_and_leaves_nothing(dataset_folder, tmp_path, capsys):
    finetune.main(f"--dataset {dataset_folder} --output {tmp_path / 'm'} {QUICK} --epochs 7 --dry-run".split())
    said = capsys.readouterr().out
    assert "simple_cnn: 1,626,055 parameters, 20 million multiply-adds" in said
    assert "120 pictures to train on, 30 to choose on, of 48 px, on cpu" in said
    assert re.search(r"about \S+ (s|min|h) an epoch, \S+ (s|min|h) for all 7", said)
    assert not (tmp_path / "m").exists()


def test_augmentation_can_be_looked_at_first(dataset_folder, tmp_path, capsys):
    sheet = tmp_path / "sheets" / "augmented.png"
    finetune.main(
        f"--dataset {dataset_folder} --output {tmp_path / 'm'} {QUICK} --preview-augmentation {sheet}".split()
    )
    pixels = np.asarray(Image.open(sheet), float)
    width = pixels.shape[1] // 8
    assert (
        np.abs(pixels[2:66, 2:width] - pixels[2:66, width + 2 : 2 * width]).mean() > 5
    )  # the picture, and a changed one
    assert not (tmp_path / "m").exists()


def test_a_loss_that_explodes_ends_the_run_in_one_sentence(dataset_folder, tmp_path):
    start = f"--dataset {dataset_folder} --output {tmp_path} {QUICK}"
    with pytest.raises(FerHubError, match="the loss is no longer a number in epoch 1; lower --learning-rate"):
        finetune.main(f"{start} --optimizer sgd --learning-rate 9 --weight-decay 1 --batch-size 8".split())


def epochs_of(run: Path) -> list[int]:
    return [epoch["epoch"] for epoch in json.loads((run / "history.json").read_text())]


@pytest.mark.slow
@pytest.mark.parametrize("schedule", ["cosine", "onecycle"])
def test_a_finished_run_is_extended(known_geometry, dataset_folder, tmp_path, schedule):
    start = f"--dataset {dataset_folder} --output {tmp_path} {QUICK} --schedule {schedule}".split()
    finetune.main(start)
    (tmp_path / "checkpoint" / ".DS_Store").touch()  # as a file browser leaves it
    first = load_file(tmp_path / "model" / "model.safetensors")
    with pytest.raises(InputError, match="exists already"):
        finetune.main(["--output", str(tmp_path), "--resume"])
    finetune.main(["--output", str(tmp_path), "--resume", "--epochs", "3"])
    assert epochs_of(tmp_path) == [1, 2, 3]
    training = ExpressionClassifier.load(tmp_path / "model").config.training
    assert training["planned_epochs"] == [1, 3]
    assert f"--schedule {schedule}" in training["command"]
    second = load_file(tmp_path / "model" / "model.safetensors")
    assert first.keys() == second.keys()
    assert {file.name for file in tmp_path.iterdir()} == LEFT | {"model"}


@pytest.mark.slow
def test_an_extended_run_ends_as_a_longer_one_where_the_schedule_does_not_know_its_length(
    known_geometry, dataset_folder, tmp_path
):
    start = f"--dataset {dataset_folder} {QUICK} --output".split()
    finetune.main([*start, str(tmp_path / "long"), "--epochs", "2"])
    finetune.main([*start, str(tmp_path / "short")])
    finetune.main([*start, str(tmp_path / "short"), "--epochs", "2", "--resume"])
    long, short = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("long", "short"))
    assert all(torch.equal(long[name], short[name]) for name in long)


def test_a_run_is_repeated_from_its_settings(known_geometry, trained, dataset_folder, tmp_path, capsys):
    finetune.main(["--config", str(trained / "config.yaml"), "--output", str(tmp_path / "again"), "--dry-run"])
    assert "for all 12" in capsys.readouterr().out


def test_an_output_folder_that_cannot_be_written_is_refused_before_anything_else(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/run cannot be written \(Not a directory\); choose another --output"):
        finetune.main(["--dataset", "nowhere", "--output", str(tmp_path / "file" / "run")])


def test_two_runs_in_one_folder_are_refused(tmp_path):
    with claimed_run(tmp_path / "run"), pytest.raises(InputError, match="another run is writing to"):
        finetune.main(["--dataset", "nowhere", "--output", str(tmp_path / "run"), "--device", "cpu"])
    with pytest.raises(InputError, match="there is no dataset 'nowhere'"):
        finetune.main(["--dataset", "nowhere", "--output", str(tmp_path / "run"), "--device", "cpu"])
    assert os.listdir(tmp_path) == []


def test_pieces_of_one_picture_do_not_meet_batchnorm(known_geometry, dataset_folder, tmp_path):
    start = f"--architecture complex_cnn --dataset {dataset_folder} --output {tmp_path} {QUICK} --max-train-images 45"
    finetune.main([*start.split(), "--batch-size", "7", "--gradient-accumulation-steps", "3"])
    assert epochs_of(tmp_path) == [1]


def test_whole_photos_are_refused_or_become_faces(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    photos = tmp_path / "photos"
    for split, count in (("Training", 6), ("val_images", 2), ("Test Set", 2)):
        write_photos(photos / split, count, empty=int(split == "Training"))
    command = [*f"--dataset {photos} --epochs 1 --batch-size 4 --device cpu --output".split(), str(tmp_path / "run")]
    with pytest.raises(
        InputError, match=r"holds whole photos: .*folder --raw .*--output photos-faces; or let this command"
    ):
        finetune.main(command)
    assert not (tmp_path / "run").exists()

    finetune.main([*command, "--crop", "landmarks"])
    assert "20 faces: train 12, validation 4, test 4 (splits as they were given)" in capsys.readouterr().out
    config = json.loads((tmp_path / "run" / "model" / "config.json").read_text())
    assert config["labels"] == ["happy", "sad"]
    assert config["training"]["images"] == 12
    assert config["training"]["geometry_measured_on"] == 12  # each is a face now
    assert "--crop landmarks" in config["training"]["command"]
    model = str(tmp_path / "run" / "model")
    report = ["--output", str(tmp_path / "report.json"), "--device", "cpu", "--split", "train"]
    evaluate_command.main(["--model", model, "--dataset", str(photos), *report])
    assert f"warning: {photos} holds whole photos" in capsys.readouterr().err
