"""Serve a recording as the upstream of all its providers: each under its name, `/solana_rpc`, `/helius/v0/…`.

An ASGI application. What broke off on the wire is told as a bad gateway. Not responsible for sockets.
"""

from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from data.errors import ProviderError
from data.http_recording import Identity
from data.http_replay import ReplaySender
from data.providers.spec import list_providers

_METHODS: Final = ["GET", "POST", "PUT", "DELETE"]


def serve_replay(sender: ReplaySender) -> Starlette:
    """Return the application that answers from a recording: 404 for what was not asked so often when it was made."""
    keys = {spec.name: spec.key_parameter for spec in list_providers()}

    async def answer(request: Request) -> Response:
        provider, path = request.path_params["provider"], request.path_params.get("path", "")
        params = {name: value for name, value in request.query_params.items() if name != keys.get(provider)}
        asked = (await request.body()).decode("utf-8", "replace") or None
        identity = Identity(provider, request.method, f"/{path}" if path else "", params, asked)
        try:
            told = await sender.answer(identity, f"{provider} {request.method}")
        except ProviderError as error:
            status = HTTPStatus.BAD_GATEWAY if error.retryable else HTTPStatus.NOT_FOUND
            return JSONResponse({"error": str(error)}, status)
        return Response(told.body, told.status, told.headers)

    return Starlette(
        routes=[
            Route("/{provider}", answer, methods=_METHODS),
            Route("/{provider}/{path:path}", answer, methods=_METHODS),
        ]
    )
