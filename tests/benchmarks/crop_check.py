"""How much of a dataset's pictures their faces cover, which tells face crops from whole photos.

python tests/benchmarks/crop_check.py --dataset DIR [--split NAME] [--pictures 500]
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path[0] = str(Path(__file__).resolve().parents[2])

from fer_hub.data.crop_check import CROP_SHARE, SAMPLE, check_crops, cover
from fer_hub.data.reference import Dataset
from fer_hub.vision.detection import FaceDetector


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--split")
    parser.add_argument("--pictures", type=int, default=500)
    options = parser.parse_args()
    torch.set_num_threads(1)

    dataset = Dataset(options.dataset)
    split = options.split or dataset.split_names[0]
    pictures = list(dataset.sample(split, options.pictures, seed=1))
    detector = FaceDetector()
    shares = np.array([share for picture in pictures if (share := cover(detector, picture)) is not None])
    few = (shares < CROP_SHARE).mean()
    print(f"{len(shares)} faces in {len(pictures)} pictures of {split}; {few:.1%} cover less than {CROP_SHARE}")
    for percent in (0, 1, 5, 25, 50, 75, 95, 100):
        print(f"{percent:4}% {np.percentile(shares, percent):6.2f}")
    started = time.process_time()
    found = check_crops(pictures[:SAMPLE])
    print(f"{found.kind}: {found.in_words}; {time.process_time() - started:.1f} s of one processor")


if __name__ == "__main__":
    main()
