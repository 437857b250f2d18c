"""What every voice promises: real clients against the wire formats, and the fake that tests of the loop use."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from tests.fakes.conversation import FakeSpeaker
from tests.fakes.voice.faults import Door, Fault, Kind, late
from tests.fakes.voice.script import ELEVENLABS_KEY
from tests.fakes.voice.sound import is_audible
from tests.fakes.voice.stand import ELEVENLABS, VoiceProviders
from tests.fakes.voice.waiting import until
from voice.connecting import connect_speaker
from voice.errors import ProviderTrouble, VoiceProviderError
from voice.providers import Speaker, Speech, SpokenAudio
from voice.settings import VoiceSettings

T = TypeVar("T")
Work = Callable[[Speaker], Coroutine[Any, Any, T]]

LEADS = "Alpha leads with twelve SOL."
RISKY = "Bonk looks risky right now."


@dataclass(frozen=True)
class Mouth:
    """One voice: its module and where its faults are; the fake in memory is no module."""

    name: str
    door: Door
    is_online: bool = True

    def make(self, providers: VoiceProviders, **settings: object) -> Speaker:
        """Return it, connected to the fakes."""
        if not self.is_online:
            return FakeSpeaker(first_s=0)
        return connect_speaker(VoiceSettings(**providers.settings(**settings)), self.name)


STREAM = Mouth("elevenlabs_stream", Door.SPEECH)
HTTP = Mouth("elevenlabs_http", Door.STREAM)
FAKE = Mouth("fake", Door.SPEECH, is_online=False)

everyone = pytest.mark.parametrize("mouth", [STREAM, HTTP, FAKE], ids=lambda mouth: mouth.name)
online = pytest.mark.parametrize("mouth", [STREAM, HTTP], ids=lambda mouth: mouth.name)


def speak(mouth: Mouth, providers: VoiceProviders, work: Work[T], **settings: object) -> T:
    """Do something with a voice that is closed afterwards, within ten seconds."""

    async def bounded() -> T:
        async with asyncio.timeout(10):
            speaker = mouth.make(providers, **settings)
            try:
                return await work(speaker)
            finally:
                await speaker.aclose()
                await speaker.aclose()

    return asyncio.run(bounded())


async def collect(audio: AsyncIterator[SpokenAudio]) -> list[SpokenAudio]:
    """Return all of a speech."""
    return [piece async for piece in audio]


async def say(speaker: Speaker, *texts: str) -> list[SpokenAudio]:
    """Say something, and return what is heard of it."""
    speech = speaker.begin()
    for text in texts:
        await speech.say(text)
    await speech.finish()
    return await collect(speech.audio())


def words(audio: list[SpokenAudio]) -> str:
    """Return the words that are heard with some audio."""
    return " ".join("".join(piece.text if piece.text.strip() else " " for piece in audio).split())


async def trouble_of(speaker: Speaker) -> VoiceProviderError:
    """Return the trouble of starting and saying something."""

    async def start_and_say() -> None:
        await speaker.start()
        await say(speaker, LEADS)

    with pytest.raises(VoiceProviderError) as caught:
        await start_and_say()
    return caught.value


@everyone
def test_sentences_are_spoken_in_order_with_their_words(mouth: Mouth, providers: VoiceProviders) -> None:
    """Our rule: audio comes in whole samples, and tells which words begin to be heard with it."""

    async def work(speaker: Speaker) -> tuple[list[SpokenAudio], int]:
        await speaker.start()
        return await say(speaker, LEADS, RISKY), speaker.begin().sample_rate

    audio, rate_hz = speak(mouth, providers, work)
    assert words(audio).replace(".B", ". B") == f"{LEADS} {RISKY}"
    assert all(len(piece.pcm) % 2 == 0 for piece in audio)
    if mouth is not FAKE:
        assert is_audible(b"".join(piece.pcm for piece in audio))
        assert sum(len(piece.pcm) for piece in audio) / 2 / rate_hz == pytest.approx(3.6, abs=0.3)
        assert [text.strip() for _, text in providers.script.spoken] == [LEADS, RISKY]


@everyone
def test_audio_comes_before_the_answer_is_complete(mouth: Mouth, providers: VoiceProviders) -> None:
    """Spec: sentence-wise speech: the first sentence sounds while the second is not written yet."""

    async def work(speaker: Speaker) -> str:
        await speaker.start()
        speech = speaker.begin()
        audio = speech.audio()
        await speech.say(LEADS)
        heard = [await anext(audio)]
        while not words(heard).endswith("SOL."):
            heard.append(await anext(audio))
        await speech.say(RISKY)
        await speech.finish()
        return words([*heard, *await collect(audio)])

    if mouth is HTTP:
        # A request has no alignment: its first audio stands for the whole sentence.
        assert speak(mouth, providers, work).startswith(LEADS)
    else:
        assert speak(mouth, providers, work) == f"{LEADS} {RISKY}"


@everyone
def test_speech_of_nothing_is_over_at_once(mouth: Mouth, providers: VoiceProviders) -> None:
    """Our rule: an answer without a sayable word makes no sound and asks for none."""

    async def work(speaker: Speaker) -> list[SpokenAudio]:
        await speaker.start()
        return await say(speaker)

    assert speak(mouth, providers, work) == []
    assert providers.script.spoken == []


@everyone
def test_answers_follow_each_other_over_one_socket(mouth: Mouth, providers: VoiceProviders) -> None:
    """Spec: one kept socket, a context for each answer, the voice's settings in its first message."""

    async def work(speaker: Speaker) -> list[str]:
        await speaker.start()
        return [words(await say(speaker, f"Answer {number}.")) for number in range(5)]

    assert speak(mouth, providers, work, speed=1.1) == [f"Answer {number}." for number in range(5)]
    if mouth is STREAM:
        opening = {"text": " ", "voice_settings": {"speed": 1.1}}
        contexts = [f"answer-{number}" for number in range(1, 6)]
        assert providers.script.opened == [{**opening, "context_id": context} for context in contexts]
        assert [moment.detail for moment in providers.script.moments if moment.name == "closed"] == contexts


