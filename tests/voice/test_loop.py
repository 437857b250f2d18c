"""The conversation as it happens, on a clock that jumps: who is heard when, what is remembered, what goes wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.conversation import (
    DEAF,
    HOARSE,
    FakeCompany,
    FakeMouth,
    FakeSource,
    FakeSpeaker,
    FakeTranscriber,
    FakeUtterance,
)
from tests.fakes.mind import STALLED, FakeDesk, FakeMind, Reply, asks, says, tool_ids
from tests.virtual_time import run
from voice.brain import Brain
from voice.errors import DeviceError, VoiceError, VoiceProviderError
from voice.journal import Entry
from voice.listening import MicrophoneEars
from voice.loop import Loop
from voice.manners import CRASHED, FILLERS, HEARD_NOTHING, STILL_BUSY, UNASKED
from voice.memory import Call, Turn, messages_of
from voice.screen import Screen
from voice.second_voice import TwoVoices
from voice.terminal import PlainDisplay
from voice.turns import Dropped, Event, KeyDown, KeyUp, Muted, News, Phase

BOARD = {"wallets": [{"nickname": "alpha", "net_sol": "12.8765"}]}
LONG = "Alpha leads with ten trades. Beta follows with nine of them. Gamma is far behind both."


@dataclass
class Room:
    """A conversation in which the test is the person."""

    company: FakeCompany
    transcriber: FakeTranscriber
    speaker: FakeSpeaker
    source: FakeSource = field(default_factory=FakeSource)
    mouth: FakeMouth = field(default_factory=FakeMouth)
    shown: list[str] = field(default_factory=list[str])
    entries: list[Entry] = field(default_factory=list[Entry])
    may_guess: bool = False

    def __post_init__(self) -> None:
        ears = MicrophoneEars(self.source, self.transcriber, lambda: self.company.second)
        screen = Screen(PlainDisplay(self.shown.append))
        self.loop = Loop(self.company, ears, self.mouth, screen, self.entries.append, may_guess=self.may_guess)

    @property
    def brain(self) -> Brain:
        """Who thinks."""
        brain = self.company.the_brain
        assert isinstance(brain, Brain)
        return brain

    @property
    def heard(self) -> str:
        """Every word that has sounded."""
        return " ".join(word for _, word in self.mouth.heard)

    async def hold(self, *partials: str) -> FakeUtterance:
        """Press the key, and say words that are understood one after the other."""
        self.loop.put(KeyDown())
        utterance = self.transcriber.utterances[-1]
        for text in partials:
            utterance.show(text)
            await asyncio.sleep(0.1)
        return utterance

    async def ask(self, final: str | Exception) -> None:
        """Ask something, and hear the answer to its end."""
        await self.begin_to_ask(final)
        await self.loop.rest()

    async def begin_to_ask(self, final: str | Exception) -> None:
        """Ask something."""
        self.transcriber.finals.append(final)
        await self.hold()
        self.loop.put(KeyUp())

    async def until(self, phase: Phase) -> None:
        """Wait for a phase."""
        async with asyncio.timeout(60):
            # Time is virtual here: looking often costs none.
            while self.loop.phase is not phase:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


def room(*script: Reply, may_guess: bool = False, works_for: int = 10_000, **results: Any) -> Room:  # noqa: ANN401
    """Return a conversation with a scripted model and a table of tools."""
    table = {"top_wallets": BOARD, "edit_wallet": {"is_tracked": True}, **results}
    speaker = FakeSpeaker(works_for=works_for)
    company = FakeCompany(FakeMind(list(script)), FakeDesk(table, frozenset({"edit_wallet"})), speaker)
    return Room(company, FakeTranscriber([]), speaker, may_guess=may_guess)


def play(scene: Callable[[], Awaitable[None]]) -> None:
    """Run a scene in virtual time, within an hour of it."""

    async def bounded() -> None:
        async with asyncio.timeout(3600):
            await scene()

    run(bounded)


def test_question_is_answered_aloud_and_remembered() -> None:
    """Spec: scripted dialogue, plain question; the stages of it are measured."""

    async def scene() -> None:
        here = room(says("Alpha leads."))
        await here.ask("Who leads?")
        assert here.heard == "Alpha leads."
        assert here.shown == ["you   Who leads?", "aura  Alpha leads.", here.shown[-1]]
        (entry,) = here.entries
        assert (entry.question, entry.answer, entry.is_cut) == ("Who leads?", "Alpha leads.", False)
        assert entry.stages_ms == {"hear": 300, "think": 0, "speak": 100, "play": 0, "total": 400}
        assert here.brain.conversation.turns == (Turn(question="Who leads?", answer="Alpha leads."),)

    play(scene)


def test_follow_up_is_asked_with_what_was_heard_before() -> None:
    """Spec: follow-ups refer to the last results; two tools' results stay in the history."""

    async def scene() -> None:
        here = room(asks(("top_wallets", {})), says("Alpha made 12.9 SOL."), says("It is alpha."))
        await here.ask("Who leads?")
        await here.ask("and the second one?")
        used, answered = tool_ids(here.company.mind.requests[-1].messages)
        assert used == answered == ["call0-top_wallets"]
        assert here.heard == "Alpha made 12.9 Sol. It is alpha."
        assert here.entries[0].tools == ("top_wallets",)

    play(scene)


