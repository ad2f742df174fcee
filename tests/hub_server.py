"""A Hub for tests: serves model folders over the addresses the real client asks for.

    python tests/hub_server.py PORT owner/name=FOLDER [owner/name=FOLDER ...]

Every repository has one commit. It counts the files it hands out, so that a test can tell the cache from the network.
"""

import hashlib
import sys
from collections import Counter
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

COMMIT = "0123456789abcdef0123456789abcdef01234567"
KNOWN_REVISIONS = ("main", COMMIT)


def build_app(repositories: dict[str, Path]) -> FastAPI:
    app = FastAPI()
    served: Counter[str] = Counter()

    def missing(code: str) -> Response:
        return Response(status_code=404, headers={"X-Error-Code": code, "X-Error-Message": f"{code} (test hub)"})

    @app.get("/served")
    def count() -> dict[str, int]:
        return dict(served)

    @app.get("/api/models/{owner}/{name}/revision/{revision}")
    def info(owner: str, name: str, revision: str) -> Response:
        folder = repositories.get(f"{owner}/{name}")
        if folder is None:
            return missing("RepoNotFound")
        if revision not in KNOWN_REVISIONS:
            return missing("RevisionNotFound")
        siblings = [{"rfilename": file.name} for file in sorted(folder.iterdir())]
        return JSONResponse({"id": f"{owner}/{name}", "sha": COMMIT, "tags": [], "siblings": siblings})

    @app.get("/api/models/{owner}/{name}/tree/{revision}")
    def tree(owner: str, name: str, revision: str) -> Response:
        files = [
            {"type": "file", "path": file.name, "size": file.stat().st_size, "oid": _etag(file)}
            for file in sorted(repositories[f"{owner}/{name}"].iterdir())
        ]
        return JSONResponse(files)

    @app.api_route("/{owner}/{name}/resolve/{revision}/{file}", methods=["GET", "HEAD"])
    def resolve(owner: str, name: str, revision: str, file: str, request: Request) -> Response:
        path = repositories[f"{owner}/{name}"] / file
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{_etag(path)}"', "Content-Length": str(path.stat().st_size)}
        if request.method == "HEAD":
            return Response(headers=headers)
        served[file] += 1
        return Response(path.read_bytes(), headers=headers, media_type="application/octet-stream")

    return app


def _etag(path: Path) -> str:
    return hashlib.sha1(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    pairs = (argument.split("=", 1) for argument in sys.argv[2:])
    uvicorn.run(build_app({name: Path(folder) for name, folder in pairs}), port=int(sys.argv[1]), log_level="warning")
