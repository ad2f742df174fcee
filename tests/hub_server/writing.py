"""Logging in, making repositories, uploading and committing."""

import base64
import json
from typing import Any

import yaml
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from tests.hub_server.access import Hub, Refusal
from tests.hub_server.describing import front_matter
from tests.hub_server.store import LFS_SUFFIXES, File, large_file


def routes_of(hub: Hub) -> APIRouter:
    routes, store = APIRouter(), hub.store

    @routes.get("/api/whoami-v2")
    async def whoami(request: Request) -> dict[str, Any]:
        user = hub.user(request)
        if user is None:
            raise Refusal(401, "Invalid username or password.")
        return {"type": "user", "name": user[0], "orgs": [], "auth": {"accessToken": {"role": user[1]}}}

    @routes.post("/api/validate-yaml")
    async def validate_yaml(request: Request) -> Response:
        try:
            front_matter((await request.json())["content"].encode())
        except yaml.YAMLError as error:
            return JSONResponse({"errors": [{"message": str(error)}], "warnings": []}, 400)
        return JSONResponse({"errors": [], "warnings": []})

    @routes.post("/api/repos/create")
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

    @routes.post("/api/{kind}/{owner}/{name}/preupload/{revision}")
    async def preupload(kind: str, owner: str, name: str, revision: str, request: Request) -> dict[str, Any]:
        repository = hub.writable(request, kind, f"{owner}/{name}")
        files = hub.commit(repository, revision).files
        answer = []
        for path in [file["path"] for file in (await request.json())["files"]]:
            mode = "lfs" if path.lower().endswith(LFS_SUFFIXES) else "regular"
            oid = files[path].etag if path in files else None
            answer.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return {"files": answer}

    @routes.post("/{owner}/{name}.git/info/lfs/objects/batch")
    @routes.post("/{kind}/{owner}/{name}.git/info/lfs/objects/batch")
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

    @routes.put("/storage/{oid}")
    async def put(oid: str, request: Request) -> Response:
        if store.add_large(await request.body()).sha256 != oid:
            raise Refusal(400, "the content does not match its sha256")
        return Response()

    @routes.post("/api/verify")
    async def verify(request: Request) -> Response:
        wanted = await request.json()
        path = store.folder / "blobs" / wanted["oid"]
        if not path.is_file() or path.stat().st_size != wanted["size"]:
            raise Refusal(404, "the object was not uploaded")
        return Response()

    @routes.post("/api/{kind}/{owner}/{name}/commit/{revision}")
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

    return routes
