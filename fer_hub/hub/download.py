"""A commit of a model's repository on the Hub -> a model folder in the cache, each file checked before and after."""

import hashlib
from pathlib import Path

from huggingface_hub import HfApi, ResolvedRevision, constants, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, RevisionResolutionError

from fer_hub.errors import FerHubError, InputError
from fer_hub.files import CONFIG_FILE, MAX_BYTES, WEIGHTS_FILE, check_size
from fer_hub.hub.client import explain, talking_to_hub
from fer_hub.models.adapters.formats import foreign_format
from fer_hub.models.config import load_config

_ASK_SECONDS = 10.0


def fetch(repository: str, revision: str | None, token: bool | None, backbone: bool = False) -> Path:
    """Return the model folder of one commit, from the cache where it is there whole.

    A `backbone` need not name expressions: its weights are a start for training, and its configuration is not checked.

    The revision becomes a commit once, and every file is of that commit. Where the Hub cannot be reached, the commit
    that it named last is taken; where it refuses, nothing is. `token` is None for the user's own, where logged in.
    With False, for a stranger, the Hub must say that anybody may read the repository, whatever the cache holds.
    """
    api = HfApi(token=token)
    if token is False:
        revision = public_commit(repository, revision)
    try:
        with talking_to_hub(f"{repository} cannot be fetched"):
            commit = api.resolve_revision(repository, revision=revision, local_files_only=constants.is_offline_mode())
    except RevisionResolutionError as error:
        if isinstance(error.__cause__, HfHubHTTPError):
            kind, reason = explain(error.__cause__)
            raise kind(f"{repository} cannot be fetched: {reason}.") from None
        raise InputError(
            f"{repository} is neither a folder here nor in the cache, and the Hub cannot be reached; check the "
            "spelling or the connection."
        ) from None
    folder = cached_folder(repository, commit.resolved) or _download(api, repository, commit, backbone)
    for file in damaged_files(folder):
        _mend(api, repository, commit, file)
    return folder


def public_commit(repository: str, revision: str | None = None) -> str:
    """Return the commit of a repository that anybody may read, as the Hub says now.

    Raises InputError where it is private, gated or not there, FerHubError where the Hub does not say.
    """
    with talking_to_hub(f"{repository} cannot be used"):
        found = HfApi(token=False).model_info(repository, revision=revision, timeout=_ASK_SECONDS)
    if found.private or found.gated or found.sha is None:
        raise InputError(f"{repository} cannot be used: its owner does not give it to everybody; name a public model.")
    return found.sha


def cached_folder(repository: str, commit: str) -> Path | None:
    """The folder of a commit in the cache; None where it is not whole. The weights were fetched last."""
    weights = try_to_load_from_cache(repository, WEIGHTS_FILE, revision=commit)
    return Path(weights).parent if isinstance(weights, str) else None


def damaged_files(folder: Path) -> list[Path]:
    """Our files of a folder in the cache whose content is not what the Hub named it by, sha256 or git blob id.

    Reads every byte. Where the cache has only copies instead of links to its blobs (Windows), nothing is known.
    """
    files = [folder / name for name in MAX_BYTES if (folder / name).exists()]
    if not any(file.is_symlink() for file in files):
        return []
    return [file for file in files if not file.is_symlink() or _content_name(file.resolve()) != file.resolve().name]


def _content_name(blob: Path) -> str:
    """What the Hub would name a blob's content by: as it names the blob, a large file by sha256, others as git does."""
    with blob.open("rb") as file:
        if len(blob.name) == 64:
            return hashlib.file_digest(file, "sha256").hexdigest()
        return hashlib.sha1(b"blob %d\0" % blob.stat().st_size + file.read()).hexdigest()


def _download(api: HfApi, repository: str, commit: ResolvedRevision, backbone: bool) -> Path:
    """Fetch our files: what is too large is refused before, the weights come last and only if they fit."""
    failed = f"{repository} cannot be fetched"
    with talking_to_hub(failed):
        listed = api.model_info(repository, revision=commit.resolved, files_metadata=True).siblings or []
    sizes = {file.rfilename: file.size for file in listed if file.rfilename in MAX_BYTES}
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if name not in sizes:
            raise InputError(
                f"{repository} holds no {'weights' if backbone else 'model of FER Hub'}: it has no {name}."
            )
    for name, size in sizes.items():
        if size is None:
            raise FerHubError(f"{failed}: the Hub does not say how large {name} is.")
        check_size(name, size, repository)

    folder = _fetch_file(api, repository, commit, CONFIG_FILE).parent
    if not backbone and foreign_format(folder) is None:
        # The network is built to know its size, which takes torch: for new weights only, not for what is cached.
        from fer_hub.models.classifier import check_weights_size  # noqa: PLC0415

        check_weights_size(load_config(folder), sizes[WEIGHTS_FILE] or 0, repository)
    for name in sorted(sizes, key=lambda name: name == WEIGHTS_FILE):
        _fetch_file(api, repository, commit, name)
    return folder


def _fetch_file(api: HfApi, repository: str, commit: ResolvedRevision, name: str, again: bool = False) -> Path:
    with talking_to_hub(f"{name} of {repository} cannot be fetched"):
        return Path(hf_hub_download(repository, name, revision=commit.resolved, token=api.token, force_download=again))


def _mend(api: HfApi, repository: str, commit: ResolvedRevision, file: Path) -> None:
    """Fetch a damaged file again. Where it is damaged then too, the folder does not stay a whole one in the cache."""
    try:
        _fetch_file(api, repository, commit, file.name, again=True)
    except FerHubError as error:
        raise type(error)(
            f"{file} has changed since it was fetched, and cannot be used; {str(error)[0].lower()}{str(error)[1:]}"
        ) from None
    if not file.is_symlink():  # somebody put another file in its place
        file.unlink()
        _fetch_file(api, repository, commit, file.name)
    if file in damaged_files(file.parent):
        file.resolve().unlink()
        file.unlink()
        (file.parent / WEIGHTS_FILE).unlink(missing_ok=True)
        raise FerHubError(f"{file.name} of {repository} arrived damaged twice; try again later.")
