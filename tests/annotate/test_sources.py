"""Photos wherever they lie: folders, lists, archives, tables; and what a stranger may have packed into them."""

import io
import os
import tarfile
import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer_hub.annotate import photos
from fer_hub.annotate.photos import photo_windows
from fer_hub.annotate.sources import archives
from fer_hub.annotate.sources.collection import Count, open_collection
from fer_hub.annotate.sources.items import Item, Unreadable
from tests.annotate.conftest import write_photos


def read(source: Path) -> dict[str, np.ndarray | str]:
    """All photos of a collection, or why there are none, by their names; in order."""
    collection = open_collection(str(source))
    items = list(collection.items())
    assert collection.count() == Count(len(items), 0)
    assert items == list(collection.items())
    return {item.source: picture for window in photo_windows(items, 1) for item, picture in window}


def stored(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*.jpg"), key=lambda path: path.name)}


@pytest.fixture(scope="module")
def jpegs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return stored(write_photos(tmp_path_factory.mktemp("jpegs"), 20))


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def table(jpegs: dict[str, bytes], paths: bool = True) -> pa.Table:
    """As the datasets library writes pictures, or as bare bytes."""
    values = [{"bytes": content, "path": name} for name, content in jpegs.items()]
    return pa.table({"label": [0] * len(values), "image": values if paths else list(jpegs.values())})


def same(found: dict[str, np.ndarray | str], folder: Path) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(found.values(), read(folder).values(), strict=True))


def test_an_archive_holds_what_a_folder_does(jpegs, tmp_path):
    with tarfile.open(tmp_path / "000.tar", "w") as archive:
        for name, content in jpegs.items():
            add(archive, name, content)
            add(archive, name.replace("jpg", "cls"), b"3")
    (tmp_path / "folder").mkdir()
    for name, content in jpegs.items():
        (tmp_path / "folder" / name).write_bytes(content)
    found = read(tmp_path / "000.tar")
    assert list(found) == [f"000.tar/{name}" for name in jpegs]
    assert same(found, tmp_path / "folder")


@pytest.mark.parametrize(("paths", "group"), [(True, 100), (False, 7)])
def test_a_table_holds_what_a_folder_does(jpegs, tmp_path, paths, group):
    pq.write_table(table(jpegs, paths), tmp_path / "train.parquet", row_group_size=group)
    (tmp_path / "folder").mkdir()
    for name, content in jpegs.items():
        (tmp_path / "folder" / name).write_bytes(content)
    found = read(tmp_path / "train.parquet")
    assert list(found) == [f"train.parquet#{row}" for row in range(20)]
    assert same(found, tmp_path / "folder")
    items = list(open_collection(str(tmp_path / "train.parquet")).items())
    some = [pair for window in photo_windows(items[5:16], 2) for pair in window]  # a part begins where it likes
    assert [item.source for item, _ in some] == [f"train.parquet#{row}" for row in range(5, 16)]
    assert all(np.array_equal(picture, found[item.source]) for item, picture in some)


def test_archives_and_tables_lie_in_folders_too(jpegs, tmp_path):
    (tmp_path / "a").mkdir()
    pq.write_table(table(jpegs), tmp_path / "a" / "part.parquet")
    with tarfile.open(tmp_path / "b.tar", "w") as archive:
        add(archive, "x/0.jpg", next(iter(jpegs.values())))
    found = read(tmp_path)
    assert len(found) == 21
    assert list(found)[-1] == "b.tar/x/0.jpg"


def test_names_that_are_no_text(tmp_path):
    (tmp_path / "caf\udce9.jpg").write_bytes(b"")
    (name,) = read(tmp_path)
    assert name == r"caf\xe9.jpg"


def test_what_is_no_file_is_listed_and_never_waited_for(tmp_path):
    (tmp_path / "photos").mkdir()
    os.mkfifo(tmp_path / "photos" / "pipe.jpg")
    os.mkfifo(tmp_path / "photos" / "pipe.tar")
    os.mkfifo(tmp_path / "photos" / "pipe.parquet")
    (tmp_path / "more").mkdir()
    (tmp_path / "photos" / "more").symlink_to(tmp_path / "more")
    (tmp_path / "photos" / "round.jpg").symlink_to("round.jpg")
    found = read(tmp_path / "photos")
    assert "is a link to a folder, and such links are not followed" in found.pop("more")
    assert "too many levels of symbolic links" in found.pop("round.jpg")
    assert set(found.values()) == {"it is a pipe, a socket or a device, and no file."}
    assert len(found) == 3
    (tmp_path / "list.txt").write_text("more\n")
    assert read(tmp_path / "list.txt") == {"more": "it is a folder; a list names files."}


