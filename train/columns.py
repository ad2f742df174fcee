"""Which columns hold the pictures and the labels, found by the names that people give them."""

from fer_hub.errors import InputError

IMAGE_COLUMNS = ("image", "img", "picture", "photo", "face", "pixel_values", "path", "file", "file_name", "filename")
LABEL_COLUMNS = ("label", "labels", "expression", "emotion", "class", "target", "fer_label")


def find_column(columns: list[str], known: tuple[str, ...], where: str) -> str:
    """The one column, whatever its case, that bears the first of the known names that is there."""
    by_name = {column.strip().lower(): column for column in columns}
    for name in known:
        if name in by_name:
            return by_name[name]
    raise InputError(f"{where} has no column named like {', '.join(known)}, only {', '.join(columns) or 'none'}.")
