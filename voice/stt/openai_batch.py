"""Hear with OpenAI after the key is released: the whole utterance in one request.

https://platform.openai.com/docs/api-reference/audio/createTranscription. Slower than `openai_realtime`; what is asked
where that one fails, and what OpenAI-compatible servers offer. The answer is not streamed: a part of it is of no use.
"""

import asyncio
import io
import wave
from collections.abc import AsyncIterator, Sequence
from typing import Final

import openai

from voice.providers import Transcriber
from voice.settings import VoiceSettings
from voice.strangers import keywords as usable
from voice.stt._openai import OPENAI, as_ours, client_of

SAMPLE_RATE: Final = 16_000
SHORTEST_S: Final = 0.1
"""Less than this is a slip of the finger, not speech."""

MAX_KEYWORDS: Final = 100


class OpenAiBatch:
    """The transcription of recordings."""

    name = OPENAI.name

    def __init__(self, settings: VoiceSettings) -> None:
        self._settings = settings
        self._client = client_of(settings)
        self._keywords: list[str] = []

    async def start(self, keywords: Sequence[str]) -> None:
        """Expect these words from now on."""
        self._keywords = usable(keywords, MAX_KEYWORDS)

    def begin(self) -> "_Utterance":
        """Return a new utterance."""
        return _Utterance(self)

    async def transcribe(self, pcm: bytes) -> str:
        """Return the text of a recording.

        Raises:
            VoiceProviderError: the service refuses, or does not answer.
        """
        if len(pcm) < SHORTEST_S * SAMPLE_RATE * 2:
            return ""
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                result = await self._client.audio.transcriptions.create(
                    file=("question.wav", _wav(pcm), "audio/wav"),
                    model=self._settings.batch_model,
                    languages=[self._settings.language],
                    keywords=self._keywords or openai.omit,
                )
        except openai.OpenAIError as error:
            raise as_ours(error, self._client) from error
        except TimeoutError as error:
            raise OPENAI.trouble("stalled") from error
        except ValueError as error:
            raise OPENAI.trouble("unexpected") from error
        return result.text.strip()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()


class _Utterance:
    """What is being said."""

    sample_rate = SAMPLE_RATE

    def __init__(self, transcriber: OpenAiBatch) -> None:
        self._transcriber = transcriber
        self._pcm = bytearray()
        self._is_over = asyncio.Event()

    def feed(self, pcm: bytes) -> None:
        """Take in what the microphone heard."""
        self._pcm += pcm

    async def partials(self) -> AsyncIterator[str]:
        """Yield nothing: a recording is heard when it is complete."""
        await self._is_over.wait()
        for text in ():
            yield text

    async def finish(self) -> str:
        """Return the text."""
        self._is_over.set()
        return await self._transcriber.transcribe(bytes(self._pcm))

    async def cancel(self) -> None:
        """Forget what was said."""
        self._is_over.set()
        self._pcm.clear()


def connect(settings: VoiceSettings) -> Transcriber:
    """Return the transcription that the settings name.

    Raises:
        VoiceProviderError: there is no key.
    """
    return OpenAiBatch(settings)


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(pcm)
    return file.getvalue()
