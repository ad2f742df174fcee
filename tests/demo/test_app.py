"""The demo as programs use it."""

import asyncio
import base64
import json
import shutil
import time

import gradio as gr
import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from fer_hub import EXPRESSIONS, InputError
from fer_hub.demo.app import build_demo
from fer_hub.demo.state.recognizers import Recognizers
from fer_hub.demo.tabs.evaluation import TABS
from fer_hub.demo.views.evaluation_report import headline, matrix
from fer_hub.hub.references import bundled_models, resolve
from fer_hub.vision.images import EXAMPLE
from tests.serving import serving


@pytest.fixture(scope="module")
def models(model_folder, tmp_path_factory) -> list[str]:
    """Two models, one of them without an evaluation."""
    other = shutil.copytree(model_folder, tmp_path_factory.mktemp("other") / "model")
    (other / "evaluation.json").unlink()
    return [str(model_folder), str(other)]


@pytest.fixture(scope="module")
def client(models):
    with serving(models) as address:
        yield Client(address, verbose=False)


def test_recognize_gives_an_annotated_picture_and_the_faces(client):
    annotated, faces = client.predict(handle_file(EXAMPLE), api_name="/recognize")
    assert Image.open(annotated).size == Image.open(EXAMPLE).size
    (face,) = faces
    assert face.keys() >= {"box", "confidence", "expression", "probabilities", "doubt"}
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
        "accuracy": resolve(models[0]).evaluation.accuracy,
        "dataset": resolve(models[0]).evaluation.dataset,
        "purpose": None,
    }
    assert listed[1]["accuracy"] is None


def test_evaluation_is_the_models_own(client, models):
    assert client.predict(models[0], api_name="/evaluation") == json.loads(resolve(models[0]).evaluation.to_json())


def test_what_cannot_be_done_is_one_sentence(client, models, tmp_path):
    (tmp_path / "notes.jpg").write_text("not a picture")
    for arguments, endpoint, message in [
        ((handle_file(tmp_path / "notes.jpg"),), "/recognize", "is not a JPEG, PNG, WebP"),
        ((None,), "/recognize", "No picture was given"),
        ((handle_file(EXAMPLE), ["/etc"]), "/recognize", "not in the list of choices"),
        (("/etc",), "/evaluation", "no model '/etc' here"),
        ((models[1],), "/evaluation", r"has no evaluation\.json"),
    ]:
        with pytest.raises(AppError, match=message):
            client.predict(*arguments, api_name=endpoint)


def test_nothing_but_the_three_endpoints_is_public(client):
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {"/recognize", "/models", "/evaluation"}


def test_every_function_and_argument_is_described(client):
    for endpoint in client.view_api(return_format="dict")["named_endpoints"].values():
        assert endpoint["description"]
    pytest.importorskip("mcp", reason="gradio[mcp] is not installed")
    tools = httpx.get(f"{client.src}gradio_api/mcp/schema").json()
    assert {tool["name"] for tool in tools} == {"recognize", "models", "evaluation"}
    for tool in tools:
        assert tool["description"]
        for argument in tool["inputSchema"]["properties"].values():
            assert argument["description"]


def test_an_assistant_can_use_the_tools(client, models):
    mcp = pytest.importorskip("mcp", reason="gradio[mcp] is not installed")
    http = pytest.importorskip("mcp.client.streamable_http")

    async def use() -> tuple[list[str], list[str]]:
        async with (
            http.streamablehttp_client(f"{client.src}gradio_api/mcp/") as (read, write, _),
            mcp.ClientSession(read, write) as session,
        ):
            await session.initialize()
            listed = await session.list_tools()
            picture = "data:image/jpeg;base64," + base64.b64encode(EXAMPLE.read_bytes()).decode()
            answer = await session.call_tool("recognize", {"picture": picture, "models": models[:1]})
            return [tool.name for tool in listed.tools], [part.text for part in answer.content if part.type == "text"]

    names, texts = asyncio.run(use())
    assert {"recognize", "models", "evaluation"} <= set(names)
    assert any("'probabilities'" in text for text in texts), texts


@pytest.mark.slow
def test_pictures_are_deleted_after_a_while(models, tmp_path, monkeypatch):
    monkeypatch.setattr("fer_hub.demo.app.KEPT_SECONDS", 12)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with serving(models[:1]) as address:
        other = Image.open(EXAMPLE).rotate(3)  # a visitor's, not the example
        other.save(tmp_path.parent / "visitor.jpg")
        Client(address, verbose=False).predict(handle_file(tmp_path.parent / "visitor.jpg"), api_name="/recognize")
        pictures = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(pictures) >= 2  # the upload and the annotated picture
        deadline = time.monotonic() + 60
        while any(path.exists() for path in pictures) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert not [path for path in pictures if path.exists()]


def test_the_evaluation_page_shows_every_count_and_escapes_what_strangers_wrote(models):
    report = resolve(models[0]).evaluation
    counts = matrix(report, shares=False)
    for row in report.confusion_matrix:
        for count in row:
            assert f">{count:,}</button></td>" in counts
    hostile = type(report)(**{**report.to_dict(), "model": "<script>alert(1)</script>"})
    assert "<script>" not in headline(hostile)


def test_a_demo_without_models_says_so():
    with pytest.raises(InputError, match="needs at least one model"):
        Recognizers([])


def test_every_tab_has_an_address(models):
    tabs = [block.id for block in build_demo(models).blocks.values() if isinstance(block, gr.Tab)]
    assert tuple(tabs) == TABS
