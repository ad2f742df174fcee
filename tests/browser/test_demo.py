"""The demo as a person uses it, in headless Chromium, wide and narrow, light and dark."""

import csv
import json
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from fer_hub import EXPRESSIONS, ExpressionRecognizer
from fer_hub.hub.references import resolve
from fer_hub.vision.images import EXAMPLE
from tests.browser.conftest import look, on_one_desktop, on_one_phone, open_tab


def meters(place: Locator) -> dict[str, float]:
    """The bars of a card: expression -> percent."""
    return {
        name: float(place.get_by_role("meter", name=name).get_attribute("aria-valuenow") or "nan")
        for name in EXPRESSIONS
    }


def give(page: Page, *files: Path) -> None:
    page.set_input_files("#photos input[type=file]", files)


def test_there_is_something_to_look_at_before_the_first_click(page, request):
    expect(page.get_by_text("it is not what a person feels").first).to_be_visible()
    expect(page.get_by_text("This is an example")).to_be_visible()
    expect(page.locator("#annotated img").first).to_be_visible()
    expect(page.locator("#why img")).to_be_visible(timeout=60_000)
    expect(page.locator("#what-if").get_by_role("meter")).to_have_count(7)
    look(page, request, "opened")


def test_a_photo_is_uploaded_and_its_probabilities_read(page, request):
    give(page, EXAMPLE)
    expect(page.get_by_text("1 face found")).to_be_visible(timeout=60_000)
    card = page.get_by_role("article", name="Face 1")
    shown = meters(card)
    assert sum(shown.values()) == pytest.approx(100, abs=0.5)
    best, second = sorted(shown.values())[:-3:-1]
    verdict = "not sure" if best - second < 20 else f"looks {max(shown, key=shown.__getitem__)}"
    expect(card.get_by_role("heading")).to_contain_text(verdict)
    crop = card.get_by_role("img")
    assert crop.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [48, 48]
    look(page, request, "photo")


@on_one_desktop
def test_several_photos_at_once_and_the_wrong_one_gets_one_sentence(page, request, tmp_path, model_folder):
    Image.open(EXAMPLE).rotate(4).save(tmp_path / "tilted.jpg")
    Image.new("RGB", (400, 300), "beige").save(tmp_path / "wall.png")
    (tmp_path / "notes.png").write_text("not a picture")
    give(page, tmp_path / "tilted.jpg", tmp_path / "wall.png", tmp_path / "notes.png")
    expect(page.get_by_role("alert")).to_contain_text("notes.png is not a JPEG, PNG or WebP picture", timeout=60_000)
    expect(page.get_by_text("1 face found in 2 photos")).to_be_visible()
    expect(page.get_by_role("heading", name="tilted.jpg: 1 face")).to_be_visible()
    expect(page.get_by_role("heading", name="wall.png: no face")).to_be_visible()
    look(page, request, "several")

    with page.expect_download() as saved:
        page.get_by_role("link", name="faces.csv").click()
    (row,) = csv.DictReader(saved.value.path().read_text().splitlines())
    assert row["picture"] == "tilted.jpg"
    with page.expect_download() as saved:
        page.get_by_role("link", name="faces.json").click()
    first, second = json.loads(saved.value.path().read_text())
    (face,) = ExpressionRecognizer.from_pretrained(str(model_folder))(tmp_path / "tilted.jpg")
    assert first == {"picture": "tilted.jpg", "faces": [face.to_dict()]}
    assert second == {"picture": "wall.png", "faces": []}


@on_one_phone
def test_a_picture_without_faces_gets_advice(page, request, tmp_path):
    Image.new("RGB", (400, 300), "beige").save(tmp_path / "wall.png")
    give(page, tmp_path / "wall.png")
    expect(page.get_by_text("No face was found.")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("heading", name="Look closer")).to_be_hidden()
    look(page, request, "no-face")


@on_one_phone
def test_what_if_the_mouth_were_covered_and_the_face_turned(page, request):
    outcome = page.locator("#what-if")
    expect(outcome.get_by_text("Change the face")).to_be_visible(timeout=60_000)
    expect(page.locator("#why img")).to_be_visible()
    before = meters(outcome)
    crop = outcome.get_by_role("img").get_attribute("src")
    page.get_by_label("mouth").check()
    expect(outcome.get_by_text("The line on each bar is where it stood.")).to_be_visible(timeout=30_000)
    covered = outcome.get_by_role("img").get_attribute("src")
    assert covered != crop
    assert outcome.locator("s").count() == 7
    assert meters(outcome) != before
    slider = page.get_by_label("range slider for What if turned (degrees)")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(outcome.get_by_role("img")).not_to_have_attribute("src", covered, timeout=30_000)
    look(page, request, "what-if")


@on_one_desktop
def test_a_photo_is_taken_with_the_webcam(page, request):
    page.get_by_label("Capture from camera").click()
    page.get_by_text("Click to Access Webcam").click()
    page.get_by_label("capture photo").click()
    expect(page.get_by_text("1 face found")).to_be_visible(timeout=60_000)
    look(page, request, "webcam")


def test_about_says_what_it_is_and_how_programs_use_it(page, request):
    open_tab(page, "About")
    expect(page.get_by_role("heading", name="Where it must not be used")).to_be_visible()
    expect(page.get_by_text("/gradio_api/mcp/")).to_be_visible()
    look(page, request, "about")


def test_the_evaluation_is_shown_as_shares_and_counts(page, request, model_folder):
    report = resolve(str(model_folder)).evaluation
    open_tab(page, "Evaluation")
    expect(page.get_by_text(f"{report.accuracy:.1%}", exact=True).first).to_be_visible()
    cells = page.locator("#matrix tbody td")
    assert cells.count() == 49
    expect(page.locator("#reliability img")).to_be_visible(timeout=60_000)
    expect(page.locator("#cell")).to_contain_text("pictures labelled")
    look(page, request, "evaluation")
    page.get_by_label("pictures", exact=True).check()
    expect(cells.first).to_have_text(str(report.confusion_matrix[0][0]))
