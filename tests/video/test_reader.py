from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from fer_hub import InputError
from fer_hub.video import reader
from fer_hub.video.reader import VideoFile
from tests.videos import turn, write_sound, write_video


def quarters(width: int = 64, height: int = 48) -> np.ndarray:
    """White above left, black below right, grey elsewhere."""
    picture = np.full((height, width, 3), 128, np.uint8)
    picture[: height // 2, : width // 2] = 255
    picture[height // 2 :, width // 2 :] = 0
    return picture


def clock(count: int) -> list[np.ndarray]:
    """Frames that say by their grey which they are."""
    return [np.full((48, 64, 3), 40 + 8 * number, np.uint8) for number in range(count)]


def number_of(picture: np.ndarray) -> int:
    return round((float(picture.mean()) - 40) / 8)


@pytest.fixture
def video(tmp_path):
    return write_video(tmp_path / "clock.mp4", clock(20))


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mov", "libx264"), ("a.webm", "libvpx-vp9"), ("a.mkv", "mjpeg"), ("a.avi", "mpeg4"),
     ("a.ts", "libx264")],
)  # fmt: skip
def test_reads_what_phones_and_browsers_write(tmp_path, name, codec):
    file = VideoFile(write_video(tmp_path / name, clock(20), codec=codec))
    assert file.size == (64, 48)
    assert file.duration == pytest.approx(2, abs=0.11)
    times, pictures = zip(*file.frames(), strict=True)
    assert times == pytest.approx(np.arange(20) / 10, abs=0.01)
    assert [number_of(picture) for picture in pictures] == list(range(20))
    assert pictures[0].dtype == np.uint8
    assert pictures[0].shape == (48, 64, 3)


def test_samples_evenly_and_scales_down(video):
    taken = list(VideoFile(video).frames(step=0.5, max_side=32))
    assert [(time, number_of(picture)) for time, picture in taken] == [(0, 0), (0.5, 5), (1, 10), (1.5, 15)]
    assert {picture.shape for _, picture in taken} == {(24, 32, 3)}


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.webm", "libvpx-vp9"), ("a.avi", "mpeg4"), ("a.ts", "libx264")]
)
@pytest.mark.parametrize("rate", [3, 12, 30])
def test_stretches_make_up_the_whole(tmp_path, name, codec, rate):
    noise = np.random.default_rng(0).integers(0, 255, (100, 48, 64, 3), np.uint8)
    video = VideoFile(write_video(tmp_path / name, noise, rate=rate, codec=codec))
    whole = list(video.frames(0.2))
    stretches = [look for start in range(0, 40, 2) for look in video.frames(0.2, start=float(start), end=start + 2.0)]
    assert [time for time, _ in stretches] == [time for time, _ in whole]
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(stretches, whole, strict=True))


@pytest.mark.parametrize(("time", "number"), [(0, 0), (0.95, 9), (1.0, 10), (1.01, 10), (99, 19), (-1, 0)])
def test_a_moment_is_the_frame_shown_then(video, time, number):
    assert number_of(VideoFile(video).frame_at(time)) == number


@pytest.mark.parametrize("clockwise", [0, 1, 2, 3])
def test_is_turned_upright_as_the_phone_says(tmp_path, clockwise):
    path = write_video(tmp_path / "turned.mp4", [quarters()] * 3)
    turn(path, clockwise)
    file = VideoFile(path)
    upright = np.rot90(quarters(), -clockwise).astype(int)
    assert file.size == (upright.shape[1], upright.shape[0])
    shown = next(file.frames())[1].astype(int)
    assert shown.shape == upright.shape
    assert np.abs(shown - upright).mean() < 8


def test_pixels_that_are_not_square_are_made_so(tmp_path):
    file = VideoFile(write_video(tmp_path / "wide.mp4", clock(3), shape=Fraction(2)))
    assert file.size == (128, 48)
    assert next(file.frames())[1].shape == (48, 128, 3)


def hostile(folder, name: str) -> bytes:
    """What a stranger might call a video."""
    whole = write_video(folder / "whole.mp4", clock(20)).read_bytes()
    return {
        "empty": b"",
        "text": b"not a video",
        "cut": whole[: len(whole) // 2],
        "scrambled": whole[:32] + bytes(1000) + whole[1032:],
        "playlist": f"#EXTM3U\n#EXTINF:10,\nfile://{folder}/whole.mp4\n#EXT-X-ENDLIST\n".encode(),
        "list": b"ffconcat version 1.0\nfile whole.mp4\n",
        "subtitles": b"WEBVTT\n\n00:00.000 --> 00:02.000\nhello\n",
    }[name]


@pytest.mark.parametrize("name", ["empty", "text", "cut", "scrambled", "playlist", "list", "subtitles"])
def test_what_is_no_video_is_refused_in_a_sentence(tmp_path, name):
    (tmp_path / "odd.mp4").write_bytes(hostile(tmp_path, name))
    with pytest.raises(InputError, match=r"^odd\.mp4 cannot be read as a video \(.*\); give an MP4"):
        VideoFile(tmp_path / "odd.mp4")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_photo_by_another_name_is_no_video(tmp_path, kind):
    Image.fromarray(quarters()).save(tmp_path / "photo.mp4", kind)
    with pytest.raises(InputError, match="cannot be read as a video"):
        VideoFile(tmp_path / "photo.mp4")


def test_sound_alone_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"sound\.m4a holds no moving pictures"):
        VideoFile(write_sound(tmp_path / "sound.m4a"))