def test_key_silences_at_once_and_history_keeps_what_was_heard() -> None:
    """Spec: barge-in mid-sentence; history keeps only what was heard."""

    async def scene() -> None:
        here = room(says(LONG), says("Fine."))
        await here.begin_to_ask("Who leads?")
        await here.until(Phase.SPEAKING)
        await asyncio.sleep(1.1)
        await here.hold()
        assert here.mouth.is_silent
        await asyncio.sleep(0)
        assert here.speaker.cancelled == 1
        (turn,) = here.brain.conversation.turns
        assert turn.is_cut
        assert turn.answer == here.heard
        assert LONG.startswith(here.heard)
        assert 3 < len(here.heard.split()) < 7
        here.transcriber.finals.append("thanks")
        here.loop.put(KeyUp())
        await here.loop.rest()
        assert here.heard.endswith(" Fine.")

    play(scene)


def test_right_guess_is_heard_as_soon_as_the_transcript_is_final() -> None:
    """Spec: speculative start on a quiet partial, confirmed by the final transcript; asked once."""

    async def scene() -> None:
        here = room(says("Alpha leads."), may_guess=True)
        here.source.quiet_s = 1.0
        await here.hold("who leads")
        assert (len(here.company.mind.requests), here.mouth.is_silent) == (1, True)
        await asyncio.sleep(1.0)
        assert here.mouth.is_silent
        here.transcriber.finals.append("Who leads?")
        here.loop.put(KeyUp())
        await here.loop.rest()
        assert here.heard == "Alpha leads."
        assert here.entries[0].stages_ms == {"hear": 300, "think": 0, "speak": 0, "play": 0, "total": 300}
        assert here.brain.conversation.turns[0].question == "Who leads?"
        assert len(here.company.mind.requests) == 1

    play(scene)


def test_wrong_guess_is_never_heard_nor_remembered() -> None:
    """Our rule: a wrong guess costs tokens and nothing else."""

    async def scene() -> None:
        here = room(says("Wrong."), says("Right."), may_guess=True)
        here.source.quiet_s = 1.0
        await here.hold("who leads")
        here.transcriber.finals.append("Who leads today?")
        here.loop.put(KeyUp())
        await here.loop.rest()
        assert here.heard == "Right."
        assert [turn.question for turn in here.brain.conversation.turns] == ["Who leads today?"]

    play(scene)


def test_guess_changes_nothing_before_it_is_confirmed() -> None:
    """Spec: read-only tools only."""

    async def scene() -> None:
        here = room(asks(("edit_wallet", {"wallet": "alpha", "action": "track"})), says("Done."), may_guess=True)
        here.source.quiet_s = 1.0
        await here.hold("follow alpha")
        await asyncio.sleep(5)
        assert here.company.desk.calls == []
        here.transcriber.finals.append("Follow alpha.")
        here.loop.put(KeyUp())
        await here.loop.rest()
        assert [name for name, _ in here.company.desk.calls] == ["edit_wallet"]

    play(scene)


@pytest.mark.parametrize(
    ("first", "waits_s", "said"),
    [
        ("", 0.5, "Alpha leads."),
        ("", 2.0, f"{FILLERS[2]} Alpha leads."),
        ("Let me see who it is. ", 2.0, "Let me see who it is. Alpha leads."),
        ("", 5.0, f"{FILLERS[2]} {STILL_BUSY}: 1 of 2. Alpha leads."),
    ],
    ids=["quick", "slow", "announced", "very slow"],
)
def test_filler_is_said_only_while_a_tool_runs_in_silence(first: str, waits_s: float, said: str) -> None:
    """Spec: fillers only when needed; progress after three seconds."""

    async def scene() -> None:
        here = room(asks(("top_wallets", {}), first=first), says("Alpha leads."))
        gate = here.company.desk.gate = asyncio.Event()
        await here.begin_to_ask("Who leads?")
        await here.until(Phase.THINKING)
        asyncio.get_running_loop().call_later(waits_s, gate.set)
        await here.loop.rest()
        assert here.heard == said
        assert here.brain.conversation.turns[0].answer == f"{first}Alpha leads."

    play(scene)


