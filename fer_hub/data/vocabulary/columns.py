"""What people call the columns of a dataset, and what FER+ counts in its votes."""

import re

from fer_hub.errors import InputError

IMAGE_COLUMNS = ("image", "images", "img", "picture", "photo", "face", "jpg", "jpeg", "png", "webp")
PATH_COLUMNS = (
    *IMAGE_COLUMNS,
    *("path", "pth", "file", "filepath", "file_path", "filename", "file_name", "image_path", "img_path"),
    *("image_name", "img_name", "image_file", "imagepath", "imagename", "relative_path", "name"),
    *("image_filename", "image_id", "img_id", "id"),
)
LABEL_COLUMNS = (
    *("label", "labels", "expression", "emotion", "class", "target", "cls"),
    *("expressions", "emotions", "expression_label", "emotion_label", "class_name", "label_name", "category"),
    "choice",  # Label Studio's
)
SPLIT_COLUMNS = ("split", "set", "subset", "partition", "fold", "usage", "phase", "data_split", "split_name")
GROUP_COLUMNS = ("group", "person", "person_id", "subject", "subject_id", "identity", "participant")
VALUE_COLUMNS = ("valence", "arousal")
_SHOWN = 8
FERPLUS_VOTES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")


def named(columns: list[str], known: tuple[str, ...]) -> str | None:
    """The column that bears the first of the known names that is there, whatever its case, blanks and hyphens."""
    by_name = {_plain(column): column for column in reversed(columns)}
    return next((by_name[_plain(name)] for name in known if _plain(name) in by_name), None)


def _plain(column: str) -> str:
    return re.sub(r"[\W_]+", "_", column.lower()).strip("_")


def find_column(columns: list[str], known: tuple[str, ...], where: str, flag: str = "") -> str:
    """The column that `named` finds.

    Raises InputError where there is none, which names the `flag` that helps, if there is one.
    """
    if (found := named(columns, known)) is not None:
        return found
    raise InputError(
        f"{where} has no column named like {', '.join(known[:_SHOWN])} and such, only {', '.join(columns) or 'none'}"
        + (f"; name yours with {flag}." if flag else ".")
    )
