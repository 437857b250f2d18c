"""A server that speaks the wire format of Anthropic's Messages API, streamed, and replies from a script.

https://docs.anthropic.com/en/api/messages-streaming. It keeps what it was asked.
"""

import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Block = Mapping[str, Any]
Reply = Sequence[Block] | Callable[[dict[str, Any]], Sequence[Block]]


def text(words: str) -> Block:
    """Return a block of words."""
    return {"type": "text", "text": words}


def tool(name: str, **arguments: object) -> Block:
    """Return a block that calls a tool."""
    return {"type": "tool_use", "id": f"toolu_{name}", "name": name, "input": arguments}


@dataclass
class FakeClaude:
    """The server; `script` is what it replies, in order. `status` is an HTTP error instead, with its type."""

    script: list[Reply] = field(default_factory=list[Reply])
    status: tuple[int, str, str] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def __enter__(self) -> Self:
        app = Starlette(
            routes=[
                Route("/v1/messages", self._messages, methods=["POST"]),
                Route("/v1/models/{model}", self._model),
            ]
        )
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        started = threading.Event()
        startup = self._server.startup

        async def announce(sockets: Any = None) -> None:  # noqa: ANN401 - passed through
            await startup(sockets)
            started.set()

        self._server.startup = announce
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        assert started.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    async def _model(self, request: Request) -> Response:
        return JSONResponse({"type": "model", "id": request.path_params["model"], "display_name": "x"})

    async def _messages(self, request: Request) -> Response:
        body: dict[str, Any] = await request.json()
        self.asked.append(body)
        if self.status is not None:
            status, kind, message = self.status
            return JSONResponse({"type": "error", "error": {"type": kind, "message": message}}, status)
        reply = self.script.pop(0)
        blocks = reply(body) if callable(reply) else reply
        return StreamingResponse(_events(blocks), media_type="text/event-stream")


async def _events(blocks: Sequence[Block]) -> AsyncIterator[bytes]:
    usage = {"input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    message: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "x",
        "content": [],
        "usage": usage,
    }
    yield _event("message_start", message={**message, "stop_reason": None, "stop_sequence": None})
    for index, block in enumerate(blocks):
        is_text = block["type"] == "text"
        empty: Block = text("") if is_text else {**block, "input": {}}
        yield _event("content_block_start", index=index, content_block=empty)
        for piece in _pieces(block["text"] if is_text else json.dumps(block["input"])):
            delta = (
                {"type": "text_delta", "text": piece}
                if is_text
                else {"type": "input_json_delta", "partial_json": piece}
            )
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    reason = "tool_use" if any(block["type"] == "tool_use" for block in blocks) else "end_turn"
    yield _event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": 20})
    yield _event("message_stop")


def _pieces(words: str) -> list[str]:
    return [words[start : start + 7] for start in range(0, len(words), 7)]


def _event(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()
