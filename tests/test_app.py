"""The demo as programs use it."""

import json
import shutil

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from fer_hub import EXPRESSIONS, InputError
from fer_hub.demo import LAUNCH_OPTIONS, build_demo
from fer_hub.demo.evaluation import report_html
from fer_hub.demo.photo import EXAMPLE
from fer_hub.demo.recognizers import Recognizers
from fer_hub.hub import bundled_models, read_evaluation


@pytest.fixture(scope="module")
def models(model_folder, tmp_path_factory) -> list[str]:
    """Two models, one of them without an evaluation."""
    other = shutil.copytree(model_folder, tmp_path_factory.mktemp("other") / "model")
    (other / "evaluation.json").unlink()
    return [str(model_folder), str(other)]


@pytest.fixture(scope="module")
def client(models):
    demo = build_demo(models)
    _, address, _ = demo.launch(**LAUNCH_OPTIONS, prevent_thread_lock=True, quiet=True)
    yield Client(address, verbose=False)
    demo.close()


def test_recognize_gives_an_annotated_picture_and_the_faces(client):
    annotated, faces = client.predict(handle_file(EXAMPLE), api_name="/recognize")
    assert Image.open(annotated).size == Image.open(EXAMPLE).size
    (face,) = faces
    assert face.keys() == {"box", "confidence", "expression", "probabilities"}
    assert list(face["probabilities"]) == list(EXPRESSIONS)
    assert sum(face["probabilities"].values()) == pytest.approx(1)
    assert face["probabilities"][face["expression"]] == max(face["probabilities"].values())


def test_models_can_be_one_name_or_several(client, models):
    alone = client.predict(handle_file(EXAMPLE), models[1], api_name="/recognize")[1]
    together = client.predict(handle_file(EXAMPLE), models, api_name="/recognize")[1]
    by_name = client.predict(picture=handle_file(EXAMPLE), models=models[:1], api_name="/recognize")[1]
    assert alone == by_name
    assert together[0]["probabilities"] == pytest.approx(alone[0]["probabilities"])


def test_a_picture_without_faces_gives_an_empty_list(client, tmp_path):
    Image.new("RGB", (300, 200), "teal").save(tmp_path / "sea.png")
    assert client.predict(handle_file(tmp_path / "sea.png"), api_name="/recognize")[1] == []


def test_models_that_the_environment_names_stand_beside_the_bundled_ones(models, monkeypatch):
    monkeypatch.setenv("FER_HUB_MODELS", " ".join(models))
    blocks = build_demo().blocks.values()
    offered = {value for block in blocks for _, value in getattr(block, "choices", None) or []}
    assert {*models, *bundled_models()} <= offered


def test_models_lists_what_there_is(client, models):
    listed = client.predict(api_name="/models")
    assert [model["reference"] for model in listed] == models
    assert listed[0] == {
        "reference": models[0],
        "architecture": "simple_cnn",
        "parameters": 1_626_055,
        "accuracy": read_evaluation(models[0]).accuracy,
        "dataset": read_evaluation(models[0]).dataset,
    }
    assert listed[1]["accuracy"] is None


def test_evaluation_is_the_models_own(client, models):
    assert client.predict(models[0], api_name="/evaluation") == json.loads(read_evaluation(models[0]).to_json())


def test_what_cannot_be_done_is_one_sentence(client, models, tmp_path):
    (tmp_path / "notes.jpg").write_text("not a picture")
    for arguments, endpoint, message in [
        ((handle_file(tmp_path / "notes.jpg"),), "/recognize", "is not a JPEG, PNG or WebP picture"),
        ((None,), "/recognize", "No picture was given"),
        ((handle_file(EXAMPLE), ["/etc"]), "/recognize", "not in the list of choices"),
        (("/etc",), "/evaluation", "no model '/etc' here"),
        ((models[1],), "/evaluation", r"has no evaluation\.json"),
    ]:
        with pytest.raises(AppError, match=message):
            client.predict(*arguments, api_name=endpoint)


def test_nothing_but_the_three_endpoints_is_public(client):
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {"/recognize", "/models", "/evaluation"}


def test_the_evaluation_page_shows_every_count_and_escapes_what_strangers_wrote(models):
    report = read_evaluation(models[0])
    counts = report_html(report, shares=False)
    for row in report.confusion_matrix:
        for count in row:
            assert f">{count:,}</td>" in counts
    hostile = type(report)(**{**report.to_dict(), "model": "<script>alert(1)</script>"})
    assert "<script>" not in report_html(hostile, shares=True)


def test_a_demo_without_models_says_so():
    with pytest.raises(InputError, match="needs at least one model"):
        Recognizers([])
