"""Spacefile -> Space: what has to change is planned first, and the same plan is printed or carried out."""

import hashlib
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    SpaceHardware,
    SpaceStage,
    SpaceVariable,
)
from huggingface_hub.errors import RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile

from fer_hub.errors import FerHubError, InputError
from fer_hub.files import replace_file
from fer_hub.hub.client import full_name, talking_to_hub
from fer_hub.space.spacefile import Spacefile, files_to_upload, read_spacefile, with_front_matter

BUILD_SECONDS = 1800
_KEPT = (".gitattributes",)


@dataclass(frozen=True)
class Step:
    """One request to the Hub, and the lines that a plan shows of it."""

    lines: tuple[str, ...]
    run: Callable[[], Any]


@dataclass
class _Current:
    """The Space as it is; one that is not there has nothing."""

    exists: bool = False
    commit: str | None = None
    files: dict[str, RepoFile] = field(default_factory=dict)
    variables: dict[str, SpaceVariable] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    hardware: str | None = None


def deploy(spacefile: Path, dry_run: bool, renew_secrets: bool = False, say: Callable[[str], None] = print) -> None:
    """Make the Space what its Spacefile says, or with `dry_run` only say what that would take.

    A secret that the Space has already cannot be compared, since the Hub does not show it; it is left as it is unless
    `renew_secrets`. Raises InputError before anything is written, FerHubError where the Hub refuses or the Space does
    not come to run.
    """
    space = read_spacefile(spacefile)
    id, hub = full_name(space.id), HfApi()
    with talking_to_hub(f"{id} cannot be deployed", "the same command goes on from here"):
        steps = plan(space, id, spacefile.parent, hub, renew_secrets)
        address = f"{hub.endpoint}/spaces/{id}"
        if not steps:
            say(f"{address} is as the Spacefile says.")
        for step in steps:
            for line in step.lines:
                say(line)
            if not dry_run:
                step.run()
        if not dry_run:
            runtime = hub.wait_for_space(id, timeout=BUILD_SECONDS)
            if runtime.stage != SpaceStage.RUNNING:
                raise FerHubError(f"{address} does not run, its state is {runtime.stage}; see {address}?logs=build.")
            say(f"runs: {address}")


def plan(space: Spacefile, id: str, root: Path, hub: HfApi, renew_secrets: bool = False) -> list[Step]:
    """The steps from the Space as it is to the Space as described, in the order to take them; none if it is so."""
    wanted = files_to_upload(space, root)
    now = _look(id, hub)
    secrets = [name for name in space.secrets if renew_secrets or name not in now.secrets]
    if missing := [name for name in secrets if not os.environ.get(name)]:
        raise InputError(f"the Space's secrets are taken from the environment, which lacks {', '.join(missing)}.")
    # What the app reads comes before the app, so that its first start finds it.
    steps = [] if now.exists else [_create(space, id, hub)]
    steps += _variable_steps(space.all_variables(), now.variables, id, hub)
    for name in secrets:
        steps.append(Step((f"set secret {name}",), partial(hub.add_space_secret, id, name, os.environ[name])))
    for name in sorted(now.secrets - set(space.secrets)):
        steps.append(Step((f"delete secret {name}",), partial(hub.delete_space_secret, id, name)))
    if now.exists and now.hardware != space.hardware:
        lines = (f"change hardware from {now.hardware} to {space.hardware}",)
        steps.append(Step(lines, partial(hub.request_space_hardware, id, SpaceHardware(space.hardware))))
    steps += _readme_step(space, root)
    return steps + _file_step(wanted, now, id, hub)


def _look(id: str, hub: HfApi) -> _Current:
    try:
        info = hub.space_info(id)
    except RepositoryNotFoundError:
        return _Current()
    runtime = hub.get_space_runtime(id)
    files = hub.list_repo_tree(id, recursive=True, revision=info.sha, repo_type="space")
    return _Current(
        exists=True,
        commit=info.sha,
        files={file.path: file for file in files if isinstance(file, RepoFile)},
        variables=hub.get_space_variables(id),
        secrets=set(hub.get_space_secrets(id)),
        hardware=runtime.requested_hardware or runtime.hardware,
    )


def _create(space: Spacefile, id: str, hub: HfApi) -> Step:
    # Hardware is asked for here and not later: a free account can make no Gradio Space on a CPU.
    create = partial(hub.create_repo, repo_type="space", space_sdk=space.sdk, exist_ok=True)
    lines = (f"create Space {id} with {space.sdk} on {space.hardware}",)
    return Step(lines, partial(create, id, space_hardware=SpaceHardware(space.hardware)))


def _variable_steps(wanted: dict[str, str], now: dict[str, SpaceVariable], id: str, hub: HfApi) -> Iterator[Step]:
    for name, value in wanted.items():
        if name not in now or now[name].value != value:
            yield Step((f"set variable {name} to {value!r}",), partial(hub.add_space_variable, id, name, value))
    for name in sorted(now.keys() - wanted):
        yield Step((f"delete variable {name}",), partial(hub.delete_space_variable, id, name))


def _readme_step(space: Spacefile, root: Path) -> list[Step]:
    """The README here, where its block says something else than the Spacefile."""
    path = root / "README.md"
    before = path.read_text(encoding="utf-8")
    after = with_front_matter(before, space)
    if after == before:
        return []

    def run() -> None:
        replace_file(path, after.encode())

    return [Step((f"write the block at the top of {path} anew",), run)]


def _file_step(wanted: dict[str, bytes], now: _Current, id: str, hub: HfApi) -> list[Step]:
    """All files in one commit, on top of the one that was looked at."""
    changed = {path: content for path, content in wanted.items() if not _same(now.files.get(path), content)}
    gone = sorted(now.files.keys() - wanted.keys() - set(_KEPT))
    if not changed and not gone:
        return []
    lines = [f"{'change' if path in now.files else 'add'} {path}" for path in changed]
    lines += [f"delete {path}" for path in gone]
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        *(CommitOperationAdd(path, content) for path, content in changed.items()),
        *(CommitOperationDelete(path) for path in gone),
    ]

    def commit() -> None:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "It seems that you are about to commit a data file")  # of bundled models
            hub.create_commit(id, operations, commit_message="Deploy", repo_type="space", parent_commit=now.commit)

    return [Step(tuple(lines), commit)]


def _same(file: RepoFile | None, content: bytes) -> bool:
    """Whether a file of the Space has this content, by the hash the Hub keeps of it."""
    if file is None:
        return False
    if file.lfs is not None:
        return file.lfs.sha256 == hashlib.sha256(content).hexdigest()
    return file.blob_id == hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
