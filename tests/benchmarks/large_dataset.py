"""What pictures that do not fit into memory cost: decoding once, then batches in random order from the mapped file.

python tests/benchmarks/large_dataset.py [--pictures 20000] [--size 224]

Writes a dataset of colour JPEGs, reads it once into memory and once into a file as if memory were full, and prints
pictures per second and the memory of this process that is not backed by a file.
"""

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import datasets
import numpy as np
import psutil
import torch
from accelerate import Accelerator
from PIL import Image

sys.path[0] = str(Path(__file__).resolve().parents[2])

from fer_hub.data.reference import Dataset
from fer_hub.training.batches import TrainingBatches
from fer_hub.training.targets import TrainingTargets
from fer_hub.vision.images import EXAMPLE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=224)
    options = parser.parse_args()
    size = options.pictures * options.size**2 * 3
    print(f"{options.pictures:,} pictures of {options.size} px: {size / 1e9:.2f} GB decoded", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        rows = datasets.Dataset.from_generator(
            examples, gen_kwargs={"count": options.pictures, "size": options.size}, cache_dir=folder
        )
        rows.to_parquet(Path(folder) / "train.parquet")
        dataset = Dataset(str(Path(folder) / "train.parquet"))
        measure("in memory", dataset, options.size)
        with patch.object(psutil, "virtual_memory", lambda: SimpleNamespace(available=0)):
            measure("in a file", dataset, options.size)
    os._exit(0)  # datasets would look for its cache, which is gone


def examples(count: int, size: int) -> Iterator[dict[str, object]]:
    rng, face = np.random.default_rng(0), Image.open(EXAMPLE).crop((160, 50, 290, 190)).resize((size, size))
    for number in range(count):
        buffer = io.BytesIO()
        face.rotate(float(rng.uniform(-30, 30))).save(buffer, "JPEG", quality=90)
        yield {"image": {"bytes": buffer.getvalue(), "path": None}, "label": ("happy", "sad")[number % 2]}


def measure(name: str, dataset: Dataset, size: int) -> None:
    before, started = own_memory(), time.perf_counter()
    split = dataset.read("train", size, 3)
    decoded = time.perf_counter()
    targets = TrainingTargets(split.labels, torch.zeros(2))
    for batch in TrainingBatches(split, targets, 64, 0, Accelerator(cpu=True)).epoch(1):
        batch.crops.sum()  # touches every pixel
    ended = time.perf_counter()
    print(
        f"{name}: decoded {len(split) / (decoded - started):,.0f} pictures/s, "
        f"batches {len(split) / (ended - decoded):,.0f} pictures/s, "
        f"{(own_memory() - before) / 1e6:,.0f} MB of memory of its own",
        flush=True,
    )


def own_memory() -> int:
    """Bytes of memory that no file backs."""
    memory = psutil.Process().memory_info()
    return memory.rss - memory.shared


if __name__ == "__main__":
    main()
