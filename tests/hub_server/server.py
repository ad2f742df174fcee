"""The requests of the Hub's client, answered from a Store."""

from fastapi import FastAPI, Request, Response

from tests.hub_server import reading, spaces, writing
from tests.hub_server.access import Hub, Refusal


def build_app(hub: Hub) -> FastAPI:
    app = FastAPI()

    @app.exception_handler(Refusal)
    async def refuse(_: Request, refusal: Refusal) -> Response:
        return refusal.response

    for part in (spaces, writing, reading):
        app.include_router(part.routes_of(hub))
    return app
