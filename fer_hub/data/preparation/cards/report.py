"""The numbers of a prepared dataset, as report.json holds them."""

from collections import Counter, defaultdict
from dataclasses import asdict
from typing import Any

from fer_hub.data.crop_check import CropCheck
from fer_hub.data.preparation.cropping import Cutting
from fer_hub.data.preparation.listing import Listing
from fer_hub.data.preparation.splits.duplicates import Copies
from fer_hub.data.preparation.splits.index import Index
from fer_hub.data.preparation.splits.selection import Selection
from fer_hub.data.vocabulary.split_names import SPLITS

LISTED = 100
"""Files that are named for each reason to leave some out."""


def describe(
    index: Index,
    selection: Selection,
    listing: Listing,
    labels: tuple[str, ...],
    cutting: Cutting,
    check: CropCheck | None,
) -> dict[str, Any]:
    """The numbers of a prepared dataset, as report.json holds them."""
    kept = selection.kept
    counts = Counter(zip(selection.split[kept], index.label[kept], strict=True))
    files: dict[str, list[str]] = defaultdict(list)
    for file, reason in index.left_out:
        files[reason.split(":")[0]].append(file)
    return {
        "faces": int(kept.sum()),
        "pictures_are": pictures_are(cutting, check),
        "crop": {**asdict(cutting), **({} if check is None else {**asdict(check), "measured": check.in_words})},
        "published_splits": listing.published,
        "votes": listing.votes,
        "further": dict(listing.further),
        "without_label": int((index.label[kept] == "").sum()),
        "splits": {
            split: {label: counts[split, label] for label in labels}
            for split in SPLITS
            if (selection.split[kept] == split).any()
        },
        "cut": dict(Counter(index.cut[kept].tolist())),
        "left_out": {reason: len(some) for reason, some in sorted(files.items(), key=lambda each: -len(each[1]))},
        "left_out_files": {reason: some[:LISTED] for reason, some in files.items()},
        "duplicates_dropped": selection.dropped,
        "duplicates": {"exact": _copies(selection.exact), "exact or near": _copies(selection.near)},
        "unreadable": [
            {"file": file, "reason": reason} for file, reason in index.left_out if reason.startswith("unreadable")
        ],
    }


def _copies(copies: Copies) -> dict[str, Any]:
    return {
        "sets": copies.sets,
        "pictures": copies.pictures,
        "redundant": copies.redundant,
        "across_splits": copies.across,
        "sets_with_conflicting_labels": len(copies.conflicts),
        "conflicts": [
            [{"split": split, "file": file, "label": label} for split, file, label in members]
            for members in copies.conflicts
        ],
    }


def pictures_are(cutting: Cutting, check: CropCheck | None) -> str:
    """What the pictures of the dataset are: "faces", "photos", or "pictures" where that is not known."""
    if cutting.how != "none" or check is None:
        return "faces"
    return {"face crops": "faces", "whole photos": "photos"}.get(check.kind, "pictures")


def summarize(report: dict[str, Any]) -> str:
    """The report in a few lines."""
    sizes = ", ".join(f"{split} {sum(counts.values()):,}" for split, counts in report["splits"].items())
    whose = "as they were given" if report["published_splits"] else "made here"
    lines = [f"{report['faces']:,} {report['pictures_are']}: {sizes} (splits {whose})."]
    if "measured" in report["crop"]:
        cut = {"landmarks": "faces were cut out by their landmarks", "box": "faces were cut out by their boxes"}
        done = cut.get(report["crop"]["how"], "pictures were kept as they are")
        lines.append(f"--crop {report['crop']['how']}: {done}; {report['crop']['measured']}.")
    left_out = ", ".join(
        f"{count:,} {reason} ({'first: ' if count > 1 else ''}{report['left_out_files'][reason][0]})"
        for reason, count in report["left_out"].items()
    )
    if report["without_label"]:
        lines.append(f"Besides, train has {report['without_label']:,} with votes and no label: for --targets votes.")
    lines.append(f"Left out: {left_out or 'nothing'}.")
    for kind, copies in report["duplicates"].items():
        across = "".join(f"; {count:,} of {pair}" for pair, count in copies["across_splits"].items() if count)
        lines.append(
            f"Duplicates, {kind}: {copies['redundant']:,} beyond the first of {copies['sets']:,} sets, "
            f"{copies['sets_with_conflicting_labels']:,} with different labels{across}."
        )
    return "\n".join(lines)
