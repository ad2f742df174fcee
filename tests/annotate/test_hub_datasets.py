"""A dataset on the Hub as a collection: streamed from the test Hub, photo by photo."""

import tarfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from fer_hub.annotate.run import annotate
from tests.annotate.conftest import ASKED, MODEL, rows, write_photos
from tests.annotate.test_sources import add, table
from tests.hub_server.access import WRITE_TOKEN
from tests.videos import walking, write_video


@pytest.fixture
def folder(photo: np.ndarray, tmp_path: Path) -> Path:
    """Nine photos: some as they are, some in a table, some in an archive; a video; and what is left out."""
    folder, packed = tmp_path / "dataset", write_photos(tmp_path / "packed", 9)
    jpegs = {path.name: path.read_bytes() for path in sorted(packed.rglob("*.jpg"), key=lambda path: path.name)}
    names = list(jpegs)
    for name in names[:3]:
        (folder / "photos").mkdir(parents=True, exist_ok=True)
        (folder / "photos" / name).write_bytes(jpegs[name])
    pq.write_table(table({name: jpegs[name] for name in names[3:6]}), folder / "train.parquet", row_group_size=2)
    with tarfile.open(folder / "train.tar", "w") as archive:
        for name in names[6:]:
            add(archive, name, jpegs[name])
    (folder / "README.md").write_text("a dataset")
    write_video(folder / "film.mp4", walking(photo, 20, width=480, height=240, reach=240))
    (folder / ".hidden.jpg").write_bytes(b"x")
    return folder


def by_source(found: list[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(found, key=lambda row: str(row["source"]))


def nearly(value: object) -> object:
    """The same but for last digits: parts are others on the Hub, and so is which faces are named together."""
    if isinstance(value, dict):
        return {key: nearly(each) for key, each in value.items()}
    if isinstance(value, list):
        return [nearly(each) for each in value]
    return pytest.approx(value, abs=1e-4) if isinstance(value, float) else value


@pytest.mark.slow
def test_a_dataset_on_the_hub_gives_the_rows_of_its_download(hub, client, repository, folder, tmp_path):
    hub.store.add_folder("datasets", repository, folder)
    cache = hub.folder / "cache" / "hub"
    before = sorted(cache.rglob("*")) if cache.is_dir() else []
    output = tmp_path / "out"
    command = ["annotate", repository, "--output", output, "--model", MODEL, "--processes", 0]
    status, out, err = client.run(*command)
    assert (status, err.count("error")) == (0, 0), err
    assert "in 9 photos and 1 videos" in out
    annotate(str(folder), tmp_path / "here", ASKED)
    for name in ("faces", "items"):
        assert by_source(rows(output, name)) == nearly(by_source(rows(tmp_path / "here", name)))
    (film,) = [row for row in rows(output, "items") if row["source"] == "film.mp4"]
    assert (film["kind"], film["looks"], film["problem"]) == ("video", 10, None)
    assert (sorted(cache.rglob("*")) if cache.is_dir() else []) == before  # nothing was stored
    assert (output / "README.md").read_text().count(repository) >= 1


@pytest.mark.slow
def test_where_the_hub_goes_away_the_run_ends_and_goes_on_later(hub, client, repository, folder, tmp_path):
    hub.store.add_folder("datasets", repository, folder)
    command = ["annotate", repository, "--output", tmp_path / "out", "--model", MODEL, "--processes", 0]
    for fetched in ("film.mp4", "001.jpg", "train.parquet", "train.tar"):
        hub.faults.order(f"GET /datasets/{repository}/resolve/.*{fetched}", status=403)
        status, _, err = client.run(*command)
        assert status == 1
        assert f"{fetched} of {repository} cannot be read: your token does not allow it" in err
        assert err.strip().endswith("give the same command again to go on.")
        hub.faults.clear()
    status, out, _ = client.run(*command)
    assert (status, "in 9 photos and 1 videos" in out) == (0, True)


@pytest.mark.slow
def test_datasets_that_are_not_there_or_not_ours_are_refused(hub, client, repository, folder, tmp_path):
    hub.store.add_folder("datasets", repository, folder, private=True)
    command = ["--output", tmp_path / "out", "--model", MODEL, "--processes", 0]
    for name in (repository, "tester/nothing"):
        status, _, err = client.run("annotate", name, *command)
        assert status == 2
        assert f"the dataset {name} cannot be read: the Hub has no such repository, or it is private" in err
        assert err.strip().count("\n") == 0
    assert client.run("annotate", repository, *command, token=WRITE_TOKEN)[0] == 0
    status, _, err = client.run("annotate", f"{repository}@nowhere", "--output", tmp_path / "o", token=WRITE_TOKEN)
    assert (status, "it has no such revision" in err) == (2, True)
