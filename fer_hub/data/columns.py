"""What people call the columns that hold the pictures and the labels, and what FER+ counts in its votes."""

from fer_hub.errors import InputError

IMAGE_COLUMNS = ("image", "images", "img", "picture", "photo", "face", "jpg", "png")
PATH_COLUMNS = (*IMAGE_COLUMNS, "path", "file", "filepath", "file_path", "filename", "file_name", "name")
LABEL_COLUMNS = ("label", "labels", "expression", "emotion", "class", "target", "cls")
FERPLUS_VOTES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")


def find_column(columns: list[str], known: tuple[str, ...], where: str, flag: str = "") -> str:
    """The column, whatever its case, that bears the first of the known names that is there.

    Raises InputError where none does, which names the `flag` that helps, if there is one.
    """
    by_name = {column.strip().lower(): column for column in columns}
    for name in known:
        if name in by_name:
            return by_name[name]
    raise InputError(
        f"{where} has no column named like {', '.join(known)}, only {', '.join(columns) or 'none'}"
        + (f"; name yours with {flag}." if flag else ".")
    )
