"""A dataset reference -> the rows of its splits, all that were given, and the revision that names its content."""

import hashlib
import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import datasets

from fer_hub.data.further import types_of, values_of
from fer_hub.data.local_datasets import is_saved, load_local
from fer_hub.data.raw.forms import Reading, is_dataset, own_rows
from fer_hub.data.raw.pictures import visible_files
from fer_hub.data.raw.row import Row
from fer_hub.data.vocabulary.columns import SPLIT_COLUMNS, named
from fer_hub.data.vocabulary.split_names import SPLITS, check_split_words, check_splits, split_of
from fer_hub.errors import FerHubError, InputError, first_line

REFERENCE_FORMS = "a folder or file of pictures or of a dataset, or owner/name[@revision] on the Hub"

PREPARED = "image", "label"
"""The columns of what is read by us and not by the datasets library."""

log = logging.getLogger(__name__)


def open_reference(reference: str, reading: Reading) -> tuple[datasets.DatasetDict, str, bool]:
    """Return the splits of a dataset, their revision, and whether their columns are `PREPARED`. Raises InputError.

    Splits bear the names train, validation and test, whatever word for these they were given; others keep theirs.
    """
    path = Path(reference)
    name, _, revision = reference.partition("@")
    here = bool(reference) and path.exists()
    ours = here and not is_dataset(path) and not is_saved(path)
    try:
        if ours:
            loaded, digest = (
                _from_rows(own_rows(path, reading), reference, reading.meanings.known),
                _files_digest(path, whole_paths=True),
            )
        elif here:
            loaded, digest = load_local(path), _files_digest(path, whole_paths=False)
        elif re.fullmatch(r"[\w.-]+/[\w.-]+", name) and not name.startswith("."):
            loaded = datasets.load_dataset(name, revision=revision or None)
            digest = _commit(loaded)
        else:
            raise InputError(f"there is no dataset {reference!r}; give {REFERENCE_FORMS}.")
    except FerHubError:
        raise
    except Exception as error:  # the library raises many kinds; each means that this dataset cannot be had
        reason = first_line(error.__cause__ or error)
        raise InputError(f"dataset {reference!r} cannot be loaded: {reason}; give {REFERENCE_FORMS}.") from None
    return _by_column(_rename_splits(loaded, reference), reading, reference), digest, ours


def _from_rows(rows: Iterator[Row], reference: str, known: tuple[str, ...]) -> datasets.DatasetDict:
    """Rows as they lie in folders and tables, as a dataset whose pictures stay where they are; labels of `known`."""
    used: dict[str | None, list[Row]] = defaultdict(list)
    left_out: Counter[str] = Counter()
    for row in rows:
        if row.left_out:
            left_out[row.left_out.split(":")[0]] += 1
        else:
            used[row.split].append(row)
    if not used:
        raise InputError(f"no picture of {reference} can be used: {_in_words(left_out)}.")
    if left_out:
        log.warning("%s: left out %s.", reference, _in_words(left_out))
    check_splits({split: rows[0].file for split, rows in used.items()}, reference)
    every = [row for rows in used.values() for row in rows]
    types = {name: kind or "string" for name, kind in types_of(every).items()}
    names = [label for label in known if any(row.label == label for row in every)]
    features = {
        "image": datasets.Image(),
        "label": datasets.ClassLabel(names=names),
        **{name: datasets.Value(kind) for name, kind in types.items() if name not in PREPARED},
    }
    if any(row.group for row in every):
        features["group"] = datasets.Value("string")

    def columns(row: Row) -> dict[str, object]:
        picture = {"bytes": None, "path": str(row.picture)} if isinstance(row.picture, Path) else {"bytes": row.picture}
        cells = {**values_of(row.further, types), "group": row.group, "image": picture, "label": names.index(row.label)}
        return {name: cells[name] for name in features}

    def split(rows: list[Row]) -> datasets.Dataset:
        cells = [columns(row) for row in rows]
        return datasets.Dataset.from_dict(
            {name: [row[name] for row in cells] for name in features}, features=datasets.Features(features)
        )

    return datasets.DatasetDict({name or "train": split(rows) for name, rows in used.items()})


def _rename_splits(loaded: datasets.DatasetDict, reference: str) -> datasets.DatasetDict:
    renamed: dict[str, datasets.Dataset] = {}
    for name, rows in loaded.items():
        split = split_of(name) or name
        if split in renamed:
            raise InputError(f"{reference} has two splits that mean {split}, {name!r} among them; rename one of them.")
        renamed[split] = rows
    order = [*(name for name in SPLITS if name in renamed), *(name for name in renamed if name not in SPLITS)]
    return datasets.DatasetDict({name: renamed[name] for name in order})


def _by_column(loaded: datasets.DatasetDict, reading: Reading, reference: str) -> datasets.DatasetDict:
    """The splits that a column names, where the dataset itself has only one.

    Raises InputError where only some cells name one.
    """
    first = next(iter(loaded.values()))
    column = reading.columns.split or named(first.column_names, SPLIT_COLUMNS)
    if len(loaded) > 1 or column is None:
        return loaded
    if column not in first.column_names:
        raise InputError(f"--split-column {column!r}: {reference} has only {', '.join(first.column_names)}.")
    feature, cells = first.features[column], first[column]
    words = [
        "" if cell is None else str(feature.int2str(cell) if hasattr(feature, "int2str") else cell) for cell in cells
    ]
    if reading.columns.split is None and not any(map(split_of, words)):
        return loaded  # a column about something else
    check_split_words(Counter(words), column, reference)
    rows: dict[str, list[int]] = defaultdict(list)
    for row, word in enumerate(words):
        rows[str(split_of(word))].append(row)
    return datasets.DatasetDict({name: first.select(rows[name]) for name in SPLITS if name in rows})


def _in_words(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} ({reason})" for reason, count in counts.most_common())


def _commit(loaded: datasets.DatasetDict) -> str:
    """The Hub commit a dataset was read from, also when it came from the cache: its folder there is named so."""
    files = (Path(file["filename"]) for rows in loaded.values() for file in rows.cache_files)
    return next((file.parent.name for file in files if re.fullmatch(r"[0-9a-f]{40}", file.parent.name)), "unknown")


def _files_digest(path: Path, whole_paths: bool) -> str:
    """`sha256:...` over names and bytes of a local dataset's files, so that a changed copy shows.

    Whole paths count where folders say what pictures mean.
    """
    digest = hashlib.sha256()
    for file in sorted(visible_files(path)) if path.is_dir() else [path]:
        if file.is_file():
            digest.update((file.relative_to(path).as_posix() if whole_paths else file.name).encode())
            with file.open("rb") as stream:
                while chunk := stream.read(1 << 20):
                    digest.update(chunk)
    return f"sha256:{digest.hexdigest()[:16]}"
