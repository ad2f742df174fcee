"""No serious or critical fault that axe-core finds, on any tab in either theme."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import name_of, open_tab

TABS = ("Photo", "Live", "Video", "Evaluation", "Models", "About")


@pytest.mark.parametrize("page", [(1280, "light"), (1280, "dark"), (390, "light")], ids=name_of, indirect=True)
def test_no_tab_has_a_serious_fault(page):
    expect(page.locator("#why img")).to_be_visible(timeout=60_000)
    found = []
    for tab in TABS:
        if tab != "Photo":
            open_tab(page, tab)
        page.wait_for_timeout(1500)
        for fault in Axe().run(page).response["violations"]:
            if fault["impact"] in ("serious", "critical"):
                found += [f"{tab}: {fault['id']}: {node['html'][:200]}" for node in fault["nodes"]]
    assert found == []
