"""What the browser tests share: a Chromium whose camera shows a film, and the demo opened in it."""

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from fer_hub.vision.images import EXAMPLE
from tests.conftest import REPOSITORY
from tests.serving import serving

expect.set_options(timeout=60_000)  # where many others run, a page takes its time

ARTEFACTS = REPOSITORY / "tests" / "artefacts"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


@contextmanager
def chromium(film: Path) -> Iterator[Browser]:
    """Headless Chromium whose camera shows a film (MJPEG)."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; install the package chromium")
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*QUIET, *camera, f"--use-file-for-fake-video-capture={film}"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module", autouse=True)
def own_uploads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder of uploads that no other demo on this machine sweeps: the page would get a 403 for what is gone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        yield


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Chromium whose camera shows the bundled photo."""
    frame, film = io.BytesIO(), tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    Image.open(EXAMPLE).crop((60, 0, 444, 288)).resize((640, 480)).save(frame, "JPEG")
    film.write_bytes(30 * frame.getvalue())
    with chromium(film) as browser:
        yield browser


@pytest.fixture(scope="module")
def address(model_folder):
    with serving([str(model_folder)]) as address:
        yield address


def name_of(view: tuple[int, str]) -> str:
    return f"{view[0]}-{view[1]}"


on_one_desktop = pytest.mark.parametrize("page", [(1280, "light")], ids=name_of, indirect=True)
on_one_desktop_and_one_phone = pytest.mark.parametrize(
    "page", [(1280, "light"), (390, "dark")], ids=name_of, indirect=True
)
on_one_phone = pytest.mark.parametrize("page", [(390, "dark")], ids=name_of, indirect=True)


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=name_of)
def page(request, browser, address):
    """The opened demo; fails on console errors, requests that leave the machine, and horizontal overflow."""
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 800 if width > 600 else 844}, color_scheme=scheme)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("framenavigated", lambda frame: errors.clear())  # a page that is left complains of what it waited for
    elsewhere: list[str] = []
    page.on("request", lambda r: None if r.url.startswith((address, "data:", "blob:")) else elsewhere.append(r.url))
    page.goto(f"{address}?__theme={scheme}")
    expect(page.get_by_role("heading", name="FER Hub")).to_be_visible()
    expect(page.get_by_role("article", name="Face 1")).to_be_visible()  # the example
    yield page
    context.close()
    assert errors == []
    assert elsewhere == []


def open_tab(page: Page, name: str) -> None:
    """Click on a tab, where it does not fit in the menu behind the dots."""
    page.wait_for_timeout(300)  # until the tabs have found their places
    tab = page.get_by_role("tab", name=name).locator("visible=true")
    if tab.count() == 0:
        page.locator(".overflow-menu > button").locator("visible=true").click()
        tab = page.locator(".overflow-dropdown button", has_text=name)
    tab.first.click()


_COVERED = """() => {
    const controls = 'button, a[href], input:not([type=file]), select, textarea, summary, [role=tab], [role=slider]';
    const wrong = [];
    for (const each of document.querySelectorAll(controls)) {
        if (!each.checkVisibility({opacityProperty: true, visibilityProperty: true}) || each.disabled) continue;
        const box = each.getBoundingClientRect();
        if (box.width < 2 || box.height < 2 || each.closest('.visually-hidden, .sr-only')) continue;
        window.scrollBy(0, box.top + box.height / 2 - innerHeight / 2);  // the page alone, and nothing inside it
        const now = each.getBoundingClientRect();
        const top = document.elementFromPoint(now.left + now.width / 2, now.top + now.height / 2);
        const label = each.closest('label') ?? each.labels?.[0];
        const inside = top?.contains(each) && top.closest('button, a, label');
        if (!top || !(each.contains(top) || inside || label?.contains(top)))
            wrong.push(`${each.outerHTML.slice(0, 120)} at ${Math.round(now.left)}, ${Math.round(now.top)}`);
    }
    return wrong;
}"""


HIDE = """() => {
    Object.defineProperty(document, 'hidden', {value: true, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
}"""
"""As when another tab of the browser comes to the front."""


def assert_can_be_pressed(page: Page) -> None:
    """Every control lies, once it is scrolled to as a whole page is, where a press reaches it."""
    assert page.evaluate(_COVERED) == []


def look(page: Page, request: pytest.FixtureRequest, name: str) -> None:
    """Keep a screenshot to look at, and see that nothing sticks out sideways."""
    ARTEFACTS.mkdir(exist_ok=True)
    page.wait_for_timeout(500)  # animations
    page.screenshot(path=ARTEFACTS / f"{request.node.callspec.id}-{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