def test_long_answer_of_a_tool_can_be_interrupted_without_a_dangling_call() -> None:
    """Spec: cancellation leaves a valid history."""

    async def scene() -> None:
        here = room(asks(("top_wallets", {})), says("Never mind then."))
        here.company.desk.gate = asyncio.Event()
        await here.begin_to_ask("Who leads?")
        await here.until(Phase.SPEAKING)
        await here.ask("forget it")
        assert here.heard.endswith("Never mind then.")
        used, answered = tool_ids(here.company.mind.requests[-1].messages)
        assert used == answered == []

    play(scene)


def test_second_transcription_hears_what_the_first_one_lost() -> None:
    """Spec: realtime transcription with a batch fallback."""

    async def scene() -> None:
        here = room(says("Alpha leads."))
        second = here.company.second = FakeTranscriber(["Who leads?"])
        here.transcriber.finals.append(DEAF)
        await here.hold()
        here.source.hear(bytes(4800))
        here.loop.put(KeyUp())
        await here.loop.rest()
        assert here.heard == "Alpha leads."
        assert len(second.utterances[0].pcm) == 4800

    play(scene)


def test_deaf_agent_says_so_and_goes_on() -> None:
    """Spec: each failure has a line that says what to do, and the loop goes on."""

    async def scene() -> None:
        here = room(says("Alpha leads."))
        await here.ask(DEAF)
        assert here.heard == DEAF.line
        await here.ask("Who leads?")
        assert here.heard == f"{DEAF.line} Alpha leads."

    play(scene)


@pytest.mark.parametrize("kind", ["no_key", "bad_key", "no_credit", "no_network", "rate_limited", "stalled", "refused"])
def test_every_trouble_of_the_model_is_said_and_the_next_question_is_answered(kind: Any) -> None:  # noqa: ANN401
    """Spec: no key, bad key, no credit, no network, 429, stall."""

    async def scene() -> None:
        trouble = VoiceProviderError("Fake", kind, "Claude is away. Do something.")
        here = room([*says("Alpha ")[:-1], trouble], says("Alpha leads."))
        await here.ask("Who leads?")
        assert here.heard == "Claude is away. Do something."
        await here.ask("Who leads?")
        assert here.heard.endswith("Alpha leads.")
        assert here.brain.conversation.turns[0].is_cut

    play(scene)


def test_missing_model_is_said_at_every_question() -> None:
    """Spec: no key."""

    async def scene() -> None:
        here = room()
        here.company.the_brain = VoiceError("I need a key.")
        await here.ask("Who leads?")
        await here.ask("Who leads?")
        assert here.heard == "I need a key. I need a key."

    play(scene)


def test_answer_is_shown_when_there_is_no_voice() -> None:
    """Spec: a spoken or printed line; the loop goes on."""

    async def scene() -> None:
        here = room(says("Alpha leads."), says("Still alpha."))
        here.company.voice = None
        await here.ask("Who leads?")
        await here.ask("And now?")
        assert here.heard == ""
        assert [line for line in here.shown if line.startswith("aura")] == ["aura  Alpha leads.", "aura  Still alpha."]
        assert [turn.answer for turn in here.brain.conversation.turns] == ["Alpha leads.", "Still alpha."]

    play(scene)


def test_voice_that_stops_in_the_middle_is_told_in_writing() -> None:
    """Spec: provider stalls mid-sentence."""

    async def scene() -> None:
        here = room(says("Alpha leads by far."), says("Still alpha."), works_for=2)
        await here.ask("Who leads?")
        assert here.heard == "Alpha leads"
        assert HOARSE.line in here.shown
        assert "aura  Alpha leads by far." in here.shown
        await here.ask("And now?")
        assert "aura  Still alpha." in here.shown

    play(scene)


def test_second_voice_says_the_words_that_were_not_heard() -> None:
    """Spec: TTS ElevenLabs websocket and HTTP; nothing is said twice."""

    async def scene() -> None:
        here = room(says("Alpha leads by far. Beta follows."), says("Still alpha."), works_for=2)
        second = FakeSpeaker()

        async def make() -> FakeSpeaker:
            return second

        here.company.voice = TwoVoices(here.speaker, make)
        await here.ask("Who leads?")
        assert here.heard == "Alpha leads by far. Beta follows."
        await here.ask("And now?")
        assert here.heard.endswith("Still alpha.")
        assert second.sentences[-1] == "Still alpha."
        assert HOARSE.line not in here.shown

    play(scene)


