"""FER-2013: Kaggle's CSV, the folder layout, or a copy in a form that the datasets library loads."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from fer_hub.data.faults import NO_LABEL
from fer_hub.data.raw.class_folders import class_folder_rows
from fer_hub.data.raw.row import Row
from fer_hub.data.raw.tables import line_error, read_table
from fer_hub.data.reference import Dataset
from fer_hub.data.sources.files import find_file, label_at
from fer_hub.data.sources.source import Source
from fer_hub.data.vocabulary.columns import named
from fer_hub.data.vocabulary.split_names import SPLITS, split_of
from fer_hub.errors import InputError
from fer_hub.expressions import EXPRESSIONS
from fer_hub.published_datasets import PUBLISHED_DATASETS
from fer_hub.vision.images import open_image

CSV_FILES = ("fer2013.csv", "icml_face_data.csv", "train.csv")
"""The whole of it, or the competition's table of training pictures alone."""


def rows(raw: Path) -> Iterator[Row]:
    """Yield the pictures of whichever form is there, with the published splits."""
    yield from rows_in_order(raw) if has_order(raw) else _folder_rows(raw)


def has_order(raw: Path) -> bool:
    """Whether this copy keeps the order of the original CSV's rows: all but the folder layout do."""
    return find_file(raw, *CSV_FILES, "*.parquet") is not None or raw.suffix in (".csv", ".parquet")


def rows_in_order(raw: Path) -> Iterator[Row]:
    """Yield the pictures in the order of the original CSV's rows."""
    file = raw if raw.suffix == ".csv" else find_file(raw, *CSV_FILES)
    yield from _csv_rows(file) if file else _copy_rows(raw)


def _csv_rows(file: Path) -> Iterator[Row]:
    whole = split_of(file.stem)  # Kaggle's train.csv has no column Usage
    for number, cells in read_table(file, ("emotion", "pixels", *([] if whole else ["Usage"]))):
        usage = named(list(cells), ("usage",))
        if (split := split_of(cells[usage]) if usage else whole) is None:
            raise line_error(file, number, f"Usage {cells['Usage']!r}; expected Training, PublicTest or PrivateTest")
        label = label_at(EXPRESSIONS, cells["emotion"], file, number)
        yield Row(cells["pixels"], label, f"{file.name} line {number}", split=split)
    if whole == "train" and (test := file.with_name("test.csv")).is_file():
        for number, cells in read_table(test, ("pixels",)):  # Kaggle kept its labels
            yield Row(cells["pixels"], "", f"{test.name} line {number}", split="test", left_out=NO_LABEL)


def _copy_rows(raw: Path) -> Iterator[Row]:
    dataset = Dataset(str(raw))
    for name in dataset.split_names:
        if name not in SPLITS:
            raise InputError(f"{raw} has a split {name!r}; expected train, validation (PublicTest) and test.")
        yield from dataset.stored(name)


def _folder_rows(raw: Path) -> Iterator[Row]:
    for number, row in enumerate(class_folder_rows(raw)):
        if number == 0:
            _refuse_others_pictures(row)
        # Kaggle's folder copy holds both test sets in test/; their files still say which is which.
        split = split_of(Path(row.file).name.split("_")[0]) or row.split
        if split is None and not row.left_out:
            raise InputError(
                f"{row.file} is in no split; expected folders such as train/angry/ and test/angry/, or names such as "
                "Training_1.jpg, PublicTest_1.jpg, PrivateTest_1.jpg."
            )
        yield replace(row, split=split)


def _refuse_others_pictures(row: Row) -> None:
    """Raise InputError where a picture is of another size than FER-2013's: many have folders named by expressions."""
    try:
        height, width = open_image(row.picture).shape[:2]
    except InputError:  # what cannot be read is left out later, and counted
        return
    if (height, width) != (48, 48):
        raise InputError(
            f"{row.file} is of {width} x {height} pixels, and FER-2013's pictures are of 48 x 48; prepare pictures of "
            "your own with train/prepare_data.py folder."
        )


FER2013 = Source(
    published=PUBLISHED_DATASETS["fer2013"],
    origin=(
        "FER-2013: 48 x 48 grey faces found by web search (Goodfellow et al., Challenges in Representation Learning, "
        "arXiv 1307.0414). Its splits Training, PublicTest and PrivateTest are train, validation and test here. FER+ "
        "has other labels of the same pictures: accuracies on the two do not compare."
    ),
    rows=rows,
    crops=True,
)
