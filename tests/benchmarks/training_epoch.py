"""What an epoch of training costs: pictures a second, augmented in batches against one picture at a time.

python tests/benchmarks/training_epoch.py [--architecture simple_cnn] [--pictures 4096]
"""

import argparse
import sys
import time
from pathlib import Path

import torch
from torchvision.transforms import v2
from tqdm import tqdm

sys.path[0] = str(Path(__file__).resolve().parents[2])

from fer_hub.alignment import FER2013_GEOMETRY
from fer_hub.expressions import EXPRESSIONS
from fer_hub.models import ARCHITECTURES, ModelConfig, build_network
from fer_hub.preprocessing import preprocess
from train.augmentation import augment
from train.config import FinetuneConfig
from train.loop import train_one_epoch
from train.optimization import Learner


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architecture", default="simple_cnn", choices=ARCHITECTURES)
    parser.add_argument("--pictures", type=int, default=4096)
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
    config, generator = FinetuneConfig(), torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (options.pictures, 1, 48, 48), dtype=torch.uint8, generator=generator)
    labels = torch.randint(0, 7, (options.pictures,), generator=generator)
    batches = list(zip(pictures.split(config.batch_size), labels.split(config.batch_size), strict=True))

    def report(name: str, started: float) -> None:
        rate = options.pictures / (time.perf_counter() - started)
        print(f"{rate:10,.0f} pictures/s  {28_709 / rate:8.1f} s/epoch  {name}")

    print(f"{options.architecture}, batches of {config.batch_size}, {torch.get_num_threads()} threads; epoch = 28,709")
    started = time.perf_counter()
    for crops, _ in batches:
        augment(preprocess(crops, model_config), config, generator)
    report("augmentation in batches", started)

    one = v2.Compose([v2.RandomHorizontalFlip(), v2.RandomAffine(15, scale=(0.8, 1.2), shear=11)])
    started = time.perf_counter()
    for crops, _ in batches:
        torch.stack([one(picture) for picture in preprocess(crops, model_config)])
    report("the same with torchvision, picture by picture", started)

    network = build_network(model_config).to(memory_format=torch.channels_last)
    learner = Learner(network, config, len(batches))
    started = time.perf_counter()
    train_one_epoch(learner, batches, config, model_config, generator, tqdm(disable=True))
    report("training, augmentation included", started)


if __name__ == "__main__":
    main()
