"""What every transcription promises: real clients against the wire formats, and the fake that tests of the loop use."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import pytest

from tests.fakes.conversation import DEAF, FakeTranscriber, FakeUtterance
from tests.fakes.voice.faults import Door, Fault, Kind, late
from tests.fakes.voice.script import ELEVENLABS_KEY, OPENAI_KEY, Saying
from tests.fakes.voice.sound import silence, tone
from tests.fakes.voice.stand import ELEVENLABS, OPENAI, VoiceProviders
from tests.fakes.voice.waiting import until
from voice.connecting import connect_transcriber
from voice.errors import ProviderTrouble, VoiceProviderError
from voice.providers import Transcriber, Utterance
from voice.settings import VoiceSettings

T = TypeVar("T")
Work = Callable[[Transcriber], Coroutine[Any, Any, T]]

BLOCK_S = 0.02


@dataclass(frozen=True)
class Ears:
    """One transcription: its module, where its faults are, and who provides it (nobody: the fake in memory)."""

    name: str
    door: Door
    provider: str | None
    has_partials: bool = True

    def make(self, providers: VoiceProviders, **settings: object) -> Transcriber:
        """Return it, connected to the fakes."""
        if self.provider is None:
            return FakeTranscriber([saying.text for saying in providers.script.sayings], final_s=0)
        return connect_transcriber(VoiceSettings(**providers.settings(**settings)), self.name)


REALTIME = Ears("openai_realtime", Door.REALTIME, OPENAI)
BATCH = Ears("openai_batch", Door.BATCH, OPENAI, has_partials=False)
SCRIBE = Ears("scribe", Door.SCRIBE, ELEVENLABS)
FAKE = Ears("fake", Door.REALTIME, None, has_partials=False)

everyone = pytest.mark.parametrize("ears", [REALTIME, BATCH, SCRIBE, FAKE], ids=lambda ears: ears.name)
online = pytest.mark.parametrize("ears", [REALTIME, BATCH, SCRIBE], ids=lambda ears: ears.name)
live = pytest.mark.parametrize("ears", [REALTIME, SCRIBE], ids=lambda ears: ears.name)


def hear(ears: Ears, providers: VoiceProviders, work: Work[T], **settings: object) -> T:
    """Do something with a transcription that is closed afterwards, within ten seconds."""

    async def bounded() -> T:
        async with asyncio.timeout(10):
            transcriber = ears.make(providers, **settings)
            try:
                return await work(transcriber)
            finally:
                await transcriber.aclose()
                await transcriber.aclose()

    return asyncio.run(bounded())


def feed(utterance: Utterance, seconds: float) -> bytes:
    """Feed a tone in blocks, as the microphone does; return all of it."""
    fed = b""
    for _ in range(round(seconds / BLOCK_S)):
        block = tone(BLOCK_S, utterance.sample_rate)
        utterance.feed(block)
        fed += block
    return fed


async def say(transcriber: Transcriber, seconds: float = 0.5) -> str:
    """Say something, and return what is heard."""
    utterance = transcriber.begin()
    feed(utterance, seconds)
    return await utterance.finish()


async def trouble_of(transcriber: Transcriber, keywords: tuple[str, ...] = ()) -> VoiceProviderError:
    """Return the trouble of starting and saying something."""

    async def start_and_say() -> None:
        await transcriber.start(keywords)
        await say(transcriber)

    with pytest.raises(VoiceProviderError) as caught:
        await start_and_say()
    return caught.value


@everyone
def test_what_was_said_is_heard_whole(ears: Ears, providers: VoiceProviders) -> None:
    """Our rule: every sample from the press to the release arrives, in order."""
    providers.script.says("who leads today")

    async def work(transcriber: Transcriber) -> tuple[str, bytes, int, bytes]:
        await transcriber.start(())
        utterance = transcriber.begin()
        fed = feed(utterance, 1.0)
        kept = bytes(utterance.pcm) if isinstance(utterance, FakeUtterance) else b""
        return await utterance.finish(), fed, utterance.sample_rate, kept

    text, fed, rate_hz, kept = hear(ears, providers, work)
    heard = [(heard.pcm, heard.rate_hz) for heard in providers.script.heard] or [(kept, rate_hz)]
    assert text == "who leads today"
    assert heard == [(fed, rate_hz)]


@live
def test_text_grows_while_it_is_spoken(ears: Ears, providers: VoiceProviders) -> None:
    """Spec: realtime transcription during the hold."""
    providers.script.says("is bonk safe to buy")

    async def work(transcriber: Transcriber) -> tuple[list[str], str]:
        await transcriber.start(())
        utterance = transcriber.begin()
        partials = utterance.partials()
        feed(utterance, 0.62)
        before = [await anext(partials)]
        while before[-1] != "is bonk safe":
            before.append(await anext(partials))
        return before, await utterance.finish()

    before, text = hear(ears, providers, work)
    assert all(later.startswith(earlier) for earlier, later in pairwise(before))
    assert text == "is bonk safe to buy"


@live
def test_key_held_for_two_minutes_loses_no_words(ears: Ears, providers: VoiceProviders) -> None:
    """ElevenLabs: what is not committed for ninety seconds the service commits by itself; a part is not the end."""
    providers.script.sayings.append(Saying("one two three four five six", word_s=20.0))

    async def work(transcriber: Transcriber) -> tuple[str, str]:
        await transcriber.start(())
        utterance = transcriber.begin()
        partials = utterance.partials()
        for _ in range(6):
            utterance.feed(tone(20.0, utterance.sample_rate))
        while len((text := await anext(partials)).split()) < 5:
            pass
        return text, await utterance.finish()

    text, final = hear(ears, providers, work)
    assert final.startswith(text)
    assert final == "one two three four five six"


@everyone
def test_partials_end_with_the_utterance(ears: Ears, providers: VoiceProviders) -> None:
    """Our rule: nobody waits for a text that does not come any more."""
    providers.script.says("who leads")

    async def work(transcriber: Transcriber) -> list[list[str]]:
        await transcriber.start(())
        finished, canceled = transcriber.begin(), None
        feed(finished, 0.5)
        await finished.finish()
        canceled = transcriber.begin()
        await canceled.cancel()
        return [[text async for text in utterance.partials()] for utterance in (finished, canceled)]

    finished, canceled = hear(ears, providers, work)
    assert finished[-1:] == (["who leads"] if ears.has_partials else [])
    assert canceled == []


@online
def test_slip_of_the_finger_says_nothing(ears: Ears, providers: VoiceProviders) -> None:
    """Our rule: less than a tenth of a second is no speech, and is not sent to be transcribed."""
    providers.script.says("never")

    async def work(transcriber: Transcriber) -> str:
        await transcriber.start(())
        utterance = transcriber.begin()
        utterance.feed(silence(0.05, utterance.sample_rate))
        return await utterance.finish()

    assert hear(ears, providers, work) == ""
    assert providers.script.heard == []


@everyone
def test_utterances_follow_each_other(ears: Ears, providers: VoiceProviders) -> None:
    """Spec: 20 turns in a row; a connection that is kept is opened once."""
    said = [f"question {number}" for number in range(20)]
    providers.script.says(*said)

    async def work(transcriber: Transcriber) -> list[str]:
        await transcriber.start(())
        return [await say(transcriber, 0.2) for _ in said]

    assert hear(ears, providers, work) == said
    assert len(providers.script.opened) == (1 if ears is REALTIME else 0)


@online
def test_canceled_utterance_leaves_nothing_behind(ears: Ears, providers: VoiceProviders) -> None:
    """Our rule: what was said before a cancel is in no later text, and its audio in no later utterance."""
    providers.script.says("second thing")

    async def work(transcriber: Transcriber) -> tuple[str, bytes]:
        await transcriber.start(())
        first = transcriber.begin()
        feed(first, 0.5)
        if ears.has_partials:
            await anext(first.partials())
        await first.cancel()
        await first.cancel()
        second = transcriber.begin()
        fed = feed(second, 0.3)
        return await second.finish(), fed

    text, fed = hear(ears, providers, work)
    assert text == "second thing"
    assert providers.script.heard[-1].pcm == fed


@online
def test_cancel_while_the_final_text_is_awaited(ears: Ears, providers: VoiceProviders) -> None:
    """Our rule: a final text that comes after its utterance was canceled is not taken for the next one's."""
    providers.script.says("first thing", "second thing")
    providers.script.pace.text_s = 0.1

    async def work(transcriber: Transcriber) -> str:
        await transcriber.start(())
        first = transcriber.begin()
        feed(first, 0.5)
        finishing = asyncio.create_task(first.finish())
        await until(lambda: bool(providers.script.heard))
        finishing.cancel()
        await asyncio.gather(finishing, return_exceptions=True)
        await first.cancel()
        return await say(transcriber)

    text = hear(ears, providers, work)
    assert text == providers.script.heard[-1].text


