"""Take pushes from Helius: `POST /webhooks/helius`, through a tunnel, with a secret of its own.

A push is a hint: its signatures are written down, and what happened is fetched from the chain. It is answered once
they, or the facts they hint at, are kept; whoever pushes tries again otherwise.
Not responsible for making webhooks (`services.webhooks`).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from aura_mcp.errors import AuraError
from aura_mcp.services.pushes import Push, read_push

HELIUS_PATH: Final = "/webhooks/helius"
MAX_BODY_BYTES: Final = 4 * 1024 * 1024
BODY_TIMEOUT_S: Final = 5.0
WRITE_TIMEOUT_S: Final = 10.0
RETRY_AFTER_S: Final = 60

Hint = Callable[[Push], Awaitable[int]]
"""Write down the signatures of a push and return how many of them are any."""

logger = logging.getLogger(__name__)


class HeliusDoor:
    """The ASGI application behind `HELIUS_PATH`; it stands outside of the guard of the other routes."""

    def __init__(self, secret: str, hint: Hint) -> None:
        self._secret = secret.encode()
        self._hint = hint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one delivery."""
        request = Request(scope, receive)
        response = self._refuse(request) or await self._take(request)
        if response.status_code >= 400:  # noqa: PLR2004 - every status from here on is a refusal
            reason = bytes(response.body).decode().strip()
            logger.warning("webhook_refused", extra={"fields": {"status": response.status_code, "reason": reason}})
        await response(scope, receive, send)

    def _refuse(self, request: Request) -> Response | None:
        """Refuse by the headers alone, before a byte of the body is read."""
        if request.method != "POST":
            return PlainTextResponse("only POST\n", 405, {"Allow": "POST"})
        if "origin" in request.headers:
            return PlainTextResponse("no web page may push here\n", 403)
        given = request.headers.get("authorization", "").encode("utf-8", "replace")
        if not compare_digest(given, self._secret):
            return PlainTextResponse("the Authorization header is not the secret of this webhook\n", 401)
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            return PlainTextResponse(f"a delivery has at most {MAX_BODY_BYTES} bytes\n", 413)
        return None

    async def _take(self, request: Request) -> Response:
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                body = await _read(request)
        except (TimeoutError, ClientDisconnect):
            return PlainTextResponse(f"the delivery did not end within {BODY_TIMEOUT_S:g} s\n", 408)
        if body is None:
            return PlainTextResponse(f"a delivery has at most {MAX_BODY_BYTES} bytes\n", 413)
        try:
            push = read_push(body)
        except ValueError:
            return PlainTextResponse("a delivery is a JSON array of transactions\n", 400)
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                taken = await self._hint(push)
        except (AuraError, TimeoutError) as error:
            reason = str(error) or f"not written within {WRITE_TIMEOUT_S:g} s"
            return PlainTextResponse(f"{reason}\n", 503, {"Retry-After": str(RETRY_AFTER_S)})
        malformed = push.malformed + len(set(push.signatures)) - taken
        if malformed:
            logger.warning("webhook_malformed", extra={"fields": {"entries": malformed, "taken": taken}})
        return JSONResponse({"taken": taken})


async def _read(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)
