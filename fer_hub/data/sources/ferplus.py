"""FER+: ten people's votes for each picture of FER-2013, in a copy of it or in `fer2013new.csv`."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from fer_hub.data.faults import NO_PICTURE
from fer_hub.data.raw.row import Row
from fer_hub.data.raw.tables import line_error, read_table
from fer_hub.data.sources import fer2013
from fer_hub.data.sources.files import find_file
from fer_hub.data.sources.source import Source
from fer_hub.data.vocabulary.columns import FERPLUS_VOTES
from fer_hub.data.vocabulary.split_names import split_of
from fer_hub.errors import InputError
from fer_hub.expressions import expression_of
from fer_hub.published_datasets import PUBLISHED_DATASETS

_VOTES_FILE = "fer2013new.csv"
NO_MAJORITY = "no majority among the votes"


def rows(raw: Path) -> Iterator[Row]:
    """Yield FER-2013's pictures with their votes, and the label that most votes name."""
    file = find_file(raw, _VOTES_FILE)
    for row in _voted(raw) if file is None else _joined(raw, file):
        assert row.votes is not None
        if row.left_out == NO_PICTURE:
            yield row
            continue
        label, left_out = majority(row.votes)
        if left_out == NO_MAJORITY and row.split == "train" and any(row.votes[:-2]):
            left_out = ""  # as targets, votes need no majority; what is reported on needs one
        yield replace(row, label=label, left_out=left_out)


def _voted(raw: Path) -> Iterator[Row]:
    """The rows of a copy that holds the ten counts of votes itself."""
    lacking = InputError(
        f"--raw {str(raw)!r} holds no {_VOTES_FILE}, and no FER-2013 with a column votes of FER+'s "
        f"{len(FERPLUS_VOTES)} counts; give the folder of the unpacked dataset, the file beside fer2013.csv or a "
        "parquet copy."
    )
    if not fer2013.has_order(raw):
        raise lacking
    for row in fer2013.rows_in_order(raw):
        if len(row.votes or ()) != len(FERPLUS_VOTES):
            raise lacking
        yield row


def _joined(raw: Path, file: Path) -> Iterator[Row]:
    if not fer2013.has_order(raw):
        raise InputError(
            f"--raw {str(raw)!r} holds no FER-2013 whose rows FER+ could be joined to; put fer2013.csv or a parquet "
            f"copy beside {file.name} (the folder layout has lost the order of the rows)."
        )
    votes = _votes(file)
    joined: dict[str, int] = defaultdict(int)
    for row in fer2013.rows_in_order(raw):
        assert row.split is not None
        place = joined[row.split]
        joined[row.split] += 1
        if place < len(votes[row.split]):
            yield replace(row, votes=votes[row.split][place])
    # A copy may lack a whole split; within one, a missing row would shift every label behind it.
    for split, count in joined.items():
        if count != len(votes[split]):
            raise InputError(
                f"FER-2013 has {count:,} pictures in {split} and {file.name} votes for {len(votes[split]):,}; they are "
                "joined row by row, so give the complete files."
            )


def majority(votes: tuple[int, ...]) -> tuple[str, str]:
    """The label that votes name, or why they name none: the paper's rule (arXiv 1608.01041).

    Single votes are outliers and do not count; the label needs more than half of those that are left.
    """
    counted = [vote if vote > 1 else 0 for vote in votes]
    most = max(counted)
    if 2 * most <= sum(counted):
        return "", NO_MAJORITY
    winner = FERPLUS_VOTES[counted.index(most)]
    if winner in ("unknown", "NF"):
        return "", "voted unknown" if winner == "unknown" else "voted no face"
    return expression_of(winner) or "", ""


def _votes(file: Path) -> dict[str, list[tuple[int, ...]]]:
    """Split -> the votes of its rows, in order."""
    votes: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    for number, cells in read_table(file, ("Usage", *FERPLUS_VOTES)):
        split, counts = split_of(cells["Usage"]), [cells[name].strip() for name in FERPLUS_VOTES]
        if split is None or not all(count.isdecimal() and int(count) <= 255 for count in counts):
            raise line_error(file, number, "expected Training, PublicTest or PrivateTest and ten counts of votes")
        votes[split].append(tuple(map(int, counts)))
    return votes


FERPLUS = Source(
    published=PUBLISHED_DATASETS["ferplus"],
    origin=(
        "FER-2013's pictures with the votes of ten people each (Barsoum, Zhang, Canton Ferrer and Zhang, Training Deep "
        "Networks for Facial Expression Recognition with Crowd-Sourced Label Distribution, arXiv 1608.01041). A label "
        "is the choice of more than half of the votes, single votes not counted. Training pictures without such a "
        "majority have votes and no label. Accuracies on these labels and on FER-2013's own, those of one person, do "
        "not compare."
    ),
    rows=rows,
    crops=True,
    vote_names=FERPLUS_VOTES,
)
