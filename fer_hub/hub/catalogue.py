"""The models there are: bundled, in the cache, and on the Hub, with accuracy, size and date."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from huggingface_hub import CacheNotFound, HfApi, ModelInfo, scan_cache_dir
from huggingface_hub.repocard_data import model_index_to_eval_results

from fer_hub.errors import InputError, plain
from fer_hub.files import CONFIG_FILE
from fer_hub.hub.client import HUB_ERRORS, LIBRARY, check_answers, explain
from fer_hub.hub.download import cached_folder
from fer_hub.hub.model_folder import ModelFolder
from fer_hub.hub.references import BUNDLED, bundled_models

MAX_LISTED = 200
"""Models of the Hub, last changed first."""

PATIENCE_SECONDS = 2.4
"""For so long the Hub may take to connect, and then to answer, before a list does without it."""

_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8}


@dataclass(frozen=True)
class ListedModel:
    """A model, where it is, and what is known of it without fetching it."""

    reference: str
    place: str
    """bundled, cached or hub."""
    architecture: str | None
    parameters: int | None
    accuracy: float | None
    dataset: str | None
    bytes: int | None
    """Of the weights."""
    date: str | None
    """ISO day: of the last change on the Hub, or of fetching into the cache; None for a bundled model."""
    purpose: str | None = None
    """What it is for, where its config.json says so; not known of what is only on the Hub."""


def models_here() -> Iterator[ListedModel]:
    """Yield the bundled models, then those in the cache."""
    for name in bundled_models():
        yield _listed(ModelFolder(BUNDLED / name), name, "bundled", None)
    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return
    for repository in sorted(repositories, key=lambda repository: repository.repo_id):
        for revision in sorted(repository.revisions, key=lambda revision: -revision.last_modified):
            folder = cached_folder(repository.repo_id, revision.commit_hash)
            if repository.repo_type != "model" or folder is None or not (folder / CONFIG_FILE).exists():
                continue
            name = next(iter(sorted(revision.refs)), revision.commit_hash)
            reference = repository.repo_id if name == "main" else f"{repository.repo_id}@{name}"
            fetched = datetime.fromtimestamp(revision.last_modified, UTC)
            with suppress(InputError):  # a model, but none of ours
                yield _listed(ModelFolder(folder), reference, "cached", fetched)


def models_on_hub(search: str | None = None, token: bool | None = None) -> tuple[list[ListedModel], str | None]:
    """Return the Hub's models of this library, last changed first, and, where they cannot be had, why.

    `search` keeps those with it in their name; `token` is None for the user's own, and False for a visitor. A Hub that
    does not answer within `PATIENCE_SECONDS` is not asked again.
    """
    try:
        check_answers(PATIENCE_SECONDS)
        found = HfApi(token=token).list_models(
            filter=LIBRARY,
            search=search,
            sort="last_modified",
            limit=MAX_LISTED,
            expand=["cardData", "lastModified", "model-index", "safetensors"],
        )
        return [_described(model) for model in found], None
    except HUB_ERRORS as error:
        return [], explain(error)[1]


def _listed(folder: ModelFolder, reference: str, place: str, date: datetime | None) -> ListedModel:
    summary, day = folder.summary(reference), date.date().isoformat() if date else None
    return ListedModel(**asdict(summary), place=place, bytes=folder.weights_bytes, date=day)


def _described(model: ModelInfo) -> ListedModel:
    """What a repository says of itself. It is a stranger's word, so what is no number or plain text is left out."""
    accuracy, dataset = _claimed_accuracy(model)
    counts: dict[str, Any] = model.safetensors.parameters if model.safetensors else {}
    known = bool(counts) and all(isinstance(count, int) and kind in _BYTES for kind, count in counts.items())
    return ListedModel(
        reference=model.id,
        place="hub",
        architecture=None,
        parameters=sum(counts.values()) if known else None,
        accuracy=accuracy,
        dataset=dataset,
        bytes=sum(count * _BYTES[kind] for kind, count in counts.items()) if known else None,
        date=model.last_modified.date().isoformat() if model.last_modified else None,
    )


def _claimed_accuracy(model: ModelInfo) -> tuple[float | None, str | None]:
    """The first accuracy in a card's metadata, and the dataset it is claimed for."""
    results = list(getattr(model.card_data, "eval_results", None) or [])
    with suppress(AttributeError, IndexError, KeyError, TypeError, ValueError):
        results += model_index_to_eval_results(model.model_index)[1]  # type: ignore[arg-type]
    for result in results:
        value, name = getattr(result, "metric_value", None), getattr(result, "dataset_name", None)
        if getattr(result, "metric_type", None) == "accuracy" and isinstance(value, int | float) and 0 <= value <= 1:
            return float(value), plain(str(name))
    return None, None
