"""Speak HTTP/1.1 and WebSocket on loopback ports, from an event loop in a thread of its own.

It is written by hand so that it can also speak them badly: half bodies, resets, silence.
Not responsible for what is answered (`tests.fakes.upstream`).
"""

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

HOST: Final = "127.0.0.1"
BOUND_S: Final = 10.0
_CHUNK: Final = 1 << 16
_LINGER: Final = struct.pack("ii", 1, 0)


class Manner(StrEnum):
    """How a reply is sent."""

    WHOLE = "whole"
    HALF = "half"
    RESET = "reset"
    STALL = "stall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asked; `query` holds the last of repeated names."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the body's JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered, and how."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content_type: str = "application/json"
    manner: Manner = Manner.WHOLE


def as_reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a reply with a value as JSON."""
    return Reply(status=status, body=json.dumps(value, separators=(",", ":")).encode(), headers=headers or {})


class Socket:
    """One WebSocket, from the server's side; use it on the loop's thread."""

    def __init__(self, protocol: ServerProtocol, writer: asyncio.StreamWriter) -> None:
        self._protocol = protocol
        self._writer = writer

    def send(self, message: bytes) -> None:
        """Send a text message."""
        if not self._writer.is_closing():
            self._protocol.send_text(message)
            self.flush()

    def drop(self) -> None:
        """Cut the connection without a word."""
        self._writer.transport.abort()

    def flush(self) -> None:
        """Send what the protocol has to say."""
        for data in self._protocol.data_to_send():
            if data:
                self._writer.write(data)


Answer = Callable[[Request], Reply]
Listen = Callable[[Socket, bytes], None]
Part = Callable[[Socket], None]


class Loop:
    """An event loop in a thread; ends with everything that runs in it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="upstream", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever the work returns
        """Do work in the loop and return what it gives."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(BOUND_S)

    def stop(self) -> None:
        """End every task, the loop and the thread."""
        self.run(self._end_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(BOUND_S)
        self.loop.close()

    async def _end_tasks(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Door:
    """One listening port."""

    def __init__(self, answer: Answer, listen: Listen | None = None, part: Part | None = None) -> None:
        self._answer = answer
        self._listen = listen
        self._part = part
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def open(self) -> None:
        """Listen on a free port, or again on the one it had."""
        self._server = await asyncio.start_server(self._serve, HOST, self.port, limit=1 << 24)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while (head := await _read_head(reader)) and await self._talk(head, reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort() if writer.is_closing() else writer.close()

    async def _talk(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether the connection goes on."""
        request = _parse(head)
        if request.headers.get("upgrade", "").lower() == "websocket":
            await self._hear(head, reader, writer)
            return False
        length = int(request.headers.get("content-length", "0"))
        body = await reader.readexactly(length) if length else b""
        reply = self._answer(
            Request(method=request.method, path=request.path, query=request.query, headers=request.headers, body=body)
        )
        is_kept = await _send(reply, reader, writer)
        return is_kept and request.headers.get("connection", "").lower() != "close"

    async def _hear(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol = ServerProtocol(max_size=1 << 24)
        socket_ = Socket(protocol, writer)
        protocol.receive_data(head)
        (asked,) = protocol.events_received()
        protocol.send_response(protocol.accept(asked))  # type: ignore[arg-type]  # the first event is the request
        socket_.flush()
        try:
            while data := await reader.read(_CHUNK):
                protocol.receive_data(data)
                self._hear_frames(protocol, socket_)
                socket_.flush()
                if protocol.close_expected():
                    return
        finally:
            if self._part is not None:
                self._part(socket_)

    def _hear_frames(self, protocol: ServerProtocol, socket_: Socket) -> None:
        for event in protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT and self._listen is not None:
                self._listen(socket_, bytes(event.data))


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


def _parse(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    parts = urlsplit(target)
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    query = dict(parse_qsl(parts.query))
    return Request(method=method, path=unquote(parts.path), query=query, headers=headers, body=b"")


async def _send(reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    if reply.manner is Manner.STALL:
        # Nothing is said until the client has had enough of it.
        while await reader.read(_CHUNK):
            pass
        return False
    if reply.manner is Manner.RESET:
        _reset(writer)
        return False
    lines = [
        f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
        f"content-type: {reply.content_type}",
        f"content-length: {len(reply.body)}",
        *(f"{name}: {value}" for name, value in reply.headers.items()),
    ]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    if reply.manner is Manner.HALF:
        writer.write(head + reply.body[: len(reply.body) // 2])
        await writer.drain()
        writer.close()
        return False
    writer.write(head + reply.body)
    await writer.drain()
    return True


def _reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    if isinstance(raw, socket.socket) or hasattr(raw, "setsockopt"):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    writer.transport.abort()
