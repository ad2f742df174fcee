"""The demo as a person uses it, in headless Chromium, wide and narrow, light and dark."""

import shutil

import pytest
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from fer_hub import EXPRESSIONS
from fer_hub.demo import LAUNCH_OPTIONS, build_demo
from fer_hub.demo.photo import EXAMPLE
from fer_hub.hub import read_evaluation
from tests.conftest import REPOSITORY

ARTEFACTS = REPOSITORY / "tests" / "artefacts"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine; install the package chromium")


@pytest.fixture(scope="module")
def address(model_folder):
    demo = build_demo([str(model_folder)])
    _, address, _ = demo.launch(**LAUNCH_OPTIONS, prevent_thread_lock=True, quiet=True)
    yield address
    demo.close()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=lambda p: f"{p[0]}-{p[1]}")
def page(request, browser, address):
    """The opened demo; fails on console errors, requests that leave the machine, and horizontal overflow."""
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 850}, color_scheme=scheme)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    elsewhere: list[str] = []
    page.on("request", lambda r: None if r.url.startswith((address, "data:", "blob:")) else elsewhere.append(r.url))
    page.goto(f"{address}?__theme={scheme}")
    expect(page.get_by_role("heading", name="FER Hub")).to_be_visible()
    yield page
    context.close()
    assert errors == []
    assert elsewhere == []


def look(page: Page, request: pytest.FixtureRequest, name: str) -> None:
    """Keep a screenshot to look at, and see that nothing sticks out sideways."""
    ARTEFACTS.mkdir(exist_ok=True)
    page.wait_for_timeout(500)  # animations
    page.screenshot(path=ARTEFACTS / f"{request.node.callspec.id}-{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_a_photo_is_uploaded_and_its_probabilities_read(page, request, tmp_path):
    expect(page.get_by_text("it is not what a person feels")).to_be_visible()
    expect(page.get_by_text("Drop, paste or take a photo")).to_be_visible()
    look(page, request, "blank")

    page.set_input_files("input[type=file]", EXAMPLE)
    card = page.get_by_role("article", name="Face 1")
    expect(card).to_be_visible(timeout=60_000)
    shown = {}
    for expression in EXPRESSIONS:
        meter = card.get_by_role("meter", name=expression)
        shown[expression] = float(meter.get_attribute("aria-valuenow"))
    assert sum(shown.values()) == pytest.approx(100, abs=0.5)
    expect(card.get_by_role("heading")).to_contain_text(f"looks {max(shown, key=shown.__getitem__)}")
    crop = card.get_by_role("img")
    assert crop.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [48, 48]
    look(page, request, "photo")


def test_a_picture_without_faces_gets_advice_and_a_wrong_file_one_sentence(page, request, tmp_path):
    (tmp_path / "notes.png").write_text("not a picture")
    page.set_input_files("input[type=file]", tmp_path / "notes.png")
    expect(page.get_by_text("notes.png is not a JPEG, PNG or WebP picture")).to_be_visible(timeout=60_000)
    page.reload()
    expect(page.get_by_text("Drop, paste or take a photo")).to_be_visible()
    blank = tmp_path / "wall.png"
    Image.new("RGB", (400, 300), "beige").save(blank)
    page.set_input_files("input[type=file]", blank)
    expect(page.get_by_text("No face was found.")).to_be_visible(timeout=60_000)
    look(page, request, "no-face")


def test_the_example_is_one_click_away(page):
    page.locator("img[src*='astronaut']").first.click()
    expect(page.get_by_role("article", name="Face 1")).to_be_visible(timeout=60_000)


def test_the_evaluation_is_shown_as_shares_and_counts(page, request, model_folder):
    report = read_evaluation(str(model_folder))
    page.get_by_role("tab", name="Evaluation").click()
    expect(page.get_by_text(f"{report.accuracy:.1%}", exact=True).first).to_be_visible()
    cells = page.locator(".fer-matrix tbody td")
    assert cells.count() == 49
    look(page, request, "evaluation")
    page.get_by_label("pictures", exact=True).check()
    expect(cells.first).to_have_text(str(report.confusion_matrix[0][0]))
