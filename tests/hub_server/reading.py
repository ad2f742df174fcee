"""Listing repositories, looking into them, downloading."""

import re
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from tests.hub_server.access import Hub, Refusal
from tests.hub_server.describing import describe, tree_entry
from tests.hub_server.store import KINDS


def routes_of(hub: Hub) -> APIRouter:
    routes, store = APIRouter(), hub.store

    @routes.get("/api/{kind}")
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
            kept = [(key, value) for key, value in wanted.multi_items() if key != "cursor"]
            query = urlencode([*kept, ("cursor", start + size)])
            headers["Link"] = f'<{request.base_url}api/{kind}?{query}>; rel="next"'
        return JSONResponse(found[start : start + size], headers=headers)

    @routes.get("/api/{kind}/{owner}/{name}")
    @routes.get("/api/{kind}/{owner}/{name}/revision/{revision:path}")
    async def info(kind: str, owner: str, name: str, request: Request, revision: str = "main") -> dict[str, Any]:
        repository = hub.readable(request, kind, f"{owner}/{name}")
        return describe(hub, repository, hub.commit(repository, revision), request.query_params)

    @routes.get("/api/{kind}/{owner}/{name}/refs")
    async def refs(kind: str, owner: str, name: str, request: Request) -> dict[str, Any]:
        repository = hub.readable(request, kind, f"{owner}/{name}")
        named = [
            {"name": name, "ref": f"refs/heads/{name}", "targetCommit": oid} for name, oid in repository.refs.items()
        ]
        return {"branches": named, "converts": [], "tags": []}

    @routes.get("/api/{kind}/{owner}/{name}/commits/{revision:path}")
    async def commits(kind: str, owner: str, name: str, revision: str, request: Request) -> list[dict[str, Any]]:
        repository = hub.readable(request, kind, f"{owner}/{name}")
        found, commit = [], repository.find(revision)
        while commit is not None:
            found.append({"id": commit.oid, "title": commit.message, "message": "", "date": commit.date, "authors": []})
            commit = repository.find(commit.parent or "")
        return found

    @routes.get("/api/{kind}/{owner}/{name}/tree/{revision}")
    @routes.get("/api/{kind}/{owner}/{name}/tree/{revision}/{folder:path}")
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

    @routes.post("/api/{kind}/{owner}/{name}/paths-info/{revision}")
    async def paths_info(kind: str, owner: str, name: str, revision: str, request: Request) -> list[dict[str, Any]]:
        repository = hub.readable(request, kind, f"{owner}/{name}")
        form = await request.json() if "json" in request.headers["content-type"] else dict(await request.form())
        paths = form["paths"] if isinstance(form["paths"], list) else [form["paths"]]
        files = hub.commit(repository, revision).files
        found = [tree_entry(path, files[path]) for path in paths if path in files]
        folders = [path for path in paths if any(name.startswith(f"{path}/") for name in files)]
        return found + [{"type": "directory", "path": path, "size": 0, "oid": "0" * 40} for path in folders]

    @routes.api_route("/{owner}/{name}/resolve/{revision}/{path:path}", methods=["GET", "HEAD"])
    @routes.api_route("/{kind}/{owner}/{name}/resolve/{revision}/{path:path}", methods=["GET", "HEAD"])
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

    @routes.get("/storage/{oid}")
    async def storage(oid: str, request: Request) -> Response:
        return content_response((store.folder / "blobs" / oid).read_bytes(), request, {"ETag": f'"{oid}"'})

    return routes


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
