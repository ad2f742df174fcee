"""Pictures in folders that are named by their class, in folders that may be named by their split."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePath

from fer_hub.data.raw.pictures import PictureFiles, picture_files
from fer_hub.data.raw.row import Row
from fer_hub.data.vocabulary.labels import LabelMeanings
from fer_hub.data.vocabulary.split_names import refuse_misspelt_splits, split_of, split_of_path, splits_of_files
from fer_hub.errors import InputError

_LISTS = (".json", ".yaml", ".yml", ".xml", ".txt", ".lst", ".csv", ".tsv", ".xlsx", ".xls", ".mat", ".npy")
"""Files that may say what pictures show."""


def class_folder_rows(folder: Path, meanings: LabelMeanings | None = None) -> Iterator[Row]:
    """Yield every picture with the expression that a folder above it names, and every other file as left out.

    The split is what a folder names (see `split_of_path`); where none names any, what the names of all files begin
    with. Raises InputError where a folder means nothing.
    """
    meanings = meanings or LabelMeanings()
    files = picture_files(folder)
    paths = [path.relative_to(folder) for path in files.pictures]
    parents = {path.parent: path for path in paths}
    label_of = {parent: _label(parent, meanings) for parent in parents}
    split_of = {parent: split_of_path(path) for parent, path in parents.items()}
    labels = [label_of[path.parent] for path in paths]
    if len({*labels, ""}) <= 2 and not any(_means_something(label, meanings) for label in label_of.values()):
        _refuse_lists(files, list(label_of))
    if "" in labels:
        first = paths[labels.index("")]
        place = folder / first.parent
        raise InputError(
            f"{first} lies in {place} itself, where nothing says what it shows; put each picture into "
            f"a folder that is named by its expression, such as {place}/happy/, or add a table with paths and labels."
        )
    expressions = meanings.of(Counter(labels), f"the folders of {folder.name}")
    splits = [split_of[path.parent] for path in paths]
    if not any(splits):
        refuse_misspelt_splits({path.parts[0] for path in paths})
        splits = [*(splits_of_files([path.stem for path in paths]) or splits)]
    for path, label, split in zip(paths, labels, splits, strict=True):
        left_out = "" if expressions[label] else f"labelled {label}"
        yield Row(folder / path, expressions[label], path.as_posix(), split=split, left_out=left_out)
    yield from files.unused()


def _label(parent: PurePath, meanings: LabelMeanings) -> str:
    """The innermost folder that names an expression, or else a number that stands for one, or else the innermost.

    Empty where that one names a split, or is the folder of all.
    """
    folders = parent.parts[::-1]
    known = (name for name in folders if name in meanings.mapping or meanings.word(name))
    numbers = (name for name in folders if meanings.names and name.strip().isdecimal())
    return next(known, None) or next(numbers, None) or ("" if split_of(parent.name) else parent.name)


def _means_something(label: str, meanings: LabelMeanings) -> bool:
    return label in meanings.mapping or label.isdecimal() or meanings.word(label) is not None


def _refuse_lists(files: PictureFiles, folders: list[PurePath]) -> None:
    """Raise InputError where folders tell nothing apart and a file beside the pictures may say what they show."""
    lists = [path for path in files.others if path.suffix.lower() in _LISTS and "readme" not in path.name.lower()]
    if lists:
        raise InputError(
            f"no folder in {files.folder} names an expression (its pictures lie in {folders[0].as_posix()!r}"
            f"{' and others' if len(folders) > 1 else ''}), and what they show may stand in "
            f"{lists[0].relative_to(files.folder).as_posix()}, which is not read; write it as a table, labels.csv, "
            "with the columns path and label, or name the published dataset that this is, in the place of folder: "
            "python train/prepare_data.py --help."
        )
