"""How long a command takes from a cold process, beside `import torch`: processor seconds, in turn, medians and ratios.

python tests/benchmarks/command_start.py [--runs 5]
"""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = "fer_hub/examples/astronaut.jpg"
BASE = "import torch"
COMMANDS = {
    BASE: ["-c", "import torch"],
    "import fer_hub": ["-c", "import fer_hub"],
    "fer-hub --help": ["-m", "fer_hub", "--help"],
    "fer-hub pull fer-live": ["-m", "fer_hub", "pull", "fer-live"],
    "fer-hub models": ["-m", "fer_hub", "models"],
    "fer-hub recognize": ["-m", "fer_hub", "recognize", EXAMPLE],
}


def seconds(arguments: list[str]) -> float:
    """Processor seconds of one process: on a busy machine they say more than the clock."""
    before = os.times()
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, *arguments], cwd=REPOSITORY, env=environment, check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    rounds = [{name: seconds(arguments) for name, arguments in COMMANDS.items()} for _ in range(runs + 1)][1:]
    for name in COMMANDS:
        taken = statistics.median(times[name] for times in rounds)
        ratio = statistics.median(times[name] / times[BASE] for times in rounds)
        print(f"{name:22} {taken:5.2f} s  {ratio:5.2f} x {BASE}")


if __name__ == "__main__":
    main()
