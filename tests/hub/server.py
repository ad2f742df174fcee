"""The requests of the Hub's client, answered from a Store."""

import base64
import json
import re
import struct
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import yaml
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from tests.hub.store import KINDS, LFS_SUFFIXES, Commit, File, Repository, Store, large_file

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


def build_app(hub: Hub) -> FastAPI:
    app = FastAPI()
    store = hub.store

    @app.exception_handler(Refusal)
    async def refuse(_: Request, refusal: Refusal) -> Response:
        return refusal.response

    @app.get("/api/whoami-v2")
    async def whoami(request: Request) -> dict[str, Any]:
        user = hub.user(request)
        if user is None:
            raise Refusal(401, "Invalid username or password.")
        return {"type": "user", "name": user[0], "orgs": [], "auth": {"accessToken": {"role": user[1]}}}

    @app.post("/api/validate-yaml")
    async def validate_yaml(request: Request) -> Response:
        try:
            front_matter((await request.json())["content"].encode())
        except yaml.YAMLError as error:
            return JSONResponse({"errors": [{"message": str(error)}], "warnings": []}, 400)
        return JSONResponse({"errors": [], "warnings": []})

    @app.post("/api/repos/create")
    async def create(request: Request) -> dict[str, str]:
        wanted = await request.json()
        kind = f"{wanted.pop('type', None) or 'model'}s"
        user = hub.user(request)
        owner = wanted.pop("organization", None) or (user[0] if user else "")
        id = f"{owner}/{wanted.pop('name')}"
        hub.check_writer(request, owner)
        url = f"{request.base_url}{'' if kind == 'models' else kind + '/'}{id}"
        if store.get(kind, id):
            raise Refusal(409, f"You already created this {kind[:-1]} repo: {id}", url=url)
        store.create(kind, id, wanted.pop("visibility", "public") == "private", **wanted)
        return {"url": url}

    @app.post("/api/{kind}/{owner}/{name}/preupload/{revision}")
    async def preupload(kind: str, owner: str, name: str, revision: str, request: Request) -> dict[str, Any]:
        repository = hub.writable(request, kind, f"{owner}/{name}")
        files = hub.commit(repository, revision).files
        answer = []
        for path in [file["path"] for file in (await request.json())["files"]]:
            mode = "lfs" if path.lower().endswith(LFS_SUFFIXES) else "regular"
            oid = files[path].etag if path in files else None
            answer.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return {"files": answer}

    @app.post("/{owner}/{name}.git/info/lfs/objects/batch")
    @app.post("/{kind}/{owner}/{name}.git/info/lfs/objects/batch")
    async def batch(owner: str, name: str, request: Request, kind: str = "models") -> dict[str, Any]:
        hub.writable(request, kind, f"{owner}/{name}")
        objects = []
        for wanted in (await request.json())["objects"]:
            answer: dict[str, Any] = {"oid": wanted["oid"], "size": wanted["size"]}
            if not (store.folder / "blobs" / wanted["oid"]).is_file():
                answer["actions"] = {
                    "upload": {"href": f"{hub.storage}/storage/{wanted['oid']}"},
                    "verify": {"href": f"{request.base_url}api/verify"},
                }
            objects.append(answer)
        return {"transfer": "basic", "objects": objects}

    @app.put("/storage/{oid}")
    async def put(oid: str, request: Request) -> Response:
        if store.add_large(await request.body()).sha256 != oid:
            raise Refusal(400, "the content does not match its sha256")
        return Response()

    @app.get("/storage/{oid}")
    async def storage(oid: str, request: Request) -> Response:
        return content_response((store.folder / "blobs" / oid).read_bytes(), request, {"ETag": f'"{oid}"'})

    @app.post("/api/verify")
    async def verify(request: Request) -> Response:
        wanted = await request.json()
        path = store.folder / "blobs" / wanted["oid"]
        if not path.is_file() or path.stat().st_size != wanted["size"]:
            raise Refusal(404, "the object was not uploaded")
        return Response()

    @app.post("/api/{kind}/{owner}/{name}/commit/{revision}")
    async def commit(kind: str, owner: str, name: str, revision: str, request: Request) -> dict[str, str]:
        repository = hub.writable(request, kind, f"{owner}/{name}")
        lines = [json.loads(line) for line in (await request.body()).splitlines()]
        header = lines.pop(0)["value"]
        parent = hub.commit(repository, revision).oid
        if header.get("parentCommit", parent) != parent:
            raise Refusal(412, "A commit has happened since. Please refresh and try again.")
        changes: dict[str, bytes | File | None] = {}
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                changes[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                if not (store.folder / "blobs" / value["oid"]).is_file():
                    raise Refusal(400, f"{value['path']} was not uploaded")
                changes[value["path"]] = large_file(value["oid"], value["size"])
            elif line["key"] == "deletedFile":
                changes[value["path"]] = None
        oid = store.commit(repository, header["summary"], changes, revision).oid
        return {"commitOid": oid, "commitUrl": f"{request.base_url}{repository.id}/commit/{oid}"}

    @app.get("/api/{kind}")
    async def list_repositories(kind: str, request: Request) -> Response:
        if kind not in KINDS:
            raise Refusal(404, f"there are no {kind}")
        user, wanted = hub.user(request), request.query_params
        found = [
            describe(hub, repository, repository.commits[repository.refs["main"]], wanted)
            for (known, _), repository in store.repositories.items()
            if known == kind and (not repository.private or (user is not None and user[0] == repository.owner))
        ]
        found = [info for info in found if set(wanted.getlist("filter")) <= set(info["tags"])]
        found = [info for info in found if wanted.get("search", "").lower() in info["id"].lower()]
        found.sort(key=lambda info: info["lastModified"], reverse=True)
        size = min(int(wanted.get("limit", hub.page_size)), hub.page_size)
        start = int(wanted.get("cursor", 0))
        headers = {}
        if start + size < len(found):
            query = urlencode({**wanted, "cursor": start + size})
            headers["Link"] = f'<{request.base_url}api/{kind}?{query}>; rel="next"'
        return JSONResponse(found[start : start + size], headers=headers)

    @app.get("/api/{kind}/{owner}/{name}")
    @app.get("/api/{kind}/{owner}/{name}/revision/{revision:path}")
    async def info(kind: str, owner: str, name: str, request: Request, revision: str = "main") -> dict[str, Any]:
        repository = hub.readable(request, kind, f"{owner}/{name}")
        return describe(hub, repository, hub.commit(repository, revision), request.query_params)

    @app.get("/api/{kind}/{owner}/{name}/refs")
    async def refs(kind: str, owner: str, name: str, request: Request) -> dict[str, Any]:
        repository = hub.readable(request, kind, f"{owner}/{name}")
        named = [
            {"name": name, "ref": f"refs/heads/{name}", "targetCommit": oid} for name, oid in repository.refs.items()
        ]
        return {"branches": named, "converts": [], "tags": []}

    @app.get("/api/{kind}/{owner}/{name}/commits/{revision:path}")
    async def commits(kind: str, owner: str, name: str, revision: str, request: Request) -> list[dict[str, Any]]:
        repository = hub.readable(request, kind, f"{owner}/{name}")
        found, commit = [], repository.find(revision)
        while commit is not None:
            found.append({"id": commit.oid, "title": commit.message, "message": "", "date": commit.date, "authors": []})
            commit = repository.find(commit.parent or "")
        return found

    @app.get("/api/{kind}/{owner}/{name}/tree/{revision}")
    @app.get("/api/{kind}/{owner}/{name}/tree/{revision}/{folder:path}")
    async def tree(kind: str, owner: str, name: str, revision: str, request: Request, folder: str = "") -> Any:
        repository = hub.readable(request, kind, f"{owner}/{name}")
        prefix = folder.rstrip("/") + "/" if folder else ""
        files = {path: file for path, file in hub.commit(repository, revision).files.items() if path.startswith(prefix)}
        if folder and not files:
            raise Refusal(404, f"{folder} does not exist on {revision}", "EntryNotFound")
        folders = {path[: match.start()] for path in files for match in re.finditer("/", path)}
        folders = {path for path in folders if path.startswith(prefix)}
        listing = [tree_entry(path, file) for path, file in files.items()]
        listing += [{"type": "directory", "path": path, "size": 0, "oid": "0" * 40} for path in sorted(folders)]
        if request.query_params.get("recursive", "false").lower() in ("true", "1"):
            return listing
        return [entry for entry in listing if "/" not in entry["path"].removeprefix(prefix)]

    @app.post("/api/{kind}/{owner}/{name}/paths-info/{revision}")
    async def paths_info(kind: str, owner: str, name: str, revision: str, request: Request) -> list[dict[str, Any]]:
        repository = hub.readable(request, kind, f"{owner}/{name}")
        form = await request.json() if "json" in request.headers["content-type"] else dict(await request.form())
        paths = form["paths"] if isinstance(form["paths"], list) else [form["paths"]]
        files = hub.commit(repository, revision).files
        found = [tree_entry(path, files[path]) for path in paths if path in files]
        folders = [path for path in paths if any(name.startswith(f"{path}/") for name in files)]
        return found + [{"type": "directory", "path": path, "size": 0, "oid": "0" * 40} for path in folders]

    @app.api_route("/{owner}/{name}/resolve/{revision}/{path:path}", methods=["GET", "HEAD"])
    @app.api_route("/{kind}/{owner}/{name}/resolve/{revision}/{path:path}", methods=["GET", "HEAD"])
    async def resolve(
        owner: str, name: str, revision: str, path: str, request: Request, kind: str = "models"
    ) -> Response:
        repository = hub.readable(request, kind, f"{owner}/{name}")
        commit = hub.commit(repository, revision)
        if path not in commit.files:
            raise Refusal(404, f"{path} does not exist", "EntryNotFound")
        file = commit.files[path]
        headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{file.etag}"'}
        if file.sha256 is None:
            return content_response(store.blob(file).read_bytes(), request, headers)
        headers |= {"X-Linked-Etag": f'"{file.etag}"', "X-Linked-Size": str(file.size)}
        return Response(status_code=302, headers={**headers, "Location": f"{hub.storage}/storage/{file.sha256}"})

    return app


def content_response(content: bytes, request: Request, headers: dict[str, str]) -> Response:
    """A file, whole or from `Range: bytes=N-` on."""
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    headers = {**headers, "Accept-Ranges": "bytes"}
    if not wanted:
        if request.method == "HEAD":
            return Response(headers={**headers, "Content-Length": str(len(content))})
        return Response(content, headers=headers, media_type="application/octet-stream")
    start, end = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
    headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
    return Response(content[start : end + 1], 206, headers, media_type="application/octet-stream")


def describe(hub: Hub, repository: Repository, commit: Commit, wanted: Any) -> dict[str, Any]:
    """What the Hub tells of a repository; `wanted` are the query's parameters."""
    card = {}
    if "README.md" in commit.files:
        with suppress(yaml.YAMLError):
            card = front_matter(hub.store.blob(commit.files["README.md"]).read_bytes())
    # As on the Hub, the library and the task of a card are tags too.
    tags = [*(card.get("tags") or []), card.get("library_name"), card.get("pipeline_tag")]
    siblings = [{"rfilename": path, **blob_entry(file, wanted)} for path, file in commit.files.items()]
    info = {
        "id": repository.id,
        "modelId": repository.id,
        "author": repository.owner,
        "sha": commit.oid,
        "lastModified": commit.date,
        "createdAt": next(iter(repository.commits.values())).date,
        "private": repository.private,
        "gated": "auto" if repository.gated else False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [tag for tag in tags if tag],
        "cardData": card,
        "siblings": siblings,
        "usedStorage": sum(file.size for file in commit.files.values()),
    }
    if "model.safetensors" in commit.files:
        info["safetensors"] = safetensors_summary(hub.store.blob(commit.files["model.safetensors"]).read_bytes())
    expand = wanted.getlist("expand")
    always = ("id", "modelId", "tags", "lastModified") if expand else info
    return {name: value for name, value in info.items() if name in always or name in expand}


def blob_entry(file: File, wanted: Any) -> dict[str, Any]:
    if "blobs" not in wanted:
        return {}
    lfs = {"sha256": file.sha256, "size": file.size, "pointerSize": 134} if file.sha256 else None
    return {"size": file.size, "blobId": file.oid, **({"lfs": lfs} if lfs else {})}


def tree_entry(path: str, file: File) -> dict[str, Any]:
    lfs = {"oid": file.sha256, "size": file.size, "pointerSize": 134} if file.sha256 else None
    return {"type": "file", "path": path, "size": file.size, "oid": file.oid, **({"lfs": lfs} if lfs else {})}


def front_matter(card: bytes) -> dict[str, Any]:
    """The YAML at the top of a card."""
    block = re.match(rb"---\r?\n(.*?)\r?\n---", card, re.DOTALL)
    found = yaml.safe_load(block[1]) if block else {}
    return found if isinstance(found, dict) else {}


def safetensors_summary(content: bytes) -> dict[str, Any] | None:
    """Numbers of values by type, as the Hub reads them from a file's header."""
    try:
        header = json.loads(content[8 : 8 + struct.unpack("<Q", content[:8])[0]])
        header.pop("__metadata__", None)
        counts: dict[str, int] = {}
        for tensor in header.values():
            size = 1
            for side in tensor["shape"]:
                size *= side
            counts[tensor["dtype"]] = counts.get(tensor["dtype"], 0) + size
    except (ValueError, KeyError, TypeError, struct.error, AttributeError):
        return None
    return {"parameters": counts, "total": sum(counts.values())}
