"""A dataset on the Hub as a collection: its files are listed, and read from there as they are needed.

Nothing is written to this machine's disk. Photos, tables and archives are read; of tables and archives only what is
wanted, in pieces. Where the Hub cannot be reached any more the run ends, and goes on when it is given again.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from huggingface_hub import HfApi, HfFileSystem
from huggingface_hub.hf_api import RepoFile

from fer_hub.errors import FerHubError, InputError
from fer_hub.hub.client import talking_to_hub

DATASET_REFERENCE = re.compile(r"(?P<id>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(@(?P<revision>\w[\w./-]*))?", re.ASCII)

_BLOCK_BYTES = 4 << 20
"""What is fetched at once of a table or an archive."""

_AGAIN = "give the same command again to go on"


@dataclass(frozen=True)
class HubFile:
    """A file of one commit of a dataset."""

    dataset: str
    commit: str
    path: str
    size: int

    def open(self) -> IO[bytes]:
        """Open it to be read here and there."""
        return io.BufferedReader(_Pieces(self, self._opened(block_size=_BLOCK_BYTES)))

    def read(self, start: int, size: int) -> bytes:
        """Some bytes of it, and no more are fetched."""
        file = self._opened(cache_type="none")
        with self.asked():
            file.seek(start)
            return bytes(file.read(size))

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Raise FerHubError where the Hub does not give it: that ends a run, for no photo is to blame."""
        try:
            with talking_to_hub(f"{self.path} of {self.dataset} cannot be read", _AGAIN):
                yield
        except InputError as error:
            raise FerHubError(str(error)) from None

    def _opened(self, **how: Any) -> Any:
        with self.asked():
            name = f"datasets/{self.dataset}@{self.commit}/{self.path}"
            return HfFileSystem().open(name, "rb", size=self.size, **how)


class _Pieces(io.RawIOBase):
    """A remote file whose failures are said as the Hub's, not as the file's."""

    def __init__(self, place: HubFile, file: Any) -> None:
        self._place, self._file = place, file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:
        with self._place.asked():
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def dataset_files(dataset: str, revision: str | None) -> Iterator[tuple[HubFile, str]]:
    """Each file of a dataset, with what changes when its content does; in an order that is the same for one commit.

    Raises InputError where there is no such dataset or it is not for us, FerHubError where the Hub fails.
    """
    api, failed = HfApi(), f"the dataset {dataset} cannot be read"
    with talking_to_hub(failed):
        commit = api.dataset_info(dataset, revision=revision).sha
        assert commit is not None
        entries = iter(api.list_repo_tree(dataset, repo_type="dataset", revision=commit, recursive=True))
    while True:
        with talking_to_hub(failed, _AGAIN):
            entry = next(entries, None)
        if entry is None:
            return
        if isinstance(entry, RepoFile):
            yield HubFile(dataset, commit, entry.path, entry.size), entry.blob_id
