import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fer_hub import FerHubError, InputError
from fer_hub.files import new_folder, replace_file
from fer_hub.hub.references import resolve
from fer_hub.versions import versions


def write_half(folder):
    with new_folder(folder) as unfinished:
        (unfinished / "file").write_text("half")
        raise ValueError("half way")


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "a" / "model"
    with pytest.raises(ValueError, match="half way"):
        write_half(folder)
    assert list(folder.parent.iterdir()) == []
    with new_folder(folder) as unfinished:
        (unfinished / "file").write_text("whole")
        assert not folder.exists()
    assert (folder / "file").read_text() == "whole"
    assert list(folder.parent.iterdir()) == [folder]
    with pytest.raises(InputError, match="exists already"):
        write_half(folder)


def test_a_file_takes_the_place_of_files_alone(tmp_path):
    pipe, folder, file = tmp_path / "pipe", tmp_path / "folder", tmp_path / "file"
    os.mkfifo(pipe)
    folder.mkdir()
    for other in (pipe, folder):  # as root, /dev/null was replaced by what was to go there
        with pytest.raises(InputError, match="is a folder or a device; give the name of a file"):
            replace_file(other, b"new")
    assert pipe.is_fifo()
    for content in (b"old", b"new"):
        replace_file(file, content)
    assert file.read_bytes() == b"new"
    assert set(tmp_path.iterdir()) == {pipe, folder, file}


@contextmanager
def little_room(most: int) -> Iterator[None]:
    """No file may become larger, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_said_and_leaves_no_half_model(tmp_path):
    classifier = resolve("fer-live").load()
    folder = tmp_path / "model"
    said = r"model could not be written \(file too large\); make room"
    with little_room(100_000), pytest.raises(FerHubError, match=said), new_folder(folder) as unfinished:
        classifier.save(unfinished)
    assert list(tmp_path.iterdir()) == []
    with new_folder(folder) as unfinished:
        classifier.save(unfinished)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]


def test_versions_are_recorded():
    assert {"python", "torch", "facenet-pytorch"} <= set(versions())
