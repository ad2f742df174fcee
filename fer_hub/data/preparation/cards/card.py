"""The data card of a prepared dataset: README.md, written from its report alone."""

import json
from pathlib import Path
from typing import Any

from huggingface_hub import DatasetCard, DatasetCardData

from fer_hub.data.preparation.splits.duplicates import NEAR_BITS
from fer_hub.data.sources import Source

REPORT_FILE = "report.json"
CARD_FILE = "README.md"
COUNTS_PICTURE = "counts.png"
SHEET_PICTURE = "examples.jpg"

_SHOWN = 10


def write_card(folder: Path, source: Source, licence: str, how: str, report: dict[str, Any]) -> None:
    """Write report.json and README.md into a dataset's folder; `how` says how it was made, in sentences."""
    (folder / REPORT_FILE).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    # No list of files: the library finds data/SPLIT-* itself, and would otherwise take a cached dataset of the same
    # folder name for this one.
    data = DatasetCardData(
        license=licence,
        pretty_name=source.title,
        task_categories=["image-classification"],
        tags=["facial-expression-recognition"],
    )
    text = _text(folder, source, licence, how, report)
    (folder / CARD_FILE).write_text(str(DatasetCard(f"---\n{data.to_yaml()}\n---\n\n{text}")), encoding="utf-8")


def _text(folder: Path, source: Source, licence: str, how: str, report: dict[str, Any]) -> str:
    terms = source.terms if licence == source.licence else "As stated by whoever prepared this dataset."
    sheet = f"\n![Some of the pictures]({SHEET_PICTURE})\n" if (folder / SHEET_PICTURE).exists() else ""
    one, many = report["pictures_are"].removesuffix("s"), report["pictures_are"]
    further = "".join(f"\n- `{name}`: as it was published" for name in report["further"])
    votes = (
        f"\n- `votes`: how many people chose {', '.join(source.vote_names) or 'each answer'}" if report["votes"] else ""
    )
    labels = f" ({source.published.labels})" if source.published.labels else ""
    return f"""# {source.title}, prepared with FER Hub

{many.capitalize()} labelled with the expression that they show. An expression is what a face shows; it is not what a
person feels.

{source.origin}

{_counts_table(report)}

![{many.capitalize()} of each expression in each split]({COUNTS_PICTURE})
{sheet}
## Columns

- `image`: the {one}
- `label`: its expression, by name{labels}{_unlabelled(report)}{votes}{further}
- `group`: what must stay in one split: the photo, and all copies of a picture
- `source`: `file` it comes from, and `box` in that photo (left, top, right, bottom, in pixels) where it was cut out
- `duplicate`: `exact` where the same picture is in the dataset again, `near` where a similar one is, otherwise empty;
  copies share their `group`

## How it was made

{how}

{_cut_text(report)}
{_left_out_text(report)}

## Duplicates

{_duplicates_text(report)}

## Licence

`{licence}`. {terms}

Do not use it to judge, select or watch people. Labels of faces are the opinion of few people about pictures, mostly of
adults and unevenly over groups of people.
"""


def _unlabelled(report: dict[str, Any]) -> str:
    count = report["without_label"]
    return f"; none for {count:,} pictures of `train`, on which the votes did not agree" if count else ""


def _counts_table(report: dict[str, Any]) -> str:
    splits = report["splits"]
    labels = list(next(iter(splits.values())))
    lines = [f"| | {' | '.join(labels)} | all |", "|---" * (len(labels) + 2) + "|"]
    lines += [
        f"| **{split}** | {' | '.join(f'{counts[label]:,}' for label in labels)} | {sum(counts.values()):,} |"
        for split, counts in splits.items()
    ]
    return "\n".join(lines)


def _cut_text(report: dict[str, Any]) -> str:
    cut, crop = report["cut"], report["crop"]
    measured = f" ({crop['measured']})" if "measured" in crop else ""
    texts = []
    if "whole" in cut:
        known = {"faces": "are face crops already", "photos": "are whole photos, of which nothing was cut out"}
        texts.append(f"The pictures {known.get(report['pictures_are'], 'were kept as they are')}{measured}.")
    boxes = cut.get("box", 0) if crop["how"] == "landmarks" else 0
    if "landmarks" in cut or boxes:
        box = f"; in the boxes of {boxes:,} no face was found, and these keep the published box" if boxes else ""
        how = f"by their landmarks, as squares of {crop['size']} pixels{box}"
        texts.append(f"{cut.get('landmarks', 0):,} faces were cut out of photos{measured} {how}.")
    elif "box" in cut:
        how = f"by their boxes, with a margin of {crop['margin']:.0%}"
        texts.append(f"{cut['box']:,} faces were cut out of photos{measured} {how}.")
    return " ".join(texts) + "\n"


def _left_out_text(report: dict[str, Any]) -> str:
    if not report["left_out"]:
        return "Nothing was left out."
    reasons = ", ".join(f"{count:,} ({reason})" for reason, count in report["left_out"].items())
    listed = "".join(f"\n- {entry['file']}: {entry['reason']}" for entry in report["unreadable"][:_SHOWN])
    more = f" (the first {_SHOWN} below; all are in {REPORT_FILE})" if len(report["unreadable"]) > _SHOWN else ""
    return f"Left out: {reasons}{more}.\n{listed}"


def _duplicates_text(report: dict[str, Any]) -> str:
    exact, near = report["duplicates"].values()
    lines = ["| | exact | exact or near |", "|---|---|---|"]
    lines += [
        f"| {name} | {exact[key]:,} | {near[key]:,} |"
        for name, key in (
            ("sets of copies", "sets"),
            ("pictures in them", "pictures"),
            ("pictures beyond the first of each set", "redundant"),
            ("sets whose labels differ", "sets_with_conflicting_labels"),
        )
    ]
    lines += [
        f"| pictures of {pair.replace(' in ', ' that have a copy in ')} | {count:,} | {near['across_splits'][pair]:,} |"
        for pair, count in exact["across_splits"].items()
    ]
    dropped = f"\n{report['duplicates_dropped']:,} copies were dropped before these were counted.\n"
    shown = [
        "- " + "; ".join(f"{entry['split']}, {entry['file']}: **{entry['label']}**" for entry in members)
        for members in exact["conflicts"][:_SHOWN]
    ]
    conflicts = f"\nEqual pictures with different labels, for example:\n\n{chr(10).join(shown)}\n" if shown else ""
    return (
        "\n".join(lines)
        + f"\n\nExact copies have equal pixels; near ones differ in at most {NEAR_BITS} of the 256 bits of a "
        + f"perceptual hash. All sets whose labels differ are listed in {REPORT_FILE}.\n"
        + (dropped if report["duplicates_dropped"] else "")
        + conflicts
    )
