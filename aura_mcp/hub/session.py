"""Carry MCP over one stream connection: one line is one message, and what is still to be answered is known.

Not responsible for who may connect, or for when to part (`sockets`).
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError
from pydantic_core import from_json

from aura_mcp.bridge import MARK

ENDLESS: Final = "subscriptions/listen"
"""The request that is answered at its end only; nobody waits for it."""
BRIDGE: Final = "bridge"

_HIGH_WATER_BYTES: Final = 1 << 20
_OWN_WORK: Final = ""


class Inbox:
    """The messages of one connection, straight from its socket: no task and no queue in between."""

    def __init__(self, session: "Session", first_line: bytes) -> None:
        self._session = session
        self._first_line = first_line

    async def receive(self) -> SessionMessage:
        """Return the next message.

        Raises:
            anyio.EndOfStream: the client has closed the connection, or sent a line longer than any may be.
        """
        while True:
            line, self._first_line = self._first_line or await self._session.next_line(), b""
            if not line:
                raise anyio.EndOfStream
            try:
                message = jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValidationError as error:
                await self._session.refuse(line, error)
                continue
            self._session.note_received(message)
            return SessionMessage(message)

    async def aclose(self) -> None:
        """Do nothing: the session closes its connection."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()


class Outbox:
    """The way of messages to one connection."""

    def __init__(self, session: "Session") -> None:
        self._session = session

    async def send(self, item: SessionMessage, /) -> None:
        """Write one message; the id of a reply comes first, as the bridge expects it.

        Raises:
            anyio.ClosedResourceError: the connection is closed.
        """
        await self._session.write(item.message)

    async def aclose(self) -> None:
        """Do nothing: the session closes its connection."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()


class Session:
    """One connection: what it has asked and not been told yet."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.role = ""
        self._reader = reader
        self._writer = writer
        self._open: set[str | int] = set()
        self._is_parked = False
        self._is_closed = False
        self._settled = asyncio.Event()
        self._settled.set()
        self._flushing = asyncio.Lock()

    async def next_line(self) -> bytes:
        """Return the next line, empty at the end. Once parked, return no more: what comes is for another hub."""
        try:
            line = await self._reader.readline()
        except (ValueError, ConnectionError):
            line = b""
        if self._is_parked:
            await asyncio.Event().wait()
        return line if line.endswith(b"\n") else b""

    def note_received(self, message: JSONRPCMessage) -> None:
        """Remember what is to be answered."""
        if isinstance(message, JSONRPCRequest) and message.method != ENDLESS:
            self._open.add(message.id)
            self._settled.clear()
        elif isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled":
            # A call that was called off is never answered.
            self._note_answered((message.params or {}).get("requestId"))

    async def write(self, message: JSONRPCMessage) -> None:
        """Write one message, waiting while the client is slow to read."""
        if self._is_closed or self._writer.is_closing():
            raise anyio.ClosedResourceError
        self._writer.write(message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
        if not isinstance(message, JSONRPCRequest | JSONRPCNotification):
            self._note_answered(message.id)
        if self._writer.transport.get_write_buffer_size() > _HIGH_WATER_BYTES:
            await self._flush()

    async def refuse(self, line: bytes, error: ValidationError) -> None:
        """Answer a line that is no message."""
        if error.errors(include_url=False, include_context=False, include_input=False)[0]["type"] == "json_invalid":
            found = ErrorData(code=PARSE_ERROR, message="this line is not JSON")
            id_ = None
        else:
            found = ErrorData(code=INVALID_REQUEST, message="this line is not a JSON-RPC 2.0 message")
            value: object = from_json(line)
            id_ = _id_of(value)
        if not self._is_closed:
            await self.write(JSONRPCError(jsonrpc="2.0", id=id_, error=found))

    @contextmanager
    def busy(self) -> Generator[None]:
        """Have something under way that is no MCP call: a farewell waits for it."""
        self._open.add(_OWN_WORK)
        self._settled.clear()
        try:
            yield
        finally:
            self._note_answered(_OWN_WORK)

    def post(self, line: bytes) -> None:
        """Write one line that is no message, unless the connection is closed."""
        if not self._is_closed and not self._writer.is_closing():
            self._writer.write(line + b"\n")

    def park(self) -> None:
        """Begin nothing more."""
        self._is_parked = True

    async def say_farewell(self, reason: str) -> None:
        """Wait for the replies that are due and, when all were given, tell a bridge that it may go on elsewhere.

        Cancelled before, it says nothing: the bridge then takes the open calls for lost.
        """
        await self._settled.wait()
        if not self._is_closed and not self._writer.is_closing():
            if self.role == BRIDGE:
                self._writer.write(MARK + reason.encode() + b"\n")
            self._is_closed = True
            await self._flush()

    def close(self) -> None:
        """Close the connection."""
        self._is_closed = True
        self._writer.close()

    async def _flush(self) -> None:
        async with self._flushing:
            try:
                await self._writer.drain()
            except ConnectionError as error:
                raise anyio.ClosedResourceError from error

    def _note_answered(self, id_: object) -> None:
        if isinstance(id_, str | int):
            self._open.discard(id_)
        if not self._open:
            self._settled.set()


def _id_of(value: object) -> str | int | None:
    found: object = value.get("id") if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None
