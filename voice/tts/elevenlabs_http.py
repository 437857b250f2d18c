"""Speak with ElevenLabs over HTTP, a request for each sentence: what is asked where no socket can be kept.

https://elevenlabs.io/docs/api-reference/text-to-speech/stream. Not responsible for playing (`voice.audio`).
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import httpx
from elevenlabs.client import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.types import VoiceSettings as Voicing

from voice.providers import Speaker, SpokenAudio
from voice.refusals import wait_of
from voice.settings import VoiceSettings
from voice.tts._elevenlabs import ELEVENLABS, key_of, refused

SAMPLE_RATE: Final = 24_000


class ElevenLabsHttp:
    """The voice of ElevenLabs, a request for each sentence."""

    name = ELEVENLABS.name

    def __init__(self, settings: VoiceSettings) -> None:
        self._settings = settings
        self._key = key_of(settings)
        # The SDK closes no connections; those that it is given are ours to close.
        self._http = httpx.AsyncClient(timeout=settings.timeout_s)
        self._client = AsyncElevenLabs(
            api_key=self._key, base_url=settings.elevenlabs_url, timeout=settings.timeout_s, httpx_client=self._http
        )

    async def start(self) -> None:
        """Need nothing: the first sentence opens the connection."""

    def begin(self) -> "_Speech":
        """Return a new speech."""
        return _Speech(self)

    async def stream(self, text: str) -> AsyncIterator[bytes]:
        """Yield the audio of a sentence as it comes.

        Raises:
            VoiceProviderError: the service cannot be reached, refuses, or stops in the middle.
        """
        try:
            chunks = self._client.text_to_speech.stream(
                self._settings.voice_id,
                text=text,
                model_id=self._settings.voice_model,
                output_format=f"pcm_{SAMPLE_RATE}",
                voice_settings=Voicing(speed=self._settings.speed),
            )
            async for chunk in chunks:
                yield chunk
        except ApiError as error:
            raise refused(error.status_code, str(error.body), self._key, wait_of(error.headers or {})) from error
        except httpx.ConnectTimeout as error:
            raise ELEVENLABS.trouble("no_network") from error
        except httpx.TimeoutException as error:
            raise ELEVENLABS.trouble("stalled") from error
        except httpx.HTTPError as error:
            raise ELEVENLABS.trouble("no_network") from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


class _Speech:
    """One answer: its sentences, spoken one after the other."""

    sample_rate = SAMPLE_RATE

    def __init__(self, speaker: ElevenLabsHttp) -> None:
        self._speaker = speaker
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
        self._is_over = False

    async def say(self, text: str) -> None:
        """Add a sentence or a clause."""
        self._texts.put_nowait(text)

    async def finish(self) -> None:
        """Say that no more text comes."""
        self._texts.put_nowait(None)

    async def audio(self) -> AsyncIterator[SpokenAudio]:
        """Yield the audio in order; an odd byte waits for the other half of its sample."""
        while (text := await self._texts.get()) is not None and not self._is_over:
            rest, said = b"", text
            async for chunk in self._speaker.stream(text):
                if self._is_over:
                    return
                data = rest + chunk
                whole = len(data) // 2 * 2
                rest = data[whole:]
                if whole:
                    yield SpokenAudio(data[:whole], said)
                    said = ""

    async def cancel(self) -> None:
        """Say no more."""
        self._is_over = True
        self._texts.put_nowait(None)


def connect(settings: VoiceSettings) -> Speaker:
    """Return the voice that the settings name.

    Raises:
        VoiceProviderError: there is no key.
    """
    return ElevenLabsHttp(settings)
