"""Turn a facial expression dataset, as it is published, into one form that the datasets library loads.

    python train/prepare_data.py expw --raw DIR --output DIR

rows as published -> faces cut out, in parts -> duplicates -> splits -> shards and data card -> [push].
"""

import argparse
import shlex
import sys
from pathlib import Path

if not __package__:  # run as a file: the repository root, not train/, is where imports start
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from fer_hub.arguments import ArgumentParser
from fer_hub.data.preparation.cards.card import CARD_FILE
from fer_hub.data.preparation.cards.report import summarize
from fer_hub.data.preparation.cropping import CROPS
from fer_hub.data.preparation.prepare import Settings, prepare
from fer_hub.data.preparation.publish import may_show, push_dataset
from fer_hub.data.preparation.splits.selection import POLICIES
from fer_hub.data.raw.forms import Reading
from fer_hub.data.raw.table_columns import TableColumns
from fer_hub.data.sources import SOURCES, Source
from fer_hub.data.sources.folder import read_as
from fer_hub.data.vocabulary.labels import LabelMeanings, read_label_map
from fer_hub.errors import InputError, run_command
from fer_hub.hub.client import full_name
from fer_hub.logs import log_to_stdout

OWN_DATA = ("licence", "vocabulary", "label_names", "label_map", "image_column", "label_column", "split_column", "keep")
"""Flags that are for `folder` alone."""
SAID = ("classes", "crop", "size", "margin", "max_images", "proportions", "duplicates", "seed", *OWN_DATA)
"""Flags that change what the dataset is."""


def main(arguments: list[str] | None = None) -> None:
    log_to_stdout()
    options = _parse(arguments)
    source, output = chosen_source(options), options.output
    if options.push is not None:
        full_name(options.push or output.resolve().name)  # better before the work than after it
    settings = Settings(
        crop=options.crop,
        size=options.size,
        margin=options.margin,
        classes=options.classes,
        seed=options.seed,
        max_images=options.max_images,
        proportions=options.proportions,
        duplicates=options.duplicates,
        keep=tuple(options.keep or ()),
        processes=options.processes,
        licence=options.licence,
        vocabulary=tuple(options.vocabulary or ()),
    )
    report = prepare(source, options.raw, output, settings, command(options))
    print(f"{summarize(report)}\nDataset: {output}, its data card: {output / CARD_FILE}")
    if options.push is not None:
        private = not may_show(settings.licence or source.licence)
        print(f"Pushed: {push_dataset(output, options.push, private)}")


def chosen_source(options: argparse.Namespace) -> Source:
    source = SOURCES[options.source]
    given = [f"--{name.replace('_', '-')}" for name in OWN_DATA if getattr(options, name)]
    if options.source != "folder":
        if options.licence:
            raise InputError(f"--licence is for your own pictures; {source.title} has its own: {source.terms}")
        if given:
            raise InputError(
                f"{', '.join(given)}: for your own pictures (folder); {source.title} is read as published."
            )
        return source
    if options.label_names and options.label_map:
        raise InputError("--label-names and --label-map both say what labels mean; give one of them.")
    mapping = read_label_map(options.label_map) if options.label_map else {}
    meanings = LabelMeanings(tuple(options.label_names or ()), mapping, tuple(options.vocabulary or ()))
    columns = TableColumns(options.image_column, options.label_column, options.split_column)
    return read_as(Reading(meanings, columns))


def command(options: argparse.Namespace) -> str:
    """The command that makes the dataset again, for its card: what was said, without the paths of this machine."""
    words = [
        "python",
        "train/prepare_data.py",
        options.source,
        "--raw",
        "RAW",
        "--output",
        options.output.resolve().name,
    ]
    for name in SAID:
        if (said := getattr(options, name)) != _parser().get_default(name):
            words += [f"--{name.replace('_', '-')}", *_words(name, said)]
    return shlex.join(words)


def _words(name: str, said: object) -> list[str]:
    """What stands behind a flag of this name."""
    if isinstance(said, Path):
        return [said.name]
    if isinstance(said, tuple):
        return [(":" if name == "proportions" else ",").join(map(str, said))]
    return [str(word) for word in said] if isinstance(said, list) else [str(said)]


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    options: argparse.Namespace = _parser().parse_args(arguments)
    return options


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="train/prepare_data.py",
        description="Turn a facial expression dataset, as it is published, into one form for training.",
        epilog="Give the same command again to go on where a killed run stopped.",
    )
    parser.add_argument("source", choices=SOURCES, help="what --raw holds: a published dataset, or folder: your own")
    parser.add_argument(
        "--raw",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder or file as it was unpacked; of folder also owner/name on the Hub",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write, new")
    parser.add_argument("--classes", type=int, choices=(7, 8), default=7, help="8 keeps contempt (default: 7)")
    parser.add_argument(
        "--crop",
        choices=CROPS,
        default="auto",
        help="landmarks: the marked, or else the largest face, turned and scaled by its landmarks; box: its box; none: "
        "pictures as they are; auto (default): landmarks where faces are marked, or where a sample shows whole photos "
        "and not face crops",
    )
    parser.add_argument("--size", type=int, default=96, help="pixels of a side of crops by landmarks (default: 96)")
    parser.add_argument("--margin", type=float, default=0.1, help="share added on each side of a box (default: 0.1)")
    parser.add_argument("--max-images", type=_positive, metavar="N", help="use at most N faces, drawn with the seed")
    parser.add_argument(
        "--proportions",
        type=_proportions,
        metavar="A:B:C",
        help="train : validation : test, where no splits are published (default: 29:10:1 for expw, otherwise 8:1:1)",
    )
    parser.add_argument(
        "--duplicates",
        choices=POLICIES,
        help="keep and mark copies (default where splits are published), drop all but one, or group them in one split "
        "(default otherwise)",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the draw and of the splits (default: 0)")
    parser.add_argument("--processes", type=_positive, metavar="N", help="default: one for each processor")
    own = parser.add_argument_group("your own data (folder)")
    own.add_argument(
        "--label-names", type=_names, metavar="A,B,C", help="what whole numbers as labels mean, from the lowest on"
    )
    own.add_argument(
        "--label-map",
        type=Path,
        metavar="FILE",
        help="JSON, YAML or CSV: label -> expression, or - to leave its pictures out",
    )
    own.add_argument(
        "--vocabulary",
        nargs="+",
        type=str.lower,
        metavar="WORD",
        help="the labels, where they are other words than the eight expressions: engaged bored",
    )
    own.add_argument("--image-column", metavar="NAME", help="column of a table that holds the pictures' paths")
    own.add_argument("--label-column", metavar="NAME", help="column that holds the labels")
    own.add_argument("--split-column", metavar="NAME", help="column that holds train, validation or test")
    own.add_argument("--keep", nargs="+", metavar="NAME", help="further columns to keep, such as age gender")
    own.add_argument("--licence", metavar="ID", help="licence of your own pictures, as the Hub names it: cc-by-4.0")
    parser.add_argument(
        "--push",
        nargs="?",
        const="",
        metavar="owner/name",
        help="publish on the Hub, privately unless the licence is open (default: <your user>/<name of --output>)",
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _proportions(text: str) -> tuple[int, ...]:
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts) or int(parts[0]) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not three whole numbers such as 8:1:1")
    return tuple(map(int, parts))


if __name__ == "__main__":
    sys.exit(run_command(main))
