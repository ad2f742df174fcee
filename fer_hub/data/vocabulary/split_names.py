"""One vocabulary for what people call splits: folders, cells of tables, files, and the splits of other datasets."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import PurePath

from fer_hub.errors import InputError

SPLITS = ("train", "validation", "test")

_SPLIT_OF_WORD = {
    word: split
    for split, words in {
        "train": "train training trn trainval",
        "validation": "validation valid val dev development",
        "test": "test testing tst eval evaluation",
    }.items()
    for word in words.split()
}
_WHOLE = {"publictest": "validation", "privatetest": "test", "trainval": "train"}  # FER-2013's, and what COCO joins
_JOINED = {
    "set",
    "split",
    "data",
    "dataset",
    "image",
    "images",
    "img",
    "imgs",
    "faces",
    "crops",
    "fer",
    "list",
    "labels",
}
_FEW = 10
"""A column of splits holds no more different words than this, or they are paths."""

_YES_AND_NO = {"0", "1", "0.0", "1.0", "true", "false", "yes", "no"}


def split_of(name: str) -> str | None:
    """Which of `SPLITS` a name means, whatever its case and what stands around the word; None for none or for two.

    "Test Set", "images_train", "ValData" and "PublicTest" (FER-2013's validation) are names of splits; "contest" and
    "train_test_split" are not.
    """
    letters = re.sub(r"[\W\d_]+", "", name).lower()
    if (whole := next((split for word, split in _WHOLE.items() if word in letters), None)) is not None:
        return whole
    words = re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))
    found = {split for word in words if (split := _split_of_word(word.lower()))}
    return found.pop() if len(found) == 1 else None


def _split_of_word(word: str) -> str | None:
    """ "trainset" -> "train"."""
    if word in _SPLIT_OF_WORD:
        return _SPLIT_OF_WORD[word]
    for known, split in _SPLIT_OF_WORD.items():
        if (word.startswith(known) and word[len(known) :] in _JOINED) or (
            word.endswith(known) and word[: -len(known)] in _JOINED
        ):
            return split
    return None


def split_of_path(path: PurePath) -> str | None:
    """The split that a folder of a path names, the innermost one that names any.

    Raises InputError where one says train and another does not: either could be meant, and pictures to report on must
    not be learnt.
    """
    found = [split for part in path.parts[:-1] if (split := split_of(part))]
    if "train" in found and len(set(found)) > 1:
        raise InputError(
            f"{path.as_posix()!r} lies in a folder for train and in one for {next(s for s in found if s != 'train')}; "
            "move its pictures, or rename one of the two folders."
        )
    return found[-1] if found else None


def splits_of_files(names: list[str]) -> list[str] | None:
    """The split that each file's name begins with, as in "train_0001.jpg"; None unless all do, with two splits or more.

    One split alone is no division, and where some names say nothing the others may mean something else.
    """
    found = [split_of(re.split(r"[\W\d_]", name, maxsplit=1)[0]) for name in names]
    splits = [split for split in found if split]
    return splits if len(splits) == len(names) and len(set(splits)) > 1 else None


def refuse_misspelt_splits(folders: set[str]) -> None:
    """Raise InputError where each of several folders is called almost as a split: `tarin` and `tset`."""
    meant = {name: get_close_matches(name.lower(), SPLITS, n=1, cutoff=0.75) for name in sorted(folders)}
    if len(meant) > 1 and all(meant.values()):
        spelled = ", ".join(f"{name!r} for {close[0]}" for name, close in meant.items())
        raise InputError(f"these folders name no split, but look as if they should: {spelled}; rename them.")


def split_column(columns: Mapping[str, Mapping[str, int]], where: str) -> str | None:
    """Of columns that bear no name of splits, with their cells: the one that holds nothing but words for splits.

    Raises InputError for a column such as `is_train` that says it with yes and no.
    """
    for name, cells in columns.items():
        splits = {split_of(cell) for cell in cells}
        if None not in splits and len(splits) > 1 and len(cells) <= _FEW:
            return name
        if split_of(name) and len(cells) > 1 and {cell.lower() for cell in cells} <= _YES_AND_NO:
            raise InputError(
                f"the column {name!r} of {where} seems to say which pictures are in {split_of(name)}; write train, "
                "validation or test into a column that is called split, or give this one another name."
            )
    return None


def check_split_words(cells: Mapping[str, int], column: str, where: str) -> None:
    """Raise InputError where a column of splits holds cells that are no words for splits, each with its number."""
    if unknown := {cell: count for cell, count in cells.items() if split_of(cell) is None}:
        some = list(unknown.items())[:10]
        shown = ", ".join(f"{cell!r} ({count:,})" if cell else f"nothing ({count:,})" for cell, count in some)
        raise InputError(
            f"the column {column!r} of {where} should name splits, and holds {shown}; write train, validation or test "
            "into each cell, or give the column another name where it is about something else."
        )


def check_splits(first: Mapping[str | None, str], where: str) -> None:
    """Raise InputError where some pictures are in a split and others are in none; `first` is a picture of each."""
    if None in first and len(first) > 1:
        raise InputError(
            f"only some pictures in {where} are in a split ({', '.join(sorted(filter(None, first)))}), and "
            f"{first[None]} is in none; put all of them in train, validation or test, or none."
        )
