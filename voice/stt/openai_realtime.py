"""Hear with OpenAI while the key is held: audio goes out as it comes, the text is nearly there at the release.

https://platform.openai.com/docs/guides/realtime-transcription. One connection serves all utterances; it is made anew
when it breaks. Not responsible for the microphone (`voice.audio`).
"""

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Collection, Coroutine, Sequence
from typing import Any, Final, cast

import msgspec
import openai
import websockets
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import AudioTranscriptionParam, RealtimeTranscriptionSessionCreateRequestParam
from websockets.http11 import Response

from voice.errors import VoiceError, VoiceProviderError
from voice.providers import Transcriber
from voice.refusals import wait_of
from voice.settings import VoiceSettings
from voice.strangers import keywords as usable
from voice.stt._line import Event, Line, Trouble, read_event
from voice.stt._openai import OPENAI, as_ours, client_of

SAMPLE_RATE: Final = 24_000
SHORTEST_S: Final = 0.1
"""The service refuses to transcribe less."""

MAX_KEYWORDS: Final = 100
FINAL_S: Final = 8.0
"""What was heard while it was spoken is text within a second; after this another way is tried."""

_TRANSCRIPTION: Final = "conversation.item.input_audio_transcription."
_CLEARED: Final = "input_audio_buffer.cleared"
_COMMITTED: Final = "input_audio_buffer.committed"
_EMPTY: Final = "input_audio_buffer_commit_empty"
# A service that does not answer a farewell is not waited for; the SDK passes on what its types leave out.
_OPTIONS: Final = cast("Any", {"close_timeout": 1})
_BROKEN: Final = (openai.OpenAIError, websockets.WebSocketException, OSError)

logger = logging.getLogger(__name__)


class OpenAiRealtime:
    """Transcription as it is spoken."""

    name = OPENAI.name

    def __init__(self, settings: VoiceSettings) -> None:
        self._settings = settings
        self._client = client_of(settings)
        self._keywords: list[str] = []
        self._line: Line | None = None
        self._opening = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._current: _Utterance | None = None

    async def start(self, keywords: Sequence[str]) -> None:
        """Connect, and expect these words from now on."""
        self._keywords = usable(keywords, MAX_KEYWORDS)
        is_open = self._line is not None
        line = await self.connected()
        if is_open:
            try:
                await line.connection.session.update(session=self._session())
            except _BROKEN as error:
                raise OPENAI.trouble("no_network") from error

    def begin(self) -> "_Utterance":
        """Return a new utterance."""
        self._current = _Utterance(self, min(self._settings.timeout_s, FINAL_S))
        self._spawn(self._current.send())
        return self._current

    async def connected(self) -> Line:
        """Return the connection, a new one where the old one broke.

        Raises:
            VoiceProviderError: the service cannot be reached, or refuses.
        """
        async with self._opening:
            if self._line is None:
                self._line = Line(await self._connect())
                self._spawn(self._receive(self._line))
            return self._line

    def abandon(self) -> None:
        """Let the next utterance have a new connection: this one has fallen silent."""
        if self._line is not None:
            self._spawn(self._line.connection.close())
            self._line = None

    def refused(self, trouble: Trouble) -> VoiceProviderError:
        """Return the error for what the service says of an utterance."""
        return OPENAI.refusal(None, f"{trouble.code} {trouble.message}", key=self._client.api_key)

    async def aclose(self) -> None:
        """Close the connection."""
        self.abandon()
        if self._current is not None:
            await self._current.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> AsyncRealtimeConnection:
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                opening = self._client.realtime.connect(
                    extra_query={"intent": "transcription"}, websocket_connection_options=_OPTIONS
                )
                connection = await opening.enter()
                await connection.session.update(session=self._session())
        except websockets.InvalidStatus as error:
            raise self._refused_at_the_door(error.response) from error
        except openai.OpenAIError as error:
            raise as_ours(error, self._client) from error
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            raise OPENAI.trouble("no_network") from error
        return connection

    def _refused_at_the_door(self, response: Response) -> VoiceProviderError:
        body = (response.body or b"").decode("utf-8", "replace")
        return OPENAI.refusal(response.status_code, body, key=self._client.api_key, wait_s=wait_of(response.headers))

    def _session(self) -> RealtimeTranscriptionSessionCreateRequestParam:
        transcription: AudioTranscriptionParam = {
            "model": self._settings.realtime_model,
            "language": self._settings.language,
        }
        if self._keywords:
            transcription["keywords"] = self._keywords
        return {
            "type": "transcription",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": SAMPLE_RATE},
                    "transcription": transcription,
                    "turn_detection": None,
                }
            },
        }

    async def _receive(self, line: Line) -> None:
        trouble: VoiceError = OPENAI.trouble("no_network")
        try:
            while True:
                event = read_event(await line.connection.recv_bytes())
                if self._current is not None and line.is_about(self._current, event):
                    self._current.hear(event)
        except msgspec.MsgspecError:
            trouble = OPENAI.trouble("unexpected")
            logger.warning("transcription_unreadable")
        except _BROKEN as error:
            logger.info("transcription_away", extra={"fields": {"reason": type(error).__name__}})
        finally:
            if self._line is line:
                self._line = None
                if self._current is not None:
                    self._current.fail(trouble)
            await line.connection.close()


