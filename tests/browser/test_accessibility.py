"""No serious or critical fault that axe-core finds, on any tab in either theme."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import name_of, open_tab
from tests.serving import serving

WITH_SIZES = {"rules": {"target-size": {"enabled": True}}}
"""What is pressed is 24 pixels wide and high, or has that much room."""

TABS = ("Photo", "Live", "Video", "Compare", "Evaluation", "Models", "About")


@pytest.fixture(scope="module")
def address(model_folder):
    """Two models, or Compare would be empty."""
    with serving([str(model_folder), "simple_cnn"]) as address:
        yield address


@pytest.mark.parametrize("page", [(1280, "light"), (1280, "dark"), (390, "dark")], ids=name_of, indirect=True)
def test_no_tab_has_a_serious_fault(page):
    expect(page.locator("#why img")).to_be_visible(timeout=60_000)
    found = []
    for tab in TABS:
        if tab != "Photo":
            open_tab(page, tab)
        if tab == "Compare":
            expect(page.locator("#compared-words")).to_contain_text("simple_cnn", timeout=60_000)
        page.wait_for_timeout(1500)
        for fault in Axe().run(page, options=WITH_SIZES).response["violations"]:
            if fault["impact"] in ("serious", "critical"):
                found += [f"{tab}: {fault['id']}: {node['html'][:200]}" for node in fault["nodes"]]
    assert found == []
