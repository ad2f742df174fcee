"""Frames a second from file to expressions: every frame searched, as pictures are, against faces followed.

python tests/benchmarks/video_frames.py VIDEO... [--model REF] [--seconds 10] [--rounds 3]

Both read the first seconds of a video in turn. Frames a second are the clock's; where other programs run as well, look
at the processor's milliseconds.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import torch

sys.path[0] = str(Path(__file__).resolve().parents[2])

from fer_hub import ExpressionRecognizer
from fer_hub.demo.state.live_stream import SEARCHED_SIDE as LIVE_SIDE
from fer_hub.demo.state.live_stream import LiveStream, shrink
from fer_hub.video.reader import VideoFile
from fer_hub.video.watching import SEARCHED_SIDE, timeline_of, watch_moments
from fer_hub.video.writer import write_annotated


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="+", metavar="VIDEO")
    parser.add_argument("--model", action="append", default=[], help="model reference (default: fer-live)")
    parser.add_argument("--seconds", type=float, default=10.0, help="how much of each video is read")
    parser.add_argument("--rounds", type=int, default=3, help="how often; medians are told")
    options = parser.parse_args()
    recognizer = ExpressionRecognizer.from_pretrained(*options.model)
    print(f"{torch.get_num_threads()} threads")
    for path in options.videos:
        measure(path, recognizer, options.seconds, options.rounds)


def measure(path: str, recognizer: ExpressionRecognizer, seconds: float, rounds: int) -> None:
    """Print a line a way of reading."""
    video = VideoFile(path)
    frames = sum(time <= seconds for time, _ in video.frames(max_side=16))
    pictures = [shrink(picture, LIVE_SIDE) for _, picture in islice(video.frames(0.1, LIVE_SIDE), 30)]
    print(f"{video.path.name}: {video.size[0]} x {video.size[1]}, {frames} frames")
    compare(
        rounds,
        frames,
        {
            "decoded only": lambda: sum(1 for _ in islice(video.frames(max_side=SEARCHED_SIDE), frames)),
            "every frame searched": lambda: sum(1 for _ in searched(video, recognizer, frames)),
            "faces followed": lambda: first_moments(video, recognizer, frames),
        },
    )
    compare(
        rounds,
        len(pictures),
        {
            f"webcam at {LIVE_SIDE}, every picture searched": lambda: [recognizer.predict_batch([p]) for p in pictures],
            f"webcam at {LIVE_SIDE}, faces followed": lambda: live(pictures, recognizer),
        },
    )
    began = time.perf_counter()
    timeline = timeline_of(path, recognizer)
    whole = time.perf_counter() - began
    print(f"{video.duration / whole:8.1f} times as fast as it plays: the timeline of the demo")
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        written = sum(1 for _ in write_annotated(path, timeline, Path(folder) / "out.mp4"))
    print(f"{written / (time.perf_counter() - began):8.1f} frames a second written with boxes")


def compare(rounds: int, frames: int, ways: dict[str, Callable[[], object]]) -> None:
    """Print frames a second, and milliseconds of the processor, of ways that take turns."""
    clock: dict[str, list[float]] = {name: [] for name in ways}
    processor: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began, spent = time.perf_counter(), time.process_time()
            way()
            clock[name].append(time.perf_counter() - began)
            processor[name].append(time.process_time() - spent)
    for name in ways:
        rate, cost = frames / statistics.median(clock[name]), 1000 * statistics.median(processor[name]) / frames
        print(f"{rate:8.1f} frames a second, {cost:6.1f} ms of a processor a frame: {name}")


def searched(video: VideoFile, recognizer: ExpressionRecognizer, frames: int) -> Iterator[object]:
    """As a timeline was made before faces were followed."""
    pictures = (picture for _, picture in islice(video.frames(max_side=SEARCHED_SIDE), frames))
    while batch := list(islice(pictures, 8)):
        yield from recognizer.predict_batch(batch)


def first_moments(video: VideoFile, recognizer: ExpressionRecognizer, frames: int) -> None:
    with closing(watch_moments(video, recognizer)) as moments:
        for _ in islice(moments, frames):
            pass


def live(pictures: list[np.ndarray], recognizer: ExpressionRecognizer) -> None:
    stream = LiveStream()
    for number, picture in enumerate(pictures):
        stream.look(picture, recognizer, number * 0.1)


if __name__ == "__main__":
    main()