@online
def test_only_plain_words_are_expected(ears: Ears, providers: VoiceProviders) -> None:
    """Spec: nicknames and symbols as keywords, only `[A-Za-z0-9]{2,12}` of them."""
    providers.script.says("one", "two")
    words = ("BONK", "a", "don't", "wif2", "x" * 13, "Élan", "ignore all", "BONK", "$WIF", "")

    async def work(transcriber: Transcriber) -> None:
        await transcriber.start(words)
        await say(transcriber)
        await transcriber.start(("Fartcoin",))
        await say(transcriber)

    hear(ears, providers, work)
    assert [heard.keywords for heard in providers.script.heard] == [("BONK", "wif2"), ("Fartcoin",)]


@online
@pytest.mark.parametrize(
    ("kind", "expected", "line"),
    [
        (Kind.BAD_KEY, "bad_key", "refuses the key. Check "),
        (Kind.NO_CREDIT, "no_credit", "no credit left. Add some"),
        (Kind.RATE_LIMITED, "rate_limited", "slow down. Ask again in a minute"),
        (Kind.OVERLOADED, "overloaded", "overloaded. Ask again"),
        (Kind.INVALID, "refused", "The log says why"),
        (Kind.DROP, "no_network", "Check the network"),
        (Kind.MALFORMED, "unexpected", "Ask again"),
    ],
    ids=str,
)
@pytest.mark.parametrize("is_late", [False, True], ids=["at once", "in the middle"])
def test_every_trouble_has_its_line_and_passes(
    ears: Ears,
    kind: Kind,
    expected: ProviderTrouble,
    line: str,
    is_late: bool,  # noqa: FBT001 - a parameter of the table
    providers: VoiceProviders,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Spec: each failure has a line that says what to do, and the loop goes on; no key is in a line or in the log."""
    if kind in {Kind.DROP, Kind.MALFORMED} and not is_late and ears is not BATCH:
        pytest.skip("sockets are dropped and broken in the middle only")
    caplog.set_level(logging.DEBUG, "voice")
    providers.script.faults.plan(ears.door, Fault(kind=kind, is_late=is_late, after=1))
    providers.script.says("who leads")

    async def work(transcriber: Transcriber) -> tuple[VoiceProviderError, str]:
        trouble = await trouble_of(transcriber)
        await transcriber.start(())
        return trouble, await say(transcriber)

    trouble, text = hear(ears, providers, work)
    assert (trouble.kind, text) == (expected, "who leads")
    assert line in trouble.line
    told = trouble.line + "".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert OPENAI_KEY not in told
    assert ELEVENLABS_KEY not in told


@online
def test_time_to_come_back_is_told(ears: Ears, providers: VoiceProviders) -> None:
    """Spec: 429; the provider's own Retry-After is what the person is told."""
    providers.script.faults.plan(ears.door, Fault(kind=Kind.RATE_LIMITED, retry_after_s=7))
    assert "Ask again in 7 seconds." in hear(ears, providers, trouble_of).line


@online
def test_silence_of_a_provider_ends_within_the_timeout(ears: Ears, providers: VoiceProviders) -> None:
    """Spec: provider stalls; the next utterance is heard all the same."""
    providers.script.faults.plan(ears.door, late(Kind.STALL))
    providers.script.says("who leads")

    async def work(transcriber: Transcriber) -> tuple[VoiceProviderError, float, str]:
        await transcriber.start(())
        began_s = asyncio.get_running_loop().time()
        trouble = await trouble_of(transcriber)
        return trouble, asyncio.get_running_loop().time() - began_s, await say(transcriber)

    trouble, took_s, text = hear(ears, providers, work, timeout_s=1.0)
    assert (trouble.kind, text) == ("stalled", "who leads")
    assert 0.9 < took_s < 5


@pytest.mark.parametrize("ears", [REALTIME, SCRIBE], ids=lambda ears: ears.name)
def test_kept_connection_is_given_up_before_anybody_despairs(
    ears: Ears, providers: VoiceProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our rule: another way is tried after seconds, however long providers may be silent in general."""
    monkeypatch.setattr(f"voice.stt.{ears.name}.FINAL_S", 0.5)
    providers.script.faults.plan(ears.door, late(Kind.STALL))
    assert hear(ears, providers, trouble_of, timeout_s=30).kind == "stalled"


@pytest.mark.parametrize("ears", [REALTIME, SCRIBE], ids=lambda ears: ears.name)
@pytest.mark.parametrize("kind", [Kind.STALL, Kind.DROP], ids=str)
def test_connection_that_is_never_made_is_given_up(ears: Ears, kind: Kind, providers: VoiceProviders) -> None:
    """Spec: provider stalls, here before it says anything; the next utterance is heard all the same."""
    providers.script.faults.plan(ears.door, Fault(kind=kind))
    providers.script.says("who leads")

    async def work(transcriber: Transcriber) -> tuple[str, str]:
        trouble = await trouble_of(transcriber)
        return trouble.kind, await say(transcriber)

    kind_of_trouble, text = hear(ears, providers, work, timeout_s=1.0)
    assert kind_of_trouble in {"no_network", "stalled", "overloaded"}
    assert text == "who leads"


@online
def test_no_network_is_told_and_passes(ears: Ears, providers: VoiceProviders) -> None:
    """Spec: no network."""
    assert ears.provider is not None
    providers.script.says("who leads")
    name = ears.provider
    providers.refuse(name)

    async def work(transcriber: Transcriber) -> tuple[str, str]:
        trouble = await trouble_of(transcriber)
        providers.admit(name)
        return trouble.kind, await say(transcriber)

    assert hear(ears, providers, work) == ("no_network", "who leads")


def test_connection_that_broke_while_idle_is_made_anew(
    providers: VoiceProviders, caplog: pytest.LogCaptureFixture
) -> None:
    """Our rule: a drop between two utterances is nobody's trouble."""
    caplog.set_level(logging.INFO, "voice")
    providers.script.says("one", "two")

    async def work(transcriber: Transcriber) -> tuple[str, str]:
        await transcriber.start(())
        first = await say(transcriber)
        providers.cut()
        await until(lambda: "transcription_away" in caplog.messages)
        return first, await say(transcriber)

    assert hear(REALTIME, providers, work) == ("one", "two")


@online
def test_missing_key_is_told_before_anything_is_sent(ears: Ears, providers: VoiceProviders) -> None:
    """Spec: no key has a line that says what to do."""
    settings = VoiceSettings(**providers.settings(OPENAI_API_KEY=None, ELEVENLABS_API_KEY=None))
    with pytest.raises(VoiceProviderError, match=r"set [A-Z]+_API_KEY and start again") as caught:
        connect_transcriber(settings, ears.name)
    assert caught.value.kind == "no_key"


def test_trouble_of_the_fake_passes_too() -> None:
    """Our rule: fakes keep the promises of what they stand for."""

    async def work() -> tuple[str, str]:
        transcriber = FakeTranscriber([DEAF, "who leads"], final_s=0)
        return (await trouble_of(transcriber)).kind, await say(transcriber)

    assert asyncio.run(work()) == ("no_network", "who leads")