@everyone
def test_canceled_speech_is_silent_and_disturbs_no_other(mouth: Mouth, providers: VoiceProviders) -> None:
    """Spec: barge-in; late audio of an interrupted answer is dropped."""

    async def work(speaker: Speaker) -> tuple[list[SpokenAudio], str]:
        await speaker.start()
        speech = speaker.begin()
        await speech.say(LEADS)
        audio = speech.audio()
        await anext(audio)
        await speech.cancel()
        await speech.cancel()
        await speech.say("Never.")
        rest = await collect(audio)
        return rest, words(await say(speaker, RISKY))

    rest, heard = speak(mouth, providers, work)
    assert sum(len(piece.pcm) for piece in rest) <= 2 * 24_000 * 2
    assert heard == RISKY
    assert "Never. " not in [text for _, text in providers.script.spoken]


@everyone
def test_two_speeches_do_not_mix(mouth: Mouth, providers: VoiceProviders) -> None:
    """Our rule: a guess is spoken, and held back, beside the answer that is being heard."""

    async def work(speaker: Speaker) -> list[str]:
        await speaker.start()
        heard = await asyncio.gather(say(speaker, LEADS), say(speaker, RISKY))
        return [words(audio) for audio in heard]

    assert speak(mouth, providers, work) == [LEADS, RISKY]


