"""README.md of an annotated collection, written from its summary alone."""

from typing import Any

from huggingface_hub import DatasetCard, DatasetCardData

from fer_hub.errors import plain

_SHOWN = 10


def card_text(summary: dict[str, Any], licence: str, crops: bool) -> str:
    """The card, with the metadata that the Hub and the datasets library read."""
    data = DatasetCardData(
        license=licence,
        pretty_name=f"Expressions in {plain(summary['source'])}",
        tags=["facial-expression-recognition"],
        configs=[
            {"config_name": "faces", "data_files": "faces/*.parquet", "default": True},
            {"config_name": "items", "data_files": "items/*.parquet"},
        ],
    )
    return str(DatasetCard(f"---\n{data.to_yaml()}\n---\n\n{_text(summary, licence, crops)}"))


def _text(summary: dict[str, Any], licence: str, crops: bool) -> str:
    pixels = "The faces' pixels are in `crop`." if crops else "No face's pixels are in these tables."
    crop = "`crop`, the face as the model saw it; " if crops else ""
    return f"""# Expressions in {plain(summary["source"])}

**Before you use these tables.** An expression is what a face shows; it is not what a person feels, and these tables say
nothing about feelings. They were written by a program that is often wrong about a single face. Do not use them to
judge, select or watch people. In the European Union, inferring emotions of people at work and in education is
forbidden (Regulation 2024/1689, Article 5(1)(f)), and people must be told when such a system looks at them
(Article 50(3)). {pixels}

{summary["faces"]:,} faces in {_collection(summary)}, named by `{plain(summary["model"], 200)}`
(`{plain(summary["commit"], 200)}`) with FER Hub.

## What the faces show

{_expressions(summary)}
{_warnings(summary)}
## What could not be read

{_not_read(summary)}

## Tables

`faces`: a row a face. `source`, and in a video `frame` and `seconds`; `face`, its number in the picture, the largest
first; `person`, whom it belongs to in a video; `box` (left, top, right, bottom) and `landmarks` (eyes, nose, corners of
the mouth; x, y) in pixels; `angle`, by which it is turned clockwise, in degrees; `confidence` that it is a face;
`expression`, the most probable one, and the `probabilities` of all; `doubt`, why not to rely on it; `heads`, what
further heads of the model say; {crop}`model`, `commit`, `versions`.

`items`: a row a photo or video: `source`, `kind`, `width`, `height`, `seconds`, `looks` (pictures that were searched),
`faces`, and where it could not be read `problem`.

```python
import datasets

faces = datasets.load_dataset("path/of/this/folder", "faces", split="train")
```

## Licence

`{plain(licence)}`.
"""


def _collection(summary: dict[str, Any]) -> str:
    parts = [f"{summary[kind]:,} {kind}" for kind in ("photos", "videos") if summary[kind]] or ["no photo or video"]
    looks = f" ({summary['looks']:,} pictures were searched)" if summary["videos"] else ""
    return " and ".join(parts) + looks


def _expressions(summary: dict[str, Any]) -> str:
    if not summary["faces"]:
        return "No face was found."
    corrected = summary["corrected_by"]
    lines = ["| | faces named so | share | corrected share |", "|---|---|---|---|"]
    lines += [
        f"| {plain(label)} | {row['faces']:,} | {_range(row, 'share')} | {_range(row, 'corrected_share')} |"
        for label, row in summary["expressions"].items()
    ]
    text = (
        "\n\nShares with 95% intervals, as other photos and videos of the same kind would give them. The model takes "
        "some expressions for others, so that a share of what is named is not the share of what is there."
    )
    if corrected:
        text += (
            f" The corrected share undoes this as far as {corrected['images']:,} labelled pictures "
            f"({plain(corrected['dataset'])}, split `{plain(corrected['split'])}`) tell how often each expression is "
            "taken for another. It holds for the collection as a whole, not for one face, and only where the faces "
            "here are mistaken as those are."
        )
    return "\n".join(lines) + text


def _range(row: dict[str, Any], name: str) -> str:
    if name not in row:
        return "not known"
    low, high = row[f"{name}_ci95"]
    return f"{row[name]:.1%} ({low:.1%} to {high:.1%})"


def _warnings(summary: dict[str, Any]) -> str:
    return "".join(f"\n**Take care:** {warning}\n" for warning in summary["warnings"])


def _not_read(summary: dict[str, Any]) -> str:
    if not summary["not_read"]:
        return "Everything could be read."
    listed = "".join(
        f"\n- `{plain(entry['source'], 200)}`: {plain(entry['problem'], 300)}"
        for entry in summary["not_read_first"][:_SHOWN]
    )
    more = f" The first {_SHOWN}; the items table has all." if summary["not_read"] > _SHOWN else ""
    return f"{summary['not_read']:,} photos or videos.{more}\n{listed}"
