"""A model repository, as an Inference Endpoint sees it: its files alone, in a process that knows no other code."""

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from fer_hub import ExpressionRecognizer, InputError
from fer_hub.files import CARD_PICTURES, MAX_BYTES, MODEL_FILES
from fer_hub.hub.endpoint import REQUIREMENTS, endpoint_files
from fer_hub.hub.handler import EndpointHandler
from fer_hub.vision.images import EXAMPLE
from tests.conftest import REPOSITORY
from tests.hub_server.access import WRITE_TOKEN

# As the endpoint's toolkit does it: the folder on the path, handler.py loaded as a file, called with a body.
RUN_HANDLER = """
import base64, importlib.util, io, json, sys
from PIL import Image
folder, picture = sys.argv[1:]
sys.path.insert(0, folder)
spec = importlib.util.spec_from_file_location("handler", folder + "/handler.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
handler = module.EndpointHandler(folder)
content = open(picture, "rb").read()
inputs = [Image.open(io.BytesIO(content)), content, base64.b64encode(content).decode()]
import fer_hub
print(json.dumps({"code": fer_hub.__file__, "answers": [handler({"inputs": given}) for given in inputs]}))
"""


@pytest.fixture(scope="module")
def handler(model_folder):
    return EndpointHandler(model_folder)


@pytest.mark.slow
def test_a_repository_answers_with_nothing_but_its_own_files(model_folder, tmp_path, photo):
    repository = shutil.copytree(model_folder, tmp_path / "repository")
    for name, content in endpoint_files().items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_bytes(content)
    result = subprocess.run(
        [sys.executable, "-c", RUN_HANDLER, str(repository), str(EXAMPLE)], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["code"] == str(repository / "fer_hub" / "__init__.py")
    expected = [face.to_dict() for face in ExpressionRecognizer.from_pretrained(str(model_folder))(photo)]
    assert found["answers"] == [expected] * 3


def test_none_of_the_endpoints_files_is_ever_fetched():
    assert not set(endpoint_files()) & set(MAX_BYTES)
    assert not [name for name in endpoint_files() if "demo" in name or "bundled" in name]


def test_a_push_brings_them_and_a_pull_does_not(hub, client, repository, model_folder):
    status, _, err = client.run("push", model_folder, repository, "--public", token=WRITE_TOKEN)
    assert status == 0, err
    stored = hub.store.get("models", repository)
    assert set(stored.find("main").files) == {".gitattributes", *MODEL_FILES, *CARD_PICTURES, *endpoint_files()}
    assert hub.store.read(stored, "handler.py") == endpoint_files()["handler.py"]
    status, out, err = client.run("pull", repository)
    assert status == 0, err
    assert {path.name for path in Path(out.strip()).iterdir()} == {*MODEL_FILES, *CARD_PICTURES}


def test_requirements_are_some_of_the_projects():
    lines = (REPOSITORY / "requirements.txt").read_text().splitlines()
    assert set(REQUIREMENTS.splitlines()) < set(lines)


def test_no_face_is_an_empty_list(handler):
    assert handler({"inputs": Image.new("RGB", (200, 200))}) == []


def test_a_browsers_data_address_is_read_too(handler):
    text = "data:image/jpeg;base64," + base64.b64encode(EXAMPLE.read_bytes()).decode()
    assert len(handler({"inputs": text})) == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "there is no picture"),
        ({"inputs": ["a", "b"]}, "there is no picture"),
        ({"inputs": str(EXAMPLE)}, "not base64"),
        ({"inputs": base64.b64encode(b"hello").decode()}, "not a JPEG"),
        ({"inputs": b"hello"}, "not a JPEG"),
    ],
)
def test_other_bodies_are_refused_in_one_sentence(handler, body, message):
    with pytest.raises(InputError, match=message):
        handler(body)
