"""Talking to the Hugging Face Hub: who is logged in, and what its answers mean to a user."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from huggingface_hub import HfApi, constants, get_token
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import (  # type: ignore[attr-defined]  # there, and not all listed
    get_session,
    hf_raise_for_status,
    validate_repo_id,
)

from fer_hub.errors import FerHubError, InputError, first_line

LIBRARY = "fer-hub"
"""`library_name` of our cards. The Hub makes it a tag, by which our models are found."""

HUB_ERRORS = (HfHubHTTPError, httpx2.HTTPError, OSError, ValueError, RuntimeError)
"""All that the client raises: its own, the network's, the disk's, a refused name, a failed upload."""

UNREACHABLE = (httpx2.TransportError, OfflineModeIsEnabled, LocalEntryNotFoundError)
"""What it raises where there is no answer at all."""

_ANSWERS = {
    401: "your token is not accepted; log in again with `hf auth login`, or set HF_TOKEN to a valid one",
    403: "your token does not allow it; log in with `hf auth login` as somebody who may, with a write token to push",
    409: "something else is being done with this repository; try again in a minute",
    412: "somebody else changed it at the same moment; try again",
    413: "it is larger than the Hub takes at once",
    429: "the Hub asks for a pause after too many requests; try again in some minutes",
}


@contextmanager
def talking_to_hub(failed: str, otherwise: str = "") -> Iterator[None]:
    """Turn what the client raises inside the block into one sentence: `FAILED: reason; OTHERWISE.`

    Raises InputError for what the user can mend, FerHubError for what only time or somebody else can.
    """
    try:
        yield
    except HUB_ERRORS as error:
        while not isinstance(error, httpx2.HTTPError) and isinstance(error.__cause__, HUB_ERRORS):
            error = error.__cause__  # what the client wraps says less than what it wrapped
        kind, reason = explain(error)
        raise kind(f"{failed}: {reason}{'; ' + otherwise if otherwise else ''}.") from None


def explain(error: Exception) -> tuple[type[FerHubError], str]:
    """Whose failure an error of the client is, and what it means."""
    if isinstance(error, GatedRepoError):
        return InputError, "its owner gives access on request; ask for it on the Hub, and log in with `hf auth login`"
    if isinstance(error, RevisionNotFoundError):
        return InputError, "it has no such revision"
    if isinstance(error, RemoteEntryNotFoundError):
        return FerHubError, "one of its files has just gone; try again"
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    if isinstance(error, RepositoryNotFoundError) and "Invalid credentials" not in str(error):
        return InputError, (
            "the Hub has no such repository, or it is private and you are not logged in (`hf auth login`) as "
            "somebody who may see it"
        )
    if status in _ANSWERS:
        return (InputError if status in (401, 403) else FerHubError), _ANSWERS[status]
    if status is not None and status >= 500:
        return FerHubError, f"the Hub has a failure of its own (status {status}); try again later"
    if isinstance(error, OfflineModeIsEnabled):
        return InputError, "HF_HUB_OFFLINE forbids to ask the Hub"
    if isinstance(error, UNREACHABLE):
        return FerHubError, "the Hub cannot be reached, or the connection broke off; try again"
    if isinstance(error, HFValidationError):
        return InputError, "this is no name of a repository"
    if isinstance(error, OSError) and error.strerror:
        return FerHubError, error.strerror.lower()  # of the disk: full, or not ours to write
    return FerHubError, re.sub(r"\s*\(Request ID:.*?\)", "", first_line(error)).rstrip(".:")


def check_answers(seconds: float) -> None:
    """Ask the Hub for next to nothing, once: the client itself asks a Hub that is silent or broken for half a minute.

    Raises one of `HUB_ERRORS` where it takes longer than so many seconds to connect, or then to answer, or where the
    Hub says that it is broken.
    """
    response = get_session().get(f"{constants.ENDPOINT}/api/models?limit=1", timeout=seconds)
    if response.status_code >= 500:
        hf_raise_for_status(response)


def full_name(repository: str) -> str:
    """Return the `owner/name` that is pushed to; where `name` stands alone, it is the logged-in user's.

    Raises InputError where nobody is logged in, or with a token that cannot write, or this is no such name: better
    before the work than after it.
    """
    if get_token() is None:
        raise InputError("pushing needs a Hub account; log in with `hf auth login`, or set HF_TOKEN to a write token.")
    with talking_to_hub("the Hub does not say who you are"):
        user = HfApi().whoami()
    if user.get("auth", {}).get("accessToken", {}).get("role") == "read":
        raise InputError("your token can only read; log in with `hf auth login` and a write token to push.")
    name = repository if "/" in repository else f"{user['name']}/{repository}"
    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise InputError(f"{name!r} cannot be pushed to: {first_line(error)}.") from None
    return name
