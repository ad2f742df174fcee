"""The Live and Video tabs as a person uses them; Chromium's camera shows the bundled photo, moving."""

import os
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from fer_hub import EXPRESSIONS
from tests.browser.conftest import chromium, look, on_one_desktop, open_tab
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


def test_the_webcam_is_read_live_and_no_picture_is_kept(page, request):
    before = kept_files()
    open_tab(page, "Live")
    expect(page.get_by_text("none is written to a disk")).to_be_visible()
    look(page, request, "live-blank")
    page.get_by_text("Click to Access Webcam").click()
    page.locator("button:visible", has_text="Record").click()
    person = page.get_by_role("region", name="Person 1")
    expect(person).to_be_visible(timeout=60_000)
    expect(page.get_by_text(re.compile(r"\d pictures a second"))).to_be_visible(timeout=30_000)
    values = "face => [...face.querySelectorAll('[role=meter]')].map(bar => Number(bar.getAttribute('aria-valuenow')))"
    shown = person.evaluate(values)  # at once: the bars move
    assert len(shown) == len(EXPRESSIONS)
    assert sum(shown) == pytest.approx(100, abs=0.5)
    page.wait_for_timeout(1500)
    look(page, request, "live")
    page.locator("button:visible", has_text="Stop").click()
    assert {path for path in kept_files() - before if path.suffix in {".jpg", ".jpeg", ".png", ".webp"}} == set()


def open_video(page, file: Path) -> None:
    open_tab(page, "Video")
    page.locator("#video input[type=file]").set_input_files(file)
    expect(page.locator("#video video")).to_be_attached(timeout=30_000)
    page.get_by_role("button", name="Read the expressions").click()


def test_a_video_becomes_a_timeline_whose_moments_can_be_seen(page, request, clip, tmp_path):
    open_tab(page, "Video")
    expect(page.get_by_text("Every person in it gets a timeline")).to_be_visible()
    look(page, request, "video-blank")
    open_video(page, clip)
    expect(page.get_by_text("1 person in 2.0 s of video")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("region", name="Person 1")).to_contain_text("mostly")
    frame = page.locator("#moment img")
    expect(frame).to_be_visible(timeout=30_000)
    first = frame.get_attribute("src")
    lane = page.locator(".fer-lane svg").nth(3)
    lane.scroll_into_view_if_needed()
    box = lane.bounding_box()
    lane.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect(page.get_by_label("number input for Moment")).to_have_value(re.compile(r"0\.9\d|1(\.0\d)?"), timeout=30_000)
    expect(frame).not_to_have_attribute("src", first, timeout=30_000)
    expect(page.locator("#moment video")).to_be_attached(timeout=60_000)
    page.wait_for_timeout(500)
    look(page, request, "video")

    with page.expect_download() as download:
        page.get_by_role("button", name="Download the table").click()
    rows = Path(download.value.path()).read_text().splitlines()
    assert rows[0].startswith("time_s,person,x1,y1,x2,y2,expression,angry")
    assert len(rows) == 11


@on_one_desktop
def test_what_is_no_video_gets_one_sentence(page, tmp_path):
    open_tab(page, "Video")
    page.get_by_role("button", name="Read the expressions").click()
    expect(page.get_by_text("Give a video first")).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1500)
    expect(page.get_by_text("Give a video first")).to_be_visible()  # it stays
    write_sound(tmp_path / "sound.m4a").rename(tmp_path / "sound.mp4")
    open_video(page, tmp_path / "sound.mp4")
    expect(page.get_by_text("sound.mp4 holds no moving pictures")).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1500)
    expect(page.get_by_text("sound.mp4 holds no moving pictures")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()


@on_one_desktop
def test_a_video_without_a_face_is_told_so(page, tmp_path):
    grey = np.full((10, 240, 320, 3), 128, np.uint8)
    open_video(page, write_video(tmp_path / "grey.mp4", grey, rate=5))
    expect(page.get_by_text("No face was found.")).to_be_visible(timeout=60_000)
    page.wait_for_timeout(1500)
    expect(page.get_by_text("No face was found.")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()


@on_one_desktop
def test_reading_can_be_cancelled(page, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (300, 240, 320, 3), dtype=np.uint8)
    open_video(page, write_video(tmp_path / "long.mp4", noise, rate=5))
    expect(page.get_by_text("Looking at the video")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Stopped.")).to_be_visible(timeout=30_000)
    page.wait_for_timeout(2000)
    expect(page.get_by_text("Stopped.")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
