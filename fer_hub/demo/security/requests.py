"""What a request must be before Gradio sees it: for a host that this demo has, and for a route that it uses."""

import ipaddress
import os
import re
import shutil
from pathlib import Path

from gradio.utils import get_upload_folder
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

HOSTS_VARIABLE = "FER_HUB_HOSTS"
"""Environment variable: further names by which this demo is reached, parted by spaces; * for any."""

LEAST_FREE_BYTES = 1 << 30
"""Uploads are refused where the disk has less left."""

_PAGE = ("/config", "/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json", "/pwa_icon", "/assets/", "/static/")
_API = (
    "/info",
    "/openapi.json",
    "/app_id",
    "/startup-events",
    "/theme.css",
    "/heartbeat/",
    "/queue/",
    "/upload",
    "/file=",
    "/call/",
    "/run/",
    "/cancel",
    "/reset",
    "/stream/",
    "/mcp",
)
_PREFIX = "/gradio_api"
_FETCHED = ("/file=http:", "/file=https:")


class RequestGuard:
    """ASGI middleware that refuses foreign hosts, routes that the demo does not use, and uploads to a full disk.

    A name that somebody else owns can be made to mean 127.0.0.1 (DNS rebinding): their page could then use a demo that
    only listens on this machine. Gradio also records screens, rewrites apps and fetches addresses for whoever asks.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._hosts = allowed_hosts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and (refused := self._refusal(scope)):
            await refused(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:  # an upload that broke off: nobody is there to be answered
            return

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        if not is_allowed(host, self._hosts):
            return PlainTextResponse(f"this demo is not known by this name; {HOSTS_VARIABLE} can allow it", 403)
        path = scope["path"]
        if scope["type"] == "websocket" or not is_used(path):
            return PlainTextResponse("not found", 404)
        if path.startswith(f"{_PREFIX}/upload") and scope["method"] == "POST" and _free_bytes() < LEAST_FREE_BYTES:
            return PlainTextResponse("there is no room for uploads now; try again in twenty minutes", 507)
        return None


def allowed_hosts() -> frozenset[str]:
    """Names by which this demo is reached: this machine's own, the Space's, and what the host of the demo allows."""
    named = [os.environ.get("SPACE_HOST", ""), *os.environ.get(HOSTS_VARIABLE, "").split()]
    return frozenset(name.lower() for name in ["localhost", *named] if name)


def is_allowed(host: str, allowed: frozenset[str]) -> bool:
    """Whether a Host header is one of these names, or an address: an address cannot be made to mean another."""
    name = re.sub(r":\d*$", "", host.lower()).removesuffix(".")
    if name in allowed or "*" in allowed:
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def is_used(path: str) -> bool:
    """Whether the demo has any use for a route of Gradio."""
    if path == "/" or path.startswith(_PAGE):
        return True
    inner = path.removeprefix(_PREFIX)
    return inner != path and inner.startswith(_API) and not inner.startswith(_FETCHED)


def _free_bytes() -> int:
    folder = Path(get_upload_folder())
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
