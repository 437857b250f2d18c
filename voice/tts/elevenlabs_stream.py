"""Speak with ElevenLabs over one socket that stays open: a context for each answer.

https://elevenlabs.io/docs/api-reference/text-to-speech/v-1-text-to-speech-voice-id-multi-stream-input

The SDK's own socket cannot be kept over several answers. Not responsible for playing (`voice.audio`).
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
import websockets
from websockets.asyncio.client import ClientConnection

from voice.errors import VoiceProviderError
from voice.providers import Speaker, SpokenAudio
from voice.settings import VoiceSettings
from voice.tts._elevenlabs import ELEVENLABS, key_of, opened, refused, socket_url

SAMPLE_RATE: Final = 24_000
SILENCE_S: Final = 5.0
"""Text is sound within half a second; after this silence another voice is tried."""

INACTIVITY_S: Final = 180
"""The longest silence that the service allows on a socket."""

logger = logging.getLogger(__name__)


class _Alignment(msgspec.Struct, frozen=True):
    chars: list[str] | None = None


class _Message(msgspec.Struct, frozen=True, rename="camel"):
    """What of the service's messages is read; audio comes in base64."""

    audio: bytes | None = None
    alignment: _Alignment | None = None
    context_id: str | None = None
    is_final: bool | None = None
    error: str | None = None
    message: str | None = None


_read: Final = msgspec.json.Decoder(_Message).decode


class ElevenLabsSocket:
    """The voice of ElevenLabs, a socket for all answers."""

    name = ELEVENLABS.name

    def __init__(self, settings: VoiceSettings) -> None:
        self._key = key_of(settings)
        self._timeout_s = settings.timeout_s
        self.speed = settings.speed
        query = {
            "model_id": settings.voice_model,
            "output_format": f"pcm_{SAMPLE_RATE}",
            "auto_mode": "true",
            "inactivity_timeout": INACTIVITY_S,
        }
        path = f"/v1/text-to-speech/{quote(settings.voice_id, safe='')}/multi-stream-input"
        self._url = f"{socket_url(settings, path)}?{urlencode(query)}"
        self._socket: ClientConnection | None = None
        self._opening = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._speeches: dict[str, _Speech] = {}
        self._count = 0

    async def start(self) -> None:
        """Open the socket."""
        await self._connected()

    def begin(self) -> "_Speech":
        """Return a new speech; a socket that was closed meanwhile is opened while the answer is thought of."""
        self._count += 1
        if self._socket is None:
            self._spawn(self._warm_up())
        return _Speech(self, f"answer-{self._count}", min(self._timeout_s, SILENCE_S))

    async def socket_for(self, speech: "_Speech") -> ClientConnection:
        """Return the socket, a new one where the old one was closed; what it says to the speech is passed on.

        Raises:
            VoiceProviderError: the service cannot be reached, or refuses.
        """
        socket = await self._connected()
        self._speeches[speech.context] = speech
        return socket

    def forget(self, speech: "_Speech") -> None:
        """Drop whatever still comes for a speech."""
        self._speeches.pop(speech.context, None)

    def abandon(self) -> None:
        """Let the next speech have a new socket: this one has fallen silent."""
        if self._socket is not None:
            self._spawn(self._socket.close())
            self._socket = None

    async def aclose(self) -> None:
        """Close the socket."""
        self.abandon()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _warm_up(self) -> None:
        try:
            await self._connected()
        except VoiceProviderError as error:
            # Whoever speaks next is told; until then it may have passed.
            logger.info("speech_not_ready", extra={"fields": {"kind": error.kind}})

    async def _connected(self) -> ClientConnection:
        async with self._opening:
            if self._socket is None:
                self._socket = await opened(self._url, self._key, self._timeout_s)
                self._spawn(self._receive(self._socket))
            return self._socket

    async def _receive(self, socket: ClientConnection) -> None:
        trouble = ELEVENLABS.trouble("no_network")
        try:
            while True:
                message = _read(await socket.recv(decode=False))
                if message.error is not None:
                    trouble = refused(None, f"{message.error} {message.message}", self._key)
                    break
                self._pass_on(message)
        except websockets.ConnectionClosed as error:
            logger.info("speech_away", extra={"fields": {"code": error.rcvd.code if error.rcvd is not None else None}})
            if error.rcvd is not None and error.rcvd.reason:
                trouble = refused(None, error.rcvd.reason, self._key)
        except msgspec.MsgspecError:
            trouble = ELEVENLABS.trouble("unexpected")
        finally:
            if self._socket is socket:
                self._socket = None
            for speech in self._speeches.values():
                speech.fail(socket, trouble)
            await socket.close()

    def _pass_on(self, message: _Message) -> None:
        # Late audio of an interrupted answer finds nobody, and is dropped.
        speech = self._speeches.get(message.context_id or "")
        if speech is None:
            return
        if message.audio:
            chars = message.alignment.chars if message.alignment is not None else None
            speech.hear(SpokenAudio(message.audio, "".join(chars or ())))
        if message.is_final:
            speech.hear(None)


