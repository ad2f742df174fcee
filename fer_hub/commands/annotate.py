"""Name the expression of every face in a collection of photos and videos, of any size, and write tables."""

import argparse
import re
from pathlib import Path
from typing import Any

from fer_hub.annotate.run import Asked, annotate, annotate_share, merge
from fer_hub.annotate.sources.collection import SOURCE_FORMS
from fer_hub.annotate.work import WHOLE, Share
from fer_hub.data.preparation.publish import may_show, push_dataset
from fer_hub.errors import InputError, plain, printable
from fer_hub.hub.client import full_name
from fer_hub.hub.references import DEFAULT_MODEL


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Example: %(prog)s photos/ --output tables. Give the same command again to go on where a killed one stopped. "
        "An expression is what a face shows, not what a person feels."
    )
    parser.add_argument("source", nargs="?", metavar="SOURCE", help=SOURCE_FORMS)
    parser.add_argument("--output", type=Path, required=True, metavar="OUT", help="folder to write, new")
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="REF",
        help=f"bundled name, model folder, or owner/name[@revision]; repeat for an ensemble (default: {DEFAULT_MODEL})",
    )
    parser.add_argument("--crops", action="store_true", help="write the faces' pixels too (default: no pixels)")
    parser.add_argument(
        "--processes",
        type=_processes,
        metavar="N",
        help="on this machine (default: one a core, or few where work is little); 0: no other than this one",
    )
    parser.add_argument(
        "--shard", type=_share, default=WHOLE, metavar="i/n", help="do the i-th of n shares only; --merge joins them"
    )
    parser.add_argument(
        "--merge", type=Path, nargs="+", metavar="DIR", help="instead of SOURCE: the outputs of all shares"
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="let a Ray cluster do the work (pip install fer-hub[cluster]); local: one of this machine",
    )
    parser.add_argument("--push", metavar="owner/name", help="publish OUT as a dataset on the Hub")
    parser.add_argument(
        "--licence",
        default="other",
        help="of the tables; one that is open makes what is pushed public (default: other)",
    )


def run(options: argparse.Namespace) -> None:
    """Annotate or merge, say what was found, and publish it where asked to."""
    if (options.source is None) == (options.merge is None):
        raise InputError(f"give either SOURCE ({SOURCE_FORMS}) or --merge with the outputs of all shares.")
    asked = Asked(tuple(options.model), options.crops, options.processes, options.ray)
    if options.merge and (asked, options.shard) != (Asked(), WHOLE):
        raise InputError("--merge takes its models, and whether --crops, from the shares; give no more than --output.")
    if options.push is not None:
        full_name(options.push)  # better before the work than after it
    if options.push is not None and options.shard != WHOLE:
        raise InputError("a share cannot be pushed; merge all shares with --merge DIR... --push owner/name.")
    try:
        _write(options, asked)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped; the same command goes on where this one was.") from None


def _write(options: argparse.Namespace, asked: Asked) -> None:
    if options.shard != WHOLE:
        annotate_share(options.source, options.output, options.shard, asked)
        number, count = options.shard.number, options.shard.count
        print(f"Share {number} of {count}: {printable(str(options.output))}; --merge puts all of them together.")
        return
    if options.merge:
        summary = merge(options.merge, options.output, options.licence)
    else:
        summary = annotate(options.source, options.output, asked, options.licence)
    print(_text(summary, options.output))
    if options.push is not None:
        print(f"Pushed: {push_dataset(options.output, options.push, private=not may_show(options.licence))}")


def _share(text: str) -> Share:
    found = re.fullmatch(r"(\d{1,7})/(\d{1,7})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"{plain(text)!r} is not i/n, such as 1/8, 2/8 up to 8/8")
    return Share(int(found[1]), int(found[2]))


def _processes(text: str) -> int:
    if not re.fullmatch(r"\d{1,3}", text):
        raise argparse.ArgumentTypeError(f"{plain(text)!r} is no number of processes, such as 4")
    return int(text)


def _text(summary: dict[str, Any], output: Path) -> str:
    lines = [f"{summary['faces']:,} faces in {summary['photos']:,} photos and {summary['videos']:,} videos."]
    if summary["not_read"]:
        reasons = "; ".join(f"{count:,} {printable(reason)}" for reason, count in list(summary["reasons"].items())[:3])
        lines.append(f"{summary['not_read']:,} could not be read: {reasons}")
    for label, row in summary["expressions"].items():
        if "share" in row:
            low, high = row["share_ci95"]
            text = f"  {label:10} {row['faces']:9,}  {row['share']:6.1%} ({low:.1%} to {high:.1%})"
            if "corrected_share" in row:
                low, high = row["corrected_share_ci95"]
                text += f", corrected {row['corrected_share']:.1%} ({low:.1%} to {high:.1%})"
            lines.append(text)
    lines += [f"Take care: {warning}" for warning in summary["warnings"]]
    return "\n".join([*lines, f"Tables, summary and card: {printable(str(output))}"])
