"""summary.json: what the rows of a collection say together, and how far to trust it."""

from typing import Any

import numpy as np

from fer_hub.annotate.settings import Settings
from fer_hub.annotate.tables.measured import Measured
from fer_hub.annotate.tables.tally import Tally
from fer_hub.evaluation.prevalence import Share, corrected_shares, named_shares
from fer_hub.recognizer import SMALL_SIDE

_MANY = 0.05
"""Of the faces: from this share on, a peculiarity of theirs is worth a warning."""

_LESS_SURE = 0.05
"""So much less probable is what a model names than on its labelled pictures, where these faces are unlike those."""


def summarize(tally: Tally, source: str, settings: Settings, measured: Measured | None) -> dict[str, Any]:
    """The numbers of a collection, JSON-ready."""
    return {
        "source": source,
        "model": settings.model,
        "commit": settings.commit,
        "versions": settings.versions,
        "photos": tally.items["photo"],
        "videos": tally.items["video"],
        "looks": tally.looks,
        "looks_without_face": tally.without_face,
        "faces": tally.faces,
        "people_in_videos": tally.people,
        "expressions": _expressions(tally, measured),
        "corrected_by": measured and {"dataset": measured.dataset, "split": measured.split, "images": measured.images},
        "doubt": dict(tally.doubt.most_common()),
        "small": tally.small,
        "turned_aside": tally.turned,
        "mean_probability": tally.confidence / tally.faces if tally.faces else None,
        "warnings": _warnings(tally, measured),
        "not_read": tally.problems.total(),
        "reasons": dict(tally.problems.most_common()),
        "not_read_first": tally.not_read,
    }


def _expressions(tally: Tally, measured: Measured | None) -> dict[str, dict[str, Any]]:
    """Expression -> faces named so, their share, and the corrected share, each with its 95% interval."""
    if not tally.sources:
        return {label: {"faces": 0} for label in tally.labels}
    corrected = corrected_shares(tally.sources, np.array(measured.matrix)) if measured else None
    named = named_shares(tally.sources)
    return {
        label: {
            "faces": tally.named[label],
            **_share("share", named[index]),
            **(_share("corrected_share", corrected[index]) if corrected else {}),
        }
        for index, label in enumerate(tally.labels)
    }


def _share(name: str, share: Share) -> dict[str, Any]:
    return {name: round(share.value, 5), f"{name}_ci95": [round(v, 5) for v in share.ci95]}


def _warnings(tally: Tally, measured: Measured | None) -> list[str]:
    if not tally.faces:
        return []
    warnings = []
    small, turned = tally.small / tally.faces, tally.turned / tally.faces
    if small >= _MANY:
        warnings.append(
            f"{small:.0%} of the faces are smaller than {SMALL_SIDE} pixels, and named wrong much more often."
        )
    if turned >= _MANY:
        warnings.append(f"{turned:.0%} of the faces are turned aside: models have seen few such faces.")
    if measured is None:
        warnings.append(
            "The shares are not corrected: the models come without predictions for the same labelled pictures of "
            "these expressions, so nothing says how often each expression is mistaken for another."
        )
    elif tally.confidence / tally.faces < measured.confidence - _LESS_SURE:
        warnings.append(
            f"What is named here has a probability of {tally.confidence / tally.faces:.2f} on average, and "
            f"{measured.confidence:.2f} on the labelled pictures: these faces are unlike those, and more of them "
            "will be named wrong than the correction assumes."
        )
    return warnings
