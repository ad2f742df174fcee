"""Variables, secrets, hardware and state of Spaces."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request

from tests.hub_server.access import Hub
from tests.hub_server.store import Repository

KIND = "spaces"


def routes_of(hub: Hub) -> APIRouter:
    routes = APIRouter(prefix="/api/spaces/{owner}/{name}")

    def settings(repository: Repository, what: str) -> dict[str, Any]:
        """The variables or secrets: key -> what is stored of it. A Space can be made with a list of them."""
        found = repository.settings.get(what) or {}
        return {entry["key"]: entry for entry in found} if isinstance(found, list) else found

    def shown(repository: Repository, what: str) -> dict[str, Any]:
        """What the Hub tells: everything but the values of secrets."""
        hidden = ("key", "value") if what == "secrets" else ("key",)
        return {
            key: {name: value for name, value in entry.items() if name not in hidden}
            for key, entry in settings(repository, what).items()
        }

    for what in ("variables", "secrets"):

        @routes.get(f"/{what}")
        async def read(owner: str, name: str, request: Request, what: str = what) -> dict[str, Any]:
            return shown(hub.writable(request, KIND, f"{owner}/{name}"), what)

        @routes.post(f"/{what}")
        async def write(owner: str, name: str, request: Request, what: str = what) -> dict[str, Any]:
            repository, entry = hub.writable(request, KIND, f"{owner}/{name}"), await request.json()
            entry["updatedAt"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            repository.settings[what] = {**settings(repository, what), entry["key"]: entry}
            hub.store.save(repository)
            return shown(repository, what)

        @routes.delete(f"/{what}")
        async def delete(owner: str, name: str, request: Request, what: str = what) -> dict[str, Any]:
            repository, key = hub.writable(request, KIND, f"{owner}/{name}"), (await request.json())["key"]
            repository.settings[what] = {k: v for k, v in settings(repository, what).items() if k != key}
            hub.store.save(repository)
            return shown(repository, what)

    @routes.post("/hardware")
    async def request_hardware(owner: str, name: str, request: Request) -> dict[str, Any]:
        repository = hub.writable(request, KIND, f"{owner}/{name}")
        repository.settings["hardware"] = (await request.json())["flavor"]
        hub.store.save(repository)
        return state(repository)

    @routes.get("/runtime")
    async def runtime(owner: str, name: str, request: Request) -> dict[str, Any]:
        return state(hub.readable(request, KIND, f"{owner}/{name}"))

    def state(repository: Repository) -> dict[str, Any]:
        """A test can list the `stages` to come, one a question; then the Space runs, if there is an app."""
        stages = repository.settings.get("stages", [])
        has_app = "app.py" in repository.commits[repository.refs["main"]].files
        stage = stages.pop(0) if stages else "RUNNING" if has_app else "NO_APP_FILE"
        return {"stage": stage, "hardware": {"current": None, "requested": repository.settings.get("hardware")}}

    return routes
