"""The Live and Video tabs as a person uses them; Chromium's camera shows the bundled photo, moving."""

import os
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from fer_hub import EXPRESSIONS
from fer_hub.demo.state.examples import EXAMPLES
from tests.browser.conftest import (
    HIDE,
    assert_can_be_pressed,
    chromium,
    look,
    on_one_desktop,
    on_one_phone,
    open_tab,
)
from tests.videos import walking, write_sound, write_video


@pytest.fixture(scope="module")
def browser(photo, tmp_path_factory):
    there = walking(photo, 30, 640, 480)
    film = write_video(tmp_path_factory.mktemp("camera") / "camera.mjpeg", [*there, *there[::-1]], codec="mjpeg")
    with chromium(film) as browser:
        yield browser


@pytest.fixture(scope="module")
def clip(photo, tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clips") / "walk.mp4", walking(photo, 20))


def kept_files() -> set[Path]:
    """What the demo has on the disk."""
    folder = Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio")
    return {path for path in folder.rglob("*") if path.is_file()}


FILM_IS_OFF = "document.querySelector('.fer-mirror video').srcObject === null"
KEEP_TRACK = "window.track = document.querySelector('.fer-mirror video').srcObject.getTracks()[0]"
CAMERA_IS_OFF = "window.track.readyState === 'ended'"


def test_the_webcam_is_read_live_and_no_picture_is_kept(page, request):
    before = kept_files()
    open_tab(page, "Live")
    expect(page.get_by_text("none is written to a disk")).to_be_visible()
    look(page, request, "live-blank")
    page.get_by_role("button", name="Start").click()
    person = page.get_by_role("region", name="Person 1")
    expect(person).to_be_visible(timeout=60_000)
    expect(page.get_by_text(re.compile(r"\d pictures a second"))).to_be_visible(timeout=30_000)
    values = "face => [...face.querySelectorAll('[role=meter]')].map(bar => Number(bar.getAttribute('aria-valuenow')))"
    shown = person.evaluate(values)  # at once: the bars move
    assert len(shown) == len(EXPRESSIONS)
    assert sum(shown) == pytest.approx(100, abs=0.5)
    drawn = page.locator(".fer-mirror .fer-box")
    expect(drawn).to_have_count(1)
    expect(drawn).to_have_text(re.compile(r"^1 \w+"))
    page.wait_for_timeout(1500)
    expect(page.get_by_role("button", name="Record")).to_have_count(0)
    assert_can_be_pressed(page)
    look(page, request, "live")
    page.evaluate(KEEP_TRACK)
    page.get_by_role("button", name="Stop").click()
    assert page.evaluate(FILM_IS_OFF)
    assert page.evaluate(CAMERA_IS_OFF)
    expect(drawn).to_have_count(0)
    with page.expect_download() as saved:
        page.get_by_role("link", name="What was seen").click()
    assert Path(saved.value.path()).read_text().startswith("time_s,person,")
    assert {path for path in kept_files() - before if path.suffix in {".jpg", ".jpeg", ".png", ".webp"}} == set()


@on_one_desktop
def test_the_camera_is_off_once_the_tab_is_left(page):
    open_tab(page, "Live")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("region", name="Person 1")).to_be_visible(timeout=60_000)
    page.evaluate(KEEP_TRACK)
    assert not page.evaluate(CAMERA_IS_OFF)
    open_tab(page, "About")
    page.wait_for_function(CAMERA_IS_OFF)
    assert page.evaluate(FILM_IS_OFF)


@on_one_desktop
def test_the_camera_is_off_once_the_page_is_hidden(page):
    open_tab(page, "Live")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("region", name="Person 1")).to_be_visible(timeout=60_000)
    page.evaluate(KEEP_TRACK)
    assert not page.evaluate(CAMERA_IS_OFF)
    page.evaluate(HIDE)
    assert page.evaluate(CAMERA_IS_OFF)
    expect(page.get_by_role("button", name="Start")).to_be_visible()


