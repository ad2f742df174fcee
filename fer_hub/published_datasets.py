"""Published datasets of facial expressions: what they are called, and under which terms they may be used."""

import re
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath, PureWindowsPath

from fer_hub.errors import plain


@dataclass(frozen=True)
class PublishedDataset:
    """Facts that preparing a dataset and the card of a model that was trained on it both say."""

    title: str
    licence: str
    """An identifier of the Hub's list of licences."""
    terms: str
    """What the licence means, in a sentence."""
    labels: str = ""
    """Whose opinion its labels are, where the same pictures have others too."""
    others: str = ""
    """The dataset that has those, by its name here."""

    @property
    def track(self) -> str:
        """What accuracies on it are called: they do not compare with those on other labels of the same pictures."""
        return f"{self.title} ({self.labels})" if self.labels else self.title


PUBLISHED_DATASETS = {
    "expw": PublishedDataset(
        "ExpW",
        "other",
        "For non-commercial research only; the photos belong to whoever took them and may not be passed on.",
    ),
    "fer2013": PublishedDataset(
        "FER-2013",
        "other",
        "Published for a Kaggle competition; its authors state no licence for the pictures.",
        labels="labels of one person",
        others="ferplus",
    ),
    "ferplus": PublishedDataset(
        "FER+",
        "other",
        "The votes are under the MIT licence; FER-2013's authors state no licence for the pictures.",
        labels="majority of ten votes",
        others="fer2013",
    ),
    "rafdb": PublishedDataset(
        "RAF-DB",
        "other",
        "For non-commercial research only, by agreement with its authors; the pictures may not be passed on.",
    ),
    "affectnet": PublishedDataset(
        "AffectNet",
        "other",
        "For research only, by agreement with its authors; the pictures may not be passed on.",
    ),
}
"""Name, in small letters and digits, -> facts."""


def find_published(reference: str) -> PublishedDataset | None:
    """The published dataset that a reference (folder, file or owner/name[@revision]) names by its last part, if any."""
    name = PurePosixPath(reference.partition("@")[0].rstrip("/")).name.lower()
    return PUBLISHED_DATASETS.get(re.sub(r"[^a-z0-9]", "", name.replace("+", "plus")))


def short_title(reference: str) -> str:
    """What lists call a dataset: a published one by its title, which tells tracks apart, another by its last part."""
    published = find_published(reference)
    return published.title if published else plain(PurePath(reference).name, 40)


_STARTED_FROM = "the model "


def without_path(reference: str) -> str:
    """A dataset or model as a command names it elsewhere: of a place on one machine only the last name is left."""
    model = reference.removeprefix(_STARTED_FROM)
    if model != reference:  # what weights started from
        return reference if without_path(model) == model else f"{_STARTED_FROM}folder {without_path(model)}"
    on_one_machine = reference.startswith(("/", "~", "..")) or "\\" in reference or re.match(r"[A-Za-z]:", reference)
    return PurePosixPath(PureWindowsPath(reference).as_posix()).name if on_one_machine else reference
