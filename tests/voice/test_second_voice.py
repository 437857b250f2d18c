"""A second voice: it goes on where the first one stops, says nothing twice, and lets the first one rest."""

import asyncio
from dataclasses import dataclass

import pytest

from tests.fakes.conversation import HOARSE, FakeSpeaker
from tests.virtual_time import run
from voice.errors import VoiceProviderError
from voice.providers import Speech
from voice.second_voice import REST_S, TwoVoices


@dataclass
class Unreachable(FakeSpeaker):
    """A voice that cannot be given a single word."""

    begun: int = 0

    async def start(self) -> None:
        """Fail."""
        raise HOARSE

    def begin(self) -> Speech:
        """Return a speech that refuses words."""
        self.begun += 1
        return _Refusing(super().begin())


class _Refusing:
    def __init__(self, speech: Speech) -> None:
        self.sample_rate = speech.sample_rate
        self.audio = speech.audio
        self.cancel = speech.cancel

    async def say(self, text: str) -> None:
        del text
        raise HOARSE

    async def finish(self) -> None:
        raise HOARSE


async def spoken(voices: TwoVoices, *sentences: str) -> str:
    """Return what is heard of sentences that are said one after the other."""
    speech, heard = voices.begin(), list[str]()

    async def listen() -> None:
        heard.extend([audio.text async for audio in speech.audio()])

    listening = asyncio.create_task(listen())
    for sentence in sentences:
        await speech.say(sentence)
        await asyncio.sleep(0.5)
    await speech.finish()
    await listening
    return "".join(heard).strip()


def two(first: FakeSpeaker, second: FakeSpeaker | None) -> TwoVoices:
    """Return both voices."""

    async def make() -> FakeSpeaker | None:
        return second

    return TwoVoices(first, make)


@pytest.mark.parametrize("works_for", range(7))
def test_nothing_is_said_twice_or_lost_wherever_the_first_voice_stops(works_for: int) -> None:
    """Spec: provider stalls mid-sentence; TTS websocket and HTTP."""

    async def scene() -> None:
        voices = two(FakeSpeaker(works_for=works_for), FakeSpeaker())
        assert await spoken(voices, "One two three.", "Four five.", "Six.") == "One two three. Four five. Six."

    run(scene)


def test_voice_that_takes_no_word_is_replaced_and_left_alone_for_a_while() -> None:
    """Our rule: every attempt to reach a voice that is away may be seconds of silence."""

    async def scene() -> None:
        first, second = Unreachable(), FakeSpeaker()
        voices = two(first, second)
        assert await spoken(voices, "One.", "Two.") == "One. Two."
        assert await spoken(voices, "Three.") == "Three."
        assert first.begun == 1
        await asyncio.sleep(REST_S)
        assert await spoken(voices, "Four.") == "Four."
        assert first.begun == 2

    run(scene)


def test_voice_that_cannot_be_warmed_up_has_a_second_one() -> None:
    """Our rule: what can be mended needs no word."""

    async def scene() -> None:
        await two(Unreachable(), FakeSpeaker()).start()
        with pytest.raises(VoiceProviderError):
            await two(Unreachable(), None).start()

    run(scene)


def test_trouble_is_told_where_there_is_no_second_voice() -> None:
    """Spec: each failure has a line that says what to do."""

    async def scene() -> None:
        with pytest.raises(VoiceProviderError, match="stopped in the middle"):
            await spoken(two(FakeSpeaker(works_for=1), None), "One two.")

    run(scene)


def test_cancelling_silences_both() -> None:
    """Spec: barge-in."""

    async def scene() -> None:
        first, second = FakeSpeaker(works_for=1), FakeSpeaker()
        voices = two(first, second)
        speech = voices.begin()
        await speech.say("One two three.")
        heard = aiter(speech.audio())
        assert (await anext(heard)).text == "One "
        assert (await anext(heard)).text == "two "
        await speech.cancel()
        assert (first.cancelled, second.cancelled) == (1, 1)
        await voices.aclose()

    run(scene)
