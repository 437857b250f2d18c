"""Every failure of every provider, in a whole conversation: its line is said or shown, and the next question answered.

Real clients, brain, ears and loop; the fakes speak the wire formats. What is heard is what a microphone took in.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fakes.conversation import FakeCompany, FakeMouth, FakeSource
from tests.fakes.mind import FakeDesk, FakeMind
from tests.fakes.voice.faults import Door, Fault, Kind, late
from tests.fakes.voice.replies import text
from tests.fakes.voice.sound import tone
from tests.fakes.voice.stand import ANTHROPIC, ELEVENLABS, OPENAI, VoiceProviders
from voice.brain import Brain
from voice.connecting import connect_mind, connect_speaker, connect_transcriber
from voice.errors import VoiceError
from voice.listening import MicrophoneEars
from voice.loop import Loop
from voice.providers import Mind, Speaker, Transcriber
from voice.screen import Screen
from voice.second_voice import TwoVoices
from voice.settings import VoiceSettings
from voice.terminal import PlainDisplay
from voice.turns import KeyDown, KeyUp

FAST = 50.0
ANSWER = "Alpha leads."


@dataclass
class Room:
    """A conversation with real clients."""

    source: FakeSource
    mouth: FakeMouth
    shown: list[str]
    loop: Loop
    closing: list[Callable[[], Coroutine[Any, Any, None]]]

    async def ask(self) -> None:
        """Hold the key, say something, release it, and hear the answer to its end."""
        self.loop.put(KeyDown())
        for _ in range(25):
            self.source.hear(tone(0.02, 24_000))
        self.loop.put(KeyUp())
        await self.loop.rest()

    @property
    def told(self) -> str:
        """Everything that was heard or shown."""
        heard = "".join(f"{word} " for _, word in self.mouth.heard)
        return " ".join([*heard.split(), *self.shown])


def make_room(settings: VoiceSettings) -> Room:
    """Return a conversation; who has no key is missing, as in the real one."""
    closing: list[Callable[[], Coroutine[Any, Any, None]]] = []

    def kept(who: Transcriber | Speaker | Mind) -> Any:  # noqa: ANN401 - the same
        closing.append(who.aclose)
        return who

    async def second_voice() -> Speaker:
        return kept(connect_speaker(settings, "elevenlabs_http"))

    speaker: Speaker | None = None
    if settings.elevenlabs_api_key is not None:
        speaker = TwoVoices(kept(connect_speaker(settings)), second_voice)
    second = kept(connect_transcriber(settings, "openai_batch"))
    source, mouth, shown = FakeSource(), FakeMouth(speed=FAST), list[str]()
    desk = FakeDesk({})
    brain: Brain | VoiceError
    try:
        brain = Brain(kept(connect_mind(settings)), desk, system="Be short.", memory_tokens=4_000)
    except VoiceError as error:
        brain = error
    company = FakeCompany(FakeMind([]), desk, speaker, brain)
    ears = MicrophoneEars(source, kept(connect_transcriber(settings)), lambda: second)
    loop = Loop(company, ears, mouth, Screen(PlainDisplay(shown.append)), lambda _: None, may_guess=False)
    return Room(source, mouth, shown, loop, closing)


def converse(providers: VoiceProviders, scene: Callable[[Room], Coroutine[Any, Any, None]], **settings: object) -> Room:
    """Play a scene within fifteen seconds, and return what is left of it."""

    async def bounded() -> Room:
        async with asyncio.timeout(15):
            here = make_room(VoiceSettings(**providers.settings(timeout_s=1.0, **settings)))
            try:
                await scene(here)
            finally:
                await here.loop.aclose()
                await asyncio.gather(*(close() for close in here.closing))
            return here

    return asyncio.run(bounded())


async def ask_twice(here: Room) -> None:
    """Ask while something is wrong, and again when it is not any more."""
    await here.ask()
    await here.ask()


FAILURES = [
    (Fault(kind=Kind.BAD_KEY), "refuses the key. Check"),
    (Fault(kind=Kind.NO_CREDIT), "no credit left. Add some"),
    (Fault(kind=Kind.RATE_LIMITED, retry_after_s=30), "slow down. Ask again in 30 seconds"),
    (Fault(kind=Kind.OVERLOADED), "overloaded. Ask again in a minute"),
    (late(Kind.STALL, after=1), "stopped answering. Ask again in a moment"),
    (late(Kind.DROP, after=1), "I cannot reach"),
]
failures = pytest.mark.parametrize(("fault", "line"), FAILURES, ids=lambda found: str(getattr(found, "kind", "")))


def plain(told: str) -> str:
    """Return what was told without what distinguishes the ear from the eye."""
    return " ".join(told.replace("_", " ").split())


@failures
def test_trouble_of_the_model_is_said(providers: VoiceProviders, fault: Fault, line: str) -> None:
    """Spec: each failure has a line that says what to do, and the loop goes on."""
    providers.script.faults.plan(Door.CLAUDE, fault)
    providers.script.says("who leads", "who leads now")
    providers.script.replies += [[text(ANSWER)]] * 2
    here = converse(providers, ask_twice)
    assert line in plain(here.told)
    assert plain(here.told).count(ANSWER) >= 1
    assert "aura  Alpha leads." in here.shown


@failures
def test_trouble_of_both_ears_is_said(providers: VoiceProviders, fault: Fault, line: str) -> None:
    """Spec: each failure has a line that says what to do, and the loop goes on."""
    for door in (Door.REALTIME, Door.BATCH):
        providers.script.faults.plan(door, fault)
    providers.script.says("who leads now")
    providers.script.replies.append([text(ANSWER)])
    here = converse(providers, ask_twice)
    assert line in plain(here.told)
    assert "aura  Alpha leads." in here.shown


@failures
def test_trouble_of_both_voices_is_shown_beside_the_answer(providers: VoiceProviders, fault: Fault, line: str) -> None:
    """Spec: a spoken or printed line; the answer is shown, and the next one is heard again."""
    for door in (Door.SPEECH, Door.STREAM):
        providers.script.faults.always(door, fault)
    providers.script.says("who leads", "who leads now")
    providers.script.replies += [[text(ANSWER)], [text("Still alpha.")]]

    async def scene(here: Room) -> None:
        await here.ask()
        providers.script.faults.mend()
        await here.ask()

    here = converse(providers, scene)
    assert any(line in plain(shown) for shown in here.shown)
    assert "aura  Alpha leads." in here.shown
    assert "".join(word for _, word in here.mouth.heard).replace(" ", "").endswith("Stillalpha.")


@pytest.mark.parametrize("name", [OPENAI, ANTHROPIC, ELEVENLABS])
def test_lost_network_is_told_and_comes_back(providers: VoiceProviders, name: str) -> None:
    """Spec: no network."""
    providers.script.says("who leads", "who leads now")
    providers.script.replies += [[text(ANSWER)]] * 2

    async def scene(here: Room) -> None:
        providers.refuse(name)
        await here.ask()
        assert "I cannot reach" in plain(here.told)
        providers.admit(name)
        await here.ask()

    assert "aura  Alpha leads." in converse(providers, scene).shown


def test_model_without_a_key_is_said_at_every_question(providers: VoiceProviders) -> None:
    """Spec: no key."""
    providers.script.says("who leads", "who leads now")
    here = converse(providers, ask_twice, ANTHROPIC_API_KEY=None)
    assert len([line for line in here.shown if "I need an Anthropic key: set ANTHROPIC_API_KEY" in line]) == 2


def test_agent_without_a_voice_answers_in_writing(providers: VoiceProviders) -> None:
    """Spec: no key."""
    providers.script.says("who leads")
    providers.script.replies.append([text(ANSWER)])

    async def scene(here: Room) -> None:
        await here.ask()

    here = converse(providers, scene, ELEVENLABS_API_KEY=None)
    assert (here.mouth.heard, "aura  Alpha leads." in here.shown) == ([], True)
