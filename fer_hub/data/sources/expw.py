"""Expression in-the-Wild: `label.lst`, one line a face, and the folder of photos."""

from collections.abc import Iterator
from pathlib import Path

from fer_hub.data.raw.pictures import picture_files
from fer_hub.data.raw.row import MISSING, UNLISTED, Box, Row
from fer_hub.data.raw.tables import line_error, read_lines
from fer_hub.data.sources.files import label_at, need_file
from fer_hub.data.sources.source import Source
from fer_hub.expressions import EXPRESSIONS
from fer_hub.published_datasets import PUBLISHED_DATASETS

_COLUMNS = (
    "image_name face_id_in_image face_box_top face_box_left face_box_right face_box_bottom face_box_cofidence "
    "expression_label"
)


def rows(raw: Path) -> Iterator[Row]:
    """Yield the faces photo by photo; a line that repeats a face is left out, and so are photos without a line."""
    file = need_file(raw, "the list of faces", "label.lst")
    files = picture_files(raw)
    photos = {path.name: path for path in files.pictures}
    lines = sorted(read_lines(file), key=lambda entry: entry[1].split()[0])
    seen: dict[tuple[str, Box], str] = {}
    for number, line in lines:
        cells = line.split()
        if len(cells) != 8:
            raise line_error(file, number, f"{len(cells)} columns; expected the eight {_COLUMNS}")
        name, label = cells[0], label_at(EXPRESSIONS, cells[7], file, number)
        try:
            top, left, right, bottom = (int(cell) for cell in cells[2:6])
        except ValueError:
            raise line_error(file, number, f"box {' '.join(cells[2:6])!r}; expected four whole numbers") from None
        box = (left, top, right, bottom)
        if name not in photos:
            left_out = MISSING
        elif right <= left or bottom <= top:
            left_out = "empty box"
        elif (name, box) in seen:
            left_out = "repeated row" if seen[name, box] == label else "repeated row with another label"
        else:
            left_out = ""
            seen[name, box] = label
        yield Row(photos.get(name, Path(name)), label, name, box, group=name, left_out=left_out)
    listed = {line.split()[0] for _, line in lines}
    yield from (Row(photos[name], "", name, left_out=UNLISTED) for name in sorted(photos) if name not in listed)
    yield from files.unused(file)


EXPW = Source(
    published=PUBLISHED_DATASETS["expw"],
    origin=(
        "Expression in-the-Wild: faces in photos found by web search (Zhang, Luo, Loy and Tang, From Facial Expression "
        "Recognition to Interpersonal Relation Prediction, arXiv 1609.06426)."
    ),
    rows=rows,
    proportions=(29, 10, 1),
)
