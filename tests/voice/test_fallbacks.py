"""Who hears and speaks where the first one fails: real clients, over the wire formats of both."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from tests.fakes.conversation import FakeSource
from tests.fakes.voice.faults import Door, Fault, Kind, late
from tests.fakes.voice.sound import tone
from tests.fakes.voice.stand import VoiceProviders
from voice.connecting import connect_speaker, connect_transcriber
from voice.errors import VoiceProviderError
from voice.listening import MicrophoneEars
from voice.providers import Speaker
from voice.second_voice import TwoVoices
from voice.settings import VoiceSettings

T = TypeVar("T")

TROUBLES = [
    *[Fault(kind=kind) for kind in (Kind.BAD_KEY, Kind.NO_CREDIT, Kind.RATE_LIMITED, Kind.OVERLOADED)],
    *[late(kind, after=2) for kind in (Kind.NO_CREDIT, Kind.STALL, Kind.DROP, Kind.MALFORMED)],
]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end within fifteen seconds."""

    async def bounded() -> T:
        async with asyncio.timeout(15):
            return await work

    return asyncio.run(bounded())


def settings_of(providers: VoiceProviders) -> VoiceSettings:
    """Return settings in which a silent provider is given up after a second."""
    return VoiceSettings(**providers.settings(timeout_s=1.0))


async def ask(providers: VoiceProviders, pcm: bytes) -> str:
    """Say something into a microphone with both transcriptions behind it."""
    settings = settings_of(providers)
    first, second = connect_transcriber(settings), connect_transcriber(settings, "openai_batch")
    source = FakeSource()
    listening = MicrophoneEars(source, first, lambda: second).listen(1, lambda _: None)
    try:
        for start in range(0, len(pcm), 960):
            source.hear(pcm[start : start + 960])
            await asyncio.sleep(0)
        return await listening.finish()
    finally:
        await first.aclose()
        await second.aclose()


@pytest.mark.parametrize("fault", TROUBLES, ids=lambda fault: f"{fault.kind}-{fault.is_late}")
def test_recording_is_transcribed_where_the_connection_fails(providers: VoiceProviders, fault: Fault) -> None:
    """Spec: realtime transcription during the hold with a batch fallback; nothing that was said is lost."""
    providers.script.faults.plan(Door.REALTIME, fault)
    providers.script.says("who leads today")
    pcm = tone(1.0, 24_000)
    assert run(ask(providers, pcm)) == "who leads today"
    (heard,) = providers.script.heard
    assert heard.by == "batch"
    assert len(heard.pcm) / 2 / heard.rate_hz == pytest.approx(1.0, abs=0.05)


def test_both_transcriptions_failing_is_the_second_ones_line(providers: VoiceProviders) -> None:
    """Spec: no credit has its line; one key is behind both."""
    for door in (Door.REALTIME, Door.BATCH):
        providers.script.faults.plan(door, Fault(kind=Kind.NO_CREDIT))
    with pytest.raises(VoiceProviderError, match="no credit left"):
        run(ask(providers, tone(0.5, 24_000)))


async def say(providers: VoiceProviders, *texts: str) -> list[str]:
    """Say some answers with both voices; return the words that are heard of each."""
    settings = settings_of(providers)

    async def make() -> Speaker:
        return connect_speaker(settings, "elevenlabs_http")

    voices = TwoVoices(connect_speaker(settings), make)
    heard: list[str] = []
    try:
        await voices.start()
        for text in texts:
            speech = voices.begin()
            await speech.say(text)
            await speech.finish()
            heard.append(" ".join("".join([piece.text async for piece in speech.audio()]).split()))
    finally:
        await voices.aclose()
    return heard


@pytest.mark.parametrize("fault", TROUBLES, ids=lambda fault: f"{fault.kind}-{fault.is_late}")
def test_rest_is_said_by_the_second_voice(providers: VoiceProviders, fault: Fault) -> None:
    """Spec: TTS over the socket and over HTTP; what was not heard yet is said, and the next answer too."""
    providers.script.faults.plan(Door.SPEECH, fault)
    answers = ("Alpha leads with twelve trades.", "Beta follows.")
    first, second = run(say(providers, *answers))
    assert second == answers[1]
    assert set(answers[0].split()) <= set(first.split())
    assert [name for name, _ in providers.script.spoken][-1] == "http"


def test_both_voices_failing_is_told(providers: VoiceProviders) -> None:
    """Spec: no credit has its line."""
    for door in (Door.SPEECH, Door.STREAM):
        providers.script.faults.always(door, Fault(kind=Kind.NO_CREDIT))
    with pytest.raises(VoiceProviderError, match="no credit left"):
        run(say(providers, "Alpha leads."))
