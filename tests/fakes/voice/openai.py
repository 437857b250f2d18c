"""OpenAI's transcription, while it is spoken and afterwards.

https://platform.openai.com/docs/api-reference/realtime-server-events and …/audio/createTranscription
"""

import asyncio
import base64
import io
import json
import re
import wave
from collections.abc import AsyncIterator
from itertools import count
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.fakes.voice.faults import REFUSALS, Door, Fault, Kind
from tests.fakes.voice.line import Line, deny, retry_after
from tests.fakes.voice.script import OPENAI_KEY, Growing, Heard, Script

RATE_HZ: Final = 24_000
SHORTEST_S: Final = 0.1
KEYWORD: Final = re.compile(r"[A-Za-z0-9]{2,12}")
_PREFIX: Final = "conversation.item.input_audio_transcription"
_REFUSALS: Final = {
    Kind.BAD_KEY: (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: {key}."),
    Kind.NO_CREDIT: (429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota: {key}."),
    Kind.RATE_LIMITED: (429, "requests", "rate_limit_exceeded", "Rate limit reached for {key}."),
    Kind.OVERLOADED: (503, "server_error", "server_error", "The server is overloaded: {key}."),
    Kind.INVALID: (400, "invalid_request_error", "invalid_value", "Invalid model for {key}."),
}


def refusal_of(kind: Kind, key: str) -> tuple[int, dict[str, Any]]:
    """Return status and body; every message repeats the key, as some servers do, to see that nobody passes it on."""
    status, family, code, message = _REFUSALS[kind]
    return status, {"error": {"message": message.format(key=key), "type": family, "code": code, "param": None}}


class OpenAi:
    """The two ways to be heard."""

    def __init__(self, script: Script) -> None:
        self.script = script

    @property
    def routes(self) -> list[BaseRoute]:
        """Where they are."""
        return [
            WebSocketRoute("/v1/realtime", self._realtime),
            Route("/v1/audio/transcriptions", self._transcriptions, methods=["POST"]),
        ]

    async def _realtime(self, socket: WebSocket) -> None:
        fault = self.script.faults.take(Door.REALTIME, is_late=False)
        key = socket.headers.get("authorization", "").removeprefix("Bearer ")
        if fault is None and key != OPENAI_KEY:
            fault = Fault(kind=Kind.BAD_KEY)
        if fault is not None:
            await deny(socket, fault, refusal_of(fault.kind, key) if fault.kind in REFUSALS else (500, {}))
            return
        async with Line(socket) as line:
            await _Session(self.script, line, key).serve()

    async def _transcriptions(self, request: Request) -> Response:
        fault = self.script.faults.take(Door.BATCH, is_late=False) or self.script.faults.take(Door.BATCH, is_late=True)
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if fault is None and key != OPENAI_KEY:
            fault = Fault(kind=Kind.BAD_KEY)
        if fault is not None and fault.kind in REFUSALS:
            status, body = refusal_of(fault.kind, key)
            return JSONResponse(body, status, headers=retry_after(fault))
        async with request.form() as form:
            file: Any = form["file"]
            pcm, rate_hz = _read_wav(await file.read())
            keywords = tuple(str(word) for word in form.getlist("keywords[]"))
            is_streamed = form.get("stream") == "true"
        text = self.script.next_saying.text
        if fault is None:
            self.script.said()
            self.script.heard.append(Heard(by="batch", pcm=pcm, rate_hz=rate_hz, keywords=keywords, text=text))
        await asyncio.sleep(self.script.pace.text_s)
        self.script.mark("text", text)
        if is_streamed:
            return StreamingResponse(_told(text, fault), media_type="text/event-stream")
        return StreamingResponse(_whole(text, fault), media_type="application/json")


async def _whole(text: str, fault: Fault | None) -> AsyncIterator[bytes]:
    body = json.dumps({"text": text, "usage": {"type": "duration", "seconds": 1}}).encode()
    if fault is None:
        yield body
        return
    yield body[:7]
    if fault.kind is Kind.STALL:
        await asyncio.Event().wait()
    elif fault.kind is not Kind.MALFORMED:
        raise ConnectionResetError("cut on demand")


async def _told(text: str, fault: Fault | None) -> AsyncIterator[bytes]:
    """Tell a transcript by its words, as server-sent events."""
    for number, word in enumerate(text.split()):
        if fault is not None and number == fault.after:
            break
        yield _event({"type": "transcript.text.delta", "delta": word if number == 0 else f" {word}"})
    if fault is None:
        yield _event({"type": "transcript.text.done", "text": text, "usage": {"type": "duration", "seconds": 1}})
        yield b"data: [DONE]\n\n"
    elif fault.kind is Kind.STALL:
        await asyncio.Event().wait()
    elif fault.kind is Kind.MALFORMED:
        yield b'data: {"type": "transcript.te\n\n'
    else:
        raise ConnectionResetError("cut on demand")


class _Session:
    """One socket."""

    def __init__(self, script: Script, line: Line, key: str) -> None:
        self._script = script
        self._line = line
        self._key = key
        self._events = count(1)
        self._item = 1
        self._shown = 0
        self._growing = Growing(script, RATE_HZ)
        self._session: dict[str, Any] = {
            "id": "sess_1",
            "object": "realtime.transcription_session",
            "type": "transcription",
        }

    async def serve(self) -> None:
        self._say("session.created", session=self._session)
        async for message in self._line.messages():
            match message["type"]:
                case "session.update":
                    self._update(message["session"])
                case "input_audio_buffer.append":
                    self._growing.feed(base64.b64decode(message["audio"]))
                    self._show(self._growing.words, self._script.pace.partial_s)
                case "input_audio_buffer.clear":
                    self._growing, self._shown = Growing(self._script, RATE_HZ), 0
                    self._item += 1
                    self._say("input_audio_buffer.cleared")
                case "input_audio_buffer.commit":
                    self._commit()
                case _:
                    self._error("invalid_request_error", "unknown_event", "There is no such event.")

    def _update(self, session: dict[str, Any]) -> None:
        told: dict[str, Any] = session["audio"]["input"]
        keywords: list[str] = told["transcription"].get("keywords", [])
        if told["format"] != {"type": "audio/pcm", "rate": RATE_HZ} or told["turn_detection"] is not None:
            self._error("invalid_request_error", "invalid_value", "Only 24 kHz PCM, committed by the client.")
        elif wrong := [word for word in keywords if not KEYWORD.fullmatch(word)]:
            self._error("invalid_request_error", "invalid_value", f"Invalid keyword: {wrong[0]}")
        else:
            self._session |= session
            self._script.opened.append(session)
            self._say("session.updated", session=self._session)

    def _commit(self) -> None:
        heard = bytes(self._growing.pcm)
        if len(heard) < SHORTEST_S * RATE_HZ * 2:
            self._error("invalid_request_error", "input_audio_buffer_commit_empty", "The buffer is too small.")
            return
        self._say("input_audio_buffer.committed", item_id=f"item_{self._item}", previous_item_id=None)
        fault = self._script.faults.take(Door.REALTIME, is_late=True)
        wait_s = self._script.pace.text_s
        if fault is not None:
            self._fail(fault, wait_s)
        else:
            saying = self._script.said()
            keywords = tuple(self._session["audio"]["input"]["transcription"].get("keywords", ()))
            self._script.heard.append(
                Heard(by="realtime", pcm=heard, rate_hz=RATE_HZ, keywords=keywords, text=saying.text)
            )
            self._show(saying.text.split(), wait_s)
            usage = {"type": "duration", "seconds": len(heard) / RATE_HZ / 2}
            self._say(f"{_PREFIX}.completed", wait_s, **self._of_item, transcript=saying.text, usage=usage)
            asyncio.get_running_loop().call_later(wait_s, self._script.mark, "text", saying.text)
        self._growing, self._shown = Growing(self._script, RATE_HZ), 0
        self._item += 1

    def _fail(self, fault: Fault, wait_s: float) -> None:
        if fault.kind in REFUSALS:
            error = refusal_of(fault.kind, self._key)[1]["error"]
            self._say(f"{_PREFIX}.failed", wait_s, **self._of_item, error=error)
            return
        self._show(self._script.next_saying.text.split()[: fault.after], wait_s)
        self._line.fail(fault, wait_s)

    def _show(self, words: Any, after_s: float) -> None:  # noqa: ANN401 - a sequence of words
        for number in range(self._shown, len(words)):
            delta = words[number] if number == 0 else f" {words[number]}"
            self._say(f"{_PREFIX}.delta", after_s, **self._of_item, delta=delta)
        self._shown = max(self._shown, len(words))

    @property
    def _of_item(self) -> dict[str, Any]:
        return {"item_id": f"item_{self._item}", "content_index": 0}

    def _error(self, family: str, code: str, message: str) -> None:
        self._say("error", error={"type": family, "code": code, "message": message, "param": None, "event_id": None})

    def _say(self, kind: str, after_s: float = 0.0, **fields: Any) -> None:  # noqa: ANN401 - as the format has it
        self._line.say({"event_id": f"event_{next(self._events)}", "type": kind, **fields}, after_s)


def _read_wav(data: bytes) -> tuple[bytes, int]:
    with wave.open(io.BytesIO(data)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth()) == (1, 2)
        return reader.readframes(reader.getnframes()), reader.getframerate()


def _event(body: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(body)}\n\n".encode()
