"""A coverage-guided search for files that end otherwise than in a sentence.

    pip install atheris
    python tests/benchmarks/fuzz_readers.py picture [--seconds 600] [--keep DIR]

READER is one of those in tests/fuzzing/readers.py: picture, video, model_folder, evaluation or zipped. Our own code and
Pillow's are watched for new branches. A fault ends the run with its traceback and leaves the file as `fault-READER`:
make it small, put it into tests/fuzzing/corpus/READER/, mend the fault. A file that takes longer than ten seconds or
more than 4 GB is a fault too.

The reader of parquet is tried without this guidance, as often as there is time for: what Arrow raises in C++ ends
atheris.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import atheris

sys.path[0] = str(Path(__file__).resolve().parents[2])

with atheris.instrument_imports(include=["fer_hub", "PIL", "zipfile"]):
    from tests.fuzzing.readers import READERS, seeds, survives

from tests.fuzzing.test_readers import CORPUS, changed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reader", choices=READERS)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--keep", type=Path, help="folder of inputs that reached something new (default: none is kept)")
    options = parser.parse_args()

    def read(data: bytes) -> None:
        try:
            survives(options.reader, data)
        except BaseException:
            Path(f"fault-{options.reader}").write_bytes(data)
            raise

    if options.reader == "parquet":
        print(f"{try_blindly(read, seeds(options.reader), options.seconds):,} files were tried")
        return
    kept = options.keep or Path(tempfile.mkdtemp())
    kept.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(options.reader)):
        (kept / f"seed-{number}").write_bytes(seed)
    folders = [str(kept), *([str(CORPUS / options.reader)] if (CORPUS / options.reader).is_dir() else [])]
    limits = [f"-max_total_time={options.seconds}", "-timeout=10", "-rss_limit_mb=4096", "-max_len=1000000"]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    atheris.Setup([sys.argv[0], *folders, *limits, "-print_final_stats=1"], read)
    atheris.Fuzz()


def try_blindly(read: Callable[[bytes], None], sound: list[bytes], seconds: float) -> int:
    """Let a reader read damaged files for so long; how many they were."""
    chance, tried, end = random.Random(), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        damage = [
            (
                chance.choice(["set", "put in", "cut out"]),
                chance.randrange(1 << 30),
                chance.randbytes(chance.randint(1, 9)),
            )
            for _ in range(chance.randint(1, 4))
        ]
        read(changed(chance.choice(sound), damage))
        tried += 1
    return tried


if __name__ == "__main__":
    main()
