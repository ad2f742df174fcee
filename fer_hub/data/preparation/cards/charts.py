"""The pictures of a data card: how many faces of each expression, and some of the faces."""

import io
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from PIL import Image, ImageColor, ImageDraw, ImageFont

from fer_hub.expressions import COLOURS, OTHER_COLOUR

_ROW, _NAMES, _BARS, _NUMBERS = 34, 110, 560, 90
_PALER = {"train": 0.0, "validation": 0.4, "test": 0.7}
_TILE, _ACROSS = 96, 8


def draw_counts(splits: dict[str, dict[str, int]]) -> Image.Image:
    """One bar for each expression, its splits in paler shades of one colour, with the number of faces."""
    labels = list(next(iter(splits.values())))
    totals = {label: sum(counts[label] for counts in splits.values()) for label in labels}
    image = Image.new("RGB", (_NAMES + _BARS + _NUMBERS, _ROW * (len(labels) + 1)), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=15)
    for number, label in enumerate(labels):
        top, left = number * _ROW, float(_NAMES)
        draw.text((_NAMES - 8, top + _ROW / 2), label, "black", font, anchor="rm")
        for split, counts in splits.items():
            width = _BARS * counts[label] / max(totals.values())
            draw.rectangle((left, top + 5, left + width, top + _ROW - 5), _shade(label, split))
            left += width
        draw.text((left + 8, top + _ROW / 2), f"{totals[label]:,}", "black", font, anchor="lm")
    for number, split in enumerate(splits):
        left, top = _NAMES + number * 150, len(labels) * _ROW
        draw.rectangle((left, top + 9, left + 16, top + 25), _shade(labels[-1], split))
        draw.text((left + 24, top + _ROW / 2), split, "black", font, anchor="lm")
    return image


def _shade(label: str, split: str) -> tuple[int, ...]:
    colour = np.array(ImageColor.getrgb(COLOURS.get(label, OTHER_COLOUR)))
    return tuple((colour + (255 - colour) * _PALER[split]).astype(int).tolist())


def draw_sheet(shards: list[Path], labels: tuple[str, ...]) -> Image.Image:
    """The first faces of each expression in some shards, one row for each."""
    sheet = Image.new("RGB", (_TILE * _ACROSS, _TILE * len(labels)), "white")
    shown = [0] * len(labels)
    for shard in shards:
        for batch in pq.ParquetFile(shard).iter_batches(100, columns=["image", "label"]):
            for image, label in zip(batch["image"].to_pylist(), batch["label"].to_pylist(), strict=True):
                if shown[label] < _ACROSS:
                    tile = Image.open(io.BytesIO(image["bytes"])).convert("RGB").resize((_TILE, _TILE))
                    sheet.paste(tile, (_TILE * shown[label], _TILE * label))
                    shown[label] += 1
            if min(shown) == _ACROSS:
                return sheet
    return sheet