@on_one_phone
def test_without_a_camera_live_says_so(page):
    open_tab(page, "Live")
    refuse = "name => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name); }; }"
    for name, said in [("NotFoundError", "No camera was found"), ("NotAllowedError", "does not allow this page")]:
        page.evaluate(refuse, name)
        page.get_by_role("button", name="Start").click()
        expect(page.locator("#camera [role=status]")).to_contain_text(said)
        expect(page.locator("#camera [role=status]")).to_be_visible()
        expect(page.get_by_role("button", name="Start")).to_be_visible()


def give_video(page, file: Path) -> None:
    open_tab(page, "Video")
    page.locator("#video input[type=file]").set_input_files(file)


def test_a_video_becomes_a_timeline_that_is_one_with_its_player(page, request, clip):
    open_tab(page, "Video")
    expect(page.get_by_text("Every person in it gets a row of time")).to_be_visible()
    panel = page.get_by_role("tabpanel").locator("visible=true")
    expect(panel.locator("video, input:not([type=file]), a, [role=slider], canvas")).to_have_count(0)
    expect(panel.locator("button:visible")).to_have_count(1)  # the example
    expect(panel.locator("img:visible")).to_have_count(1)
    look(page, request, "video-blank")
    give_video(page, clip)
    expect(page.get_by_text("1 person in 2.0 s of video")).to_be_visible(timeout=60_000)
    person = page.get_by_role("region", name="Person 1")
    expect(person).to_contain_text("mostly")
    expect(person.locator("img")).to_be_visible()
    page.wait_for_function("document.querySelector('#timeline video').readyState > 1")
    expect(page.locator("#timeline .fer-screen .fer-box")).to_have_count(1)
    track = person.locator(".fer-track")
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    track.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    page.wait_for_function("Math.abs(document.querySelector('#timeline video').currentTime - 1) < 0.05")
    cursor = page.get_by_role("slider", name="Moment")
    expect(cursor).to_have_attribute("aria-valuetext", "1.0 s")
    cursor.press("ArrowRight")
    expect(cursor).to_have_attribute("aria-valuetext", "1.2 s")
    page.evaluate("document.querySelector('#timeline video').play()")
    page.wait_for_function("document.querySelector('.fer-cursor').getAttribute('aria-valuenow') > 1.5")
    expect(page.get_by_role("link", name="Video with boxes")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    assert_can_be_pressed(page)
    look(page, request, "video")

    with page.expect_download() as download:
        page.get_by_role("link", name="Table (CSV)").click()
    rows = Path(download.value.path()).read_text().splitlines()
    assert rows[0].startswith("time_s,person,x1,y1,x2,y2,expression,angry")
    assert len(rows) == 11
    page.get_by_label("Name of person 1").fill("Ada")
    with page.expect_download() as download:
        page.get_by_role("link", name="Table (CSV)").click()
    assert Path(download.value.path()).read_text().splitlines()[1].split(",")[1] == '"Ada"'


@on_one_desktop
def test_two_rows_of_one_name_become_one_row_and_can_be_parted(page, tmp_path):
    two = next(example for example in EXAMPLES if example.name == "two").picture()
    give_video(page, write_video(tmp_path / "two.mp4", [two] * 10))
    expect(page.get_by_text("2 people in 1.0 s of video")).to_be_visible(timeout=60_000)
    rows = page.locator("#timeline section:visible")
    expect(rows).to_have_count(2)
    expect(page.get_by_text("give both the same name: they become one row")).to_be_visible()
    seen = rows.nth(0).locator(".fer-seen").text_content()
    spans = page.locator("#timeline section .fer-track i").count()
    page.get_by_label("Name of person 1").fill("Ada")
    page.get_by_label("Name of person 2").fill("ada ")
    page.get_by_label("Name of person 2").press("Enter")
    expect(rows).to_have_count(1)
    expect(rows.locator(".fer-track i")).to_have_count(spans)
    expect(rows.locator(".fer-seen")).to_contain_text("seen for 2.0 s, mostly")
    with page.expect_download() as download:
        page.get_by_role("link", name="Table (CSV)").click()
    table = Path(download.value.path()).read_text().splitlines()
    assert {row.split(",")[1] for row in table[1:]} == {'"Ada"'}
    rows.get_by_role("button", name="part from person").click()
    expect(rows).to_have_count(2)
    expect(rows.nth(0).locator(".fer-seen")).to_have_text(seen or "")
    expect(page.get_by_role("button", name="part from person")).to_have_count(0)


@on_one_desktop
def test_what_is_no_video_gets_one_sentence(page, tmp_path):
    write_sound(tmp_path / "sound.m4a").rename(tmp_path / "sound.mp4")
    (tmp_path / "notes.txt").write_text("not a video")
    (tmp_path / "notes.m4v").write_text("not a video")
    for name, said in [
        ("notes.m4v", "notes.m4v cannot be read as a video"),
        ("sound.mp4", "sound.mp4 holds no moving pictures"),
        ("notes.txt", "notes.txt cannot be read as a video"),
    ]:
        give_video(page, tmp_path / name)
        expect(page.get_by_role("alert").locator("visible=true")).to_contain_text(said, timeout=30_000)
        page.wait_for_timeout(1000)
        expect(page.get_by_role("alert").locator("visible=true")).to_contain_text(said)  # it stays
        expect(page.get_by_text(re.compile("Invalid file type|video/"))).to_have_count(0)
        expect(page.get_by_role("button", name="Cancel")).to_be_hidden()


@on_one_desktop
def test_a_video_without_a_face_is_told_so(page, tmp_path):
    grey = np.full((10, 240, 320, 3), 128, np.uint8)
    give_video(page, write_video(tmp_path / "grey.mp4", grey, rate=5))
    expect(page.get_by_text("No face was found.")).to_be_visible(timeout=60_000)
    page.wait_for_timeout(1500)
    expect(page.get_by_text("No face was found.")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    expect(page.locator("#timeline video")).to_have_count(0)


@on_one_desktop
def test_reading_can_be_cancelled_and_the_next_video_is_read(page, tmp_path, clip):
    noise = np.random.default_rng(0).integers(0, 256, (300, 240, 320, 3), dtype=np.uint8)
    give_video(page, write_video(tmp_path / "long.mp4", noise, rate=5))
    page.get_by_role("button", name="Cancel").click(timeout=60_000)
    expect(page.get_by_text("Stopped.")).to_be_visible(timeout=60_000)
    page.wait_for_timeout(2000)
    expect(page.get_by_text("Stopped.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_text("Error", exact=True)).to_have_count(0)
    expect(page.locator("#timeline section")).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    expect(page.locator("#timeline video")).to_have_count(0)
    give_video(page, clip)
    expect(page.get_by_text("1 person in 2.0 s of video")).to_be_visible(timeout=60_000)


@on_one_desktop
def test_a_video_that_is_gone_is_told_so_without_its_place(page, clip):
    give_video(page, clip)
    expect(page.get_by_role("link", name="Video with boxes")).to_be_visible(timeout=60_000)
    for file in kept_files():
        if file.name == clip.name:
            file.unlink()
    page.get_by_role("button", name="Read again").click()
    said = page.get_by_role("alert").locator("visible=true")
    expect(said).to_contain_text("walk.mp4 has been deleted meanwhile", timeout=30_000)
    expect(said).not_to_contain_text("/")


@on_one_phone
def test_there_is_a_video_to_try(page, request):
    open_tab(page, "Video")
    page.get_by_role("button", name="Example: A short video").click()
    expect(page.get_by_text("1 person in 5.0 s of video")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("link", name="Video with boxes")).to_be_visible(timeout=60_000)
    look(page, request, "video-example")