def test_question_before_anybody_is_there_is_answered_when_they_come() -> None:
    """Spec: what is said before the providers are ready is kept."""

    async def scene() -> None:
        here = room(says("Alpha leads."))
        here.company.is_here.clear()
        await here.begin_to_ask("Who leads?")
        await asyncio.sleep(4)
        assert (here.loop.phase, here.heard) == (Phase.THINKING, "")
        here.company.is_here.set()
        await here.loop.rest()
        assert here.heard == "Alpha leads."

    play(scene)


def test_what_was_looked_up_ahead_is_known_without_a_tool() -> None:
    """Our rule: most questions about a name need one round of the model only."""

    async def scene() -> None:
        here = room(says("Alpha made 12.9 SOL."))
        here.company.calls = [Call(id="known_1", name="top_wallets", arguments={}, result='{"net_sol": "12.8765"}')]
        utterance = await here.hold("how is alpha")
        assert here.company.overheard == ["how is alpha"]
        here.transcriber.finals.append("How is alpha?")
        here.loop.put(KeyUp())
        await here.loop.rest()
        assert utterance.pcm == b""
        assert here.heard == "Alpha made 12.9 Sol."
        assert here.entries[0].tools == ("top_wallets",)
        used, answered = tool_ids(messages_of(here.brain.conversation, Turn(question="and now?")))
        assert used == answered == ["known_1"]

    play(scene)


def test_news_waits_for_silence_and_can_be_asked_about() -> None:
    """Spec: alert while idle and while speaking."""

    async def scene() -> None:
        here = room(says("Alpha leads."), says("It was alpha."))
        here.loop.put(News("Alpha just bought $20,000 of Bonk."))
        await here.loop.rest()
        await here.begin_to_ask("Who leads?")
        await here.until(Phase.SPEAKING)
        here.loop.put(News("Beta sold."))
        await here.loop.rest()
        assert here.heard == "Alpha just bought 20 thousand dollars of Bonk. Alpha leads. Beta sold."
        await here.ask("who was that?")
        said = [message["content"][0]["text"] for message in here.company.mind.requests[-1].messages]
        assert said[:2] == [UNASKED, "Alpha just bought $20,000 of Bonk."]
        assert [entry.question for entry in here.entries] == [None, "Who leads?", None, "who was that?"]

    play(scene)


def test_critical_news_interrupts_an_answer() -> None:
    """Spec: critical ones duck."""

    async def scene() -> None:
        here = room(says(LONG))
        await here.begin_to_ask("Who leads?")
        await here.until(Phase.SPEAKING)
        await asyncio.sleep(0.6)
        here.loop.put(News("Stop loss!", is_critical=True))
        await here.loop.rest()
        assert here.heard.endswith("Stop loss!")
        assert here.brain.conversation.turns[0].is_cut

    play(scene)


@pytest.mark.parametrize("is_recording", [True, False], ids=["recording", "idle"])
def test_lost_device_is_told_and_the_loop_goes_on(*, is_recording: bool) -> None:
    """Spec: device unplugged."""

    async def scene() -> None:
        here = room(says("Alpha leads."))
        if is_recording:
            await here.hold()
        here.loop.lose("The microphone is gone.")
        await here.loop.rest()
        assert here.heard == "The microphone is gone."
        assert here.source.taps == {}
        await here.ask("Who leads?")
        assert here.heard.endswith("Alpha leads.")

    play(scene)


def test_device_lost_during_news_is_told_after_it_although_news_is_muted() -> None:
    """Our rule: whoever wants peace still wants to know that nobody hears."""

    async def scene() -> None:
        here = room()
        here.loop.put(News("Beta just sold everything."))
        await asyncio.sleep(0.3)
        here.loop.put(Muted(3600))
        here.loop.lose("The microphone is gone.")
        await here.loop.rest()
        assert here.heard == "Beta The microphone is gone."

    play(scene)


def test_key_without_a_microphone_is_told() -> None:
    """Spec: no microphone."""

    async def scene() -> None:
        here = room()
        here.source.error = DeviceError("There is no microphone.")
        here.loop.put(KeyDown())
        here.loop.put(KeyUp())
        await here.loop.rest()
        assert here.heard == "There is no microphone."
        assert here.transcriber.utterances[0].is_cancelled

    play(scene)


