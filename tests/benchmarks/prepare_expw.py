"""How fast a dataset of ExpW's size is prepared, and that memory stays flat while it passes through.

python tests/benchmarks/prepare_expw.py [--faces 90000] [--crop landmarks] [--processes 2]

Writes a synthetic ExpW (photos with up to three faces, each its own), prepares it with the real command, and prints
faces per second and the memory of the command with all of its processes.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[0] = str(REPOSITORY)

from fer_hub.vision.images import EXAMPLE

FACE = (160, 50, 290, 190)
"""Where the example's face is, XYXY."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=90_000)
    parser.add_argument("--crop", choices=("landmarks", "box"), default="landmarks")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        size = write_photos(Path(folder) / "raw", options.faces)
        print(f"{options.faces:,} faces, {size / 1e9:.2f} GB of photos", flush=True)
        prepare(Path(folder), options)


def write_photos(raw: Path, faces: int) -> int:
    """Write label.lst and photos, and return their size in bytes."""
    (raw / "origin").mkdir(parents=True)
    rng = np.random.default_rng(0)
    face = Image.open(EXAMPLE).crop(FACE).resize((110, 118))
    lines: list[str] = []
    size, number = 0, 0
    while len(lines) < faces:
        noise = rng.integers(0, 256, (12, 20, 3), np.uint8)
        photo = Image.fromarray(noise).resize((500, 300), Image.Resampling.BICUBIC)
        name = f"photo_{number}.jpg"
        for place in range(min(int(rng.integers(1, 4)), faces - len(lines))):
            left, top = 15 + 160 * place + int(rng.integers(40)), int(rng.integers(20, 150))
            person = ImageEnhance.Brightness(face.rotate(float(rng.uniform(-20, 20)))).enhance(rng.uniform(0.6, 1.4))
            photo.paste(person, (left, top))
            lines.append(f"{name} {place} {top} {left} {left + 110} {top + 118} 99 {rng.integers(7)}")
        photo.save(raw / "origin" / name, quality=90)
        size += (raw / "origin" / name).stat().st_size
        number += 1
    (raw / "label.lst").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return size


def prepare(folder: Path, options: argparse.Namespace) -> None:
    """Run the command, and print its memory at every tenth of its parts and at the end."""
    command = ["train/prepare_data.py", "expw", "--raw", str(folder / "raw"), "--output", str(folder / "out")]
    flags = ["--crop", options.crop, "--processes", str(options.processes), "--duplicates", "keep"]
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, *command, *flags], cwd=REPOSITORY, stderr=subprocess.DEVNULL)
    peaks: list[float] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            peaks.append(memory(child.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    parts, tenths, before = folder / ".out-unfinished" / "parts", 0, (0.0, 0)
    while child.poll() is None:
        time.sleep(0.1)
        faces = 500 * len(list(parts.glob("*.parquet")))
        if faces * 10 // options.faces > tenths:
            tenths = faces * 10 // options.faces
            seconds = time.perf_counter() - started
            rate = (faces - before[1]) / (seconds - before[0])
            report(f"{faces:8,} faces, {rate:6.0f} faces/s", peaks)
            before = seconds, faces
    done.set()
    watcher.join()
    seconds = time.perf_counter() - started
    report(f"all {seconds:.0f} s, {options.faces / seconds:.0f} faces/s, duplicates and shards included", peaks)
    assert child.returncode == 0


def report(what: str, peaks: list[float]) -> None:
    print(f"{what}; peak memory since the last line {max(peaks, default=0):,.0f} MB", flush=True)
    peaks.clear()


def memory(process: int) -> float:
    """Megabytes of a process and its children that are theirs alone, with their part of what they share (Linux)."""
    total = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if process in (int(entry.name), parent):
                lines = (entry / "smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue  # it ended while it was read
    return total / 1000


if __name__ == "__main__":
    main()
