"""What a request must be before Gradio sees it.

For a host that this demo has, from a page of its own where that is this machine, for a route that it uses, and no
larger than what is sent there.
"""

import ipaddress
import logging
import os
import re
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fer_hub.demo.security.bodies import RefusedBodyError, bounded
from fer_hub.demo.security.shares import note_visitor

HOSTS_VARIABLE = "FER_HUB_HOSTS"
"""Environment variable: further names by which this demo is reached, parted by spaces; * for any."""

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


_log = logging.getLogger(__name__)


class RequestGuard:
    """ASGI middleware that refuses foreign hosts, pages of others, routes that the demo does not use and large bodies.

    A name that somebody else owns can be made to mean 127.0.0.1 (DNS rebinding): their page could then use a demo that
    only listens on this machine. Gradio also records screens, rewrites apps and fetches addresses for whoever asks.
    What breaks Gradio itself, such as a range of bytes that is none, is answered like any other request of no use.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._hosts = allowed_hosts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if refused := self._refusal(scope):
            await refused(scope, receive, send)
            return
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
                receive = await bounded(scope, receive, upload=scope["path"].startswith(f"{_PREFIX}/upload"))
            await self._app(note_visitor(scope), receive, answer)
        except ClientDisconnect:  # an upload that broke off: nobody is there to be answered
            return
        except RefusedBodyError as refusal:
            await PlainTextResponse(str(refusal), refusal.status, {"Connection": "close"})(scope, receive, send)
        except Exception as error:
            if begun:
                raise
            _log.warning("%s %.200r ended in %.200r", scope["method"], scope["path"], error)
            words = f"this request cannot be understood; {_PREFIX}/info says what this demo takes"
            await PlainTextResponse(words, 400)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        host = _header(scope, b"host")
        if not is_allowed(host, self._hosts):
            return PlainTextResponse(f"this demo is not known by this name; {HOSTS_VARIABLE} can allow it", 403)
        if _header(scope, b"sec-fetch-site") != "same-origin" and is_foreign(
            _header(scope, b"origin"), host, self._hosts
        ):
            return PlainTextResponse("pages of others cannot use a demo on this machine", 403)
        if scope["type"] == "websocket" or not is_used(scope["path"]):
            return PlainTextResponse("not found", 404)
        return None


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for each, value in scope["headers"] if each == name), "")


def allowed_hosts() -> frozenset[str]:
    """Names by which this demo is reached: this machine's own, the Space's, and what the host of the demo allows."""
    named = [os.environ.get("SPACE_HOST", ""), *os.environ.get(HOSTS_VARIABLE, "").split()]
    return frozenset(name.lower() for name in ["localhost", *named] if name)


def is_allowed(host: str, allowed: frozenset[str]) -> bool:
    """Whether a Host header is one of these names, or an address: an address cannot be made to mean another."""
    name = _name(host)
    return name in allowed or "*" in allowed or _address(name) is not None


def is_foreign(origin: str, host: str, allowed: frozenset[str]) -> bool:
    """Whether the page that sends a request is somebody else's, and the demo on this machine or in this house.

    A demo that has a name of its own may be part of other people's pages.
    """
    here, name = _name(host), _name(urlsplit(origin).netloc)
    return bool(origin) and _is_near(here) and name not in allowed and "*" not in allowed and not _is_near(name)


def _is_near(name: str) -> bool:
    address = _address(name)
    return name == "localhost" or (address is not None and not address.is_global)


def _name(host: str) -> str:
    return re.sub(r":\d*$", "", host.lower()).removesuffix(".").strip("[]")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def is_used(path: str) -> bool:
    """Whether the demo has any use for a route of Gradio."""
    if path == "/" or path.startswith(_PAGE):
        return True
    inner = path.removeprefix(_PREFIX)
    return inner != path and inner.startswith(_API) and not inner.startswith(_FETCHED)
