"""What is said before anybody can transcribe: kept whole, handed over in order, and answered."""

import asyncio

import pytest

from tests.fakes.conversation import DEAF, RATE, FakeTranscriber
from tests.virtual_time import run
from voice.errors import VoiceProviderError
from voice.late import LateTranscriber
from voice.providers import Transcriber


def coming() -> "asyncio.Future[Transcriber]":
    """Return a place for a transcription that is on its way."""
    return asyncio.get_running_loop().create_future()


def test_first_words_are_handed_over_in_order() -> None:
    """Spec: what is said before the providers are ready is kept and answered."""

    async def scene() -> None:
        place, real = coming(), FakeTranscriber(["who leads"])
        utterance = LateTranscriber(place).begin()
        assert utterance.sample_rate == RATE
        utterance.feed(b"abcd")
        await asyncio.sleep(2)
        place.set_result(real)
        await asyncio.sleep(0.1)
        utterance.feed(b"efgh")
        real.utterances[0].show("who")
        assert await anext(aiter(utterance.partials())) == "who"
        assert await utterance.finish() == "who leads"
        assert bytes(real.utterances[0].pcm) == b"abcdefgh"

    run(scene)


def test_question_that_ended_before_anybody_came_is_heard_too() -> None:
    """Spec: start to answering within five seconds; a short question is over before."""

    async def scene() -> None:
        place, real = coming(), FakeTranscriber(["who leads"])
        utterance = LateTranscriber(place).begin()
        utterance.feed(b"abcd")
        finishing = asyncio.ensure_future(utterance.finish())
        await asyncio.sleep(3)
        place.set_result(real)
        assert await finishing == "who leads"

    run(scene)


def test_nobody_who_comes_is_told_to_who_waits() -> None:
    """Spec: no key."""

    async def scene() -> None:
        place = coming()
        utterance = LateTranscriber(place).begin()
        place.set_exception(DEAF)
        with pytest.raises(VoiceProviderError, match="I cannot hear you"):
            await utterance.finish()
        assert [text async for text in utterance.partials()] == []

    run(scene)


def test_cancelled_before_anybody_came_leaves_nothing_behind() -> None:
    """Our rule: cancelling is safe at any time."""

    async def scene() -> None:
        place, real = coming(), FakeTranscriber([])
        utterance = LateTranscriber(place).begin()
        utterance.feed(b"abcd")
        await utterance.cancel()
        place.set_result(real)
        await asyncio.sleep(0.1)
        assert real.utterances == []
        await utterance.cancel()

    run(scene)


def test_who_is_there_is_asked_directly() -> None:
    """Our rule: once everybody is there, nothing stands between."""

    async def scene() -> None:
        place, real = coming(), FakeTranscriber([])
        place.set_result(real)
        late = LateTranscriber(place)
        await late.start(["Bonk"])
        assert late.begin() is real.utterances[0]
        await late.aclose()

    run(scene)
