"""Models side by side as HTML: on the same faces, and on the pictures they were all evaluated on."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from PIL import Image

from fer_hub.demo.state.evaluations import LoadedEvaluation
from fer_hub.demo.views.boxes import box_on, with_room
from fer_hub.demo.views.evaluation_report import SHOWN_PICTURES, matrix_rows, pictures
from fer_hub.demo.views.faces import STAGE_SIDE
from fer_hub.demo.views.templating import render
from fer_hub.errors import InputError
from fer_hub.recognizer import FaceExpression

Answers = dict[str, list[FaceExpression]]
"""Model -> what it named the same faces, in the same order."""

NamedEvaluation = tuple[str, LoadedEvaluation]
"""A model and its evaluation."""

MOST_DISAGREEMENTS = 5


def compared_faces(answers: Answers, portraits: Sequence[np.ndarray]) -> Markup:
    """Per face the bars of every model beside each other; `portraits` show the faces, HWC uint8 RGB, in that order."""
    faces = list(zip(*answers.values(), strict=True))
    return render("compare/faces", models=list(answers), faces=faces, portraits=portraits, agreement=agreement)


def agreement(models: Sequence[str], views: Sequence[FaceExpression]) -> str:
    """Whether the models say the same of a face."""
    said = [face.expression for face in views]
    if len(set(said)) == 1:
        return f"{'both' if len(said) == 2 else 'all'} say {said[0]}"
    return ", ".join(f"{model} says {word}" for model, word in zip(models, said, strict=True))


def compared_photo(photo: np.ndarray, answers: Answers) -> Markup:
    """A photo, HWC uint8 RGB, with the boxes that all models were given; a press on one goes to what they say of it."""
    picture = Image.fromarray(photo)
    picture.thumbnail((STAGE_SIDE, STAGE_SIDE))
    boxes = []
    for views in zip(*answers.values(), strict=True):
        names = list(dict.fromkeys(face.expression for face in views))
        boxes.append(box_on(views[0].box, photo, names[0], " or ".join(names), unsure=len(names) > 1))
    return render("compare/photo", picture=picture, boxes=with_room(boxes, photo), count=len(boxes))


def photo_notes(count: int, most: int, credit: str) -> Markup:
    """What stands beside a compared photo with `count` faces, of which `most` are compared; `credit` of an example."""
    return render("compare/photo_notes", count=count, most=most, credit=credit)


def matrices(evaluations: Sequence[LoadedEvaluation]) -> Markup:
    """The confusion matrices beside each other, as row shares."""
    return render("compare/matrices", matrices=[(each.report, matrix_rows(each.report)) for each in evaluations])


def pair(first: NamedEvaluation, second: NamedEvaluation, place: int) -> Markup:
    """What the pictures show of two models, and what they disagree about, each kind a button that names `place`."""
    # scipy takes a second to import, and the page must not wait for it.
    from fer_hub.evaluation.comparison import compare  # noqa: PLC0415

    (name, one), (other_name, other) = first, second
    lacking, words, kinds = "", "", []
    if one.predictions is None or other.predictions is None:
        lacking = " ".join(f"{model}: {each.lacking}" for model, each in (first, second) if each.predictions is None)
    else:
        try:
            words = compare(one.predictions, other.predictions).in_words(name, other_name)
            kinds = _disagreements(one, other, place)
        except InputError as error:
            lacking = str(error)
    return render("compare/pair", first=name, second=other_name, lacking=lacking, words=words, kinds=kinds)


def _disagreements(one: LoadedEvaluation, other: LoadedEvaluation, place: int) -> list[dict[str, str | int]]:
    """What they disagree about most often."""
    counts = Counter(
        (label, said, other_said)
        for label, said, other_said in zip(*_answers(one, other), strict=True)
        if said != other_said
    )
    names = one.report.labels
    return [
        {
            "place": f"{place},{label},{said},{other_said}",
            "label": names[label],
            "first": _said(names, said),
            "second": _said(names, other_said),
            "count": count,
        }
        for (label, said, other_said), count in counts.most_common(MOST_DISAGREEMENTS)
    ]


def _answers(one: LoadedEvaluation, other: LoadedEvaluation) -> tuple[list[int], list[int], list[int]]:
    """Label and both answers of each picture, as positions in the first one's labels; -1 where no face was found."""
    assert one.predictions is not None
    assert other.predictions is not None
    positions = np.array([*(one.report.labels.index(label) for label in other.report.labels), -1])
    return (
        one.predictions.labels.tolist(),
        one.predictions.named.tolist(),
        positions[other.predictions.named].tolist(),
    )


def _said(names: Sequence[str], position: int) -> str:
    return names[position] if position >= 0 else "nothing (no face found)"


def disagreement(first: NamedEvaluation, second: NamedEvaluation, kind: tuple[int, int, int]) -> Markup:
    """The pictures of one kind of disagreement, with both models' probabilities.

    Args:
        first: a model's name and evaluation, with predictions.
        second: another's, on the same pictures.
        kind: label, what the first says, what the second says: positions in the first one's labels.
    """
    (name, one), (other_name, other) = first, second
    if one.predictions is None or other.predictions is None:
        raise ValueError("there are no predictions")
    names = one.report.labels
    label, said, other_said = names[kind[0]], _said(names, kind[1]), _said(names, kind[2])
    rows = np.flatnonzero((np.array(_answers(one, other)) == np.array(kind)[:, None]).all(axis=0))
    sure, other_sure = (each.probabilities[rows].max(axis=1) for each in (one.predictions, other.predictions))
    order = np.argsort(-(sure + other_sure), kind="stable")[:SHOWN_PICTURES]
    captions = [f"{sure[row]:.0%} / {other_sure[row]:.0%}" for row in order]
    alt = f"labelled {label}, {name} says {said}, {other_name} {other_said}"
    return render(
        "compare/disagreement",
        count=len(rows),
        label=label,
        first=name,
        second=other_name,
        said=said,
        other_said=other_said,
        sure=sure.mean() if len(rows) else 0.0,
        other_sure=other_sure.mean() if len(rows) else 0.0,
        pictures=pictures(one, rows[order], captions, alt),
    )
