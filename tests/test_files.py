import pytest

from fer_hub import InputError
from fer_hub.files import new_folder
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


def test_versions_are_recorded():
    assert {"python", "torch", "facenet-pytorch"} <= set(versions())
