"""Datasets in files on this machine, as the datasets library has them."""

from collections import defaultdict
from pathlib import Path

import datasets
import pyarrow.parquet as pq
from huggingface_hub import DatasetCard

from fer_hub.data.raw.pictures import PICTURE_SUFFIXES, picture_files, visible_files
from fer_hub.data.vocabulary.labels import expression_in
from fer_hub.data.vocabulary.split_names import check_splits, split_of, split_of_path
from fer_hub.errors import InputError, first_line


def load_local(path: Path) -> datasets.DatasetDict:
    """What the datasets library loads of a folder or file: all of it, or InputError.

    By itself it goes by the names of files, and where some begin with train_ it leaves out the others in silence
    (huggingface/datasets #5021, #7201).
    """
    files = sorted(file for file in visible_files(path) if file.suffix == ".parquet") if path.is_dir() else [path]
    rows = sum(_rows_of_parquet(file) for file in files if file.suffix.lower() == ".parquet")
    if path.is_file():
        return datasets.load_dataset(path.suffix.lower().removeprefix("."), data_files=str(path))
    if is_saved(path):
        loaded = datasets.load_from_disk(str(path))
        return loaded if isinstance(loaded, datasets.DatasetDict) else datasets.DatasetDict({"train": loaded})
    if files:
        _refuse_pictures_beside(path)
    if files and not _says_which_files(path):
        by_split: dict[str | None, list[str]] = defaultdict(list)
        for file in files:
            by_split[split_of(file.stem) or split_of_path(file.relative_to(path))].append(str(file))
        check_splits({split: some[0] for split, some in by_split.items()}, str(path))
        loaded = datasets.load_dataset("parquet", data_files={name or "train": some for name, some in by_split.items()})
    else:
        loaded = datasets.load_dataset(str(path))
    given = rows or len(picture_files(path).pictures)
    if (got := sum(map(len, loaded.values()))) != given:
        raise InputError(
            f"{path} holds {given:,} pictures, but the datasets library loads {got:,} of them: it goes by the names of "
            "files and by README.md and metadata files; correct these, or give a folder without them."
        )
    return loaded


def _refuse_pictures_beside(path: Path) -> None:
    """Raise InputError where a folder holds parquet files and class folders of pictures: only one of them is read."""
    for file in visible_files(path):
        inside = file.relative_to(path)
        if file.suffix.lower() in PICTURE_SUFFIXES and any(map(expression_in, inside.parts[:-1])):
            raise InputError(
                f"{path} holds parquet files as well as pictures in folders, such as {inside}; only one of the two can "
                "be read: give the folder of the one, or move the other out of it."
            )


def _rows_of_parquet(file: Path) -> int:
    try:
        return pq.read_metadata(file).num_rows  # type: ignore[no-any-return]
    except (OSError, ValueError) as error:  # pyarrow's are of these kinds
        reason = first_line(error).partition(". ")[0]
        raise InputError(f"{file} is damaged, or no parquet file ({reason}); download or write it again.") from None


def is_saved(path: Path) -> bool:
    """Whether a folder was written by `save_to_disk`."""
    return (path / "dataset_dict.json").is_file() or (path / "state.json").is_file()


def _says_which_files(folder: Path) -> bool:
    """Whether a dataset's card names the files of its splits."""
    card = folder / "README.md"
    return card.is_file() and DatasetCard(card.read_text(encoding="utf-8")).data.get("configs") is not None
