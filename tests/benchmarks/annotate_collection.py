"""What annotating a collection costs: photos a second, memory, and whether kills change anything.

    python tests/benchmarks/annotate_collection.py --from DIR [--photos 10000] [--video FILE --minutes 60] [--kills 3]
        [--chart docs/annotate_memory.png]

Makes so many photos from the pictures of a folder by resizing and recompression, and a long video by repeating one,
annotates them in one go with the memory of all processes sampled, then again with the run killed at random moments, and
compares the rows. Beside it stand the bare stages (opening, finding and naming) one after the other, and
facenet-pytorch's detector in a plain loop.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pyarrow.parquet as pq
import torch
from facenet_pytorch import MTCNN
from PIL import Image

sys.path[0] = str(Path(__file__).resolve().parents[2])

from fer_hub import ExpressionRecognizer, open_image

REPOSITORY = Path(__file__).resolve().parents[2]
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="origin", type=Path, required=True, metavar="DIR", help="pictures to start from")
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--video", type=Path, metavar="FILE", help="a video to repeat")
    parser.add_argument("--minutes", type=float, default=60, help="of the long video")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--loop", type=int, default=100, help="photos that the plain loops are timed on")
    parser.add_argument("--model", default="fer-live")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="memory against photos done")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos = make_photos(options.origin, folder / "photos", options.photos)
        if options.video:
            repeat_video(options.video, photos / "film.mp4", 60 * options.minutes)
        command = [sys.executable, "-m", "fer_hub", "annotate", str(photos), "--model", options.model]
        command += ["--processes", str(options.processes), "--output"]

        began = time.perf_counter()
        samples = watched([*command, str(folder / "whole")], folder / ".whole-unfinished" / "parts")
        seconds = time.perf_counter() - began
        looks = json.loads((folder / "whole" / "summary.json").read_text())["looks"]
        print(
            f"annotate, {options.processes} processes: {looks:,} pictures in {seconds:.0f} s, {looks / seconds:.2f}/s"
        )
        print(f"memory of all processes: {memory(samples)}", flush=True)
        compare_loops(photos, options.loop, options.model)

        total = max(parts for parts, _ in samples)
        for parts in sorted(random.Random(0).sample(range(1, total), options.kills)):
            kill(command, folder / "killed", parts)
            print(f"killed after {parts} of {total} parts", flush=True)
        subprocess.run([*command, str(folder / "killed")], cwd=REPOSITORY, check=True, capture_output=True)
        for table in ("faces", "items"):
            whole, other = (pq.read_table(folder / run / table) for run in ("whole", "killed"))
            print(f"{table}: {len(whole):,} rows, after kills {'the same' if whole.equals(other) else 'OTHERS'}")
        if options.chart:
            draw(samples, options.chart)


def make_photos(origin: Path, folder: Path, count: int) -> Path:
    """So many JPEGs of several sizes and qualities, a thousand in a folder."""
    pictures = [path for path in sorted(origin.rglob("*")) if path.suffix.lower() in SUFFIXES]
    rng = np.random.default_rng(0)
    for number in range(count):
        picture = Image.fromarray(open_image(pictures[number % len(pictures)]))
        scale = float(rng.choice([0.5, 0.75, 1.0])) * min(1.0, 1600 / max(picture.size))
        size = (max(round(picture.width * scale), 40), max(round(picture.height * scale), 40))
        file = folder / f"{number // 1000:04d}" / f"{number:07d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        picture.resize(size).save(file, quality=int(rng.integers(60, 95)))
    return folder


def repeat_video(origin: Path, target: Path, seconds: float) -> None:
    """Write an MP4 that shows a video over and over, for so long; its packets are copied."""
    with av.open(str(target), "w") as written:
        stream, end = None, Fraction(0)
        while end < seconds:
            start = end
            with av.open(str(origin)) as source:
                pictures = source.streams.video[0]
                stream = stream or written.add_stream_from_template(pictures)
                for packet in source.demux(pictures):
                    if packet.pts is None or packet.dts is None:
                        continue
                    ticks = round(start / packet.time_base)
                    packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
                    end = max(end, (packet.pts + (packet.duration or 0)) * packet.time_base)
                    packet.stream = stream
                    written.mux(packet)


def watched(command: list[str], parts: Path) -> list[tuple[int, int]]:
    """Run a command; return parts done and bytes of memory of it and its processes, every half second."""
    child = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    samples = []
    while child.poll() is None:
        used = 0
        for process in (psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)):
            try:
                used += process.memory_full_info().uss
            except psutil.Error:
                continue  # it has just ended
        samples.append((len(list(parts.glob("*.parquet"))), used))
        time.sleep(0.5)
    if child.returncode:
        raise SystemExit(f"annotate ended with status {child.returncode}")
    return samples


def memory(samples: list[tuple[int, int]]) -> str:
    """Its highest value in the first and in the last third of the parts."""
    most = max(parts for parts, _ in samples)
    first = max((used for parts, used in samples if parts <= most / 3), default=0)
    last = max((used for parts, used in samples if parts >= 2 * most / 3), default=0)
    return f"{first / 1e6:,.0f} MB at most in the first third, {last / 1e6:,.0f} MB in the last"


def kill(command: list[str], output: Path, parts: int) -> None:
    """Start a command, and kill it when so many parts are there, in the middle of the next ones."""
    child = subprocess.Popen(
        [*command, str(output)], cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    done = output.with_name(f".{output.name}-unfinished") / "parts"
    while len(list(done.glob("*.parquet"))) < parts:
        if child.poll() is not None:
            raise SystemExit(f"annotate ended with status {child.returncode} before it was killed")
        time.sleep(0.1)
    child.kill()
    child.wait()
    time.sleep(2)  # its processes end with it


def compare_loops(photos: Path, count: int, model: str) -> None:
    """Photos a second of one core: the bare stages, and facenet-pytorch's own defaults, in turn on the same photos."""
    torch.set_num_threads(1)
    files = sorted(photos.rglob("*.jpg"))[:count]
    recognizer, plain = ExpressionRecognizer.from_pretrained(model), MTCNN(keep_all=True)
    ours = theirs = 0.0
    for file in files:
        began = time.process_time()
        recognizer.predict_batch([open_image(file)])
        ours += time.process_time() - began
        began = time.process_time()
        plain.detect(Image.open(file).convert("RGB"), landmarks=True)
        theirs += time.process_time() - began
    print(f"bare stages, one core: {len(files) / ours:.2f} photos per second of the processor")
    print(
        f"facenet-pytorch's loop, faces only, one core: {len(files) / theirs:.2f} ({theirs / ours:.1f} times as long)"
    )


def draw(samples: list[tuple[int, int]], file: Path) -> None:
    import matplotlib.pyplot as plt  # noqa: PLC0415  for the chart alone

    figure, axes = plt.subplots(figsize=(7, 3.5))
    axes.plot([parts for parts, _ in samples], [used / 1e6 for _, used in samples], ".", markersize=3)
    axes.set(xlabel="parts done, of 128 photos or five minutes of video", ylabel="MB of all processes", ylim=(0, None))
    figure.tight_layout()
    figure.savefig(file)


if __name__ == "__main__":
    main()
