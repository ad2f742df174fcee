"""What an epoch of training costs, beside the plain PyTorch way and beside the bare network.

python tests/benchmarks/training_epoch.py [--architecture simple_cnn] [--pictures 2048] [--rounds 3]

Three ways to train the same network for one epoch, in turn, and the median of the rounds:
- ours: pictures decoded once to uint8, augmented in batches;
- plain: an image folder, torchvision's transforms picture by picture, a DataLoader with two workers;
- bare: the network alone, on random tensors that are there already.
Flip and affine changes are the report's; the DataLoader's start belongs to its epoch, the one decoding to none of ours.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

sys.path[0] = str(Path(__file__).resolve().parents[2])

from fer_hub.data.reference import Dataset
from fer_hub.expressions import EXPRESSIONS
from fer_hub.models import ARCHITECTURES, ModelConfig, build_network
from fer_hub.training.augmentation import Augmentation
from fer_hub.training.batches import TrainingBatches
from fer_hub.training.config.groups import AugmentationConfig, OptimisationConfig, TargetsConfig
from fer_hub.training.epoch import EpochProgress, train_one_epoch
from fer_hub.training.loss import Loss
from fer_hub.training.optimizer import TrainState
from fer_hub.training.targets import training_targets
from fer_hub.vision.geometry import FER2013_GEOMETRY
from tests.faces import draw_face

EPOCH = 28_709  # pictures in FER-2013's train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architecture", default="simple_cnn", choices=ARCHITECTURES)
    parser.add_argument("--pictures", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    builder = ARCHITECTURES[options.architecture]
    channels = builder.native_channels
    model_config = ModelConfig(
        architecture=options.architecture,
        dropout=builder.native_dropout,
        labels=EXPRESSIONS,
        input_size=builder.native_size,
        channels=channels,
        grey=True,
        mean=(0.5,) * channels,
        std=(0.25,) * channels,
        crop=FER2013_GEOMETRY,
    )
    with tempfile.TemporaryDirectory() as folder:
        write_pictures(Path(folder), options.pictures)
        ways = {
            "ours": ours(folder, model_config),
            "plain": plain(folder, model_config),
            "bare": bare(options.pictures, model_config),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.rounds):
            for name, run in ways.items():
                started = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - started)
    middle = {name: statistics.median(times) for name, times in seconds.items()}
    print(f"{options.architecture}, batches of {OptimisationConfig().batch_size}, {torch.get_num_threads()} threads")
    for name, time_ in middle.items():
        rate = options.pictures / time_
        print(f"{name:6}{rate:10,.0f} pictures/s{EPOCH / rate:10.1f} s for {EPOCH:,} pictures")
    print(
        f"ours takes {middle['ours'] / middle['bare']:.2f} of bare, {middle['plain'] / middle['ours']:.2f} times plain"
    )


def write_pictures(folder: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    for number in range(count):
        label = EXPRESSIONS[number % len(EXPRESSIONS)]
        (folder / "train" / label).mkdir(parents=True, exist_ok=True)
        draw_face(label, rng).save(folder / "train" / label / f"{number}.png")


def ours(folder: str, model_config: ModelConfig) -> Callable[[], object]:
    config, accelerator = OptimisationConfig(), Accelerator(cpu=True)
    split = Dataset(folder).read("train", 48, 1)
    targets = training_targets(split, TargetsConfig(), accelerator.device)
    batches = TrainingBatches(split, targets, config.batch_size, 0, accelerator)
    loss = Loss(TargetsConfig(), model_config, targets, accelerator.device)
    state = TrainState(build_network(model_config), config, 10_000, accelerator)
    augmentation = Augmentation(AugmentationConfig(), model_config)

    def run() -> None:
        train_one_epoch(state, batches.epoch(1), loss, augmentation, EpochProgress(1), model_config.input_size)

    return run


def plain(folder: str, model_config: ModelConfig) -> Callable[[], object]:
    transforms = [
        v2.Grayscale(model_config.channels),
        v2.Resize(model_config.input_size),
        v2.RandomHorizontalFlip(),
        v2.RandomAffine(15, scale=(0.8, 1.2), shear=11),
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(list(model_config.mean), list(model_config.std)),
    ]
    pictures = ImageFolder(Path(folder) / "train", v2.Compose(transforms))
    loader = DataLoader(pictures, OptimisationConfig().batch_size, shuffle=True, num_workers=2)
    step = plain_step(model_config)

    def run() -> None:
        for inputs, labels in loader:
            step(inputs, labels)

    return run


def bare(pictures: int, model_config: ModelConfig) -> Callable[[], object]:
    size, batch = model_config.input_size, OptimisationConfig().batch_size
    inputs = torch.randn(batch, model_config.channels, size, size)
    labels, step = torch.randint(0, len(EXPRESSIONS), (batch,)), plain_step(model_config, torch.channels_last)

    def run() -> None:
        for _ in range(pictures // batch):
            step(inputs, labels)

    return run


def plain_step(
    model_config: ModelConfig, layout: torch.memory_format = torch.contiguous_format
) -> Callable[[torch.Tensor, torch.Tensor], None]:
    """A step as tutorials write it."""
    network = build_network(model_config).to(memory_format=layout).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)

    def step(inputs: torch.Tensor, labels: torch.Tensor) -> None:
        optimizer.zero_grad()
        F.cross_entropy(network(inputs), labels).backward()
        optimizer.step()

    return step


if __name__ == "__main__":
    main()
