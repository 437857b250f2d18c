"""Hear with OpenAI while the key is held: audio goes out as it comes, the text is nearly there at the release.

https://platform.openai.com/docs/guides/realtime-transcription. One connection serves all utterances; it is made anew
when it breaks. Not responsible for the microphone (`voice.audio`).
"""

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import openai
import websockets
from openai.resources.realtime.realtime import AsyncRealtimeConnection

from voice.errors import VoiceError
from voice.providers import Transcriber
from voice.settings import VoiceSettings
from voice.stt._openai import NAME, as_ours, client_of, refused, stalled, unreachable

SAMPLE_RATE: Final = 24_000
SHORTEST_S: Final = 0.1
"""The service refuses to transcribe less."""

_PREFIX: Final = "conversation.item.input_audio_transcription."
_FORGIVEN: Final = frozenset({"input_audio_buffer_commit_empty"})

logger = logging.getLogger(__name__)


class OpenAiRealtime:
    """Transcription as it is spoken."""

    name = NAME

    def __init__(self, settings: VoiceSettings) -> None:
        self._settings = settings
        self._client = client_of(settings)
        self._keywords: Sequence[str] = ()
        self._connection: AsyncRealtimeConnection | None = None
        self._opening = asyncio.Lock()
        self._receiving: asyncio.Task[None] | None = None
        self._current: _Utterance | None = None

    async def start(self, keywords: Sequence[str]) -> None:
        """Connect, and expect these words from now on."""
        self._keywords = tuple(keywords)
        await (await self.connected()).session.update(session=self._session())

    def begin(self) -> "_Utterance":
        """Return a new utterance."""
        self._current = _Utterance(self, self._settings.timeout_s)
        return self._current

    async def connected(self) -> AsyncRealtimeConnection:
        """Return the connection, a new one where the old one broke.

        Raises:
            VoiceProviderError: the service cannot be reached, or refuses.
        """
        async with self._opening:
            if self._connection is None:
                try:
                    async with asyncio.timeout(self._settings.timeout_s):
                        opening = self._client.realtime.connect(extra_query={"intent": "transcription"})
                        self._connection = await opening.enter()
                        await self._connection.session.update(session=self._session())
                except openai.OpenAIError as error:
                    raise as_ours(error) from error
                except websockets.InvalidStatus as error:
                    body = error.response.body or b""
                    raise refused(error.response.status_code, body.decode("utf-8", "replace")) from error
                except (OSError, TimeoutError, websockets.WebSocketException) as error:
                    raise unreachable() from error
                self._receiving = asyncio.create_task(self._receive(self._connection))
            return self._connection

    async def aclose(self) -> None:
        """Close the connection."""
        if self._receiving is not None:
            self._receiving.cancel()
            await asyncio.gather(self._receiving, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()
            self._connection = None
        await self._client.close()

    def _session(self) -> Any:  # noqa: ANN401 - newer than the SDK's types
        transcription: dict[str, Any] = {
            "model": self._settings.realtime_model,
            "language": self._settings.language,
        }
        if self._keywords:
            transcription["keywords"] = list(self._keywords)
        audio = {
            "format": {"type": "audio/pcm", "rate": SAMPLE_RATE},
            "transcription": transcription,
            "turn_detection": None,
        }
        return {"type": "transcription", "audio": {"input": audio}}

    async def _receive(self, connection: AsyncRealtimeConnection) -> None:
        trouble: VoiceError = unreachable()
        try:
            async for event in connection:
                if self._current is not None:
                    self._current.hear(event)
        except (openai.OpenAIError, websockets.WebSocketException, OSError) as error:
            logger.warning("transcription_away", extra={"fields": {"reason": type(error).__name__}})
        finally:
            self._connection = None
            if self._current is not None:
                self._current.fail(trouble)


class _Utterance:
    """What is being said."""

    sample_rate = SAMPLE_RATE

    def __init__(self, transcriber: OpenAiRealtime, timeout_s: float) -> None:
        self._transcriber = transcriber
        self._timeout_s = timeout_s
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
        self._final: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._final.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._text = ""
        self._bytes = 0
        self._is_over = False
        self._sending = asyncio.create_task(self._send())

    def feed(self, pcm: bytes) -> None:
        """Take in what the microphone heard."""
        if not self._is_over:
            self._bytes += len(pcm)
            self._waiting.put_nowait(pcm)

    async def partials(self) -> AsyncIterator[str]:
        """Yield the text so far, each time it grows."""
        while (text := await self._texts.get()) is not None:
            yield text

    async def finish(self) -> str:
        """Return the text."""
        self._is_over = True
        self._waiting.put_nowait(None)
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._sending
                if self._bytes < SHORTEST_S * SAMPLE_RATE * 2:
                    return ""
                await (await self._transcriber.connected()).input_audio_buffer.commit()
                return (await self._final).strip()
        except TimeoutError as error:
            raise stalled() from error
        except (websockets.WebSocketException, openai.OpenAIError) as error:
            raise unreachable() from error
        finally:
            self._texts.put_nowait(None)

    async def cancel(self) -> None:
        """Forget what was said."""
        self._is_over = True
        self._sending.cancel()
        self._texts.put_nowait(None)
        self._final.cancel()

    def hear(self, event: Any) -> None:  # noqa: ANN401 - events newer than the SDK's types come as they are
        """Take in what the service says."""
        kind = str(event.type)
        if kind == f"{_PREFIX}delta":
            self._text += event.delta
            self._texts.put_nowait(self._text)
        elif kind == f"{_PREFIX}completed":
            if not self._final.done():
                self._final.set_result(event.transcript)
        elif kind in {"error", f"{_PREFIX}failed"}:
            code = str(getattr(event.error, "code", ""))
            if code in _FORGIVEN:
                self._final.set_result("")
            else:
                self.fail(refused(None, f"{code} {event.error.message}"))

    def fail(self, trouble: VoiceError) -> None:
        """End without a text."""
        if not self._final.done():
            self._final.set_exception(trouble)

    async def _send(self) -> None:
        connection = await self._transcriber.connected()
        await connection.input_audio_buffer.clear()
        while (pcm := await self._waiting.get()) is not None:
            pieces, is_last = [pcm], False
            while not self._waiting.empty() and not is_last:
                more = self._waiting.get_nowait()
                is_last = more is None
                pieces += [] if more is None else [more]
            await connection.input_audio_buffer.append(audio=base64.b64encode(b"".join(pieces)).decode())
            if is_last:
                return


def connect(settings: VoiceSettings) -> Transcriber:
    """Return the transcription that the settings name.

    Raises:
        VoiceProviderError: there is no key.
    """
    return OpenAiRealtime(settings)
