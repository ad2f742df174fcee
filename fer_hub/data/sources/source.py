"""What every source gives beside its rows: what is to be said about where they come from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fer_hub.data.raw.row import Row
from fer_hub.published_datasets import PublishedDataset


@dataclass(frozen=True)
class Source:
    """A dataset that can be prepared."""

    published: PublishedDataset
    origin: str
    """Whose it is and where it is described, for the data card."""
    rows: Callable[[Path], Iterator[Row]]
    """Raw folder or file -> rows, lazily, in an order that never changes; InputError for what is not its layout."""
    vote_names: tuple[str, ...] = ()
    """What each number of `Row.votes` counts."""
    proportions: tuple[int, int, int] = (8, 1, 1)
    """Sizes of train : validation : test where the split is ours to make."""
    own: bool = False
    """Anybody's own data: labels are those that occur, and owner/name on the Hub may stand for the raw folder."""
    crops: bool = False
    """Whether its pictures are published as face crops, so that nobody need measure it."""

    @property
    def title(self) -> str:
        return self.published.title

    @property
    def licence(self) -> str:
        return self.published.licence

    @property
    def terms(self) -> str:
        return self.published.terms
