"""From columns of a dataset to a model that answers them: trained, measured, on its card, and told of each face."""

import json
from pathlib import Path

import datasets
import numpy as np
import pytest
from PIL import Image

from fer_hub import EvaluationReport, ExpressionClassifier, InputError, ModelFolder
from fer_hub.__main__ import main as fer_hub_command
from tests.faces import draw_face
from tests.raw_data import noise, prepare, write_table
from train import evaluate as evaluate_command
from train import finetune

QUICK = "--batch-size 16 --device cpu --validation-share 0.2 --dropout 0 --no-flip --rotation 5 --shear 0 --zoom 0"


@pytest.fixture(scope="module")
def columns(tmp_path_factory) -> Path:
    """Drawn faces with how bright they are, as a number and in words; the number is missing here and there."""
    rng, rows = np.random.default_rng(0), []
    for number in range(240):
        expression = ("happy", "surprise", "angry")[number % 3]
        gain = rng.uniform(0.2, 1)
        face = Image.fromarray((np.asarray(draw_face(expression, rng)) * gain).astype(np.uint8))
        light = None if number % 7 == 0 else 100 * gain
        rows.append({"image": face, "label": expression, "light": light, "tone": "dark" if gain < 0.6 else "bright"})
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.Value("string"),
            "light": datasets.Value("float32"),
            "tone": datasets.Value("string"),
        }
    )
    folder = tmp_path_factory.mktemp("columns")
    datasets.Dataset.from_list(rows[:200], features=features).to_parquet(str(folder / "train.parquet"))
    datasets.Dataset.from_list(rows[200:], features=features).to_parquet(str(folder / "test.parquet"))
    return folder


@pytest.fixture(scope="module")
def model(columns, tmp_path_factory) -> ModelFolder:
    output = tmp_path_factory.mktemp("run") / "heads"
    wanted = "--auxiliary tone --values light --auxiliary-weight 1 --epochs 12"
    finetune.main(f"--dataset {columns} --output {output} {wanted} {QUICK}".split())
    return ModelFolder(output / "model")


def test_heads_are_kept_and_have_learned(model):
    heads = model.config.heads
    assert heads["tone"].classes == ("bright", "dark")
    assert heads["tone"].temperature != 1
    assert 40 < heads["light"].mean < 80
    assert 10 < heads["light"].std < 40
    measured = model.evaluation.auxiliary
    assert measured is not None
    assert measured["tone"]["accuracy"] > 0.8
    assert measured["light"]["ccc"] > 0.6
    assert 0 < measured["light"]["rmse"] < 20
    assert (measured["tone"]["images"], measured["light"]["images"]) == (40, 34)


def test_the_history_and_the_card_tell_of_them(model):
    history = json.loads((model.path.parent / "history.json").read_text())
    assert {"validation_tone_accuracy", "validation_light_ccc", "validation_light_rmse"} <= set(history[-1])
    row = model.evaluation.auxiliary["light"]
    assert f"| light | {row['ccc']:.3f} | {row['rmse']:.3g} | 34 |" in model.card
    assert "- Answers too: tone (bright, dark), light (a value)\n" in model.card
    assert "auxiliary weight 1.0" in model.card
    assert "values light" in model.card


def test_evaluation_measures_them_again(model, columns, tmp_path, capsys):
    arguments = ["--model", str(model), "--dataset", str(columns), "--output", str(tmp_path / "again.json")]
    evaluate_command.main([*arguments, "--device", "cpu"])
    again = EvaluationReport.from_json((tmp_path / "again.json").read_text())
    assert again.auxiliary is not None
    for name, row in (model.evaluation.auxiliary or {}).items():
        assert again.auxiliary[name] == pytest.approx(row, abs=1e-4)
    assert "light: CCC" in capsys.readouterr().out


def test_the_command_prints_them(model, photo, tmp_path, capsys):
    Image.fromarray(photo).save(tmp_path / "photo.png")
    fer_hub_command(["recognize", str(tmp_path / "photo.png"), "--model", str(model), "--json"])
    (face,) = json.loads(capsys.readouterr().out)[0]["faces"]
    assert set(face["heads"]) == {"tone", "light"}
    assert set(face["heads"]["tone"]) == {"bright", "dark"}
    fer_hub_command(["recognize", str(tmp_path / "photo.png"), "--model", str(model)])
    assert f"light {face['heads']['light']:.3g}" in capsys.readouterr().out