@pytest.mark.parametrize("name", ["nowhere.mp4", "."])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(InputError, match="there is no video at"):
        VideoFile(tmp_path / name)


def test_a_name_that_looks_like_an_address_is_a_file_name(tmp_path, monkeypatch, video):
    monkeypatch.chdir(tmp_path)
    video.rename(tmp_path / "concat:clock.mp4")
    assert VideoFile("concat:clock.mp4").size == (64, 48)


def test_a_file_cut_short_gives_what_it_holds(tmp_path):
    whole = write_video(tmp_path / "whole.ts", clock(20)).read_bytes()
    (tmp_path / "cut.ts").write_bytes(whole[: 2 * len(whole) // 3])
    taken = [number_of(picture) for _, picture in VideoFile(tmp_path / "cut.ts").frames()]
    assert 8 < len(taken) < 20
    assert taken[:8] == list(range(8))


def test_bounds_are_kept(monkeypatch, video):
    with pytest.raises(InputError, match=r"clock\.mp4 is longer than 0\.01 minutes; cut it down"):
        VideoFile(video, max_seconds=0.6)
    assert VideoFile(video, max_seconds=1.5).duration == pytest.approx(2, abs=0.11)
    monkeypatch.setattr(reader, "_MAX_RATE", 9)
    with pytest.raises(InputError, match=r"clock\.mp4 is longer than"):
        VideoFile(video, max_seconds=2)
    monkeypatch.setattr(reader, "MAX_PIXELS", 64 * 48 - 1)
    with pytest.raises(InputError, match=r"clock\.mp4 is 64 x 48 pixels; scale it down"):
        VideoFile(video)


@pytest.mark.parametrize(("codec", "rate"), [("libx264", 10), ("mpeg4", 10), ("mpeg2video", 25)])
@pytest.mark.parametrize("keyframes", [5, 250])
def test_the_moments_of_a_transport_stream_are_those_that_were_asked_for(tmp_path, codec, rate, keyframes):
    file = VideoFile(write_video(tmp_path / "clock.ts", clock(20), rate, codec, keyframes=keyframes))
    shown = [number_of(file.frame_at((number + 0.1) / rate)) for number in range(0, 20, 3)]
    assert shown == list(range(0, 20, 3))


def test_the_first_pictures_of_a_transport_stream_may_be_missing(tmp_path):
    whole = write_video(tmp_path / "whole.ts", clock(20), keyframes=5).read_bytes()
    packet = 188
    (tmp_path / "cut.ts").write_bytes(whole[len(whole) // 3 // packet * packet :])
    file = VideoFile(tmp_path / "cut.ts")
    taken = list(file.frames())
    assert taken[0][0] == 0
    assert number_of(taken[0][1]) == 5 or number_of(taken[0][1]) == 10
    assert [number_of(file.frame_at(time + 0.01)) for time, _ in taken] == [number_of(p) for _, p in taken]


def test_transport_streams_that_were_joined_are_as_long_as_all_of_them(tmp_path):
    one = write_video(tmp_path / "one.ts", clock(20), keyframes=5).read_bytes()
    other = write_video(tmp_path / "other.ts", clock(10)).read_bytes()
    (tmp_path / "joined.ts").write_bytes(one + other + one)
    file = VideoFile(tmp_path / "joined.ts")
    assert file.duration == pytest.approx(5, abs=0.11)
    times, pictures = zip(*file.frames(), strict=True)
    assert times == pytest.approx(np.arange(50) / 10, abs=0.01)
    numbers = [*range(20), *range(10), *range(20)]
    assert [number_of(picture) for picture in pictures] == numbers
    assert [number_of(file.frame_at(time + 0.01)) for time in times[::7]] == numbers[::7]


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.webm", "libvpx-vp9"), ("a.ts", "libx264")])
def test_pauses_between_frames_are_kept(tmp_path, name, codec):
    """A recording of a screen has a frame only where something changed."""
    times = [0, 0.1, 0.2, 7.0, 7.1, 16.0]
    file = VideoFile(write_video(tmp_path / name, clock(6), codec=codec, times=times))
    assert [time for time, _ in file.frames()] == pytest.approx(times, abs=0.01)
    assert number_of(file.frame_at(5)) == 2
