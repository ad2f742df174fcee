"""Repositories in a folder: commits that name blobs, branches and tags that name commits."""

import hashlib
import json
import threading
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

KINDS = ("models", "datasets", "spaces")
LFS_SUFFIXES = (".safetensors", ".parquet", ".onnx", ".bin", ".pt", ".zip", ".png", ".jpg", ".jpeg", ".webp", ".gif")
"""What is stored as a large file; everything else is a regular one."""


@dataclass(frozen=True)
class File:
    """A file of a commit. Its content lies under the sha256 of a large file, otherwise under the git blob id."""

    oid: str
    """Git blob id: of the content, or of the pointer that stands for a large file."""
    size: int
    sha256: str | None = None
    """Of the content, where it is a large file."""

    @property
    def etag(self) -> str:
        return self.sha256 or self.oid


@dataclass
class Commit:
    oid: str
    parent: str | None
    message: str
    date: str
    files: dict[str, File]


@dataclass
class Repository:
    kind: str
    id: str
    private: bool = False
    gated: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    """What a Space was created with, and what was set since: sdk, hardware, variables, secrets."""
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    """Branch or tag -> commit."""

    @property
    def owner(self) -> str:
        return self.id.split("/")[0]

    def find(self, revision: str) -> Commit | None:
        """The commit that a branch, a tag or a full hash names."""
        return self.commits.get(self.refs.get(revision, revision))


class Store:
    """All repositories, kept as one JSON file each under `FOLDER/<kind>/`, and their contents under `FOLDER/blobs/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self.repositories: dict[tuple[str, str], Repository] = {}
        (folder / "blobs").mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*/*/*.json"):
            stored = json.loads(path.read_text())
            for commit in stored["commits"].values():
                commit["files"] = {name: File(**file) for name, file in commit["files"].items()}
            stored["commits"] = {oid: Commit(**commit) for oid, commit in stored["commits"].items()}
            self.repositories[stored["kind"], stored["id"]] = Repository(**stored)

    def clear(self) -> None:
        self.repositories.clear()
        for path in self.folder.rglob("*"):
            if path.is_file():
                path.unlink()

    def create(self, kind: str, id: str, private: bool = False, **settings: Any) -> Repository:
        """Make a repository with a first commit, as the Hub does."""
        with self.lock:
            repository = self.repositories[kind, id] = Repository(kind, id, private, settings=settings)
            self.commit(repository, "initial commit", {".gitattributes": b"* text=auto\n"})
            return repository

    def get(self, kind: str, id: str) -> Repository | None:
        return self.repositories.get((kind, id))

    def commit(
        self,
        repository: Repository,
        message: str,
        changes: dict[str, bytes | File | None],
        branch: str = "main",
    ) -> Commit:
        """Add a commit: path -> content, a stored file, or None to delete it."""
        with self.lock:
            parent = repository.find(branch)
            files = dict(parent.files) if parent else {}
            for path, change in changes.items():
                if change is None:
                    files.pop(path, None)
                else:
                    files[path] = change if isinstance(change, File) else self.add(path, change)
            date = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
            listing = json.dumps([{path: asdict(file) for path, file in files.items()}, message, date], sort_keys=True)
            oid = hashlib.sha1(f"{parent.oid if parent else ''}{listing}".encode()).hexdigest()
            repository.commits[oid] = Commit(oid, parent.oid if parent else None, message, date, files)
            repository.refs[branch] = oid
            self.save(repository)
            return repository.commits[oid]

    def add(self, path: str, content: bytes) -> File:
        """Store content as the kind of file that its name asks for."""
        if path.lower().endswith(LFS_SUFFIXES):
            return self.add_large(content)
        file = File(_git_blob(content), len(content))
        self.blob(file).write_bytes(content)
        return file

    def add_large(self, content: bytes) -> File:
        sha256 = hashlib.sha256(content).hexdigest()
        (self.folder / "blobs" / sha256).write_bytes(content)
        return large_file(sha256, len(content))

    def add_folder(self, kind: str, id: str, folder: Path, private: bool = False) -> Repository:
        """Make a repository of all files of a folder."""
        repository = self.create(kind, id, private)
        files = [path for path in folder.rglob("*") if path.is_file()]
        content = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
        self.commit(repository, "add files", {**content})
        return repository

    def blob(self, file: File) -> Path:
        return self.folder / "blobs" / file.etag

    def read(self, repository: Repository, path: str, revision: str = "main") -> bytes:
        commit = repository.find(revision)
        assert commit is not None
        return self.blob(commit.files[path]).read_bytes()

    def save(self, repository: Repository) -> None:
        path = self.folder / repository.kind / f"{repository.id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(repository)))


def large_file(sha256: str, size: int) -> File:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    return File(_git_blob(pointer.encode()), size, sha256)


def _git_blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
