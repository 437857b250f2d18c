"""ElevenLabs' speech, over a socket with contexts and over HTTP, and its transcription.

https://elevenlabs.io/docs/api-reference/text-to-speech/v-1-text-to-speech-voice-id-multi-stream-input, …/stream, and
…/speech-to-text/v-1-speech-to-text-realtime
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.fakes.voice.faults import REFUSALS, Door, Fault, Kind
from tests.fakes.voice.line import Line, deny, retry_after
from tests.fakes.voice.script import ELEVENLABS_KEY, Growing, Heard, Script
from tests.fakes.voice.sound import CHUNK_S, chunks_of, length_s, tone

_REFUSALS: Final = {
    Kind.BAD_KEY: (401, "invalid_api_key", "auth_error", "Invalid API key {key}"),
    Kind.NO_CREDIT: (402, "quota_exceeded", "quota_exceeded", "This request exceeds your quota, {key}"),
    Kind.RATE_LIMITED: (429, "too_many_concurrent_requests", "rate_limited", "Too many concurrent requests of {key}"),
    Kind.OVERLOADED: (503, "system_busy", "resource_exhausted", "We are busy, {key}"),
    Kind.INVALID: (400, "voice_not_found", "invalid_request", "No such voice for {key}"),
}

COMMITS_AFTER_S: Final = 90
"""Scribe commits what it has heard by itself where nobody asks for it for so long."""

PART_S: Final = 30
"""A commit after so long, together with more audio, is of a part of the saying; any other ends it."""


def refusal_of(kind: Kind, key: str) -> tuple[int, dict[str, Any]]:
    """Return status and body; every message repeats the key, as some servers do, to see that nobody passes it on."""
    status, name, _, message = _REFUSALS[kind]
    return status, {"detail": {"status": name, "message": message.format(key=key)}}


class ElevenLabs:
    """The two ways to speak, and the one to hear."""

    def __init__(self, script: Script) -> None:
        self.script = script

    @property
    def routes(self) -> list[BaseRoute]:
        """Where they are."""
        return [
            WebSocketRoute("/v1/text-to-speech/{voice}/multi-stream-input", self._speech),
            Route("/v1/text-to-speech/{voice}/stream", self._stream, methods=["POST"]),
            WebSocketRoute("/v1/speech-to-text/realtime", self._scribe),
        ]

    async def _speech(self, socket: WebSocket) -> None:
        if await self._is_admitted(socket, Door.SPEECH):
            assert socket.query_params["auto_mode"] == "true"
            async with Line(socket) as line:
                await _Contexts(self.script, line, _rate_of(socket.query_params["output_format"])).serve()

    async def _scribe(self, socket: WebSocket) -> None:
        if await self._is_admitted(socket, Door.SCRIBE):
            async with Line(socket) as line:
                await _transcribe(self.script, line)

    async def _is_admitted(self, socket: WebSocket, door: Door) -> bool:
        key = socket.headers.get("xi-api-key", "")
        fault = self.script.faults.take(door, is_late=False)
        if fault is None and key == ELEVENLABS_KEY:
            return True
        fault = fault or Fault(kind=Kind.BAD_KEY)
        await deny(socket, fault, refusal_of(fault.kind, key) if fault.kind in REFUSALS else (500, {}))
        return False

    async def _stream(self, request: Request) -> Response:
        key = request.headers.get("xi-api-key", "")
        take = self.script.faults.take
        fault = take(Door.STREAM, is_late=False) or take(Door.STREAM, is_late=True)
        if fault is None and key != ELEVENLABS_KEY:
            fault = Fault(kind=Kind.BAD_KEY)
        if fault is not None and fault.kind in REFUSALS:
            status, body = refusal_of(fault.kind, key)
            return JSONResponse(body, status, headers=retry_after(fault))
        body: dict[str, Any] = await request.json()
        self.script.opened.append(body)
        self.script.spoken.append(("http", body["text"]))
        rate_hz = _rate_of(request.query_params["output_format"])
        pcm = tone(length_s(body["text"]), rate_hz, self.script.pitch_of(body["text"]))
        return StreamingResponse(self._sounded(pcm, fault), media_type="audio/pcm")

    async def _sounded(self, pcm: bytes, fault: Fault | None) -> AsyncIterator[bytes]:
        await asyncio.sleep(self.script.pace.first_byte_s)
        self.script.mark("first_byte")
        # Chunks of HTTP know nothing of samples: each ends in the middle of one.
        size = len(pcm) // 10 // 2 * 2 + 1
        for number, start in enumerate(range(0, len(pcm), size)):
            if fault is not None and number == fault.after:
                if fault.kind is Kind.STALL:
                    await asyncio.Event().wait()
                raise ConnectionResetError("cut on demand")
            yield pcm[start : start + size]
            await asyncio.sleep(self.script.pace.chunk_s)


class _Contexts:
    """One socket: contexts speak side by side, each in order."""

    def __init__(self, script: Script, line: Line, rate_hz: int) -> None:
        self._script = script
        self._line = line
        self._rate_hz = rate_hz
        self._texts: dict[str, asyncio.Queue[str | None]] = {}
        self._speaking: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        try:
            async for message in self._line.messages():
                if message.get("close_socket"):
                    break
                self._take(message)
        finally:
            for task in self._speaking:
                task.cancel()
            await asyncio.gather(*self._speaking, return_exceptions=True)

    def _take(self, message: dict[str, Any]) -> None:
        name = message["context_id"]
        text: str = message.get("text") or ""
        if name not in self._texts:
            if message.get("close_context") or not text:
                return
            self._script.opened.append(message)
            self._texts[name] = asyncio.Queue()
            task = asyncio.create_task(self._speak(name, self._texts[name]))
            self._speaking.add(task)
            task.add_done_callback(self._speaking.discard)
        if message.get("close_context"):
            # The text of this message is ignored; what was flushed before is still spoken.
            self._texts.pop(name).put_nowait(None)
            self._script.mark("closed", name)
            return
        if text.strip():
            # With auto_mode every text is spoken at once, flushed or not.
            self._script.spoken.append((name, text))
            self._texts[name].put_nowait(text)

    async def _speak(self, name: str, texts: "asyncio.Queue[str | None]") -> None:
        while (text := await texts.get()) is not None:
            fault = self._script.faults.take(Door.SPEECH, is_late=True)
            await asyncio.sleep(self._script.pace.first_byte_s)
            if fault is not None and fault.kind in REFUSALS:
                self._refuse(fault)
                return
            self._script.mark("first_byte", text)
            chunks = chunks_of(text, self._rate_hz, self._script.pitch_of(text))
            for pcm, said in chunks[: fault.after if fault else None]:
                told = {"alignment": _alignment(said), "normalizedAlignment": _alignment(said)}
                self._line.say({"audio": base64.b64encode(pcm).decode(), "contextId": name, **told})
                await asyncio.sleep(self._script.pace.chunk_s)
            if fault is not None:
                self._line.fail(fault)
                return
        self._line.say({"isFinal": True, "contextId": name})

    def _refuse(self, fault: Fault) -> None:
        _, name, _, message = _REFUSALS[fault.kind]
        self._line.say({"error": name, "message": message.format(key=ELEVENLABS_KEY), "code": 1008})
        self._line.hang_up()


async def _transcribe(script: Script, line: Line) -> None:
    query = line.socket.query_params
    rate_hz = _rate_of(query["audio_format"])
    keywords = tuple(query.getlist("keyterms"))
    line.say({"message_type": "session_started", "session_id": "s1", "config": {"sample_rate": rate_hz}})
    growing, shown, done, committed = Growing(script, rate_hz), "", 0, 0
    async for message in line.messages():
        growing.feed(base64.b64decode(message["audio_base_64"]))
        text = " ".join(growing.words[done:])
        if text != shown:
            line.say({"message_type": "partial_transcript", "text": text}, script.pace.partial_s)
            shown = text
        since_s = (len(growing.pcm) - committed) / 2 / rate_hz
        if since_s >= (PART_S if message["commit"] and message["audio_base_64"] else COMMITS_AFTER_S):
            line.say({"message_type": "committed_transcript", "text": text})
            shown, done, committed = "", len(growing.words), len(growing.pcm)
            continue
        if not message["commit"]:
            continue
        fault, wait_s = script.faults.take(Door.SCRIBE, is_late=True), script.pace.text_s
        if fault is None:
            text = " ".join(script.said().text.split()[done:])
            script.heard.append(
                Heard(by="scribe", pcm=bytes(growing.pcm), rate_hz=rate_hz, keywords=keywords, text=text)
            )
            line.say({"message_type": "committed_transcript", "text": text}, wait_s)
            asyncio.get_running_loop().call_later(wait_s, script.mark, "text", text)
        elif fault.kind in REFUSALS:
            _, _, kind, told = _REFUSALS[fault.kind]
            line.say({"message_type": kind, "error": told.format(key=ELEVENLABS_KEY)}, wait_s)
        else:
            line.fail(fault, wait_s)
        growing, shown, done, committed = Growing(script, rate_hz), "", 0, 0


def _alignment(said: str) -> dict[str, Any]:
    """Return when each character of a chunk is heard, as the format has it."""
    each_ms = round(CHUNK_S * 1_000 / max(len(said), 1))
    starts = [each_ms * index for index in range(len(said))]
    return {"chars": list(said), "charStartTimesMs": starts, "charDurationsMs": [each_ms] * len(said)}


def _rate_of(audio_format: str) -> int:
    kind, _, rate_hz = audio_format.partition("_")
    assert kind == "pcm", audio_format
    return int(rate_hz)
