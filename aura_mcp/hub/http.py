"""Serve MCP as streamable HTTP on the loopback, behind a token and a guard against web pages.

The guard stands before every route, so that whatever is mounted later is behind it too. Open doors stand before the
guard: they are reached through tunnels, under any name, and check who comes themselves.
Not responsible for keeping the token (`run_folder`).
"""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from hmac import compare_digest
from types import MappingProxyType
from typing import Final

import uvicorn
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from aura_mcp.bridge import MAX_FRAME_BYTES
from aura_mcp.hub.session import ENDLESS
from aura_mcp.server import AuraServer
from aura_mcp.tools import Toolbox

MCP_PATH: Final = "/mcp"
HOSTS: Final = ("127.0.0.1", "localhost")
SHUTDOWN_S: Final = 1
NO_DOORS: Final[Mapping[str, ASGIApp]] = MappingProxyType({})

logger = logging.getLogger(__name__)


class Guard:
    """Let through what comes from this machine, with the token, and not from another site's page."""

    def __init__(self, app: ASGIApp, *, port: int, token: str, open_doors: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._open_doors = open_doors
        self._hosts = {f"{host}:{port}".encode() for host in HOSTS}
        self._origins = {b"http://" + host for host in self._hosts}
        self._credentials = b"Bearer " + token.encode()
        self.is_leaving = False
        self.open_requests = 0
        self.last_used_at = asyncio.get_running_loop().time()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        app = self._open_doors.get(scope["path"])
        refusal = self._refuse(dict(scope["headers"])) if app is None else self._refuse_late()
        if refusal is not None:
            logger.warning("http_refused", extra={"fields": {"status": refusal.status_code}})
            await refusal(scope, receive, send)
            return
        self.open_requests += 1
        try:
            await (app or self._app)(scope, receive, send)
        finally:
            self.open_requests -= 1
            self.last_used_at = asyncio.get_running_loop().time()

    def _refuse(self, headers: dict[bytes, bytes]) -> PlainTextResponse | None:
        if headers.get(b"host") not in self._hosts:
            return PlainTextResponse("this server answers to its loopback address only\n", 421)
        if headers.get(b"origin") not in {None, *self._origins}:
            return PlainTextResponse("pages of other sites may not ask here\n", 403)
        if not compare_digest(headers.get(b"authorization", b""), self._credentials):
            message = "send `Authorization: Bearer …` with the token whose file `aura status --json` names\n"
            return PlainTextResponse(message, 401, {"WWW-Authenticate": 'Bearer realm="aura"'})
        return self._refuse_late()

    def _refuse_late(self) -> PlainTextResponse | None:
        if self.is_leaving:
            return PlainTextResponse("the hub is leaving; try again\n", 503, {"Retry-After": "2"})
        return None


class QuietServer(uvicorn.Server):
    """A server inside of the hub, which takes the signals itself."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.is_ready.set()


class HttpDoor:
    """The HTTP side of a hub."""

    def __init__(
        self,
        server: AuraServer,
        listener: socket.socket,
        token: str,
        *,
        routes: Sequence[Route] = (),
        open_doors: Mapping[str, ASGIApp] = NO_DOORS,
    ) -> None:
        port = listener.getsockname()[1]
        self.url: Final = f"http://{HOSTS[0]}:{port}{MCP_PATH}"
        app = server.streamable_http_app(streamable_http_path=MCP_PATH, max_request_body_size=MAX_FRAME_BYTES)
        app.router.routes.extend(routes)
        self._guard = Guard(app, port=port, token=token, open_doors=open_doors)
        self._listener = listener
        self._running = 0
        self._is_settled = asyncio.Event()
        self._is_settled.set()
        server.middleware.append(self._count)

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        """Serve until the end of the block."""
        config = uvicorn.Config(
            self._guard,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
        server = QuietServer(config)
        task = asyncio.create_task(server.serve([self._listener]))
        ready = asyncio.create_task(server.is_ready.wait())
        await asyncio.wait((task, ready), return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        try:
            yield
        finally:
            server.should_exit = True
            await task

    def idle_since(self) -> float | None:
        """Return the loop time of the last request's end, None while one is open."""
        return None if self._guard.open_requests else self._guard.last_used_at

    async def settle(self, timeout_s: float) -> None:
        """Accept no more requests and let running calls end within `timeout_s`."""
        self._guard.is_leaving = True
        try:
            async with asyncio.timeout(timeout_s):
                await self._is_settled.wait()
        except TimeoutError:
            logger.warning("http_calls_cut_off", extra={"fields": {"calls": self._running, "after_s": timeout_s}})

    async def _count(self, ctx: ServerRequestContext[Toolbox], call_next: CallNext) -> HandlerResult:
        if ctx.request is None or ctx.method == ENDLESS:
            return await call_next(ctx)
        self._running += 1
        self._is_settled.clear()
        try:
            return await call_next(ctx)
        finally:
            self._running -= 1
            if not self._running:
                self._is_settled.set()
