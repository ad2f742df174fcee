"""Columns beside picture and label, such as valence, age or gender: text as it was written -> values of one type."""

from collections.abc import Callable, Iterable, Mapping

from fer_hub.data.raw.row import Row

Value = int | float | str | None


def types_of(rows: Iterable[Row], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Column -> "int64", "float32" or "string", whichever holds all that these rows say; in order of appearance.

    `known` is what rows before them needed; a column that says nothing has no type yet, which is empty text.
    """
    types = dict(known or {})
    for row in rows:
        for name, text in row.further.items():
            types[name] = _wider(types.get(name, ""), text.strip())
    return types


def values_of(further: Mapping[str, str], types: Mapping[str, str]) -> dict[str, Value]:
    """The values of one row; None where it says nothing."""
    cells = {name: further.get(name, "").strip() for name in types}
    return {name: _READ[types[name]](cell) if cell else None for name, cell in cells.items()}


def _int64(text: str) -> int:
    if not -(2**63) <= (number := int(text)) < 2**63:
        raise ValueError(text)
    return number


_READ: dict[str, Callable[[str], int | float | str]] = {"int64": _int64, "float32": float, "string": str, "": str}


def _wider(known: str, text: str) -> str:
    """The narrowest type that holds this text as well as what was known."""
    if not text or known == "string":
        return known
    for kind in ("int64", "float32") if known in ("", "int64") else ("float32",):
        try:
            _READ[kind](text)
        except ValueError:
            continue
        return kind
    return "string"