class _Utterance:
    """What is being said.

    `openings` are the answers with which the service begins to speak of it: some servers never say that the buffer was
    cleared. `others` are the items that were made of what was said before.
    """

    sample_rate = SAMPLE_RATE

    def __init__(self, transcriber: OpenAiRealtime, timeout_s: float) -> None:
        self._transcriber = transcriber
        self._timeout_s = timeout_s
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
        self._final: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        # Nobody may ever ask for the text of an utterance that is canceled.
        self._final.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._text = ""
        self._is_over = self._is_canceled = False
        self.openings: set[tuple[str, int]] = set()
        self.is_open = False
        self.others: frozenset[str] = frozenset()

    def feed(self, pcm: bytes) -> None:
        """Take in what the microphone heard."""
        if not self._is_over:
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
                return (await self._final).strip()
        except TimeoutError as error:
            self._transcriber.abandon()
            raise OPENAI.trouble("stalled") from error
        finally:
            self._texts.put_nowait(None)

    async def cancel(self) -> None:
        """Forget what was said."""
        # What is being sent is not cut short: the service's answers are counted.
        self._is_over = self._is_canceled = True
        self._waiting.put_nowait(None)
        self._texts.put_nowait(None)
        self._final.cancel()

    def open(self, others: Collection[str]) -> None:
        """Begin to listen to the service: it has dropped the audio of what was said before."""
        self.is_open = True
        self.others = frozenset(others)

    def hear(self, event: Event) -> None:
        """Take in what the service says."""
        if event.error is not None:
            if event.error.code == _EMPTY:
                self._end("")
            else:
                self.fail(self._transcriber.refused(event.error))
        elif event.type == f"{_TRANSCRIPTION}delta":
            self._text += event.delta or ""
            self._texts.put_nowait(self._text)
        elif event.type == f"{_TRANSCRIPTION}completed":
            self._end(event.transcript or "")

    def fail(self, trouble: VoiceError) -> None:
        """End without a text."""
        if not self._final.done():
            self._final.set_exception(trouble)

    def _end(self, text: str) -> None:
        if not self._final.done():
            self._final.set_result(text)

    async def send(self) -> None:
        """Send the audio as it comes, and ask for the text at the end."""
        sent = 0
        try:
            line = await self._transcriber.connected()
            buffer = line.connection.input_audio_buffer
            self.openings.add(line.ask(_CLEARED))
            await buffer.clear()
            while (pcm := await self._next()) is not None:
                await buffer.append(audio=base64.b64encode(pcm).decode())
                sent += len(pcm)
            if sent < SHORTEST_S * SAMPLE_RATE * 2:
                self._end("")
            elif not self._is_canceled:
                self.openings.add(line.ask(_COMMITTED))
                await buffer.commit()
        except VoiceProviderError as error:
            self.fail(error)
        except _BROKEN:
            self.fail(OPENAI.trouble("no_network"))

    async def _next(self) -> bytes | None:
        """Return all the audio that waits; None after the last of it."""
        pcm = await self._waiting.get()
        while pcm is not None and not self._waiting.empty():
            more = self._waiting.get_nowait()
            if more is None:
                # The end is taken up again after what came before it.
                self._waiting.put_nowait(None)
                break
            pcm += more
        return pcm


def connect(settings: VoiceSettings) -> Transcriber:
    """Return the transcription that the settings name.

    Raises:
        VoiceProviderError: there is no key.
    """
    return OpenAiRealtime(settings)
