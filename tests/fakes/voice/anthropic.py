"""Anthropic's Messages API, streamed: https://docs.anthropic.com/en/api/messages-streaming."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from tests.fakes.voice.faults import REFUSALS, Door, Fault, Kind
from tests.fakes.voice.line import retry_after
from tests.fakes.voice.replies import Block, text
from tests.fakes.voice.script import ANTHROPIC_KEY, Script
from tests.fakes.voice.thoughts import Thoughts

_REFUSALS: Final = {
    Kind.BAD_KEY: (401, "authentication_error", "invalid x-api-key {key}"),
    Kind.NO_CREDIT: (400, "invalid_request_error", "Your credit balance is too low to access the API: {key}"),
    Kind.RATE_LIMITED: (429, "rate_limit_error", "This request would exceed the rate limit of {key}"),
    Kind.OVERLOADED: (529, "overloaded_error", "Overloaded {key}"),
    Kind.INVALID: (400, "invalid_request_error", "messages: at least one message is required, {key}"),
}
_USAGE: Final = {
    "input_tokens": 10,
    "output_tokens": 1,
    "cache_read_input_tokens": 0,
    "cache_creation_input_tokens": 0,
}


def refusal_of(kind: Kind, key: str) -> tuple[int, dict[str, Any]]:
    """Return status and body; every message repeats the key, as some servers do, to see that nobody passes it on."""
    status, name, message = _REFUSALS[kind]
    return status, {"type": "error", "error": {"type": name, "message": message.format(key=key)}}


class Anthropic:
    """Claude."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._thoughts = Thoughts()

    @property
    def routes(self) -> list[BaseRoute]:
        """Where it is."""
        return [
            Route("/v1/messages", self._messages, methods=["POST"]),
            Route("/v1/models/{model}", self._model),
        ]

    async def _model(self, request: Request) -> Response:
        if _key_of(request) != ANTHROPIC_KEY:
            return _refuse(Fault(kind=Kind.BAD_KEY), _key_of(request))
        return JSONResponse({"type": "model", "id": request.path_params["model"], "display_name": "x"})

    async def _messages(self, request: Request) -> Response:
        body: dict[str, Any] = await request.json()
        key = _key_of(request)
        fault = self.script.faults.take(Door.CLAUDE, is_late=False)
        if fault is None and key != ANTHROPIC_KEY:
            fault = Fault(kind=Kind.BAD_KEY)
        if fault is not None and fault.kind in REFUSALS:
            return _refuse(fault, key)
        fault = fault or self.script.faults.take(Door.CLAUDE, is_late=True)
        self.script.asked.append(body)
        if (objection := self._thoughts.objection(body)) is not None:
            refusal = {"type": "error", "error": {"type": "invalid_request_error", "message": objection}}
            return JSONResponse(refusal, 400)
        reply = self.script.replies.pop(0) if self.script.replies else self.script.otherwise
        assert reply is not None, "Claude was asked more often than the script says"
        blocks = reply(body) if callable(reply) else reply
        self._thoughts.note(body, blocks)
        return StreamingResponse(self._told(blocks, fault, key), media_type="text/event-stream")

    async def _told(self, blocks: Sequence[Block], fault: Fault | None, key: str) -> AsyncIterator[bytes]:
        """Tell the events; a fault comes after so many deltas."""
        pace, deltas = self.script.pace, 0
        for event in _events(blocks):
            is_delta = event["type"] == "content_block_delta"
            if fault is not None and (is_delta or event["type"] == "message_delta") and deltas >= fault.after:
                async for piece in _failed(fault, key):
                    yield piece
                return
            if is_delta:
                wait_s = pace.first_token_s if deltas == 0 else 1 / pace.tokens_per_s if pace.tokens_per_s else 0.0
                if wait_s:
                    await asyncio.sleep(wait_s)
                if deltas == 0:
                    self.script.mark("first_token")
                deltas += 1
            yield _told(event)
        self.script.mark("replied")


async def _failed(fault: Fault, key: str) -> AsyncIterator[bytes]:
    if fault.kind in REFUSALS:
        yield _told({**refusal_of(fault.kind, key)[1]})
    elif fault.kind is Kind.STALL:
        await asyncio.Event().wait()
    elif fault.kind is Kind.MALFORMED:
        yield b'event: content_block_delta\ndata: {"type": "content_bl\n\n'
    else:
        raise ConnectionResetError("cut on demand")


def _events(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    message: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "model": "x", "content": []}
    message |= {"usage": _USAGE, "stop_reason": None, "stop_sequence": None}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": message}, {"type": "ping"}]
    for index, block in enumerate(blocks):
        empty, deltas = _pieces_of(block)
        events.append({"type": "content_block_start", "index": index, "content_block": empty})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    reason = "tool_use" if any(block["type"] == "tool_use" for block in blocks) else "end_turn"
    stop = {"stop_reason": reason, "stop_sequence": None}
    return [*events, {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 20}}, {"type": "message_stop"}]


def _pieces_of(block: Block) -> tuple[Block, list[dict[str, Any]]]:
    """Return what a block begins with, and what is added to it."""
    match block["type"]:
        case "text":
            words = [piece for piece in re.findall(r"\S*\s*", block["text"]) if piece]
            return text(""), [{"type": "text_delta", "text": piece} for piece in words]
        case "thinking":
            thoughts = [{"type": "thinking_delta", "thinking": piece} for piece in _sevens(block["thinking"])]
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {**block, "thinking": "", "signature": ""}, [*thoughts, signed]
        case "redacted_thinking":
            return block, []
        case _:
            pieces = _sevens(json.dumps(block["input"]))
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]


def _sevens(words: str) -> list[str]:
    return ["", *(words[start : start + 7] for start in range(0, len(words), 7))]


def _told(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _key_of(request: Request) -> str:
    return request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")


def _refuse(fault: Fault, key: str) -> Response:
    status, body = refusal_of(fault.kind, key)
    return JSONResponse(body, status, headers=retry_after(fault))
