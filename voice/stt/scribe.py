"""Hear with ElevenLabs Scribe while the key is held: an alternative on the key that speaks already.

https://elevenlabs.io/docs/api-reference/speech-to-text/v-1-speech-to-text-realtime. A socket for each utterance, opened
when it begins: nobody waits for it, since the person speaks meanwhile. The service takes several on one socket, but it
knows no way to drop the audio of one that is canceled, does not tell which one a text belongs to, takes the words to
expect at the opening only, and ends a session that is quiet: a socket that is kept could lose, or mix, what was said.
Not responsible for the microphone (`voice.audio`).
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from typing import Final
from urllib.parse import urlencode

import msgspec
import websockets
from websockets.asyncio.client import ClientConnection

from voice.errors import VoiceProviderError
from voice.providers import Transcriber
from voice.settings import VoiceSettings
from voice.strangers import keywords as usable
from voice.tts._elevenlabs import ELEVENLABS, key_of, opened, refused, socket_url

SAMPLE_RATE: Final = 16_000
SHORTEST_S: Final = 0.1
MAX_KEYWORDS: Final = 50
"""More are refused by the service."""

FINAL_S: Final = 8.0
"""What was heard while it was spoken is text within a second; after this another way is tried."""

PART_S: Final = 60.0
"""The service commits by itself what it has heard for ninety seconds: what is longer is committed in parts before."""

_NOTHING: Final = frozenset({"insufficient_audio_activity", "commit_throttled"})
"""Too little was said since the last commit."""


class _Message(msgspec.Struct, frozen=True):
    """What of the service's messages is read."""

    message_type: str
    text: str = ""
    error: str | None = None


_read: Final = msgspec.json.Decoder(_Message).decode


class Scribe:
    """Transcription as it is spoken."""

    name = ELEVENLABS.name

    def __init__(self, settings: VoiceSettings) -> None:
        self.key = key_of(settings)
        self.timeout_s = settings.timeout_s
        self._query = {
            "model_id": settings.scribe_model,
            "audio_format": f"pcm_{SAMPLE_RATE}",
            "language_code": settings.language,
            "commit_strategy": "manual",
        }
        self._url = socket_url(settings, "/v1/speech-to-text/realtime")
        self._keywords: list[str] = []
        self._running: set[asyncio.Task[None]] = set()

    async def start(self, keywords: Sequence[str]) -> None:
        """Expect these words from now on."""
        self._keywords = usable(keywords, MAX_KEYWORDS)

    def begin(self) -> "_Utterance":
        """Return a new utterance."""
        utterance = _Utterance(self)
        self._running.add(utterance.running)
        utterance.running.add_done_callback(self._running.discard)
        return utterance

    async def open(self) -> ClientConnection:
        """Return a socket for one utterance.

        Raises:
            VoiceProviderError: the service cannot be reached, or refuses.
        """
        query = urlencode([*self._query.items(), *(("keyterms", word) for word in self._keywords)])
        return await opened(f"{self._url}?{query}", self.key, self.timeout_s)

    async def aclose(self) -> None:
        """Close the sockets of utterances that are not over."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class _Utterance:
    """What is being said."""

    sample_rate = SAMPLE_RATE

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
        self._bytes = 0
        self._commits = 0
        self._is_complete = False
        self._final: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        # Nobody may ever ask for the text of an utterance that is canceled.
        self._final.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.running = asyncio.create_task(self._run())

    def feed(self, pcm: bytes) -> None:
        """Take in what the microphone heard."""
        self._bytes += len(pcm)
        self._waiting.put_nowait(pcm)

    async def partials(self) -> AsyncIterator[str]:
        """Yield the text so far, each time it changes."""
        while (text := await self._texts.get()) is not None:
            yield text

    async def finish(self) -> str:
        """Return the text."""
        if self._bytes < SHORTEST_S * SAMPLE_RATE * 2:
            await self.cancel()
            return ""
        self._waiting.put_nowait(None)
        try:
            async with asyncio.timeout(min(self._scribe.timeout_s, FINAL_S)):
                return (await self._final).strip()
        except TimeoutError as error:
            self.running.cancel()
            raise ELEVENLABS.trouble("stalled") from error
        finally:
            self._texts.put_nowait(None)

    async def cancel(self) -> None:
        """Forget what was said."""
        self.running.cancel()
        self._final.cancel()
        self._texts.put_nowait(None)

    async def _run(self) -> None:
        try:
            async with await self._scribe.open() as socket:
                sending = asyncio.create_task(self._send(socket))
                try:
                    # Nobody waits for the farewell: the text counts as soon as it is there.
                    self._final.set_result(await self._hear(socket))
                finally:
                    sending.cancel()
                    await asyncio.gather(sending, return_exceptions=True)
        except VoiceProviderError as error:
            self._fail(error)
        except msgspec.MsgspecError:
            self._fail(ELEVENLABS.trouble("unexpected"))
        except websockets.ConnectionClosed:
            self._fail(ELEVENLABS.trouble("no_network"))

    async def _hear(self, socket: ClientConnection) -> str:
        parts: list[str] = []
        while True:
            message = _read(await socket.recv(decode=False))
            if message.message_type == "committed_transcript":
                parts.append(message.text)
                if self._is_complete and len(parts) == self._commits:
                    return _joined(parts)
            elif message.message_type == "partial_transcript":
                self._texts.put_nowait(_joined([*parts, message.text]))
            elif message.message_type in _NOTHING:
                return _joined(parts)
            elif message.error is not None:
                raise refused(None, f"{message.message_type} {message.error}", self._scribe.key)

    def _fail(self, trouble: VoiceProviderError) -> None:
        if not self._final.done():
            self._final.set_exception(trouble)

    async def _send(self, socket: ClientConnection) -> None:
        since_commit = 0
        while not self._is_complete:
            pcm = await self._waiting.get()
            self._is_complete = pcm is None
            since_commit += len(pcm or b"")
            is_commit = self._is_complete or since_commit >= PART_S * SAMPLE_RATE * 2
            if is_commit:
                self._commits += 1
                since_commit = 0
            chunk = {
                "message_type": "input_audio_chunk",
                "audio_base_64": base64.b64encode(pcm or b"").decode(),
                "commit": is_commit,
                "sample_rate": SAMPLE_RATE,
            }
            await socket.send(json.dumps(chunk))


def _joined(parts: Sequence[str]) -> str:
    return " ".join(part.strip() for part in parts if part.strip())


def connect(settings: VoiceSettings) -> Transcriber:
    """Return the transcription that the settings name.

    Raises:
        VoiceProviderError: there is no key.
    """
    return Scribe(settings)
