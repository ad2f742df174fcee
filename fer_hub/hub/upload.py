"""A model folder -> one commit of a repository on the Hub."""

import json
import shlex
import warnings
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi

from fer_hub.errors import InputError
from fer_hub.files import CONFIG_FILE, EVALUATION_FILE
from fer_hub.hub.cards.origin import without_paths
from fer_hub.hub.client import full_name, talking_to_hub
from fer_hub.hub.endpoint import endpoint_files
from fer_hub.hub.model_folder import ModelFolder


def push_model(folder: Path | ModelFolder, repository: str, *, public: bool = False) -> str:
    """Publish a model folder as [owner/]name, in one commit of our own files, and return its address.

    Its card is rendered for that place. The repository is made where it is missing, private unless `public`; its owner
    is whoever is logged in, where none is given. Raises InputError before anything is sent where the folder is not
    whole; where the push fails, the folder stays as it is and the message says how to repeat it.
    """
    model = ModelFolder(Path(folder))
    files = model.check()
    repository = full_name(repository)
    command = f"python -m fer_hub push {shlex.quote(str(model))} {repository}{' --public' if public else ''}"
    content: dict[str, Path | bytes] = {
        **files,
        **_without_paths(files),
        **model.rendered_card(repository),
        **endpoint_files(),
    }
    hub = HfApi()
    with talking_to_hub(f"{model} could not be pushed to {repository}", f"`{command}` repeats the push alone"):
        address = create_repository(hub, repository, "model", private=not public)
        operations = [CommitOperationAdd(name, given) for name, given in content.items()]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "It seems that you are about to commit a data file")
            hub.create_commit(repository, operations, commit_message=f"Push {model.path.resolve().name} with FER Hub")
    return address


def _without_paths(files: dict[str, Path]) -> dict[str, bytes]:
    """Those JSON files that name places on this machine, without them."""
    changed: dict[str, bytes] = {}
    for name, kept in ((CONFIG_FILE, ("training",)), (EVALUATION_FILE, ("dataset", "model"))):
        record = json.loads(files[name].read_bytes())
        public = {**record, **{key: without_paths(record[key]) for key in kept if key in record}}
        if public != record:
            changed[name] = (json.dumps(public, indent=2, ensure_ascii=False) + "\n").encode()
    return changed


def create_repository(hub: HfApi, repository: str, kind: str, private: bool) -> str:
    """Make a repository where it is missing, and return its address. Raises InputError where it should be private
    but is there, and public."""
    address = hub.create_repo(repository, repo_type=kind, private=private, exist_ok=True)
    if private and not hub.repo_info(repository, repo_type=kind).private:
        way = "push with --public, give another name" if kind == "model" else "give another name"
        raise InputError(f"{repository} exists and is public; {way}, or make it private first.")
    return str(address)
