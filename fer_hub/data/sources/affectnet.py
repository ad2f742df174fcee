"""AffectNet, manually annotated: the CSV lists with full photos, the later sets of face crops, or numbered folders."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fer_hub.data.raw.pictures import picture_files
from fer_hub.data.raw.row import MISSING, UNLISTED, Box, Row
from fer_hub.data.raw.tables import line_error, read_table
from fer_hub.data.sources.files import find_file, label_at
from fer_hub.data.sources.source import Source
from fer_hub.data.vocabulary.columns import VALUE_COLUMNS
from fer_hub.data.vocabulary.split_names import split_of_path
from fer_hub.errors import InputError
from fer_hub.expressions import EIGHT_EXPRESSIONS
from fer_hub.published_datasets import PUBLISHED_DATASETS

LABELS = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry", "contempt", "none", "uncertain", "no face")
_NUMBERS = [str(number) for number in range(len(LABELS))]
LISTS = {"training.csv": "train", "validation.csv": "validation"}
_COLUMNS = [
    "subDirectory_filePath",
    "face_x",
    "face_y",
    "face_width",
    "face_height",
    "facial_landmarks",
    "expression",
    "valence",
    "arousal",
]


def rows(raw: Path) -> Iterator[Row]:
    """Yield the faces of whichever form is there, with the published splits, valence and arousal."""
    lists = {split: file for name, split in LISTS.items() if (file := find_file(raw, name))}
    yield from _list_rows(raw, lists) if lists else _crop_rows(raw)


def _list_rows(raw: Path, lists: dict[str, Path]) -> Iterator[Row]:
    files = picture_files(raw)
    photos = {"/".join(path.parts[-2:]): path for path in files.pictures}
    listed = set()
    for split, file in lists.items():
        with file.open("rb") as stream:  # the published validation.csv comes with and without the line of column names
            names = None if _COLUMNS[0].encode() in stream.readline() else _COLUMNS
        for number, cells in read_table(file, (*_COLUMNS[:5], "expression"), names):
            name, label = cells["subDirectory_filePath"], label_at(LABELS, cells["expression"], file, number)
            listed.add(name)
            left_out = _unlabelled(label) or ("" if name in photos else MISSING)
            box = None if left_out else _box(cells, file, number)
            further = {column: cells[column] for column in VALUE_COLUMNS if column in cells}
            yield Row(photos.get(name, Path(name)), label, name, box, split=split, further=further, left_out=left_out)
    yield from (Row(photos[name], "", name, left_out=UNLISTED) for name in sorted(photos) if name not in listed)
    yield from files.unused(*lists.values())


def _box(cells: dict[str, str], file: Path, number: int) -> Box:
    try:
        x, y, width, height = (round(float(cells[column])) for column in _COLUMNS[1:5])
    except ValueError:
        raise line_error(file, number, "the box of the face is not four numbers") from None
    return x, y, x + width, y + height


def _crop_rows(raw: Path) -> Iterator[Row]:
    files, annotations = picture_files(raw), []
    for path in files.pictures:
        name = path.relative_to(raw)
        of = {kind: path.parent.parent / "annotations" / f"{path.stem}_{kind}.npy" for kind in ("exp", "val", "aro")}
        said = {kind: _annotation(file) for kind, file in of.items() if file.is_file()}
        annotations += [of[kind] for kind in said]
        number, split = said.get("exp", path.parent.name), split_of_path(name)
        if split is None or number not in _NUMBERS:
            raise InputError(
                f"{name} is not where AffectNet has its pictures; expected training.csv beside them, or "
                "train_set/images/1.jpg with train_set/annotations/1_exp.npy that holds 0 to 10, or folders numbered "
                "so, such as train/0/1.jpg."
            )
        label = LABELS[_NUMBERS.index(number)]
        further = {column: said[column[:3]] for column in VALUE_COLUMNS if column[:3] in said}
        yield Row(path, label, str(name), split=split, further=further, left_out=_unlabelled(label))
    landmarks = [file for file in files.others if file.name.endswith("_lnd.npy")]  # not used, and no pictures
    yield from files.unused(*annotations, *landmarks)


def _annotation(file: Path) -> str:
    try:
        return str(np.load(file, allow_pickle=False))
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"{file.name} cannot be read as an annotation ({error}); unpack the dataset again.") from None


def _unlabelled(label: str) -> str:
    return "" if label in EIGHT_EXPRESSIONS else f"labelled {label}"


AFFECTNET = Source(
    published=PUBLISHED_DATASETS["affectnet"],
    origin=(
        "AffectNet, the manually annotated part: faces found by web search (Mollahosseini, Hasani and Mahoor, "
        "AffectNet, IEEE Transactions on Affective Computing 10(1), 2019, arXiv 1708.03985). Its published splits "
        "are kept."
    ),
    rows=rows,
)
