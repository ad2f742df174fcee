"""Renew the cards of model folders from their evaluation.json and config.json; training writes them the first time.

python train/card.py fer_hub/bundled/fer-live
"""

import sys
from pathlib import Path

if not __package__:  # run as a file: the repository root, not train/, is where imports start
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from fer_hub.arguments import ArgumentParser
from fer_hub.errors import run_command
from fer_hub.files import CARD_FILE
from fer_hub.hub.model_folder import ModelFolder


def main(arguments: list[str] | None = None) -> None:
    parser = ArgumentParser(prog="train/card.py", description="Renew the cards of model folders.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="a model folder, such as runs/mine/model")
    for folder in parser.parse_args(arguments).folders:
        ModelFolder(folder).write_card()
        print(folder / CARD_FILE)


if __name__ == "__main__":
    sys.exit(run_command(main))
