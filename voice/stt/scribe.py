"""Hear with ElevenLabs Scribe while the key is held: an alternative on the key that speaks already.

https://elevenlabs.io/docs/api-reference/speech-to-text/v-1-speech-to-text-realtime. A socket for each utterance, opened
when it begins. Not responsible for the microphone (`voice.audio`).
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket

from voice.errors import VoiceProviderError
from voice.providers import Transcriber
from voice.settings import VoiceSettings
from voice.tts._elevenlabs import NAME, key_of, refused, stalled

SAMPLE_RATE: Final = 16_000
SHORTEST_S: Final = 0.1


class Scribe:
    """Transcription as it is spoken."""

    name = NAME

    def __init__(self, settings: VoiceSettings) -> None:
        self._key = key_of(settings)
        self.timeout_s = settings.timeout_s
        query = {
            "model_id": settings.scribe_model,
            "audio_format": f"pcm_{SAMPLE_RATE}",
            "language_code": settings.language,
            "commit_strategy": "manual",
        }
        base = settings.elevenlabs_url.replace("http", "ws", 1).rstrip("/")
        self._url = f"{base}/v1/speech-to-text/realtime?{urlencode(query)}"
        self._keywords: Sequence[str] = ()

    async def start(self, keywords: Sequence[str]) -> None:
        """Expect these words from now on."""
        self._keywords = tuple(keywords)

    def begin(self) -> "_Utterance":
        """Return a new utterance."""
        return _Utterance(self)

    async def open(self) -> ClientConnection:
        """Return a socket for one utterance.

        Raises:
            VoiceProviderError: the service cannot be reached, or refuses.
        """
        words = "".join(f"&keyterms={word}" for word in self._keywords)
        try:
            return await open_socket(
                self._url + words,
                additional_headers={"xi-api-key": self._key},
                compression=None,
                max_size=None,
                open_timeout=self.timeout_s,
            )
        except websockets.InvalidStatus as error:
            body = error.response.body or b""
            raise refused(error.response.status_code, body.decode("utf-8", "replace")) from error
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            raise _unheard() from error

    async def aclose(self) -> None:
        """Need nothing: sockets end with their utterance."""


class _Utterance:
    """What is being said."""

    sample_rate = SAMPLE_RATE

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
        self._bytes = 0
        self._running = asyncio.create_task(self._run())
        self._running.add_done_callback(lambda done: done.cancelled() or done.exception())

    def feed(self, pcm: bytes) -> None:
        """Take in what the microphone heard."""
        self._bytes += len(pcm)
        self._waiting.put_nowait(pcm)

    async def partials(self) -> AsyncIterator[str]:
        """Yield the text so far, each time it grows."""
        while (text := await self._texts.get()) is not None:
            yield text

    async def finish(self) -> str:
        """Return the text."""
        if self._bytes < SHORTEST_S * SAMPLE_RATE * 2:
            await self.cancel()
            return ""
        self._waiting.put_nowait(None)
        try:
            async with asyncio.timeout(self._scribe.timeout_s):
                return (await self._running).strip()
        except TimeoutError as error:
            raise stalled() from error
        finally:
            self._texts.put_nowait(None)

    async def cancel(self) -> None:
        """Forget what was said."""
        self._running.cancel()
        self._texts.put_nowait(None)

    async def _run(self) -> str:
        socket = await self._scribe.open()
        async with socket:
            sending = asyncio.create_task(self._send(socket))
            try:
                async for text in socket:
                    message: dict[str, Any] = json.loads(text)
                    kind = str(message.get("message_type"))
                    if kind == "committed_transcript":
                        return str(message["text"])
                    if kind == "partial_transcript":
                        self._texts.put_nowait(str(message["text"]))
                    elif "error" in kind or message.get("error"):
                        raise refused(None, f"{kind} {message.get('error', '')}")
            except websockets.ConnectionClosed as error:
                raise _unheard() from error
            finally:
                sending.cancel()
        raise _unheard()

    async def _send(self, socket: ClientConnection) -> None:
        while True:
            pcm = await self._waiting.get()
            chunk = {
                "message_type": "input_audio_chunk",
                "audio_base_64": base64.b64encode(pcm or b"").decode(),
                "commit": pcm is None,
                "sample_rate": SAMPLE_RATE,
            }
            await socket.send(json.dumps(chunk))
            if pcm is None:
                return


def connect(settings: VoiceSettings) -> Transcriber:
    """Return the transcription that the settings name.

    Raises:
        VoiceProviderError: there is no key.
    """
    return Scribe(settings)


def _unheard() -> VoiceProviderError:
    return VoiceProviderError(NAME, "no_network", "I cannot reach ElevenLabs to hear you. Check the network.")