@online
@pytest.mark.parametrize(
    ("kind", "expected", "line"),
    [
        (Kind.BAD_KEY, "bad_key", "refuses the key. Check "),
        (Kind.NO_CREDIT, "no_credit", "no credit left. Add some"),
        (Kind.RATE_LIMITED, "rate_limited", "slow down. Ask again in a minute"),
        (Kind.OVERLOADED, "overloaded", "overloaded. Ask again"),
        (Kind.INVALID, "refused", "The log says why"),
    ],
    ids=str,
)
@pytest.mark.parametrize("is_late", [False, True], ids=["at once", "in the middle"])
def test_every_refusal_has_its_line_and_passes(
    mouth: Mouth,
    kind: Kind,
    expected: ProviderTrouble,
    line: str,
    is_late: bool,  # noqa: FBT001 - a parameter of the table
    providers: VoiceProviders,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Spec: each failure has a line that says what to do, and the loop goes on; no key is in a line or in the log."""
    caplog.set_level(logging.DEBUG, "voice")
    providers.script.faults.plan(mouth.door, Fault(kind=kind, is_late=is_late))

    async def work(speaker: Speaker) -> tuple[VoiceProviderError, str]:
        trouble = await trouble_of(speaker)
        return trouble, words(await say(speaker, RISKY))

    trouble, heard = speak(mouth, providers, work)
    assert (trouble.kind, heard) == (expected, RISKY)
    assert line in trouble.line
    told = trouble.line + "".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert ELEVENLABS_KEY not in told


@online
@pytest.mark.parametrize(
    ("kind", "expected"),
    [(Kind.DROP, "no_network"), (Kind.MALFORMED, "unexpected"), (Kind.STALL, "stalled")],
    ids=str,
)
def test_what_came_before_the_trouble_is_heard(
    mouth: Mouth, kind: Kind, expected: ProviderTrouble, providers: VoiceProviders
) -> None:
    """Spec: provider stalls, is dropped, or speaks nonsense mid-sentence; the next answer is heard again."""
    if mouth is HTTP and kind is Kind.MALFORMED:
        pytest.skip("samples have no form that could be broken")
    providers.script.faults.plan(mouth.door, late(kind, after=3))
    heard: list[SpokenAudio] = []

    async def listen(speech: Speech) -> None:
        async for piece in speech.audio():
            heard.append(piece)  # noqa: PERF401 - what came before the error counts

    async def work(speaker: Speaker) -> tuple[VoiceProviderError, float, str]:
        await speaker.start()
        speech = speaker.begin()
        await speech.say(LEADS)
        await speech.finish()
        began_s = asyncio.get_running_loop().time()
        with pytest.raises(VoiceProviderError) as caught:
            await listen(speech)
        took_s = asyncio.get_running_loop().time() - began_s
        return caught.value, took_s, words(await say(speaker, RISKY))

    trouble, took_s, afterwards = speak(mouth, providers, work, timeout_s=1.0)
    assert (trouble.kind, afterwards) == (expected, RISKY)
    assert LEADS.startswith(words(heard)[:4])
    assert sum(len(piece.pcm) for piece in heard) > 0
    assert took_s < 5


def test_kept_socket_is_given_up_before_anybody_despairs(
    providers: VoiceProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our rule: another voice is tried after seconds, however long providers may be silent in general."""
    monkeypatch.setattr("voice.tts.elevenlabs_stream.SILENCE_S", 0.5)
    providers.script.faults.plan(Door.SPEECH, late(Kind.STALL))
    assert speak(STREAM, providers, trouble_of, timeout_s=30).kind == "stalled"


@pytest.mark.parametrize("kind", [Kind.STALL, Kind.DROP], ids=str)
def test_socket_that_is_never_opened_is_given_up(kind: Kind, providers: VoiceProviders) -> None:
    """Spec: provider stalls, here before it says anything; the next answer is heard all the same."""
    providers.script.faults.plan(Door.SPEECH, Fault(kind=kind))

    async def work(speaker: Speaker) -> tuple[str, str]:
        trouble = await trouble_of(speaker)
        return trouble.kind, words(await say(speaker, RISKY))

    kind_of_trouble, heard = speak(STREAM, providers, work, timeout_s=1.0)
    assert kind_of_trouble in {"no_network", "stalled", "overloaded"}
    assert heard == RISKY


@online
def test_no_network_is_told_and_passes(mouth: Mouth, providers: VoiceProviders) -> None:
    """Spec: no network."""
    providers.refuse(ELEVENLABS)

    async def work(speaker: Speaker) -> tuple[str, str]:
        trouble = await trouble_of(speaker)
        providers.admit(ELEVENLABS)
        return trouble.kind, words(await say(speaker, RISKY))

    assert speak(mouth, providers, work) == ("no_network", RISKY)


def test_socket_that_closed_while_idle_is_opened_with_the_next_answer(
    providers: VoiceProviders, caplog: pytest.LogCaptureFixture
) -> None:
    """Our rule: the service closes a socket after three minutes; nobody hears of it."""
    caplog.set_level(logging.INFO, "voice")

    async def work(speaker: Speaker) -> tuple[str, str]:
        await speaker.start()
        first = words(await say(speaker, LEADS))
        providers.cut()
        await until(lambda: "speech_away" in caplog.messages)
        return first, words(await say(speaker, RISKY))

    assert speak(STREAM, providers, work) == (LEADS, RISKY)


def test_speech_that_has_not_begun_survives_the_end_of_the_socket(providers: VoiceProviders) -> None:
    """Our rule: only those who spoke over a socket lose something with it."""
    providers.script.faults.plan(Door.SPEECH, late(Kind.DROP, after=1))

    async def work(speaker: Speaker) -> tuple[str, str]:
        await speaker.start()
        waiting = speaker.begin()
        trouble = await trouble_of(speaker)
        await waiting.say(RISKY)
        await waiting.finish()
        return trouble.kind, words(await collect(waiting.audio()))

    assert speak(STREAM, providers, work) == ("no_network", RISKY)


@online
def test_missing_key_is_told_before_anything_is_sent(mouth: Mouth, providers: VoiceProviders) -> None:
    """Spec: no key has a line that says what to do."""
    settings = VoiceSettings(**providers.settings(ELEVENLABS_API_KEY=None))
    with pytest.raises(VoiceProviderError, match="set ELEVENLABS_API_KEY and start again") as caught:
        connect_speaker(settings, mouth.name)
    assert caught.value.kind == "no_key"
