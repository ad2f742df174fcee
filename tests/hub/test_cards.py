"""Cards: every number of every shipped one is its evaluation's, and the Hub's client reads what it says."""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from huggingface_hub import ModelCard
from PIL import Image

from fer_hub import InputError, ModelFolder
from fer_hub.files import CARD_PICTURES
from fer_hub.hub.cards.card import NOTES_BELOW, render_card
from fer_hub.hub.cards.origin import dataset_title
from fer_hub.hub.references import bundled_models, resolve
from train import card as card_command

NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?%?")


@pytest.fixture(params=["trained", *bundled_models()])
def folder(request, model_folder):
    return model_folder if request.param == "trained" else resolve(request.param).path


@pytest.fixture
def report(folder):
    return ModelFolder(folder).evaluation


def tables(text: str) -> Iterator[tuple[list[str], dict[str, list[str]]]]:
    """Each table of a text: its header, and first cell -> the others."""
    for block in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        rows = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in block.splitlines()]
        yield rows[0], {row[0]: row[1:] for row in rows[2:]}


def section(text: str, title: str) -> str:
    found = re.search(rf"^##+ {title}\n(.*?)(?=^##+ |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def share(text: str) -> float:
    assert text.endswith("%")
    return float(text[:-1]) / 100


def test_every_table_is_the_evaluations(folder, report):
    matrix, per_class, *robustness = tables((folder / "README.md").read_text())
    assert matrix[0][1:] == report.labels
    assert [list(map(int, matrix[1][label])) for label in report.labels] == report.confusion_matrix
    assert list(per_class[1]) == list(report.per_class)
    for label, (precision, recall, f1, support) in per_class[1].items():
        row = report.per_class[label]
        assert share(precision) == pytest.approx(row["precision"], abs=5.1e-4)
        assert share(recall) == pytest.approx(row["recall"], abs=5.1e-4)
        assert float(f1) == pytest.approx(row["f1"], abs=5.1e-4)
        assert int(support.replace(",", "")) == row["support"]
    if report.robustness is None:
        assert not robustness
        return
    ((header, rows),) = robustness
    shown = {f"{name} {k}": share(cell) for name, row in rows.items() for k, cell in zip(header[1:], row, strict=True)}
    assert shown == pytest.approx(report.robustness, abs=5.1e-4)


def test_every_number_in_a_sentence_is_the_evaluations(folder, report):
    text = (folder / "README.md").read_text()
    trust = re.sub(r"^(\||!).*\n", "", section(text, "How far to trust it"), flags=re.MULTILINE)
    trust = re.sub(r"^Not to be compared .*$", "", trust, flags=re.MULTILINE)
    trust = trust.replace(dataset_title(report.dataset), "").partition("Precision:")[0]
    low, high = report.accuracy_ci95
    commonest = max(row["support"] for row in report.per_class.values()) / report.images
    shares = [report.accuracy, low, high, report.balanced_accuracy]
    found = NUMBER.findall(trust.replace("95% interval", ""))
    expected = [f"{report.images:,}", *(f"{value:.1%}" for value in shares)]
    expected += [f"{report.macro_f1:.3f}", f"{report.log_loss:.3f}", f"{commonest:.1%}"]
    if report.accuracy_unseen is not None:
        expected += [f"{report.images_seen_in_training:,}", f"{report.accuracy_unseen:.1%}"]
    expected += [f"{count:,}" for _, _, count in report.most_confused()]
    assert found == expected
    for true, named, count in report.most_confused():
        assert f"{true} taken for {named} ({count:,})" in trust
    calibration = NUMBER.findall(section(text, "Its probabilities"))
    config = ModelFolder(folder).config
    few = [str(config.training["calibrated_on"])] if config.training.get("calibrated_on", 500) < 500 else []
    assert calibration == [f"{100 * report.expected_calibration_error:.1f}", "15", f"{report.temperature:.2f}", *few]
    assert f"On {config.training['images']:,} pictures" in section(text, "Training")
    command = config.training["command"]
    assert re.sub(r"(?<= )/\S*/", "", command) in section(text, "Training")


def test_the_hubs_client_reads_its_metadata_back(folder, report):
    data = ModelCard.load(folder / "README.md").data
    assert (data.library_name, data.pipeline_tag, data.license) == ("fer-hub", "image-classification", "apache-2.0")
    assert (data.model_name, data.get("datasets"), data.get("base_model")) == (report.model, None, None)
    expected = [("accuracy", report.accuracy), ("f1", report.macro_f1)]
    if report.accuracy_unseen is not None:
        expected.append(("accuracy", report.accuracy_unseen))
    found = [(result.metric_type, result.metric_value) for result in data.eval_results]
    assert found == [(kind, round(value, 4)) for kind, value in expected]
    assert {result.dataset_split for result in data.eval_results} == {report.split}
    assert {result.dataset_revision for result in data.eval_results} == {report.dataset_revision}


def test_what_lies_there_is_what_would_be_written_now(folder, report, tmp_path):
    for name, content in ModelFolder(folder).rendered_card().items():
        (tmp_path / name).write_bytes(content)
    assert {file.name for file in tmp_path.iterdir()} == {"README.md", *CARD_PICTURES}
    assert (tmp_path / "README.md").read_text() == (folder / "README.md").read_text()
    for name in CARD_PICTURES:
        assert (folder / name).stat().st_size < 100_000
        now, then = (np.asarray(Image.open(place / name).convert("L"), float) for place in (tmp_path, folder))
        assert now.shape == then.shape
        assert np.abs(now - then).mean() < 3  # other releases of matplotlib smooth edges otherwise
        assert f"]({name})" in (folder / "README.md").read_text()


def test_it_says_what_expressions_are_not_and_where_they_must_not_be_read(folder):
    text = re.sub(r"\s+", " ", (folder / "README.md").read_text())
    assert "it is not what a person feels" in text
    assert "Article 5(1)(f)" in text
    assert "Article 50(3)" in text


def test_data_and_starting_weights_are_named_with_their_terms(report, folder):
    config = ModelFolder(folder).config
    commit = "0123456789" * 4
    training = {**config.training, "dataset": "AutumnQiu/fer2013", "started_from": f"the model you/base@{commit}"}
    described = replace(report, dataset="AutumnQiu/fer2013", dataset_revision=commit)
    card = ModelCard(render_card(config.model_copy(update={"training": training}), described, "mine"))
    found = [card.data.get(name) for name in ("base_model", "datasets", "license")]
    assert found == ["you/base", ["AutumnQiu/fer2013"], "other"]
    assert "its authors state no licence" in card.text
    assert f"started from the model you/base@{commit}" in card.text


def test_a_pushed_card_names_its_repository_and_keeps_its_owners_notes(folder, report):
    config = ModelFolder(folder).config
    before = f"# by hand\n{NOTES_BELOW}\nAsk me.\n"
    pushed = ModelCard(render_card(config, report, "you/mine", before))
    assert pushed.data.to_dict()["model-index"][0]["name"] == "mine"
    assert "\n# mine\n" in pushed.text
    assert 'from_pretrained("you/mine")' in pushed.text
    assert pushed.text.count("--model you/mine") == 2
    assert '/you/mine"\n```' in section(pushed.text, "Use")  # what pip installs
    assert pushed.text.endswith("\nAsk me.\n")
    assert "by hand" not in pushed.text
    assert render_card(config, report, "you/mine", str(pushed)) == str(pushed)


def test_a_card_says_what_speaks_against_a_model(folder, report):
    config = ModelFolder(folder).config
    assert "worse than always" not in render_card(config, report, "mine")
    assert ("Made for" in render_card(config, report, "mine")) == (config.purpose is not None)
    few = config.model_copy(update={"training": {**config.training, "calibrated_on": 499}, "purpose": "webcam"})
    card = render_card(few, replace(report, accuracy=0.1), "mine")
    assert "the model is worse than always naming the commonest" in card
    assert "fitted on 499 pictures only" in card
    assert "- Made for: webcam\n" in card
    enough = config.model_copy(update={"training": {**config.training, "calibrated_on": 500}})
    assert "pictures only" not in render_card(enough, report, "mine")


def test_a_card_shows_no_place_of_the_machine_and_only_settings_that_did_something(folder, report):
    config = ModelFolder(folder).config
    settings = {"schedule": "cosine", "plateau_patience": 3, "warmup_share": 0.1, "distillation": 0.7, "teacher": []}
    training = {
        "command": "python train/finetune.py --dataset /home/me/secret/ferplus --output '/home/my runs/x' --epochs 3",
        "config": {**settings, "dataset": "/home/me/secret/ferplus", "pretrained": True, "init_from": None},
        "dataset": "/home/me/secret/ferplus",
        "started_from": "random weights",
    }
    named = replace(report, dataset="/home/me/secret/ferplus")
    card = render_card(config.model_copy(update={"training": training}), named, "mine")
    assert "/home" not in card
    assert "secret" not in card
    assert "python train/finetune.py --dataset ferplus --output x --epochs 3" in card
    assert "pictures of FER+ (`ferplus`)" in card
    assert "Settings: schedule cosine, warmup share 0.1." in card
    taught = {**training, "config": {**settings, "teacher": ["fer-compact"]}, "started_from": "the model fer-live"}
    assert "distillation 0.7, teacher fer-compact" in render_card(
        config.model_copy(update={"training": taught}), named, "mine"
    )


@pytest.mark.parametrize(
    ("said", "splits", "commands"),
    [
        (
            {"image_column": "pixel values", "label_column": "y"},
            ["train", "test"],
            ["evaluate.py --model you/mine --dataset a/b --split test --image-column 'pixel values' --label-column y"],
        ),
        (
            {"crop": "landmarks", "label_column": "y", "values": ["age"], "auxiliary": []},
            ["train", "validation", "test"],
            [
                "prepare_data.py folder --raw a/b --output b-faces --crop landmarks --classes 8 --label-column y "
                "--keep age",
                "evaluate.py --model you/mine --dataset b-faces --split test",
            ],
        ),
        ({}, ["train"], []),
    ],
)
def test_the_commands_that_measure_it_again_can_be_copied(folder, report, said, splits, commands):
    report = replace(report, dataset="a/b", split="test", robustness=None)
    config = ModelFolder(folder).config
    plain: dict = {
        "dataset": "a/b",
        "image_column": None,
        "label_column": None,
        "crop": None,
        "values": [],
        "auxiliary": [],
    }
    training = config.training | {"splits": splits, "config": config.training["config"] | plain | said}
    text = render_card(config.model_copy(update={"training": training}), report, "you/mine")
    found = re.findall(r"^python train/((?:evaluate|prepare_data)\.py .*)$", text, re.MULTILINE)
    assert [line.removesuffix(" --output report.json") for line in found] == commands
    assert ("measured on pictures that the training put aside itself" in text) == (not commands)


def test_what_cannot_have_had_an_effect_is_no_setting(folder, report):
    config = ModelFolder(folder).config
    settings = {
        "pretrained": True,
        "pretrained_weights": "DEFAULT",
        "validation_share": 0.1,
        "epochs": 30,
        "stopping_patience": 30,
    }

    def said(training: dict) -> str:
        card = render_card(config.model_copy(update={"training": training}), report, "mine")
        found = re.search(r"^Settings: (.*)$", card, re.MULTILINE)
        assert found is not None
        return found[1]

    weights = "ResNet-18 of torchvision"
    assert said({"config": settings, "started_from": "random weights"}) == "validation share 0.1, epochs 30."
    assert said({"config": settings, "started_from": weights}) == "pretrained, validation share 0.1, epochs 30."
    splits = ["train", "validation", "test"]
    assert said({"config": settings, "started_from": weights, "splits": splits}) == "pretrained, epochs 30."
    from_model = {**settings, "init_from": "fer-live", "stopping_patience": 5}
    assert (
        said({"config": from_model, "started_from": "the model fer-live", "splits": splits})
        == "epochs 30, stopping patience 5, init from fer-live."
    )


def named_in_metadata(card: ModelCard) -> str:
    (result,) = card.data.to_dict()["model-index"][0]["results"]
    return result["dataset"]["name"]


def test_labels_of_one_person_and_of_ten_are_never_mixed(folder, report):
    config = ModelFolder(folder).config
    own, votes = "FER-2013 (labels of one person)", "FER+ (majority of ten votes)"
    for dataset, track, other in (("data/fer2013", own, votes), ("you/FERPlus@main", votes, own)):
        card = ModelCard(render_card(config, replace(report, dataset=dataset), "mine"))
        assert named_in_metadata(card) == track
        assert f", as they are labelled ({track.partition('(')[2]}" in card.text
        assert f"Not to be compared with accuracies on {other}," in card.text
    card = ModelCard(render_card(config, replace(report, dataset="my-faces"), "mine"))
    assert named_in_metadata(card) == "my-faces"
    assert "Not to be compared" not in card.text


def test_further_columns_have_their_own_table(folder, report):
    more = replace(report, auxiliary={"age": {"accuracy": 0.5, "images": 1200}})
    assert "| age | 50.0% | 1,200 |" in render_card(ModelFolder(folder).config, more, "mine")


def test_strangers_text_is_made_plain(folder, report):
    evil = "x`\n# <script>alert(1)</script>![a](http://a) | \"]); '"
    training = {"command": f"rm '{evil}", "config": {evil: evil, "x": [evil]}, "versions": evil, "started_from": evil}
    config = ModelFolder(folder).config.model_copy(update={"training": {**training, "dataset": evil, "images": evil}})
    text = render_card(config, replace(report, model=evil, dataset=evil, split=evil, robustness={evil: 0.5}), evil)
    assert ModelCard(text).data.get("library_name") == "fer-hub"
    assert "<" not in text.replace(NOTES_BELOW, "")
    assert "![a]" not in text
    assert len([line for line in text.splitlines() if line.startswith("# ")]) == 1


def test_the_command_renews_a_card(model_folder, tmp_path, capsys):
    for name in ("config.json", "evaluation.json"):
        (tmp_path / name).write_bytes((model_folder / name).read_bytes())
    card_command.main([str(tmp_path)])
    assert capsys.readouterr().out == f"{tmp_path / 'README.md'}\n"
    assert (tmp_path / "README.md").read_bytes() == (model_folder / "README.md").read_bytes()
    (tmp_path / "evaluation.json").unlink()
    with pytest.raises(InputError, match=r"has no evaluation\.json"):
        card_command.main([str(tmp_path)])
