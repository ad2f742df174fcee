"""The Evaluation and Compare tabs as a person uses them."""

import json
import os
import re
import zipfile
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from fer_hub.demo.state.evaluations import DATASET_VARIABLE
from fer_hub.hub.references import resolve
from fer_hub.vision.images import EXAMPLE
from tests.browser.conftest import (
    assert_can_be_pressed,
    look,
    on_one_desktop,
    on_one_desktop_and_one_phone,
    open_tab,
)
from tests.faces import write_dataset
from tests.serving import serving


@pytest.fixture(scope="module")
def address(model_folder, dataset_folder):
    """A demo of three models; the pictures of the first one's evaluation are at hand."""
    os.environ[DATASET_VARIABLE] = str(dataset_folder)
    with serving([str(model_folder), "fer2013-live", "simple_cnn"]) as address:
        del os.environ[DATASET_VARIABLE]
        yield address


def test_a_cell_of_the_matrix_answers_with_its_pictures(page, request, model_folder):
    report = resolve(str(model_folder)).evaluation
    count = report.confusion_matrix[3][3]
    open_tab(page, "Evaluation")
    expect(page.locator("#reliability img")).to_be_visible(timeout=60_000)
    page.locator("#matrix button[data-cell='3,3']").click()
    cell = page.locator("#cell")
    expect(cell).to_contain_text(f"{count} of the {report.per_class['happy']['support']:.0f} pictures labelled happy")
    expect(cell.get_by_role("img")).to_have_count(min(count, 18))
    look(page, request, "evaluation-cell")


def test_models_are_compared_before_the_first_click_and_where_they_disagree(page, request):
    open_tab(page, "Compare")
    expect(page.locator("#compared-faces .fer-card")).to_have_count(2, timeout=60_000)
    box = page.locator("#compared-photo button")  # what both say, or with a dashed line what each says
    expect(box).to_have_text(re.compile(r"^1 \w+( or \w+)?$"))
    box.click()
    expect(page.locator("#compared-face-1")).to_be_in_viewport()
    face = page.locator("#compared-faces article").first
    sharp = face.locator("img:visible")
    assert sharp.evaluate("image => image.naturalWidth") == 192  # cut from the photo, not what the model saw
    face.get_by_role("button", name="as the model saw it").click()
    assert sharp.evaluate("image => image.naturalWidth") < 100
    expect(page.locator("#compared-words")).to_contain_text("They cannot be compared", timeout=60_000)
    page.locator("#compared input").click()
    page.get_by_role("option", name="simple_cnn").click()
    expect(page.locator("#compared-faces .fer-card")).to_have_count(3, timeout=60_000)
    page.locator("#compared").get_by_role("button").first.click()  # takes the first model away
    words = page.locator("#compared-words")
    expect(words).to_contain_text("(McNemar, exact)", timeout=60_000)
    expect(page.locator("#compared-matrices table")).to_have_count(2)
    words.get_by_role("button").first.click()
    expect(page.locator("#disagreement")).to_contain_text("pictures labelled")
    look(page, request, "compare")


@on_one_desktop_and_one_phone
def test_models_are_compared_on_a_photo_that_is_given(page):
    open_tab(page, "Compare")
    expect(page.get_by_text("This is an example").locator("visible=true")).to_be_visible(timeout=60_000)
    assert_can_be_pressed(page)
    page.set_input_files("#compared-upload input[type=file]", EXAMPLE)
    expect(page.get_by_text("This is an example").locator("visible=true")).to_have_count(0, timeout=60_000)
    expect(page.locator("#compared-faces .fer-card")).to_have_count(2)


@on_one_desktop
def test_the_model_chosen_at_the_top_is_the_one_whose_evaluation_is_shown(page):
    page.locator("#model input").click()
    page.get_by_role("option", name=re.compile("simple_cnn")).click()
    page.locator("#model .token-remove").first.click()
    open_tab(page, "Evaluation")
    expect(page.locator("#report")).to_contain_text("simple_cnn was asked", timeout=60_000)
    expect(page.locator("#evaluated input")).to_have_value(re.compile("^simple_cnn"))
    page.get_by_text("Evaluate on your own pictures").click()
    menus = page.get_by_role("tabpanel").locator("visible=true").locator(".secondary-wrap")
    expect(menus).to_have_count(1)  # none that could name another model
    assert_can_be_pressed(page)


@on_one_desktop
def test_a_link_opens_a_models_evaluation_with_its_card(page, request, address, model_folder):
    page.goto(f"{address}?model={quote('simple_cnn', safe='')}")
    expect(page.locator("#report")).to_contain_text("simple_cnn was asked", timeout=60_000)
    expect(page.locator("#permalink").get_by_role("link", name="Link to")).to_have_attribute(
        "href", "?model=simple_cnn"
    )
    page.get_by_text("The model's card").click()
    expect(page.locator("#card").get_by_role("heading", name="simple_cnn")).to_be_visible()
    look(page, request, "evaluation-card")


@on_one_desktop
def test_own_pictures_get_the_same_report(page, request, tmp_path):
    folder = write_dataset(tmp_path / "faces", {"test": 2}, seed=7)
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        for file in sorted(folder.rglob("*.png")):
            archive.write(file, file.relative_to(folder / "test"))
    open_tab(page, "Evaluation")
    page.get_by_text("Evaluate on your own pictures").click()
    page.set_input_files("#zip input[type=file]", tmp_path / "mine.zip")
    expect(page.locator("#zip")).to_contain_text("mine", timeout=30_000)
    page.evaluate("""() => {
        const bars = new Set();
        new MutationObserver(() => {
            for (const bar of document.querySelectorAll('#own-told progress'))
                bars.add(bar.closest('label').innerText.split(':')[0]);
            document.querySelectorAll('.progress-level, .progress-text, .eta-bar').forEach(bar => {
                if (bar.checkVisibility({opacityProperty: true})) bars.add(bar.className);
            });
            window.bars = [...bars];
        }).observe(document.body, {subtree: true, childList: true});
    }""")
    page.get_by_role("button", name="Evaluate", exact=True).click()
    expect(page.locator("#report")).to_contain_text("the 14 pictures of mine.zip", timeout=60_000)
    expect(page.locator("#own-told")).to_contain_text("Done: the report below is of your pictures.")
    expect(page.locator("#own-told progress")).to_have_count(0)
    assert page.evaluate("window.bars") == ["Naming the pictures"], "one bar, and it is ours"
    with page.expect_download() as saved:
        page.get_by_role("link", name="evaluation.json").click()
    assert json.loads(saved.value.path().read_text())["images"] == 14
    look(page, request, "evaluation-own")