def test_no_path_of_this_machine_is_told(tmp_path):
    folder = tmp_path / ("a" * 100) / ("b" * 100)
    folder.mkdir(parents=True)
    for name in ("text.jpg", "line\n.jpg", "c" * 200 + ".jpg"):
        (folder / name).write_text("no picture")
    (folder / "round.jpg").symlink_to("round.jpg")
    (folder / "away.jpg").symlink_to("nowhere")
    problems = read(folder)
    assert problems.pop("round.jpg") == "it cannot be opened: too many levels of symbolic links."
    assert problems.pop("away.jpg") == "there is no picture at this path; give the path of a file."
    assert all(str(problem).startswith("it is not a JPEG") for problem in problems.values())


def test_damaged_archives_and_tables_are_listed(jpegs, tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, content in jpegs.items():
            add(archive, name, content)
    pq.write_table(table(jpegs), tmp_path / "b.parquet", compression="none")
    content = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "a.tar").write_bytes(content[: len(content) // 2])
    (tmp_path / "b.parquet").write_bytes((tmp_path / "b.parquet").read_bytes()[:-100])
    pq.write_table(pa.table({"text": ["no", "pictures"]}), tmp_path / "c.parquet")
    found = read(tmp_path)
    assert isinstance(found["a.tar/000.jpg"], np.ndarray)
    assert "cannot be read to its end" in found["a.tar"]
    assert "the table cannot be read" in found["b.parquet"]
    assert "no column named like image" in found["c.parquet"]


def test_a_table_that_breaks_off_lists_what_follows(jpegs, tmp_path):
    file = tmp_path / "broken.parquet"
    pq.write_table(table(jpegs), file, compression="none", row_group_size=10)
    content = bytearray(file.read_bytes())
    offset = pq.ParquetFile(file).metadata.row_group(1).column(1).data_page_offset
    content[offset : offset + 40] = b"\xff" * 40
    file.write_bytes(content)
    found = list(read(file).values())
    assert all(isinstance(picture, np.ndarray) for picture in found[:10])
    assert all("the table cannot be read" in picture for picture in found[10:])


def test_headers_that_ask_for_memory_are_refused(tmp_path):
    header = tarfile.TarInfo("name")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1 << 33
    with (tmp_path / "bomb.tar").open("wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        file.truncate(1 << 33)
    tracemalloc.start()
    found = read(tmp_path / "bomb.tar")
    assert tracemalloc.get_traced_memory()[1] < 50 << 20
    tracemalloc.stop()
    assert "a header of 8,589,934,592 bytes" in found["bomb.tar"]


def test_what_is_too_large_is_not_read(jpegs, tmp_path, monkeypatch):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        add(archive, "large.jpg", b"\0" * 2000)
    pq.write_table(table(jpegs), tmp_path / "b.parquet")
    monkeypatch.setattr(archives, "MAX_PHOTO_BYTES", 1000)
    monkeypatch.setattr(archives, "MAX_COLUMN_BYTES", 1000)
    (item,) = open_collection(str(tmp_path / "a.tar")).items()
    assert isinstance(item.place, Unreadable)
    assert all("a row group of the table holds more" in problem for problem in read(tmp_path / "b.parquet").values())


def test_a_path_in_a_table_leads_nowhere(tmp_path):
    (tmp_path / "secret.jpg").write_bytes(b"")
    rows = pa.array([{"bytes": None, "path": str(tmp_path / "secret.jpg")}])
    rows = rows.cast(pa.struct({"bytes": pa.binary(), "path": pa.string()}))
    pq.write_table(pa.table({"image": rows}), tmp_path / "table.parquet")
    assert "is empty" in read(tmp_path / "table.parquet")["table.parquet#0"]


def test_no_more_is_opened_than_may_be_held(monkeypatch):
    opened = []

    def picture(item: Item, _: object) -> np.ndarray:
        opened.append(item)
        return np.zeros((1000, 1000, 3), np.uint8)

    monkeypatch.setattr(photos, "_open", picture)
    windows = photo_windows((Item(str(number), b"", "") for number in range(1000)), threads=2)
    assert len(next(windows)) == photos.WINDOW_PIXELS // 1_000_000
    assert len(opened) <= photos.WINDOW_PIXELS // 1_000_000 + 4
