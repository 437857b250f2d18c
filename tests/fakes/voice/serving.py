"""Serve an application on loopback ports, from an event loop in a thread of its own; a port can be shut and opened.

Not responsible for what is answered.
"""

import asyncio
import socket
import threading
from types import TracebackType
from typing import Any, Final, Self

import uvicorn
from starlette.applications import Starlette

HOST: Final = "127.0.0.1"
BOUND_S: Final = 10.0


class Serving:
    """A server; use it as a context manager. Its end waits for nobody, so that stalled answers do not hold it up."""

    def __init__(self, app: Starlette, ports: int = 1) -> None:
        self._sockets = [bound_to(0) for _ in range(ports)]
        config = uvicorn.Config(
            app,
            ws="websockets-sansio",
            log_config=None,
            log_level="critical",
            lifespan="off",
            ws_ping_interval=None,
            timeout_keep_alive=600,
        )
        self._server = uvicorn.Server(config)
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="voice-providers", daemon=True)
        self._is_open = [True] * ports
        self.ports = [found.getsockname()[1] for found in self._sockets]

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(BOUND_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(BOUND_S)

    def refuse(self, number: int) -> None:
        """Let nobody connect to a port any more; who is connected stays."""
        self.do(self._close(number))

    def admit(self, number: int) -> None:
        """Let them connect again."""
        self.do(self._open(number))

    def cut(self) -> None:
        """Cut every open connection without a word."""
        self.do(self._abort())

    def do(self, work: Any) -> None:  # noqa: ANN401 - any coroutine
        """Do work on the server's loop."""
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(BOUND_S)

    def _run(self) -> None:
        startup = self._server.startup

        async def announced(sockets: Any = None) -> None:  # noqa: ANN401 - passed through
            await startup(sockets)
            self._loop = asyncio.get_running_loop()
            self._started.set()

        self._server.startup = announced
        self._server.run(self._sockets)

    async def _abort(self) -> None:
        for connection in list(self._server.server_state.connections):
            open_one: Any = connection
            open_one.transport.abort()

    async def _close(self, number: int) -> None:
        self._server.servers[number].close()
        self._is_open[number] = False

    async def _open(self, number: int) -> None:
        if self._is_open[number]:
            return
        config, state = self._server.config, self._server.server_state

        def protocol(_loop: asyncio.AbstractEventLoop | None = None) -> asyncio.Protocol:
            made: Any = config.http_protocol_class
            return made(config=config, server_state=state, app_state={}, _loop=_loop)

        loop = asyncio.get_running_loop()
        self._server.servers[number] = await loop.create_server(protocol, sock=bound_to(self.ports[number]))
        self._is_open[number] = True


def bound_to(port: int) -> socket.socket:
    """Return a socket at a port, 0 for any that is free."""
    # asyncio sends small messages at once only over sockets that say that they are TCP.
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind((HOST, port))
    return found
