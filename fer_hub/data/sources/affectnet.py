"""AffectNet, manually annotated: the CSV lists with full photos, the later sets of face crops, or numbered folders."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fer_hub.data.sources.files import find_file, label_at, line_error, pictures_below, read_table, split_of_path
from fer_hub.data.sources.row import MISSING, Box, Row, Source
from fer_hub.errors import InputError
from fer_hub.expressions import EIGHT_EXPRESSIONS

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
    """Yield the faces of whichever form is there, with the published splits."""
    lists = {split: file for name, split in LISTS.items() if (file := find_file(raw, name))}
    if lists:
        for split, file in lists.items():
            yield from _list_rows(raw, file, split)
    else:
        yield from _crop_rows(raw)


def _list_rows(raw: Path, file: Path, split: str) -> Iterator[Row]:
    with file.open("rb") as stream:  # the published validation.csv comes with and without the line of column names
        names = None if _COLUMNS[0].encode() in stream.readline() else _COLUMNS
    photos = {"/".join(path.parts[-2:]): path for path in pictures_below(raw)}
    for number, cells in read_table(file, (*_COLUMNS[:5], "expression"), names):
        name, label = cells["subDirectory_filePath"], label_at(LABELS, cells["expression"], file, number)
        left_out = _unlabelled(label) or ("" if name in photos else MISSING)
        box: Box | None = None
        if not left_out:
            try:
                x, y, width, height = (round(float(cells[column])) for column in _COLUMNS[1:5])
            except ValueError:
                raise line_error(file, number, "the box of the face is not four numbers") from None
            box = (x, y, x + width, y + height)
        yield Row(photos.get(name, Path(name)), label, name, box, split=split, left_out=left_out)


def _crop_rows(raw: Path) -> Iterator[Row]:
    for path in pictures_below(raw):
        name = path.relative_to(raw)
        annotation = path.parent.parent / "annotations" / f"{path.stem}_exp.npy"
        number = _annotation(annotation) if annotation.is_file() else path.parent.name
        split = split_of_path(name)
        if split is None or number not in _NUMBERS:
            raise InputError(
                f"{name} is not where AffectNet has its pictures; expected training.csv beside them, or "
                "train_set/images/1.jpg with train_set/annotations/1_exp.npy that holds 0 to 10, or folders numbered "
                "so, such as train/0/1.jpg."
            )
        label = LABELS[_NUMBERS.index(number)]
        yield Row(path, label, str(name), split=split, left_out=_unlabelled(label))


def _annotation(file: Path) -> str:
    try:
        return str(np.load(file, allow_pickle=False))
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"{file.name} cannot be read as an annotation ({error}); unpack the dataset again.") from None


def _unlabelled(label: str) -> str:
    return "" if label in EIGHT_EXPRESSIONS else f"labelled {label}"


AFFECTNET = Source(
    title="AffectNet",
    origin=(
        "AffectNet, the manually annotated part: faces found by web search (Mollahosseini, Hasani and Mahoor, "
        "AffectNet, IEEE Transactions on Affective Computing 10(1), 2019, arXiv 1708.03985). Its published splits "
        "are kept."
    ),
    licence="other",
    terms="For research only, by agreement with its authors; the pictures may not be passed on.",
    rows=rows,
)
