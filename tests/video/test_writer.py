"""Videos with their faces drawn on them: what players get, with the sound that was there."""

import itertools
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_hub import EXPRESSIONS, InputError
from fer_hub.video.reader import VideoFile
from fer_hub.video.timeline import Moment, Timeline
from fer_hub.video.tracking import TrackedFace
from fer_hub.video.writer import FORMAT_VARIABLE, annotated, video_suffix, write_annotated, write_frames
from tests.videos import heard_from, walking, write_video

NOBODY = Timeline(2.0, 0.2, EXPRESSIONS, (Moment(0.0, ()),))


def write(path: Path, output: Path, timeline: Timeline = NOBODY) -> list[float]:
    return list(write_annotated(path, timeline, output))


def test_a_video_is_not_written_over_itself(photo, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", walking(photo, 5))
    before = clip.read_bytes()
    with pytest.raises(InputError, match="is what is read"):
        write(clip, clip)
    assert clip.read_bytes() == before


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "h264"), (".webm", "vp9")])
def test_the_annotated_video_plays_in_browsers_and_has_the_boxes(photo, tmp_path, suffix, codec):
    clip, output = write_video(tmp_path / "clip.mp4", walking(photo, 20)), tmp_path / f"drawn{suffix}"
    probabilities = {label: 0.7 if label == "happy" else 0.05 for label in EXPRESSIONS}
    moments = [
        Moment(0.2 * n, (TrackedFace(1, (20.0 * n, 40, 20.0 * n + 200, 250), probabilities),)) for n in range(10)
    ]
    timeline = Timeline(2.0, 0.2, EXPRESSIONS, tuple(moments))
    shares = write(clip, output, timeline)
    assert len(shares) == 20
    assert shares == sorted(shares)
    with av.open(str(output)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.codec.canonical_name, stream.codec_context.pix_fmt) == (codec, "yuv420p")
        assert not container.streams.audio
    drawn = VideoFile(output)
    assert drawn.size == (480, 320)
    assert drawn.duration == pytest.approx(2, abs=0.15)
    for (time, picture), (_, plain) in itertools.islice(zip(drawn.frames(), VideoFile(clip).frames(), strict=True), 5):
        expected = annotated(plain, timeline.at(time), 480)
        changed = (expected != plain).any(axis=2)
        assert changed.sum() > 300
        assert np.abs(picture[changed].astype(int) - expected[changed]).mean() < 25  # JPEG-like losses, half colour


PICTURES = [np.full((48, 64, 3), 12 * number, np.uint8) for number in range(20)]


@pytest.mark.parametrize(
    ("name", "pictures", "sound", "suffix", "kept"),
    [
        ("phone.mp4", "libx264", "aac", ".mp4", "aac"),
        ("phone.mov", "libx264", "aac", ".mp4", "aac"),
        ("camera.ts", "libx264", "aac", ".mp4", "aac"),  # its rate stands in its packets alone
        ("camera.ts", "libx264", "libmp3lame", ".mp4", "mp3"),
        ("browser.webm", "libvpx", "libopus", ".webm", "opus"),
        ("browser.webm", "libvpx", "libopus", ".mp4", "opus"),
        ("old.avi", "mpeg4", "libmp3lame", ".mp4", "mp3"),
        ("phone.mp4", "libx264", "aac", ".webm", None),  # no WebM holds AAC
        ("old.avi", "mpeg4", "pcm_s16le", ".mp4", None),
    ],
)
def test_sound_is_copied_as_it_is_and_stays_with_its_picture(tmp_path, name, pictures, sound, suffix, kept):
    path, output = write_video(tmp_path / name, PICTURES, codec=pictures, sound=sound), tmp_path / f"drawn{suffix}"
    write(path, output)
    with av.open(str(output)) as container:
        sounds = [stream.codec_context.codec.canonical_name for stream in container.streams.audio]
    assert sounds == ([kept] if kept else [])
    assert VideoFile(output).duration == pytest.approx(2, abs=0.15)
    start = heard_from(output)
    assert start == (pytest.approx(1, abs=0.06) if kept else None)


def test_damaged_sound_costs_no_picture(tmp_path):
    data = bytearray(write_video(tmp_path / "a.webm", PICTURES, codec="libvpx", sound="libopus").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = b"\xff" * 400
    (tmp_path / "b.webm").write_bytes(data)
    left = sum(1 for _ in VideoFile(tmp_path / "b.webm").frames())
    assert len(write(tmp_path / "b.webm", tmp_path / "drawn.mp4")) == left
    assert sum(1 for _ in VideoFile(tmp_path / "drawn.mp4").frames()) == left


@given(st.lists(st.tuples(st.integers(0, 10_000_000), st.integers(0, 255)), max_size=20))
@settings(max_examples=15, deadline=None)
def test_no_damage_ends_otherwise_than_in_a_sentence_or_a_video(tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("damage")
    data = bytearray(write_video(folder / "a.mp4", PICTURES[:5], sound="aac").read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    (folder / "b.mp4").write_bytes(data)
    with suppress(InputError):
        write(folder / "b.mp4", folder / "drawn.mp4")
        assert VideoFile(folder / "drawn.mp4").size == VideoFile(folder / "b.mp4").size


def test_the_host_chooses_the_kind_of_file(tmp_path, monkeypatch):
    monkeypatch.delenv(FORMAT_VARIABLE, raising=False)
    assert video_suffix() == ".mp4"
    monkeypatch.setattr(av, "codecs_available", av.codecs_available - {"libx264"})
    assert video_suffix() == ".webm"  # browsers play nothing else that could be written then
    monkeypatch.setenv(FORMAT_VARIABLE, "webm")
    assert video_suffix() == ".webm"
    monkeypatch.setenv(FORMAT_VARIABLE, "gif")
    with pytest.raises(InputError, match="FER_HUB_VIDEO is 'gif'; it should be mp4 or webm"):
        video_suffix()
    with pytest.raises(InputError, match=r"drawn\.gif cannot be written; give it the name of an \.mp4 or \.webm"):
        write(write_video(tmp_path / "a.mp4", PICTURES), tmp_path / "drawn.gif")


@pytest.mark.parametrize(("width", "height"), [(2, 2), (64, 2), (1922, 20)])
def test_odd_shapes_are_written_too(tmp_path, width, height):
    path = write_video(tmp_path / "thin.mp4", [np.zeros((height, width, 3), np.uint8)] * 2)
    write(path, tmp_path / "out.mp4")
    assert max(VideoFile(tmp_path / "out.mp4").size) <= 960


def test_a_writing_that_is_stopped_leaves_nothing(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (100, 48, 64, 3), dtype=np.uint8)
    path = write_video(tmp_path / "noise.mkv", noise, codec="mjpeg")
    output = tmp_path / "out" / "drawn.mp4"
    output.parent.mkdir()
    output.write_text("from before")
    writing = write_annotated(path, NOBODY, output)
    for _ in range(90):
        next(writing)
    assert len(list(output.parent.iterdir())) == 2
    writing.close()
    assert list(output.parent.iterdir()) == [output]
    assert output.read_text() == "from before"


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_pictures_become_a_video(tmp_path, suffix):
    write_frames([np.full((48, 64, 3), value, np.uint8) for value in (0, 100, 200)], 10, tmp_path / f"a{suffix}")
    video = VideoFile(tmp_path / f"a{suffix}")
    assert video.size == (64, 48)
    assert [round(float(picture.mean()), -1) for _, picture in video.frames()] == [0, 100, 200]