def test_a_model_with_heads_starts_one_with_others(known_geometry, model, columns, tmp_path):
    start = f"--dataset {columns} --output {tmp_path} --init-from {model} --learning-rate 1e-9 --epochs 1 {QUICK}"
    finetune.main([*start.split(), "--values", "light"])
    started = ModelFolder(tmp_path / "model")
    assert list(started.config.heads) == ["light"]
    assert started.evaluation.accuracy == pytest.approx(
        model.evaluation.accuracy, abs=0.06
    )  # its labels' rows are kept


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--values tone", r"column 'tone' is .*; expected numbers. --auxiliary tone learns classes"),
        ("--auxiliary light", r"column 'light' is .*; expected classes: .*--values light learns numbers as they are"),
        ("--auxiliary tone --values tone", "--auxiliary and --values name a column twice"),
        ("--values age", "has no column 'age'"),
        ("--values light --mixup 0.2", "--mixup blends expressions but cannot blend what --values learns"),
    ],
)
def test_columns_that_cannot_be_learnt_are_told(known_geometry, columns, tmp_path, flags, message):
    with pytest.raises(InputError, match=message):
        finetune.main(f"--dataset {columns} --output {tmp_path / 'run'} --device cpu {flags}".split())


def test_affectnets_valence_and_arousal_are_learnt_from_its_raw_folder(known_geometry, tmp_path):
    rng, raw = np.random.default_rng(0), tmp_path / "raw"
    columns = "subDirectory_filePath face_x face_y face_width face_height facial_landmarks expression valence arousal"
    (raw / "Manually_Annotated_Images" / "7").mkdir(parents=True)
    lists: dict[str, list[tuple[object, ...]]] = {"training.csv": [], "validation.csv": []}
    for number in range(48):
        Image.fromarray(noise(number, 90, 80)).save(raw / "Manually_Annotated_Images" / "7" / f"{number}.jpg")
        valence, arousal = rng.uniform(-1, 1, 2)
        line = (f"7/{number}.jpg", 10, 20, 40, 40, "1;2", number % 3, f"{valence:.3f}", f"{arousal:.3f}")
        lists["training.csv" if number < 36 else "validation.csv"].append(line)
    for name, lines in lists.items():
        write_table(raw / name, [columns.split(), *lines])
    prepare("affectnet", raw, tmp_path / "data", "--crop", "box")
    run = f"--dataset {tmp_path / 'data'} --output {tmp_path / 'run'} --epochs 1 {QUICK} --values valence arousal"
    finetune.main(run.split())
    model = ModelFolder(tmp_path / "run" / "model")
    assert list(model.config.heads) == ["valence", "arousal"]
    assert {name: row["images"] for name, row in (model.evaluation.auxiliary or {}).items()} == {
        "valence": 12,
        "arousal": 12,
    }


def test_a_vocabulary_of_ones_own_trains_evaluates_ships_and_names(tmp_path, photo, capsys):
    rng, faces = np.random.default_rng(0), tmp_path / "faces"
    for split in ("train", "val", "test"):
        for expression, word in (("surprise", "Engaged"), ("sad", "bored")):
            (faces / split / word).mkdir(parents=True)
            for number in range(12):
                draw_face(expression, rng).save(faces / split / word / f"{number}.png")
    with pytest.raises(InputError, match=r"'Engaged' \(36\), 'bored' \(36\).*learnt with --vocabulary"):
        prepare("folder", faces, tmp_path / "data")
    prepare("folder", faces, tmp_path / "data", "--vocabulary", "engaged", "bored")
    command = f"--dataset {tmp_path / 'data'} --output {tmp_path / 'run'} --epochs 1 {QUICK}".split()
    with pytest.raises(InputError, match=r"labels in .* are not in --vocabulary engaged sleepy: 'bored'"):
        finetune.main([*command, "--vocabulary", "engaged", "sleepy"])
    finetune.main([*command, "--vocabulary", "Engaged", "bored"])
    model = ModelFolder(tmp_path / "run" / "model")
    assert model.config.labels == ("engaged", "bored")
    assert "Names the expression that a face shows: engaged, bored." in model.card
    arguments = ["--model", str(model), "--dataset", str(tmp_path / "data"), "--output", str(tmp_path / "r.json")]
    evaluate_command.main([*arguments, "--device", "cpu"])
    assert EvaluationReport.from_json((tmp_path / "r.json").read_text()).labels == ["engaged", "bored"]
    assert set(ExpressionClassifier.load(model.path).config.labels) == {"engaged", "bored"}
    capsys.readouterr()
    Image.fromarray(photo).save(tmp_path / "photo.png")
    fer_hub_command(["recognize", str(tmp_path / "photo.png"), "--model", str(model), "--json"])
    assert set(json.loads(capsys.readouterr().out)[0]["faces"][0]["probabilities"]) == {"engaged", "bored"}
    assert set(model.check()) >= {"config.json", "model.safetensors"}  # what push sends
