"""A small collection of real photos, as every test of this room reads it."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from PIL import Image

from fer_hub.annotate import work
from fer_hub.annotate.run import Asked, annotate
from fer_hub.vision.images import EXAMPLE

MODEL = "fer2013-live"
ASKED = Asked((MODEL,), processes=0)


def write_photos(folder: Path, count: int) -> Path:
    """Photos of one face each, of several sizes, in two folders."""
    face = Image.open(EXAMPLE).convert("RGB").crop((110, 0, 360, 250))
    for number in range(count):
        path = folder / ("first", "second")[number % 2] / f"{number:03d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        side = 160 + 40 * (number % 3)
        face.rotate(2 * number - count).resize((side, side)).save(path, quality=90)
    return folder


def rows(output: Path, table: str = "faces") -> list[dict[str, Any]]:
    """All rows of a table of an annotated collection, in order."""
    return pq.read_table(output / table).to_pylist()


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of four photos, so that few photos make several parts."""
    monkeypatch.setattr(work, "PART_PHOTOS", 4)


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten photos, and what no photo collection is without."""
    folder = write_photos(tmp_path_factory.mktemp("collection") / "photos", 10)
    Image.new("RGB", (200, 150)).save(folder / "dark.png")
    (folder / "broken.jpg").write_bytes(EXAMPLE.read_bytes()[:3000])
    (folder / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic")
    (folder / "notes.md").write_text("no photo")
    (folder / ".hidden.jpg").write_bytes(EXAMPLE.read_bytes())
    (folder / "again").symlink_to(folder)
    return folder


@pytest.fixture(scope="session")
def annotated(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their tables, written in one go by this process."""
    output = tmp_path_factory.mktemp("annotated") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "PART_PHOTOS", 4)
        annotate(str(photos), output, ASKED)
    return output