def test_mistake_of_ours_is_told_and_the_loop_goes_on() -> None:
    """Our rule: the agent outlives its own mistakes, and the log says what they were."""

    async def scene() -> None:
        here = room([RuntimeError("a bug")], says("Alpha leads."))
        await here.ask("Who leads?")
        assert here.heard == CRASHED
        await here.ask("Who leads?")
        assert here.heard.endswith("Alpha leads.")

    play(scene)


def test_silence_and_a_key_held_for_a_minute_do_no_harm() -> None:
    """Spec: silence, a key held for a minute."""

    async def scene() -> None:
        here = room(says("Alpha leads."))
        await here.ask("")
        await here.hold()
        await asyncio.sleep(60)
        here.transcriber.finals.append("Who leads?")
        here.loop.put(KeyUp())
        await here.loop.rest()
        assert here.heard == "Alpha leads."

    play(scene)


def test_who_held_the_key_is_told_that_nothing_was_understood() -> None:
    """Our rule: silence after a question is worse than any answer; half words do not stay on the screen."""

    async def scene() -> None:
        here = room(says("Alpha leads."))
        await here.hold("hm")
        here.transcriber.finals.append("")
        here.loop.put(KeyUp())
        await here.loop.rest()
        assert here.shown == [HEARD_NOTHING]
        here.loop.put(News("Beta sold."))
        await here.loop.rest()
        assert here.shown[1:] == ["aura  Beta sold."]

    play(scene)


def test_question_that_is_asked_anew_is_not_transcribed_any_more() -> None:
    """Our rule: what nobody waits for costs nothing."""

    async def scene() -> None:
        here = room(says("Alpha leads."))
        here.transcriber.final_s = 5.0
        first = await here.hold()
        here.loop.put(KeyUp())
        await asyncio.sleep(1)
        await here.ask("Who leads?")
        assert first.is_cancelled
        assert here.transcriber.finals == []
        assert [entry.question for entry in here.entries] == ["Who leads?"]

    play(scene)


def test_news_that_was_interrupted_can_be_asked_about() -> None:
    """Our rule: "what was that?" is what people say then."""

    async def scene() -> None:
        here = room(says("It was alpha."))
        here.loop.put(News("Alpha just bought a lot of Bonk."))
        await asyncio.sleep(0.5)
        await here.ask("what was that?")
        said = [message["content"][0]["text"] for message in here.company.mind.requests[-1].messages]
        assert said == [UNASKED, "Alpha just bought a lot of Bonk.", "what was that?"]

    play(scene)


def test_twenty_turns_in_a_row_are_all_heard() -> None:
    """Spec: 20 turns in a row."""

    async def scene() -> None:
        here = room(*[says(f"Answer {word}.") for word in "abcdefghijklmnopqrst"])
        for number in range(20):
            await here.ask(f"Question {number}?")
        assert here.heard == " ".join(f"Answer {word}." for word in "abcdefghijklmnopqrst")
        assert len(here.brain.conversation.turns) == 20

    play(scene)


happenings = st.lists(
    st.tuples(
        st.sampled_from(["down", "up", "drop", "news", "critical", "lose", "say", "show"]),
        st.sampled_from([0.0, 0.05, 0.3, 1.0, 4.0]),
    ),
    max_size=25,
)


@given(happenings, st.data())
def test_whatever_happens_the_loop_comes_to_rest_with_a_valid_history(
    history: list[tuple[str, float]], data: st.DataObject
) -> None:
    """Spec: never two voices at once (the mouth asserts it), always back to listening, never a dangling call."""
    replies: list[Reply] = [
        data.draw(st.sampled_from([says(LONG), asks(("top_wallets", {})), [STALLED], [RuntimeError("a bug")]]))
        for _ in range(10)
    ]

    async def scene() -> None:
        here = room(*replies, *[says("Enough.")] * 200, may_guess=True)
        here.source.quiet_s = 1.0
        here.transcriber.finals += ["who leads", "", "who leads today", DEAF] * 20
        events: dict[str, Event] = {
            "down": KeyDown(), "up": KeyUp(), "drop": Dropped(), "news": News("Beta sold."),
            "critical": News("Stop loss!", is_critical=True),
        }  # fmt: skip
        for name, wait_s in history:
            if name in events:
                here.loop.put(events[name])
            elif name == "lose":
                here.loop.lose("The microphone is gone.")
            elif here.transcriber.utterances:
                here.transcriber.utterances[-1].show("who leads" if name == "say" else "who")
            await asyncio.sleep(wait_s)
        here.loop.put(KeyUp())
        await here.loop.rest()
        assert here.mouth.is_silent
        assert here.source.taps == {}
        used, answered = tool_ids(messages_of(here.brain.conversation, Turn(question="and now?")))
        assert used == answered
        await here.loop.aclose()

    play(scene)