class _Speech:
    """One answer: one context on the socket."""

    sample_rate = SAMPLE_RATE

    def __init__(self, speaker: ElevenLabsSocket, context: str, timeout_s: float) -> None:
        self.context = context
        self._speaker = speaker
        self._timeout_s = timeout_s
        self._queue: asyncio.Queue[SpokenAudio | VoiceProviderError | None] = asyncio.Queue()
        self._socket: ClientConnection | None = None
        self._trouble: VoiceProviderError | None = None
        self._is_over = self._is_finished = False
        self._is_due = False

    async def say(self, text: str) -> None:
        """Add a sentence or a clause; it is spoken at once."""
        if not self._is_over:
            self._is_due = True
            await self._send({"text": f"{text} ", "context_id": self.context, "flush": True})

    async def finish(self) -> None:
        """Say that no more text comes."""
        if self._socket is None or self._is_over:
            self._queue.put_nowait(None)
            return
        self._is_finished = self._is_due = True
        await self._send({"context_id": self.context, "close_context": True})

    async def audio(self) -> AsyncIterator[SpokenAudio]:
        """Yield the audio in order."""
        try:
            while (item := await self._next()) is not None:
                if isinstance(item, VoiceProviderError):
                    raise item
                self._is_due = self._is_finished
                yield item
        finally:
            self._speaker.forget(self)

    async def cancel(self) -> None:
        """Say no more."""
        if self._is_over:
            return
        self._is_over = True
        self._speaker.forget(self)
        self._queue.put_nowait(None)
        if self._socket is not None and self._trouble is None:
            try:
                await self._send({"context_id": self.context, "close_context": True})
            except VoiceProviderError as error:
                # The socket is gone, and the context with it.
                logger.info("canceled_without_socket", extra={"fields": {"kind": error.kind}})

    def hear(self, item: SpokenAudio | None) -> None:
        """Take in audio, or its end."""
        self._queue.put_nowait(item)

    def fail(self, socket: ClientConnection, trouble: VoiceProviderError) -> None:
        """End here where this is the socket of the speech."""
        if socket is self._socket:
            self._trouble = trouble
            self._queue.put_nowait(trouble)

    async def _send(self, message: dict[str, Any]) -> None:
        """Send a message over the socket that the speech began on: another one does not know of it.

        Raises:
            VoiceProviderError: the service cannot be reached, or refuses.
        """
        if self._trouble is not None:
            raise self._trouble
        try:
            if self._socket is None:
                self._socket = await self._speaker.socket_for(self)
                settings = {"speed": self._speaker.speed}
                opening = {"text": " ", "context_id": self.context, "voice_settings": settings}
                await self._socket.send(json.dumps(opening))
            await self._socket.send(json.dumps(message))
        except websockets.ConnectionClosed as error:
            raise self._trouble or ELEVENLABS.trouble("no_network") from error

    async def _next(self) -> SpokenAudio | VoiceProviderError | None:
        """Return what comes next. The service must speak while text is with it; between sentences it may wait."""
        while True:
            was_due = self._is_due
            try:
                return await asyncio.wait_for(self._queue.get(), self._timeout_s)
            except TimeoutError:
                if was_due and self._is_due:
                    self._speaker.abandon()
                    return ELEVENLABS.trouble("stalled")


def connect(settings: VoiceSettings) -> Speaker:
    """Return the voice that the settings name.

    Raises:
        VoiceProviderError: there is no key.
    """
    return ElevenLabsSocket(settings)
