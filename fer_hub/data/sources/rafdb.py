"""RAF-DB, single-label subset: the aligned faces and `list_patition_label.txt`, labels counted from 1."""

from collections.abc import Iterator
from pathlib import Path

from fer_hub.data.sources.files import label_at, line_error, need_file, pictures_below, read_lines, split_of
from fer_hub.data.sources.row import MISSING, Row, Source
from fer_hub.errors import InputError

LABELS = ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")


def rows(raw: Path) -> Iterator[Row]:
    """Yield the aligned faces in the order of the list; the start of a name, train_ or test_, is its split."""
    file = need_file(raw, "list_patition_label.txt", "the list of labels")
    pictures = {path.name: path for path in pictures_below(raw) if "_aligned" in path.name}
    if not pictures:
        raise InputError(f"--raw {str(raw)!r} holds no aligned faces; unpack aligned.zip beside {file.name}.")
    for number, line in read_lines(file):
        cells = line.split()
        if len(cells) != 2:
            raise line_error(file, number, f"{len(cells)} columns; expected a name and a label")
        label, split = label_at(LABELS, cells[1], file, number, first=1), split_of(cells[0].split("_")[0])
        if split not in ("train", "test"):
            raise line_error(file, number, f"name {cells[0]!r}; expected train_... or test_...")
        name = f"{Path(cells[0]).stem}_aligned.jpg"
        picture = pictures.get(name)
        yield Row(picture or Path(name), label, name, split=split, left_out="" if picture else MISSING)


RAFDB = Source(
    title="RAF-DB",
    origin=(
        "Real-world Affective Faces Database, single-label subset, aligned faces (Li, Deng and Du, Reliable "
        "Crowdsourcing and Deep Locality-Preserving Learning for Expression Recognition in the Wild, CVPR 2017). Its "
        "published splits train and test are kept."
    ),
    licence="other",
    terms="For non-commercial research only, by agreement with its authors; the pictures may not be passed on.",
    rows=rows,
)
