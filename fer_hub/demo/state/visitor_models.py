"""Models of the Hub that visitors brought: fetched as nobody, and deleted again once there are too many."""

from collections import OrderedDict
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from threading import RLock
from time import monotonic

from huggingface_hub import CacheNotFound, scan_cache_dir
from huggingface_hub.constants import HF_HUB_CACHE
from huggingface_hub.errors import HFValidationError
from huggingface_hub.file_download import repo_folder_name

from fer_hub.errors import FerHubError, InputError
from fer_hub.files import WEIGHTS_FILE
from fer_hub.hub.download import public_commit
from fer_hub.hub.model_folder import ModelFolder, ModelSummary
from fer_hub.hub.references import resolve

_CONFIRMED_SECONDS = 600.0
"""For so long the Hub is not asked again whether a model is public that is listed."""


class VisitorModels:
    """At most `most` models; the one asked for least recently goes, from the disk too if it was fetched here."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = RLock()
        self._models: OrderedDict[str, tuple[ModelFolder, ModelSummary]] = OrderedDict()
        self._fetched: set[ModelFolder] = set()
        self._confirmed: dict[str, float] = {}

    def fetch(self, reference: str) -> ModelSummary:
        """Have a model. What is fetched but is no model that can be listed is deleted at once."""
        before = _whole_folders(reference)
        folder = resolve(reference, token=False)
        with self._lock:
            if folder not in before:
                self._fetched.add(folder)
            try:
                summary = folder.summary(reference)
            except InputError:
                self._delete(folder)
                raise
            replaced = self._models.pop(reference, None)
            self._models[reference] = (folder, summary)
            if replaced:
                self._delete(replaced[0])
            while len(self._models) > self._most:
                self.drop(next(iter(self._models)))
            return summary

    def public(self, references: Iterable[str]) -> list[str]:
        """Those that the Hub gives to everybody, as it says or said a while ago; others may not even be named."""
        found = []
        for reference in islice(references, self._most):
            repository, _, revision = reference.partition("@")
            try:
                if monotonic() - self._confirmed.get(reference, float("-inf")) > _CONFIRMED_SECONDS:
                    public_commit(repository, revision or None)
                    self._confirmed[reference] = monotonic()
                found.append(reference)
            except InputError:
                continue
            except FerHubError:  # the Hub is not there, and would not be for the next
                break
        return found

    def folder(self, reference: str) -> ModelFolder | None:
        """The folder of a model that was brought."""
        with self._lock:
            if reference not in self._models:
                return None
            self._models.move_to_end(reference)
            return self._models[reference][0]

    def summary(self, reference: str) -> ModelSummary | None:
        """What a menu shows of it."""
        with self._lock:
            return self._models[reference][1] if reference in self._models else None

    def drop(self, reference: str) -> None:
        """Forget a model."""
        with self._lock:
            if dropped := self._models.pop(reference, None):
                self._delete(dropped[0])

    def _delete(self, folder: ModelFolder) -> None:
        """Delete a folder that was fetched here and that no other reference means; what the host had stays."""
        if folder not in self._fetched or any(folder == other for other, _ in self._models.values()):
            return
        self._fetched.remove(folder)
        try:
            scan_cache_dir().delete_revisions(folder.path.name).execute()
        except CacheNotFound:
            return


def _whole_folders(reference: str) -> set[ModelFolder]:
    """Commits of the repository that are in the cache whole; none where the text is no name of one."""
    try:
        name = repo_folder_name(repo_id=reference.partition("@")[0], repo_type="model")
    except HFValidationError:
        return set()
    return {ModelFolder(weights.parent) for weights in Path(HF_HUB_CACHE, name).glob(f"snapshots/*/{WEIGHTS_FILE}")}
