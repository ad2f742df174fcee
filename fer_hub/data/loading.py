"""A dataset reference -> the rows of its splits, all that were given, and the revision that names its content."""

import hashlib
import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import datasets
import pyarrow.parquet as pq
from huggingface_hub import DatasetCard

from fer_hub.data.further import types_of, values_of
from fer_hub.data.raw.forms import Reading, is_dataset, own_rows
from fer_hub.data.raw.pictures import picture_files, visible_files
from fer_hub.data.raw.row import Row
from fer_hub.data.vocabulary.split_names import SPLITS, check_splits, split_of, split_of_path
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
    ours = here and not is_dataset(path) and not _saved(path)
    try:
        if ours:
            loaded, digest = (
                _from_rows(own_rows(path, reading), reference, reading.meanings.known),
                _files_digest(path, whole_paths=True),
            )
        elif here:
            loaded, digest = _load_local(path), _files_digest(path, whole_paths=False)
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
    return _rename_splits(loaded, reference), digest, ours


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


def _load_local(path: Path) -> datasets.DatasetDict:
    """What the datasets library loads of a folder or file: all of it, or InputError.

    By itself it goes by the names of files, and where some begin with train_ it leaves out the others in silence
    (huggingface/datasets #5021, #7201).
    """
    files = sorted(file for file in visible_files(path) if file.suffix == ".parquet") if path.is_dir() else [path]
    rows = sum(_rows_of_parquet(file) for file in files if file.suffix.lower() == ".parquet")
    if path.is_file():
        kind = {".arrow": "arrow", ".parquet": "parquet"}.get(path.suffix.lower(), "json")
        return datasets.load_dataset(kind, data_files=str(path))
    if _saved(path):
        loaded = datasets.load_from_disk(str(path))
        return loaded if isinstance(loaded, datasets.DatasetDict) else datasets.DatasetDict({"train": loaded})
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


def _rows_of_parquet(file: Path) -> int:
    try:
        return pq.read_metadata(file).num_rows  # type: ignore[no-any-return]
    except (OSError, ValueError) as error:  # pyarrow's are of these kinds
        reason = first_line(error).partition(". ")[0]
        raise InputError(f"{file} is damaged, or no parquet file ({reason}); download or write it again.") from None


def _saved(path: Path) -> bool:
    """Whether a folder was written by `save_to_disk`."""
    return (path / "dataset_dict.json").is_file() or (path / "state.json").is_file()


def _says_which_files(folder: Path) -> bool:
    """Whether a dataset's card names the files of its splits."""
    card = folder / "README.md"
    return card.is_file() and DatasetCard(card.read_text(encoding="utf-8")).data.get("configs") is not None


def _rename_splits(loaded: datasets.DatasetDict, reference: str) -> datasets.DatasetDict:
    renamed: dict[str, datasets.Dataset] = {}
    for name, rows in loaded.items():
        split = split_of(name) or name
        if split in renamed:
            raise InputError(f"{reference} has two splits that mean {split}, {name!r} among them; rename one of them.")
        renamed[split] = rows
    order = [*(name for name in SPLITS if name in renamed), *(name for name in renamed if name not in SPLITS)]
    return datasets.DatasetDict({name: renamed[name] for name in order})


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
