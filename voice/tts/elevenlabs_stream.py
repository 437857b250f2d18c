"""Speak with ElevenLabs over one socket that stays open: a context for each answer.

https://elevenlabs.io/docs/api-reference/text-to-speech/v-1-text-to-speech-voice-id-multi-stream-input

The SDK's own socket cannot be kept over several answers. Not responsible for playing (`voice.audio`).
"""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import quote, urlencode

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket

from voice.errors import VoiceError, VoiceProviderError
from voice.providers import Speaker, SpokenAudio
from voice.settings import VoiceSettings
from voice.tts._elevenlabs import NAME, SAMPLE_RATE, key_of, refused, stalled, unreachable

INACTIVITY_S: Final = 180
"""The longest silence that the service allows on a socket."""

logger = logging.getLogger(__name__)

_Item = SpokenAudio | VoiceError | None


class ElevenLabsSocket:
    """The voice of ElevenLabs, a socket for all answers."""

    name = NAME

    def __init__(self, settings: VoiceSettings) -> None:
        self._key = key_of(settings)
        self._timeout_s = settings.timeout_s
        self._speed = settings.speed
        query = {
            "model_id": settings.voice_model,
            "output_format": f"pcm_{SAMPLE_RATE}",
            "auto_mode": "true",
            "inactivity_timeout": INACTIVITY_S,
        }
        base = settings.elevenlabs_url.replace("http", "ws", 1).rstrip("/")
        path = f"/v1/text-to-speech/{quote(settings.voice_id, safe='')}/multi-stream-input"
        self._url = f"{base}{path}?{urlencode(query)}"
        self._socket: ClientConnection | None = None
        self._opening = asyncio.Lock()
        self._receiving: asyncio.Task[None] | None = None
        self._speeches: dict[str, asyncio.Queue[_Item]] = {}
        self._count = 0

    async def start(self) -> None:
        """Open the socket."""
        await self._connected()

    def begin(self) -> "_Speech":
        """Return a new speech."""
        self._count += 1
        name = f"answer-{self._count}"
        queue: asyncio.Queue[_Item] = asyncio.Queue()
        self._speeches[name] = queue
        return _Speech(self, name, queue, self._timeout_s)

    async def send(self, message: dict[str, Any]) -> None:
        """Send a message of a speech, on a new socket where the old one was closed.

        Raises:
            VoiceProviderError: the service cannot be reached, or refuses.
        """
        socket = await self._connected()
        try:
            await socket.send(json.dumps(message))
        except websockets.ConnectionClosed as error:
            raise unreachable() from error

    def opening_message(self, context: str) -> dict[str, Any]:
        """Return the message that opens the context of a speech."""
        return {"text": " ", "context_id": context, "voice_settings": {"speed": self._speed}}

    def forget(self, context: str) -> None:
        """Drop whatever still comes for a speech."""
        self._speeches.pop(context, None)

    async def aclose(self) -> None:
        """Close the socket."""
        if self._receiving is not None:
            self._receiving.cancel()
            await asyncio.gather(self._receiving, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def _connected(self) -> ClientConnection:
        async with self._opening:
            if self._socket is None:
                headers = {"xi-api-key": self._key}
                try:
                    self._socket = await open_socket(
                        self._url,
                        additional_headers=headers,
                        compression=None,
                        max_size=None,
                        open_timeout=self._timeout_s,
                    )
                except websockets.InvalidStatus as error:
                    body = error.response.body or b""
                    raise refused(error.response.status_code, body.decode("utf-8", "replace")) from error
                except (OSError, TimeoutError, websockets.WebSocketException) as error:
                    raise unreachable() from error
                self._receiving = asyncio.create_task(self._receive(self._socket))
            return self._socket

    async def _receive(self, socket: ClientConnection) -> None:
        trouble: VoiceError = unreachable()
        try:
            async for text in socket:
                message: dict[str, Any] = json.loads(text)
                if message.get("error"):
                    trouble = refused(None, f"{message['error']} {message.get('message', '')}")
                    break
                self._pass_on(message)
        except websockets.ConnectionClosed as error:
            if error.rcvd is not None and error.rcvd.reason:
                trouble = refused(None, error.rcvd.reason)
        except ValueError:
            logger.warning("speech_unreadable")
        finally:
            self._socket = None
            for queue in self._speeches.values():
                queue.put_nowait(trouble)

    def _pass_on(self, message: dict[str, Any]) -> None:
        # Late audio of an interrupted answer finds nobody, and is dropped.
        queue = self._speeches.get(str(message.get("contextId")))
        if queue is None:
            return
        if message.get("audio"):
            alignment: dict[str, Any] = message.get("alignment") or {}
            queue.put_nowait(SpokenAudio(base64.b64decode(message["audio"]), "".join(alignment.get("chars", ()))))
        if message.get("isFinal"):
            queue.put_nowait(None)


class _Speech:
    """One answer: one context on the socket."""

    sample_rate = SAMPLE_RATE

    def __init__(
        self, speaker: ElevenLabsSocket, context: str, queue: "asyncio.Queue[_Item]", timeout_s: float
    ) -> None:
        self._speaker = speaker
        self._context = context
        self._queue = queue
        self._timeout_s = timeout_s
        self._is_open = self._is_over = self._is_finished = False
        self._is_due = False

    async def say(self, text: str) -> None:
        """Add a sentence or a clause; it is spoken at once."""
        if self._is_over:
            return
        if not self._is_open:
            self._is_open = True
            await self._speaker.send(self._speaker.opening_message(self._context))
        self._is_due = True
        await self._speaker.send({"text": f"{text} ", "context_id": self._context, "flush": True})

    async def finish(self) -> None:
        """Say that no more text comes."""
        if not self._is_open or self._is_over:
            self._queue.put_nowait(None)
            return
        self._is_finished = self._is_due = True
        await self._speaker.send({"context_id": self._context, "close_context": True})

    async def audio(self) -> AsyncIterator[SpokenAudio]:
        """Yield the audio in order."""
        while (item := await self._next()) is not None:
            if isinstance(item, VoiceError):
                raise item
            self._is_due = self._is_finished
            yield item
        self._speaker.forget(self._context)

    async def _next(self) -> _Item:
        """Return what comes next. The service must speak while text is with it; between sentences it may wait."""
        while True:
            was_due = self._is_due
            try:
                return await asyncio.wait_for(self._queue.get(), self._timeout_s)
            except TimeoutError:
                if was_due and self._is_due:
                    return stalled()

    async def cancel(self) -> None:
        """Say no more."""
        if self._is_over:
            return
        self._is_over = True
        self._speaker.forget(self._context)
        self._queue.put_nowait(None)
        if self._is_open:
            try:
                await self._speaker.send({"context_id": self._context, "close_context": True})
            except VoiceProviderError:
                # The socket is gone, and the context with it.
                logger.info("cancelled_without_socket")


def connect(settings: VoiceSettings) -> Speaker:
    """Return the voice that the settings name.

    Raises:
        VoiceProviderError: there is no key.
    """
    return ElevenLabsSocket(settings)
