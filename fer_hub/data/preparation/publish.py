"""A dataset's folder -> a repository on the Hub, that only its owner sees unless the licence is open."""

import shlex
from pathlib import Path

from huggingface_hub import HfApi

from fer_hub.hub.client import full_name, talking_to_hub
from fer_hub.hub.upload import create_repository

OPEN_LICENCES = ("apache-2.0", "mit", "cc0-1.0", "cc-by-", "odbl", "odc-by", "pddl", "unlicense", "afl-3.0")
"""Under these, and those that start so, pictures may be passed on, and shown on the card."""


def may_show(licence: str) -> bool:
    """Whether a licence lets pictures be passed on, also smaller ones made of them (which -nd forbids)."""
    return licence.lower().startswith(OPEN_LICENCES) and "-nd" not in licence.lower()


def push_dataset(folder: Path, repository: str, private: bool) -> str:
    """Publish a dataset's folder as [owner/]name, by default <user>/<folder's name>, and return its address.

    Raises InputError where it should be private, as its licence asks, but is there and public.
    """
    repository = full_name(repository or folder.resolve().name)
    hub = HfApi()
    command = f"hf upload {repository} {shlex.quote(str(folder))} . --repo-type dataset"
    with talking_to_hub(f"{folder} is complete, but could not be pushed", f"`{command}` repeats the push alone"):
        address = create_repository(hub, repository, "dataset", private)
        hub.upload_folder(repo_id=repository, repo_type="dataset", folder_path=folder)
    return address
