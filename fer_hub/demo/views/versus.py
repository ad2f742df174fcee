"""Models side by side as HTML: on the same faces, and on the pictures they were all evaluated on."""

from collections import Counter
from collections.abc import Sequence
from html import escape

import numpy as np

from fer_hub.demo.state.evaluations import SHOWN_PICTURES, Evaluated, pictures_html
from fer_hub.demo.views.cards import face_card, verdict
from fer_hub.demo.views.report import small_matrix_html
from fer_hub.errors import InputError
from fer_hub.recognizer import FaceExpression

Answers = dict[str, list[FaceExpression]]
"""Model -> what it named the same faces, in the same order."""

MOST_DISAGREEMENTS = 5


def faces_html(answers: Answers) -> str:
    """Per face the bars of every model beside each other."""
    sections = []
    for number, views in enumerate(zip(*answers.values(), strict=True), 1):
        columns = "".join(_column(model, face) for model, face in zip(answers, views, strict=True))
        said = escape(agreement(answers, views))
        sections.append(
            f'<section class="fer-versus" aria-label="Face {number}"><h3>Face {number}: {said}</h3>'
            f'<div class="fer-side">{columns}</div></section>'
        )
    return "".join(sections)


def agreement(models: Sequence[str] | Answers, views: Sequence[FaceExpression]) -> str:
    """Whether the models say the same of a face."""
    said = [face.expression for face in views]
    if len(set(said)) == 1:
        return f"{'both' if len(said) == 2 else 'all'} say {said[0]}"
    return ", ".join(f"{model} says {word}" for model, word in zip(models, said, strict=True))


def _column(model: str, face: FaceExpression) -> str:
    name = escape(model)
    return face_card(face, f'<p class="fer-model">{name}</p><h3>{verdict(face)}</h3>', f"The face as {name} sees it")


def matrices_html(evaluated: Sequence[Evaluated]) -> str:
    """The confusion matrices beside each other."""
    return f'<div class="fer-matrices">{"".join(small_matrix_html(each.report) for each in evaluated)}</div>'


def words_html(first: tuple[str, Evaluated], second: tuple[str, Evaluated], place: int) -> str:
    """What the pictures show of two models, and what they disagree about, each kind a button that names `place`."""
    # It takes a second to import, and the page must not wait for it.
    from fer_hub.demo.views import measured  # noqa: PLC0415

    (name, one), (other_name, other) = first, second
    title = f"<h4>{escape(name)} and {escape(other_name)}</h4>"
    lacking = [f"{model}: {each.lacking}" for model, each in (first, second) if each.predictions is None]
    if one.predictions is None or other.predictions is None:
        return f'{title}<p class="fer-small">They cannot be compared. {escape(" ".join(lacking))}</p>'
    try:
        comparison = measured.compare(one.predictions, other.predictions)
    except InputError as error:
        return f'{title}<p class="fer-small">They cannot be compared: {escape(str(error))}</p>'
    return (
        f"{title}<p>{escape(comparison.in_words(name, other_name))}</p>"
        f'<ol class="fer-confused">{_disagreements(first, second, place)}</ol>'
    )


def _disagreements(first: tuple[str, Evaluated], second: tuple[str, Evaluated], place: int) -> str:
    """What they disagree about most often."""
    (name, one), (other_name, other) = first, second
    counts = Counter(
        (label, said, other_said)
        for label, said, other_said in zip(*_words(one, other), strict=True)
        if said != other_said
    )
    names = one.report.labels
    return "".join(
        f'<li><button type="button" data-cell="{place},{label},{said},{other_said}">'
        f"{escape(f'labelled {names[label]}: {name} says {_said(names, said)}')}, "
        f"{escape(f'{other_name} {_said(names, other_said)}')} <small>{count:,}</small></button></li>"
        for (label, said, other_said), count in counts.most_common(MOST_DISAGREEMENTS)
    )


def _words(one: Evaluated, other: Evaluated) -> tuple[list[int], list[int], list[int]]:
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


def disagreement_html(first: tuple[str, Evaluated], second: tuple[str, Evaluated], kind: tuple[int, int, int]) -> str:
    """The pictures of one kind of disagreement, with both models' probabilities.

    Args:
        first: a model's name and evaluation, with predictions.
        second: another's, on the same pictures.
        kind: label, what the first says, what the second says: positions in the first one's labels.
    """
    (name, one), (other_name, other) = first, second
    label, said, other_said = kind
    if one.predictions is None or other.predictions is None:
        raise ValueError("there are no predictions")
    rows = np.flatnonzero((np.array(_words(one, other)) == np.array(kind)[:, None]).all(axis=0))
    sure, other_sure = (each.probabilities[rows].max(axis=1) for each in (one.predictions, other.predictions))
    order = np.argsort(-(sure + other_sure), kind="stable")[:SHOWN_PICTURES]
    names = one.report.labels
    facts = (
        f"{len(rows):,} pictures labelled {names[label]}: {name} says {_said(names, said)} ({sure.mean():.0%} on "
        f"average), {other_name} {_said(names, other_said)} ({other_sure.mean():.0%}). "
        "Below each picture stands what each gave its answer."
        if len(rows)
        else "No such pictures."
    )
    captions = [f"{sure[row]:.0%} / {other_sure[row]:.0%}" for row in order]
    alt = f"labelled {names[label]}, {name} says {_said(names, said)}, {other_name} {_said(names, other_said)}"
    return f'<p class="fer-facts">{escape(facts)}</p>{pictures_html(one, rows[order], captions, alt)}'
