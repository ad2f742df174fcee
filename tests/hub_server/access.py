"""Who may read and write what, and the answers to those who may not."""

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from tests.hub_server.store import Commit, Repository, Store

READ_TOKEN, WRITE_TOKEN, STRANGER_TOKEN = "hf_read", "hf_write", "hf_stranger"
USERS = {READ_TOKEN: ("tester", "read"), WRITE_TOKEN: ("tester", "write"), STRANGER_TOKEN: ("stranger", "write")}
"""Token -> user and role. Users write in repositories of their own name; private ones are theirs alone to read."""


class Refusal(Exception):
    """An answer that is not 2xx, raised from anywhere in a route."""

    def __init__(self, status: int, message: str, code: str | None = None, **body: Any) -> None:
        self.response = JSONResponse(
            {"error": message, **body},
            status,
            {"X-Error-Message": message, **({"X-Error-Code": code} if code else {})},
        )


class Hub:
    """What routes share: the store, who asks, and how many models a page of a list holds."""

    def __init__(self, store: Store, storage: str) -> None:
        """`storage` is the address of another origin, where large files are kept."""
        self.store = store
        self.storage = storage
        self.page_size = 100

    def user(self, request: Request) -> tuple[str, str] | None:
        """Name and role of who asks; None for nobody."""
        given = request.headers.get("authorization")
        if given is None:
            return None
        user = USERS.get(given.removeprefix("Bearer "))
        if user is None:
            raise Refusal(401, "Invalid credentials in Authorization header")
        return user

    def readable(self, request: Request, kind: str, id: str) -> Repository:
        """The repository, if whoever asks may read it; what is private seems not to be there."""
        user, repository = self.user(request), self.store.get(kind, id)
        if repository is None or (repository.private and (user is None or user[0] != repository.owner)):
            status, message = (401, "Invalid username or password.") if user is None else (404, "Repository not found")
            raise Refusal(status, message, "RepoNotFound")
        if repository.gated and (user is None or user[0] != repository.owner):
            raise Refusal(403, f"Access to {kind[:-1]} {id} is restricted.", "GatedRepo")
        return repository

    def writable(self, request: Request, kind: str, id: str) -> Repository:
        """The repository, if whoever asks may write to it."""
        repository = self.readable(request, kind, id)
        self.check_writer(request, repository.owner)
        return repository

    def check_writer(self, request: Request, owner: str) -> str:
        user = self.user(request)
        if user is None:
            raise Refusal(401, "Invalid username or password.")
        if user != (owner, "write"):
            raise Refusal(403, f"You don't have the rights to write under the namespace {owner!r}")
        return user[0]

    def commit(self, repository: Repository, revision: str) -> Commit:
        commit = repository.find(revision)
        if commit is None:
            raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return commit
