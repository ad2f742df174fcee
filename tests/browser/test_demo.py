"""The Photo and About tabs as a person uses them, in headless Chromium, wide and narrow, light and dark."""

import base64
import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from fer_hub import EXPRESSIONS, ExpressionRecognizer, __version__
from fer_hub.demo.state.photos import RecognizedPhoto, recognize_photo
from fer_hub.hub.references import resolve
from fer_hub.vision.images import EXAMPLE
from tests.browser.conftest import (
    HIDE,
    assert_can_be_pressed,
    look,
    on_one_desktop,
    on_one_desktop_and_one_phone,
    on_one_phone,
    open_tab,
)


def meters(place: Locator) -> dict[str, float]:
    """The bars of a card: expression -> percent."""
    return {
        name: float(place.get_by_role("meter", name=name).get_attribute("aria-valuenow") or "nan")
        for name in EXPRESSIONS
    }


def give(page: Page, *files: Path) -> None:
    page.set_input_files("#photos input[type=file]", files)


def card(page: Page, number: int = 1) -> Locator:
    return page.get_by_role("article", name=f"Face {number}")


def test_there_is_an_answer_before_the_first_click_and_without_scrolling(page, request):
    expect(page.get_by_text("it is not what a person feels").first).to_be_visible()
    expect(page.get_by_text("This is an example")).to_be_visible()
    whole, high = card(page).bounding_box(), page.viewport_size["height"]
    assert whole is not None
    assert whole["y"] >= 0
    assert whole["y"] + whole["height"] <= high, "the first face's card ends on the first screen"
    picture = page.locator(".fer-canvas").bounding_box()
    assert picture is not None
    assert picture["y"] + picture["height"] <= high
    if page.viewport_size["width"] < 600:
        assert picture["height"] <= 0.4 * high
    expect(page.locator("#why img")).to_be_visible(timeout=60_000)
    expect(card(page).get_by_role("meter")).to_have_count(7)
    look(page, request, "opened")


@on_one_desktop_and_one_phone
@pytest.mark.parametrize("tab", ["Photo", "Live", "Video", "Evaluation", "Models", "About"])
def test_whatever_can_be_pressed_is_where_a_person_sees_it(page, tab):
    if tab != "Photo":
        open_tab(page, tab)
    page.wait_for_timeout(1500)
    assert_can_be_pressed(page)


def test_a_photo_is_given_and_its_probabilities_read(page, request):
    give(page, EXAMPLE)
    expect(page.get_by_text("1 face found")).to_be_visible(timeout=60_000)
    shown = meters(card(page))
    assert sum(shown.values()) == pytest.approx(100, abs=0.5)
    best, second = sorted(shown.values())[:-3:-1]
    verdict = "not sure" if best - second < 20 else f"looks {max(shown, key=shown.__getitem__)}"
    expect(card(page).get_by_role("heading")).to_contain_text(verdict)
    sharp = card(page).get_by_role("img", name="Face 1", exact=True)
    assert sharp.evaluate("image => image.naturalWidth") == 192
    card(page).get_by_role("button", name="as the model saw it").click()
    expect(sharp).to_be_hidden()
    crop = card(page).get_by_role("img", name="Face 1, as the model saw it")
    assert crop.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [48, 48]
    expect(page.locator("#why img")).to_be_visible(timeout=60_000)
    assert_can_be_pressed(page)
    look(page, request, "photo")


@on_one_desktop
def test_several_photos_at_once_and_the_wrong_one_gets_one_sentence(page, request, tmp_path, model_folder):
    Image.open(EXAMPLE).rotate(4).save(tmp_path / "tilted.jpg")
    Image.new("RGB", (400, 300), "beige").save(tmp_path / "wall.png")
    (tmp_path / "notes.png").write_text("not a picture")
    give(page, tmp_path / "tilted.jpg", tmp_path / "wall.png", tmp_path / "notes.png")
    expect(page.get_by_role("alert")).to_contain_text("notes.png is not a JPEG, PNG", timeout=60_000)
    expect(page.get_by_text("1 face found in 2 photos")).to_be_visible()
    look(page, request, "several")

    with page.expect_download() as saved:
        page.get_by_role("link", name="CSV").click()
    (row,) = csv.DictReader(saved.value.path().read_text().splitlines())
    assert row["picture"] == "tilted.jpg"
    assert (row["model"], row["fer_hub"]) == (str(model_folder), __version__)
    with page.expect_download() as saved:
        page.get_by_role("link", name="JSON").click()
    first, second = json.loads(saved.value.path().read_text())
    (face,) = ExpressionRecognizer.from_pretrained(str(model_folder))(tmp_path / "tilted.jpg")
    assert first["faces"] == [face.to_dict()]
    assert (second["picture"], second["faces"]) == ("wall.png", [])
    with page.expect_download() as saved:
        page.get_by_role("link", name="Picture").click()
    assert Image.open(saved.value.path()).height > 512  # the photo, and what is said below it


