"""Serve MCP over a listening stream socket: one connection is one session, in either protocol era.

A bridge introduces itself with one line that is no message, and is told farewell with another, so that it knows
which of its calls were never begun. A plain MCP client may leave the introduction out on a Unix socket.
Not responsible for how the socket is found (`run_folder`).
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from hmac import compare_digest
from typing import Any, Final

from mcp.server import Server
from mcp.server.lowlevel import NotificationOptions
from mcp.server.runner import serve_dual_era_loop

from aura_mcp.bridge import MARK, MAX_FRAME_BYTES
from aura_mcp.hub.desk import Desk
from aura_mcp.hub.errands import ROLE as ERRAND
from aura_mcp.hub.session import Inbox, Outbox, Session

GREETING_TIMEOUT_S: Final = 5.0
LEAVE: Final = "leave-"
VISITOR: Final = "visitor"

_ALL_LISTS_CHANGE: Final = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)

logger = logging.getLogger(__name__)


class SocketDoor:
    """The listening socket and its sessions."""

    def __init__(
        self,
        protocol: Server[Any],
        lifespan_state: object,
        desk: Desk,
        *,
        token: str | None,
        on_leave: Callable[[str], None],
    ) -> None:
        self._protocol = protocol
        self._desk = desk
        self._lifespan_state = lifespan_state
        self._options = protocol.create_initialization_options(_ALL_LISTS_CHANGE)
        self._token = token
        self._on_leave = on_leave
        self._sessions: dict[Session, asyncio.Task[None] | None] = {}
        self._server: asyncio.Server | None = None
        self._is_parked = False
        self.last_used_at = asyncio.get_running_loop().time()

    async def open(self, listener: socket.socket) -> None:
        """Accept connections from a listening socket."""
        self._server = await asyncio.start_server(self._accept, sock=listener, limit=MAX_FRAME_BYTES)

    @property
    def session_count(self) -> int:
        """How many clients are connected; one that only looks is none."""
        return sum(session.role != VISITOR for session in self._sessions)

    def park(self) -> None:
        """Accept and begin nothing more."""
        self._is_parked = True
        if self._server is not None:
            self._server.close()
        for session in self._sessions:
            session.park()

    async def close(self, reason: str, timeout_s: float) -> None:
        """Let running calls end within `timeout_s`, say farewell, close. The door is parked."""
        farewells = [asyncio.ensure_future(session.say_farewell(reason)) for session in self._sessions]
        if farewells:
            _, late = await asyncio.wait(farewells, timeout=timeout_s)
            for farewell in late:
                farewell.cancel()
            if late:
                logger.warning("calls_cut_off", extra={"fields": {"sessions": len(late), "after_s": timeout_s}})
            await asyncio.gather(*farewells, return_exceptions=True)
        tasks = [task for task in self._sessions.values() if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(reader, writer)
        if self._is_parked:
            session.close()
            return
        self._sessions[session] = asyncio.current_task()
        try:
            first_line = await self._greet(session)
            if first_line is not None and session.role == ERRAND:
                await self._desk.serve(session)
            elif first_line is not None:
                await serve_dual_era_loop(
                    self._protocol,
                    Inbox(session, first_line),
                    Outbox(session),
                    lifespan_state=self._lifespan_state,
                    init_options=self._options,
                )
        except Exception:
            logger.exception("session_failed")
        finally:
            session.close()
            del self._sessions[session]
            if session.role != VISITOR:
                self.last_used_at = asyncio.get_running_loop().time()

    async def _greet(self, session: Session) -> bytes | None:
        """Return the first line when it is a message, empty when it was an introduction; None to refuse service."""
        try:
            async with asyncio.timeout(None if self._token is None else GREETING_TIMEOUT_S):
                line = await session.next_line()
        except TimeoutError:
            return None
        if not line.startswith(MARK):
            return line if self._token is None and line else None
        role, _, rest = line[len(MARK) :].decode("ascii", "replace").strip().partition(" ")
        token = rest.partition(" ")[2]
        if self._token is not None and not compare_digest(token.encode(), self._token.encode()):
            logger.warning("socket_refused", extra={"fields": {"reason": "wrong token"}})
            return None
        session.role = role
        if role.startswith(LEAVE):
            self._on_leave(role.removeprefix(LEAVE))
            return None
        return b""
