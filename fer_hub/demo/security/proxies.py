"""Proxy settings of the environment, which must not keep this machine from reaching its own demo."""

import os
from collections.abc import Iterator

import httpx

from fer_hub.errors import InputError

_LOCAL = ("localhost", "127.0.0.1", "::1")


def reach_this_machine() -> None:
    """Make proxies stand aside for this machine itself: Gradio asks its own page whether it is there.

    Raises InputError where a proxy cannot be used at all: going without it would reach the Hub past it.
    """
    for variable in ("no_proxy", "NO_PROXY"):
        known = [host for host in os.environ.get(variable, "").split(",") if host]
        os.environ[variable] = ",".join(dict.fromkeys([*known, *_LOCAL]))
    for variable, proxy in _proxies():
        try:
            httpx.Client(proxy=proxy if "://" in proxy else f"http://{proxy}").close()
        except (ImportError, ValueError) as error:
            raise InputError(f"{variable} is {proxy!r}, a proxy that cannot be used: {error}") from None


def _proxies() -> Iterator[tuple[str, str]]:
    for variable, value in list(os.environ.items()):
        if variable.lower() in ("http_proxy", "https_proxy", "all_proxy") and value:
            yield variable, value
