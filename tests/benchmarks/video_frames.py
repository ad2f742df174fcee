"""How fast a video is read, step by step: milliseconds a frame that is looked at, and frames a second of the whole.

python tests/benchmarks/video_frames.py VIDEO... [--model REF] [--side 640] [--batch 8]
"""

import argparse
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import torch

sys.path[0] = str(Path(__file__).resolve().parents[2])

from fer_hub import ExpressionRecognizer
from fer_hub.demo.state.live_stream import SEARCHED_SIDE as LIVE_SIDE
from fer_hub.demo.state.live_stream import LiveStream, shrink
from fer_hub.video.reader import VideoFile
from fer_hub.video.timeline import LOOKS_PER_SECOND, SEARCHED_SIDE, timeline_of
from fer_hub.video.writer import write_annotated


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="+", metavar="VIDEO")
    parser.add_argument("--model", action="append", default=[], help="model reference (default: the best bundled)")
    parser.add_argument("--side", type=int, default=SEARCHED_SIDE, help="longest side of the frames that are searched")
    parser.add_argument("--batch", type=int, default=8, help="frames searched together")
    options = parser.parse_args()
    recognizer = ExpressionRecognizer.from_pretrained(*options.model)
    print(f"{torch.get_num_threads()} threads")
    for path in options.videos:
        measure(path, recognizer, options.side, options.batch)


def measure(path: str, recognizer: ExpressionRecognizer, side: int, batch: int) -> None:
    """Print a line a step."""
    video = VideoFile(path)
    began = time.perf_counter()
    frames = sum(1 for _ in video.frames(max_side=16))
    decoded = time.perf_counter() - began
    began = time.perf_counter()
    pictures = [picture for _, picture in video.frames(1 / LOOKS_PER_SECOND, side)]
    sampled = time.perf_counter() - began
    recognizer.predict_batch(pictures[:batch])  # warm up
    finding = classifying = 0.0
    faces = 0
    remaining = iter(pictures)
    while group := list(islice(remaining, batch)):
        began = time.perf_counter()
        found = recognizer.detector.detect_batch(group)
        finding += time.perf_counter() - began
        began = time.perf_counter()
        faces += len(recognizer.classify([(p, face) for p, some in zip(group, found, strict=True) for face in some]))
        classifying += time.perf_counter() - began
    began = time.perf_counter()
    timeline = timeline_of(path, recognizer)
    whole = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        written = sum(1 for _ in write_annotated(path, timeline, Path(folder) / "out.mp4"))
        writing = time.perf_counter() - began

    live = [shrink(picture, LIVE_SIDE) for picture in pictures]
    stream = LiveStream()
    began = time.perf_counter()
    for number, picture in enumerate(live):
        stream.look(picture, recognizer, number * 0.1)
    watching = time.perf_counter() - began

    looks = len(pictures)
    print(f"{Path(path).name}: {video.size[0]} x {video.size[1]}, {frames} frames, {looks} looked at, {faces} faces")
    print(f"{1000 * decoded / frames:8.1f} ms  decode a frame")
    print(f"{1000 * sampled / looks:8.1f} ms  decode up to a look and shrink to {side}")
    print(f"{1000 * finding / looks:8.1f} ms  find faces in a look, {batch} together")
    print(f"{1000 * classifying / looks:8.1f} ms  cut out and classify the {faces / looks:.1f} faces of a look")
    print(f"{whole:8.1f} s   the whole timeline: {video.duration / whole:.1f} times as fast as it plays")
    print(f"{written / writing:8.1f}     frames a second written with boxes")
    print(f"{looks / watching:8.1f}     pictures a second as the Live tab reads them, at {LIVE_SIDE}")


if __name__ == "__main__":
    main()
