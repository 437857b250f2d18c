"""One WebSocket from the server's side: messages in order, each at its time; broken on demand."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final, Self

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from tests.fakes.voice.faults import Fault, Kind

BROKEN: Final = '{"type": "conversation.item.input_audio'
"""No JSON."""


class Line:
    """An open socket; use it as a context manager around reading from it."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self._out: asyncio.Queue[tuple[float, str | Fault | None]] = asyncio.Queue()
        self._cut = asyncio.Event()
        self._is_silent = False

    async def __aenter__(self) -> Self:
        await self.socket.accept()
        self._sending = asyncio.create_task(self._send())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._sending.cancel()
        await asyncio.gather(self._sending, return_exceptions=True)

    def say(self, message: dict[str, Any], after_s: float = 0.0) -> None:
        """Send a message, not before its time and not before those that were said earlier."""
        self._out.put_nowait((asyncio.get_running_loop().time() + after_s, json.dumps(message)))

    def hang_up(self, after_s: float = 0.0) -> None:
        """Close the socket when everything has been said."""
        self._out.put_nowait((asyncio.get_running_loop().time() + after_s, None))

    def fail(self, fault: Fault, after_s: float = 0.0) -> None:
        """Stall, break or cut the line when everything has been said."""
        self._out.put_nowait((asyncio.get_running_loop().time() + after_s, fault))

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what the client sends, until the line is cut or closed."""
        cutting = asyncio.ensure_future(self._cut.wait())
        while True:
            receiving = asyncio.ensure_future(self.socket.receive())
            await asyncio.wait((receiving, cutting), return_when=asyncio.FIRST_COMPLETED)
            if not receiving.done():
                receiving.cancel()
                return
            event = receiving.result()
            if event["type"] == "websocket.disconnect":
                cutting.cancel()
                return
            if text := event.get("text"):
                yield json.loads(text)

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s, message = await self._out.get()
            if (wait_s := due_s - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            if isinstance(message, Fault):
                await self._break(message)
            elif message is None:
                await self.socket.close(1000)
                return
            elif not self._is_silent:
                await self.socket.send_text(message)

    async def _break(self, fault: Fault) -> None:
        if fault.kind is Kind.STALL:
            self._is_silent = True
        elif fault.kind is Kind.MALFORMED:
            await self.socket.send_text(BROKEN)
        else:
            self._cut.set()


async def deny(socket: WebSocket, fault: Fault, refusal: tuple[int, dict[str, Any]]) -> None:
    """Fail a handshake: by a refusal, by silence, or by a connection that ends."""
    if fault.kind is Kind.STALL:
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass
    elif fault.kind in {Kind.DROP, Kind.MALFORMED}:
        # An application that returns without an answer makes the server close the connection with a 500.
        return
    else:
        status, body = refusal
        await socket.send_denial_response(JSONResponse(body, status, headers=retry_after(fault)))


def retry_after(fault: Fault) -> dict[str, str]:
    """Return the header that says when to come back, where the fault has one."""
    return {} if fault.retry_after_s is None else {"retry-after": str(fault.retry_after_s)}
