"""Where the pictures lie that tables name, often by a path on the machine of whoever wrote them."""

import re
from collections import defaultdict
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from fer_hub.data.raw.pictures import PictureFiles
from fer_hub.data.vocabulary.split_names import split_of_path

SEVERAL = "several pictures bear this name"


class Places:
    """The pictures below a folder, found by the paths that tables have for them."""

    def __init__(self, files: PictureFiles) -> None:
        self.taken: set[Path] = set()
        self._folder = files.folder
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        for path in files.pictures:
            for name in {path.name.lower(), path.stem.lower()}:
                self._by_name[name].append(path)

    def find(self, written: str, beside: Path, split: str | None = None) -> list[Path]:
        """The picture that a path in a table `beside` it means; none, or several that share as much of its end.

        Of several, those are meant that lie in the folder of the row's own `split`.
        """
        path = beside / written
        if path.is_file():
            return [path]
        wanted = PurePosixPath(unquote(written).replace("\\", "/"))
        # Label Studio puts eight digits before the name of an uploaded file.
        names = (wanted.name.lower(), re.sub(r"^[0-9a-f]{8}-", "", wanted.name.lower()))
        known = next((self._by_name[name] for name in names if name in self._by_name), [])
        shared = [(_shared_end(wanted, path), path) for path in known]
        most = max((count for count, _ in shared), default=0)
        best = [path for count, path in shared if count == most]
        return [path for path in best if self.split(path) == split] or best if split and len(best) > 1 else best

    def name(self, path: Path) -> str:
        """What a picture is called on cards: its path below our folder, or its name, never whose machine it lies on."""
        return path.relative_to(self._folder).as_posix() if path.is_relative_to(self._folder) else path.name

    def split(self, path: Path) -> str | None:
        """The split that a folder below ours names in which a picture lies."""
        return split_of_path(path.relative_to(self._folder)) if path.is_relative_to(self._folder) else None


def _shared_end(one: PurePosixPath, other: Path) -> int:
    """How many last parts two paths share, in whatever case; the first may lack the file's ending."""
    last = other.name if one.name.lower() == other.name.lower() else other.stem
    pairs = list(zip(reversed(one.parts), reversed((*other.parent.parts, last)), strict=False))
    return next((count for count, (a, b) in enumerate(pairs) if a.lower() != b.lower()), len(pairs))