@on_one_desktop
def test_what_is_pressed_is_chosen_everywhere(page, request, tmp_path):
    width = Image.open(EXAMPLE).width
    both = Image.new("RGB", (2 * width, width))
    both.paste(Image.open(EXAMPLE), (0, 0))
    both.paste(Image.open(EXAMPLE).resize((width // 2, width // 2)), (width, 100))
    both.save(tmp_path / "two.jpg")
    give(page, tmp_path / "two.jpg", EXAMPLE)
    expect(page.get_by_text("3 faces found in 2 photos")).to_be_visible(timeout=60_000)
    expect(card(page, 1)).to_be_visible()
    expect(page.locator("#why img")).to_be_visible(timeout=60_000)

    page.locator("#stage").get_by_role("button", name="2 ").click()
    expect(card(page, 2)).to_be_visible()
    expect(page.locator("#faces button").nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#faces button").nth(0)).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#why img")).to_have_attribute("alt", re.compile("Face 2 "), timeout=30_000)
    page.locator("#faces button").nth(2).click()  # in the other photo
    expect(page.locator("#stage figcaption")).to_contain_text("astronaut.jpg")
    expect(page.locator("#stage .fer-box")).to_have_attribute("aria-pressed", "true")
    look(page, request, "chosen")


_HIDDEN_WORDS = """() => [...document.querySelectorAll('#stage .fer-box span')].filter(words => {
    const box = words.getBoundingClientRect();
    const shares = [0.02, 0.25, 0.5, 0.75, 0.98];
    return shares.some(share => !words.contains(
        document.elementFromPoint(box.left + share * box.width, box.top + box.height / 2)));
}).map(words => words.textContent)"""


@on_one_desktop_and_one_phone
def test_the_words_of_faces_close_together_can_all_be_read(page, request, tmp_path):
    face = Image.open(EXAMPLE).crop((150, 20, 300, 220)).resize((90, 120))
    group = Image.new("RGB", (640, 480), "white")
    for corner in [(110, 150), (195, 125), (340, 160), (425, 130), (240, 300), (330, 325)]:
        group.paste(face, corner)
    group.save(tmp_path / "group.png")
    give(page, tmp_path / "group.png")
    expect(page.locator(".fer-many .fer-box")).to_have_count(6)
    look(page, request, "group")
    assert page.evaluate(_HIDDEN_WORDS) == []


@on_one_desktop
def test_further_photos_are_added_and_those_there_are_not_read_again(page, tmp_path, monkeypatch):
    read: list[str] = []

    def counted(name: str, *others: Any) -> RecognizedPhoto:
        read.append(name)
        return recognize_photo(name, *others)

    monkeypatch.setattr("fer_hub.demo.tabs.photo.recognize_photo", counted)
    give(page, EXAMPLE)
    expect(page.get_by_text("1 face found")).to_be_visible(timeout=60_000)
    Image.open(EXAMPLE).rotate(3).save(tmp_path / "tilted.jpg")
    give(page, tmp_path / "tilted.jpg")
    expect(page.get_by_text("2 faces found in 2 photos")).to_be_visible(timeout=60_000)
    expect(page.locator("#stage figcaption")).to_contain_text("tilted.jpg")
    assert read == ["astronaut.jpg", "tilted.jpg"]

    page.get_by_role("button", name="Remove photos").click()
    expect(page.get_by_text("This is an example")).to_be_visible()
    expect(page.locator("#stage figcaption")).to_contain_text("A portrait")
    expect(page.get_by_role("button", name="Remove photos")).to_have_count(0)
    expect(page.locator("#faces button")).to_have_count(0)
    expect(page.get_by_text("tilted.jpg")).to_have_count(0)
    expect(card(page)).to_be_visible()
    expect(page.locator("#why img")).to_be_visible(timeout=60_000)


_WATCH_THE_LAST_ANSWER = """() => {
    const places = '#face img, #why img', shown = new Set();
    document.querySelectorAll(places).forEach(image => shown.add(image.src));
    window.left = new Set();
    window.frames_seen = 0;
    const watch = () => {
        window.frames_seen += 1;
        for (const image of document.querySelectorAll(places))
            if (shown.has(image.src) && image.checkVisibility({visibilityProperty: true}))
                window.left.add(image.alt);
        requestAnimationFrame(watch);
    };
    document.querySelector('#photos input[type=file]').addEventListener(
        'change', () => requestAnimationFrame(watch), {once: true});
}"""
"""From the moment a file is given, each frame in which a picture of the last answer can be seen is noted."""


@on_one_phone
def test_nothing_of_the_last_person_is_left_while_a_photo_is_looked_at(page, tmp_path):
    expect(page.locator("#why img")).to_be_visible(timeout=60_000)
    page.evaluate(_WATCH_THE_LAST_ANSWER)
    Image.open(EXAMPLE).rotate(4).save(tmp_path / "tilted.jpg")
    give(page, tmp_path / "tilted.jpg")
    expect(page.get_by_text("1 face found")).to_be_visible(timeout=60_000)
    expect(page.locator("#why img")).to_be_visible(timeout=60_000)
    assert page.evaluate("window.frames_seen") > 0
    assert page.evaluate("[...window.left]") == [], "the last person's pictures stay while the next one is looked at"
    page.evaluate(_WATCH_THE_LAST_ANSWER)
    Image.new("RGB", (400, 300), "beige").save(tmp_path / "wall.png")
    give(page, tmp_path / "wall.png")
    expect(page.get_by_text("No face found.")).to_be_visible(timeout=60_000)
    assert page.evaluate("[...window.left]") == []
    expect(page.locator("#face article")).to_have_count(0)
    expect(page.locator("#why img")).to_have_count(0)
    expect(page.get_by_label("mouth")).to_be_hidden()


@on_one_phone
def test_a_picture_without_a_face_gets_advice_and_a_box_by_hand_an_answer(page, request, tmp_path):
    Image.new("RGB", (400, 300), "beige").save(tmp_path / "wall.png")
    give(page, tmp_path / "wall.png")
    expect(page.get_by_text("No face found.")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Draw a box around one, or try a larger picture.")).to_be_visible()
    look(page, request, "no-face")
    page.get_by_role("button", name="Draw a box").click()
    canvas = page.locator(".fer-canvas").bounding_box()
    page.mouse.move(canvas["x"] + 0.2 * canvas["width"], canvas["y"] + 0.2 * canvas["height"])
    page.mouse.down()
    page.mouse.move(canvas["x"] + 0.7 * canvas["width"], canvas["y"] + 0.8 * canvas["height"], steps=3)
    page.mouse.up()
    expect(card(page)).to_contain_text("This box was drawn by hand.", timeout=30_000)
    assert sum(meters(card(page)).values()) == pytest.approx(100, abs=0.5)
    box = page.locator("#stage .fer-box").bounding_box()
    assert box["x"] == pytest.approx(canvas["x"] + 0.2 * canvas["width"], abs=4)
    assert box["width"] == pytest.approx(0.5 * canvas["width"], abs=6)


@on_one_phone
def test_the_whole_picture_can_be_the_face(page, tmp_path):
    Image.new("RGB", (400, 300), "beige").save(tmp_path / "wall.png")
    give(page, tmp_path / "wall.png")
    page.get_by_role("button", name="The whole picture is the face").click(timeout=60_000)
    expect(card(page)).to_contain_text("This box was drawn by hand.", timeout=30_000)


@on_one_phone
def test_what_if_the_mouth_were_covered_and_the_face_turned(page, request):
    expect(page.locator("#why img")).to_be_visible(timeout=60_000)
    before = card(page).get_by_role("img").first.get_attribute("src")
    page.get_by_label("mouth").check()
    expect(card(page).get_by_text("The line on each bar is where it stood.")).to_be_visible(timeout=30_000)
    covered = card(page).get_by_role("img").first.get_attribute("src")
    assert card(page).locator("s").count() == 7
    assert covered != before
    assert card(page).get_by_role("img").first.evaluate("image => image.naturalWidth") == 192  # sharp as before
    page.get_by_label("range slider for What if turned (degrees)").focus()
    page.keyboard.press("ArrowRight")
    expect(card(page).get_by_role("img").first).not_to_have_attribute("src", covered, timeout=30_000)
    look(page, request, "what-if")


@on_one_desktop
def test_a_turn_that_is_too_far_is_bounded_and_no_error(page):
    expect(page.locator("#why img")).to_be_visible(timeout=60_000)
    turn = page.get_by_label("number input for What if turned (degrees)")
    turn.fill("400")
    turn.press("Enter")
    expect(card(page).get_by_text("The line on each bar")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Error", exact=True)).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)


@on_one_desktop_and_one_phone
def test_a_photo_is_taken_with_the_webcam(page, request):
    page.get_by_role("button", name="Webcam", exact=True).click()
    page.get_by_role("button", name="Take the photo").click()
    expect(page.get_by_text("1 face found")).to_be_visible(timeout=60_000)
    assert page.evaluate("document.querySelector('.fer-camera video').srcObject") is None
    look(page, request, "webcam")


@on_one_desktop
def test_the_webcam_of_the_photo_tab_is_off_once_the_page_is_hidden(page):
    page.get_by_role("button", name="Webcam", exact=True).click()
    expect(page.get_by_role("button", name="Take the photo")).to_be_visible()
    page.wait_for_function("document.querySelector('.fer-camera video').srcObject !== null")
    page.evaluate("window.track = document.querySelector('.fer-camera video').srcObject.getTracks()[0]")
    assert page.evaluate("window.track.readyState") == "live"
    page.evaluate(HIDE)
    assert page.evaluate("window.track.readyState") == "ended"
    expect(page.get_by_role("button", name="Take the photo")).to_be_hidden()


@on_one_desktop
@pytest.mark.parametrize("way", ["paste", "drop"])
def test_a_photo_is_pasted_or_dropped_anywhere_on_the_tab(page, way):
    page.evaluate(
        """([way, content]) => {
            const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0)), data = new DataTransfer();
            data.items.add(new File([bytes], 'given.jpg', {type: 'image/jpeg'}));
            const event = way === 'paste'
                ? new ClipboardEvent('paste', {clipboardData: data, bubbles: true})
                : new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true});
            document.querySelector('#face').dispatchEvent(event);
        }""",
        [way, base64.b64encode(EXAMPLE.read_bytes()).decode()],
    )
    expect(page.locator("#stage figcaption")).to_contain_text("given.jpg", timeout=60_000)
    expect(page.get_by_text("1 face found")).to_be_visible()


@on_one_desktop
def test_examples_tell_a_story_and_a_turned_photo_says_so(page):
    page.get_by_role("button", name="Example: Turned on its side").click()
    expect(card(page)).to_contain_text("The face lies turned by", timeout=60_000)
    page.get_by_role("button", name="Example: The mouth covered").click()
    expect(page.locator("#stage figcaption")).to_contain_text("The mouth covered", timeout=60_000)
    page.get_by_role("button", name="Example: Two people").click()
    expect(page.locator("#stage .fer-box")).to_have_count(2, timeout=60_000)
    expect(page.locator("#message")).to_contain_text("Grace Hopper, U.S. Navy, public domain")
    assert_can_be_pressed(page)


@on_one_desktop
def test_clearing_the_models_leaves_one(page, model_folder):
    page.locator("#model .token-remove").first.click()
    expect(page.locator("#model .token")).to_have_count(1, timeout=30_000)
    expect(card(page)).to_be_visible()
    give(page, EXAMPLE)
    expect(page.get_by_text("1 face found")).to_be_visible(timeout=60_000)


@on_one_desktop
def test_a_link_opens_a_tab_and_an_example(page, address):
    page.goto(f"{address}?example=turned")
    expect(card(page)).to_contain_text("The face lies turned by", timeout=60_000)
    page.goto(f"{address}?tab=live")
    expect(page.get_by_role("button", name="Start")).to_be_visible(timeout=60_000)


@on_one_desktop
def test_the_keyboard_begins_at_the_top_and_walks_the_tabs(page):
    page.wait_for_timeout(1500)
    page.keyboard.press("Tab")
    above = page.evaluate("document.activeElement.getBoundingClientRect().top")
    assert above < page.get_by_role("tab", name="Photo").bounding_box()["y"]
    page.get_by_role("tab", name="Photo").locator("visible=true").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Live").locator("visible=true")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("button", name="Start")).to_be_visible()


def test_about_says_what_it_is_and_how_programs_use_it(page, request):
    open_tab(page, "About")
    expect(page.get_by_role("heading", name="Where it must not be used")).to_be_visible()
    expect(page.get_by_text("/gradio_api/mcp/")).to_be_visible()
    code = page.locator(".fer-code").first
    lines = code.inner_text().splitlines()
    assert lines[0] == "from gradio_client import Client, handle_file"
    assert len(lines) == 5
    assert code.evaluate("block => block.scrollWidth <= block.clientWidth"), "no line of it is cut off"
    look(page, request, "about")
    expect(page.locator("footer:visible")).to_have_count(1)
    expect(page.locator("footer:visible")).to_contain_text("nothing is recorded")
    page.get_by_role("button", name="Every function").click()
    expect(page.get_by_text("recognize", exact=True).first).to_be_visible()


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
