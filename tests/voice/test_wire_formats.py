"""What the fake providers say is what the SDKs' own types expect, message by message."""

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from elevenlabs.types import (
    AudioOutputMulti,
    CommittedTranscriptPayload,
    FinalOutputMulti,
    PartialTranscriptPayload,
    ScribeAuthErrorPayload,
    ScribeQuotaExceededErrorPayload,
    ScribeRateLimitedErrorPayload,
)
from openai.types.realtime import (
    ConversationItemInputAudioTranscriptionCompletedEvent,
    ConversationItemInputAudioTranscriptionDeltaEvent,
    ConversationItemInputAudioTranscriptionFailedEvent,
    InputAudioBufferClearedEvent,
    InputAudioBufferCommittedEvent,
    RealtimeErrorEvent,
)
from pydantic import BaseModel
from websockets.asyncio.client import connect

from tests.fakes.voice.faults import Door, Kind, late
from tests.fakes.voice.script import ELEVENLABS_KEY, OPENAI_KEY
from tests.fakes.voice.sound import tone
from tests.fakes.voice.stand import ELEVENLABS, OPENAI, VoiceProviders

PREFIX: Final = "conversation.item.input_audio_transcription"
REALTIME: Final[Mapping[str, type[BaseModel]]] = {
    "error": RealtimeErrorEvent,
    "input_audio_buffer.cleared": InputAudioBufferClearedEvent,
    "input_audio_buffer.committed": InputAudioBufferCommittedEvent,
    f"{PREFIX}.delta": ConversationItemInputAudioTranscriptionDeltaEvent,
    f"{PREFIX}.completed": ConversationItemInputAudioTranscriptionCompletedEvent,
    f"{PREFIX}.failed": ConversationItemInputAudioTranscriptionFailedEvent,
}
SCRIBE: Final[Mapping[str, type[BaseModel]]] = {
    "partial_transcript": PartialTranscriptPayload,
    "committed_transcript": CommittedTranscriptPayload,
    "auth_error": ScribeAuthErrorPayload,
    "quota_exceeded": ScribeQuotaExceededErrorPayload,
    "rate_limited": ScribeRateLimitedErrorPayload,
}
SESSION: Final = {
    "type": "transcription",
    "audio": {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24_000},
            "transcription": {"model": "gpt-live-transcribe", "language": "en"},
            "turn_detection": None,
        }
    },
}


def talk(url: str, headers: Mapping[str, str], messages: Sequence[object], last: str) -> list[dict[str, Any]]:
    """Send messages over a socket, and return what comes until the last word of a message is there."""

    async def scene() -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = []
        async with asyncio.timeout(5), connect(url, additional_headers=headers) as socket:
            for message in messages:
                await socket.send(json.dumps(message))
            while not said or (last not in said[-1].values() and last not in said[-1]):
                said.append(json.loads(await socket.recv()))
        return said

    return asyncio.run(scene())


def encoded(seconds: float, rate_hz: int) -> str:
    """Return sound as messages carry it."""
    return base64.b64encode(tone(seconds, rate_hz)).decode()


def realtime(providers: VoiceProviders, last: str) -> list[str]:
    """Return the kinds of what realtime transcription says of an utterance, all of them as documented."""
    messages = [
        {"type": "session.update", "session": SESSION},
        {"type": "input_audio_buffer.clear"},
        {"type": "input_audio_buffer.append", "audio": encoded(0.5, 24_000)},
        {"type": "input_audio_buffer.commit"},
        {"type": "input_audio_buffer.commit"},
        {"type": "nonsense"},
    ]
    url = f"{providers.url(OPENAI).replace('http', 'ws')}/v1/realtime?intent=transcription"
    said = talk(url, {"Authorization": f"Bearer {OPENAI_KEY}"}, messages, last)
    for message in said:
        if message["type"] in REALTIME:
            REALTIME[message["type"]].model_validate(message, strict=True)
    return [message["type"].removeprefix(f"{PREFIX}.") for message in said]


def test_realtime_transcription_speaks_as_documented(providers: VoiceProviders) -> None:
    """OpenAI's own types for events of the server; two words are known while they are spoken."""
    providers.script.says("who leads now")
    assert realtime(providers, f"{PREFIX}.completed")[:7] == [
        "session.created",
        "session.updated",
        "input_audio_buffer.cleared",
        "delta",
        "delta",
        "input_audio_buffer.committed",
        "delta",
    ]


def test_realtime_transcription_fails_as_documented(providers: VoiceProviders) -> None:
    """OpenAI's own types for errors: of a request, and of a transcription."""
    providers.script.faults.plan(Door.REALTIME, late(Kind.NO_CREDIT))
    providers.script.says("who leads now")
    assert {"failed", "input_audio_buffer.committed"} <= set(realtime(providers, f"{PREFIX}.failed"))
    assert "error" in realtime(providers, "error")


def scribe(providers: VoiceProviders, last: str) -> list[str]:
    """Return the kinds of what Scribe says of an utterance, all of them as documented."""
    query = urlencode({"model_id": "scribe_v2_realtime", "audio_format": "pcm_16000", "commit_strategy": "manual"})
    chunk = {"message_type": "input_audio_chunk", "audio_base_64": encoded(0.5, 16_000), "sample_rate": 16_000}
    url = f"{providers.url(ELEVENLABS).replace('http', 'ws')}/v1/speech-to-text/realtime?{query}"
    messages = [{**chunk, "commit": False}, {**chunk, "commit": True}]
    said = talk(url, {"xi-api-key": ELEVENLABS_KEY}, messages, last)
    for message in said:
        if message["message_type"] in SCRIBE:
            SCRIBE[message["message_type"]].model_validate(message)
    return [message["message_type"] for message in said]


def test_scribe_speaks_as_documented(providers: VoiceProviders) -> None:
    """ElevenLabs' own types for messages of the server."""
    providers.script.says("who leads now today")
    kinds = scribe(providers, "committed_transcript")
    assert kinds == ["session_started", "partial_transcript", "partial_transcript", "committed_transcript"]


def test_scribe_fails_as_documented(providers: VoiceProviders) -> None:
    """ElevenLabs' own types for errors."""
    for kind, name in (
        (Kind.BAD_KEY, "auth_error"),
        (Kind.NO_CREDIT, "quota_exceeded"),
        (Kind.RATE_LIMITED, "rate_limited"),
    ):
        providers.script.faults.plan(Door.SCRIBE, late(kind))
        assert scribe(providers, name)[-1] == name


def test_speech_speaks_as_documented(providers: VoiceProviders) -> None:
    """ElevenLabs' own types: audio with the times of its characters, then the end of the context."""
    messages = [
        {"text": " ", "context_id": "a", "voice_settings": {"speed": 1.0}},
        {"text": "Alpha leads. ", "context_id": "a", "flush": True},
        {"context_id": "a", "close_context": True},
    ]
    query = urlencode({"model_id": "eleven_flash_v2_5", "output_format": "pcm_24000", "auto_mode": "true"})
    url = f"{providers.url(ELEVENLABS).replace('http', 'ws')}/v1/text-to-speech/x/multi-stream-input?{query}"
    *audio, final = talk(url, {"xi-api-key": ELEVENLABS_KEY}, messages, "isFinal")
    FinalOutputMulti.model_validate(final)
    words = ""
    for message in audio:
        alignment = AudioOutputMulti.model_validate(message).alignment
        assert alignment is not None
        assert alignment.chars is not None
        assert alignment.char_start_times_ms is not None
        assert len(alignment.chars) == len(alignment.char_start_times_ms)
        words += "".join(alignment.chars)
    assert words == "Alpha leads. "
