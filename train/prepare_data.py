"""Turn a facial expression dataset, as it is published, into one form that the datasets library loads.

    python train/prepare_data.py expw --raw DIR --output DIR

rows as published -> faces cut out, in parts -> duplicates -> splits -> shards and data card -> [push].
"""

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Any

if not __package__:  # run as a file: the repository root, not train/, is where imports start
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from fer_hub.data.preparation.card import CARD_FILE, COUNTS_PICTURE, SHEET_PICTURE, describe, write_card
from fer_hub.data.preparation.cropping import Cutting
from fer_hub.data.preparation.index import read_index
from fer_hub.data.preparation.listing import list_rows
from fer_hub.data.preparation.parts import PART_ROWS, write_parts
from fer_hub.data.preparation.pictures import draw_counts, draw_sheet
from fer_hub.data.preparation.publish import may_show, push_dataset
from fer_hub.data.preparation.selection import POLICIES, choose_policy, select
from fer_hub.data.preparation.shards import dataset_features, write_shards
from fer_hub.data.sources import SOURCES
from fer_hub.errors import InputError, run_command
from fer_hub.expressions import EIGHT_EXPRESSIONS, EXPRESSIONS
from fer_hub.files import refuse_existing
from fer_hub.hub.client import full_name
from fer_hub.logs import log_to_stdout


def main(arguments: list[str] | None = None) -> None:
    log_to_stdout()
    options = _parse(arguments)
    source, output = SOURCES[options.source], options.output
    if options.licence and options.source != "folder":
        raise InputError(f"--licence is for your own pictures; {source.title} has its own: {source.terms}")
    labels = EXPRESSIONS if options.classes == 7 else EIGHT_EXPRESSIONS
    cutting = Cutting(options.crop, options.size, options.margin)
    if options.push is not None:
        full_name(options.push or output.resolve().name)  # better before the work than after it
    refuse_existing(output)

    listing = list_rows(source, options.raw, labels, options.max_images, options.seed)
    policy = choose_policy(options.duplicates, listing.published)
    unfinished = output.parent / f".{output.name}-unfinished"
    processes = options.processes or min(os.cpu_count() or 1, 1 + listing.total // PART_ROWS)
    parts = write_parts(listing.rows, listing.total, unfinished / "parts", cutting, processes)
    index = read_index(parts)
    selection = select(index, policy, options.proportions or source.proportions, options.seed)

    folder = unfinished / "dataset"
    shutil.rmtree(folder, ignore_errors=True)  # what a run that was killed here had begun
    write_shards(parts, selection, dataset_features(labels, listing.votes), folder)
    report = describe(index, selection, labels, listing.votes)
    draw_counts(report["splits"]).save(folder / COUNTS_PICTURE)
    licence = options.licence or source.licence
    if may_show(licence):
        draw_sheet(sorted(folder.glob("data/*.parquet")), labels).save(folder / SHEET_PICTURE)
    write_card(folder, source, licence, _how(options, policy, listing.published), report)
    os.rename(folder, output)
    shutil.rmtree(unfinished)
    print(_summary(report, output))
    if options.push is not None:
        print(f"Pushed: {push_dataset(output, options.push, private=not may_show(licence))}")


def _how(options: argparse.Namespace, policy: str, published: bool) -> str:
    """How the dataset was made, for its card."""
    splits = (
        "The published splits are kept."
        if published
        else "The splits were made here: whole photos, stratified by expression, "
        f"{':'.join(map(str, options.proportions or SOURCES[options.source].proportions))}, seed {options.seed}."
    )
    copies = {
        "keep": "Duplicates are kept and marked.",
        "drop": "Of each set of duplicates one was kept.",
        "group": "Duplicates share a split.",
    }[policy]
    flags = [f"--{name} {getattr(options, name.replace('-', '_'))}" for name in ("crop", "size", "margin", "classes")]
    if options.max_images:
        flags.append(f"--max-images {options.max_images}")
    return f"`python train/prepare_data.py {options.source} {' '.join(flags)} --seed {options.seed}`. {splits} {copies}"


def _summary(report: dict[str, Any], output: Path) -> str:
    sizes = ", ".join(f"{split} {sum(counts.values()):,}" for split, counts in report["splits"].items())
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in report["left_out"].items()) or "nothing"
    lines = [f"{report['faces']:,} faces: {sizes}.", f"Left out: {left_out}."]
    if report["without_label"]:
        lines.insert(1, f"Besides, train has {report['without_label']:,} with votes and no label: for --targets votes.")
    for kind, copies in report["duplicates"].items():
        across = "".join(f"; {count:,} of {pair}" for pair, count in copies["across_splits"].items() if count)
        lines.append(
            f"Duplicates, {kind}: {copies['redundant']:,} beyond the first of {copies['sets']:,} sets, "
            f"{copies['sets_with_conflicting_labels']:,} with different labels{across}."
        )
    return "\n".join([*lines, f"Dataset: {output}, its data card: {output / CARD_FILE}"])


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="train/prepare_data.py",
        description="Turn a facial expression dataset, as it is published, into one form for training.",
        epilog="Give the same command again to go on where a killed run stopped.",
    )
    parser.add_argument("source", choices=SOURCES, help="what --raw holds")
    parser.add_argument("--raw", type=Path, required=True, metavar="DIR", help="the dataset as it was unpacked")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write, new")
    parser.add_argument("--classes", type=int, choices=(7, 8), default=7, help="8 keeps contempt (default: 7)")
    parser.add_argument(
        "--crop",
        choices=("landmarks", "box"),
        default="landmarks",
        help="where faces are cut out of photos: turned and scaled by their landmarks (default), or the published box",
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
    parser.add_argument("--licence", metavar="ID", help="licence of your own pictures, as the Hub names it: cc-by-4.0")
    parser.add_argument(
        "--push",
        nargs="?",
        const="",
        metavar="owner/name",
        help="publish on the Hub, privately unless the licence is open (default: <your user>/<name of --output>)",
    )
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _proportions(text: str) -> tuple[int, ...]:
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts) or int(parts[0]) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not three whole numbers such as 8:1:1")
    return tuple(map(int, parts))


if __name__ == "__main__":
    sys.exit(run_command(main))
