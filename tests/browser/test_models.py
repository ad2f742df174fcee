"""The Models tab as a person uses it: app.py in a child process, whose Hub is the test Hub."""

import re
import socket
import subprocess
import sys
import time

import httpx
import pytest
from playwright.sync_api import expect

from fer_hub.hub.references import BUNDLED
from tests.browser.conftest import assert_can_be_pressed, look, open_tab
from tests.hub_server.running import ROOT


def wait_for(address: str, demo: subprocess.Popen[bytes]) -> None:
    """Return once the demo answers; where many others run, its start takes its time."""
    for _ in range(600):
        assert demo.poll() is None, "the demo ended"
        try:
            if httpx.get(address, timeout=60).status_code == 200:
                return
        except httpx.ConnectError:
            time.sleep(0.5)
    raise AssertionError("the demo does not answer")


@pytest.fixture(scope="module")
def address(running_hub, tmp_path_factory):
    running_hub.store.clear()
    running_hub.store.add_folder("models", "someone/faces", BUNDLED / "simple_cnn")
    running_hub.store.add_folder("models", "other/small", BUNDLED / "fer-live")
    assert running_hub.run("-m", "fer_hub", "pull", "other/small", cache="demo").returncode == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (tmp_path_factory.mktemp("demo") / "log").open("w")
    environment = {**running_hub.environment(cache="demo"), "GRADIO_SERVER_PORT": str(port)}
    demo = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/"
    wait_for(address, demo)
    yield address
    demo.terminate()
    demo.wait()
    log.close()


def test_a_model_of_the_hub_is_found_fetched_and_chosen(page, request, running_hub):
    open_tab(page, "Models")
    expect(page.get_by_role("heading", name="At hand")).to_be_visible()
    expect(page.get_by_role("radio", name=re.compile("other.small"))).to_be_visible(timeout=30_000)
    row = page.locator("#models tr", has_text="simple_cnn")
    expect(row).to_contain_text(
        re.compile(r"as in the report[\d.% ]+ on \S+\s*[\d.]+ ms\s*1\.6 M\s*6\.5 MB"), timeout=60_000
    )
    expect(row.get_by_role("button", name="Use")).to_be_visible()
    expect(row.get_by_role("link", name="Evaluation")).to_be_visible()
    look(page, request, "models")
    page.get_by_label("Model of the Hub").fill("face")
    page.get_by_role("button", name="Search the Hub").click()
    found = page.get_by_role("radio", name=re.compile(r"someone.faces \(\d\d\.\d% on .*1\.6 M parameters, 3\.\d MB"))
    expect(found).to_be_visible(timeout=30_000)
    expect(page.get_by_role("radio", name=re.compile("other.small"))).to_have_count(0)
    assert_can_be_pressed(page)
    look(page, request, "models-found")
    found.check()
    expect(page.get_by_label("Model of the Hub")).to_have_value("someone/faces")
    page.get_by_role("button", name="Use this model").click()
    expect(page.get_by_text("someone/faces is now chosen in every tab")).to_be_visible(timeout=60_000)
    look(page, request, "models-chosen")
    open_tab(page, "Photo")
    expect(page.get_by_text(re.compile(r"someone.faces \(")).locator("visible=true").first).to_be_visible()
    expect(page.get_by_role("article", name="Face 1")).to_be_visible(timeout=60_000)
    look(page, request, "models-photo")
    open_tab(page, "Evaluation")
    expect(page.locator("#evaluated input")).to_have_value(re.compile("someone.faces"))
    expect(page.locator(".fer-matrix tbody td").first).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("page", [(390, "light")], indirect=True, ids=["390-light"])
def test_what_cannot_be_had_is_one_sentence(page, request):
    open_tab(page, "Models")
    name = page.get_by_label("Model of the Hub")
    for given, said in [
        ("/etc/passwd", "is no owner/name[@revision] of a model on the Hub"),
        ("tester/Nothing-Here", "tester/Nothing-Here"),  # as it was typed
        ("tester/Nothing-Here", "the Hub has no such repository"),
        ("https://huggingface.co/tester/elsewhere/tree/main", "tester/elsewhere"),
        ("", "Name a model first"),
    ]:
        name.fill(given)
        page.get_by_role("button", name="Use this model").click()
        told = page.locator("#brought-told")
        expect(told).to_contain_text(said, timeout=60_000, use_inner_text=True)  # in the case that is seen
    name.fill("nobody-has-this")
    name.press("Enter")
    expect(page.locator("#brought-told")).to_contain_text("lists no model with 'nobody-has-this'", timeout=30_000)
    look(page, request, "models-refused")


@pytest.mark.parametrize("page", [(1280, "light")], indirect=True, ids=["1280-light"])
def test_a_model_is_used_from_the_list(page):
    open_tab(page, "Models")
    page.get_by_role("button", name="Use simple_cnn").click()
    expect(page.get_by_text("simple_cnn is now chosen for Photo, Live and Video.")).to_be_visible(timeout=30_000)
    expect(page.locator("#model .token")).to_contain_text("simple_cnn")
    expect(page.get_by_role("link", name="Evaluation of simple_cnn")).to_have_attribute("href", "?model=simple_cnn")
