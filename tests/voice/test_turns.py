"""Turn-taking on a clock that the test holds: every event in every state, and what must hold after any history."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from voice.turns import (
    MAX_GUESSES,
    MAX_NEWS,
    Abandon,
    Announce,
    Answer,
    Audible,
    Confirm,
    Discard,
    Done,
    Dropped,
    Effect,
    Event,
    Failed,
    Heard,
    KeyDown,
    KeyUp,
    Muted,
    News,
    Partial,
    Phase,
    Quiet,
    Record,
    State,
    Transcribe,
    is_same_text,
    step,
)


def play(*events: Event, state: State | None = None, now_s: float = 0.0) -> tuple[State, list[Effect]]:
    """Return where a history leads, and everything that was done on the way."""
    state, effects = state or State(), list[Effect]()
    for event in events:
        state, done = step(state, event, now_s)
        effects += done
    return state, effects


NO_GUESS = State(may_guess=False)
THINKING = (KeyDown(), KeyUp(), Heard(1, "how is Bonk"))
SPEAKING = (*THINKING, Audible(2))


def test_plain_question_is_recorded_transcribed_answered() -> None:
    """Spec: key down, ask, key up, hear the answer."""
    state, effects = play(*SPEAKING, Done(2), state=NO_GUESS)
    assert effects == [Record(1), Transcribe(1), Answer(2, "how is Bonk", is_guess=False)]
    assert state == replace(NO_GUESS, number=2, last=2)


def test_guess_on_a_pause_is_confirmed_by_the_transcript() -> None:
    """Spec: speculative start on a quiet partial, confirmed by the final transcript."""
    state, effects = play(KeyDown(), Partial(1, "how is bonk"), Quiet(), KeyUp(), Heard(1, "How is Bonk?"))
    assert effects == [
        Record(1),
        Answer(2, "how is bonk", is_guess=True),
        Transcribe(1),
        Confirm(2, "How is Bonk?"),
    ]
    assert (state.phase, state.number) == (Phase.THINKING, 2)


def test_release_of_the_key_starts_a_guess_too() -> None:
    """Our rule: nothing says more clearly that the words are complete."""
    _, effects = play(KeyDown(), Partial(1, "how is bonk"), KeyUp())
    assert effects == [Record(1), Transcribe(1), Answer(2, "how is bonk", is_guess=True)]


def test_wrong_guess_is_abandoned_before_the_question_is_answered() -> None:
    """Our rule: a guess is never heard unless it was right."""
    _, effects = play(KeyDown(), Partial(1, "how is"), Quiet(), KeyUp(), Heard(1, "how is Bonk"))
    assert effects[-2:] == [Abandon(2), Answer(3, "how is Bonk", is_guess=False)]


def test_guess_ends_as_soon_as_more_is_said() -> None:
    """Our rule: thinking about half a sentence is waste once there is more of it."""
    state, effects = play(KeyDown(), Partial(1, "how is"), Quiet(), Partial(1, "how is bonk"))
    assert effects[-1] == Abandon(2)
    assert state.guess is None


def test_guesses_of_one_utterance_are_limited() -> None:
    """Our rule: a wrong guess costs tokens."""
    words = [Partial(1, "word " * count) for count in range(1, 9)]
    _, effects = play(KeyDown(), *(event for word in words for event in (word, Quiet())), KeyUp())
    assert sum(isinstance(effect, Answer) for effect in effects) == MAX_GUESSES


def test_guess_that_fails_leaves_the_question_to_be_asked() -> None:
    """Our rule: only the real question's failure is worth a word."""
    state, effects = play(
        KeyDown(), Partial(1, "how is bonk"), Quiet(), Failed(2, "no credit"), KeyUp(), Heard(1, "how is bonk")
    )
    assert not any(isinstance(effect, Announce) for effect in effects)
    assert state.phase is Phase.THINKING


def test_key_while_speaking_silences_at_once_and_listens() -> None:
    """Spec: barge-in."""
    state, effects = play(*SPEAKING, KeyDown(), state=NO_GUESS)
    assert effects[-2:] == [Abandon(2), Record(3)]
    assert state.phase is Phase.RECORDING


def test_what_an_abandoned_answer_reports_changes_nothing() -> None:
    """Our rule: effects may finish late; their number is no longer current."""
    before, _ = play(*SPEAKING, KeyDown(), state=NO_GUESS)
    after, effects = play(Audible(2), Done(2), Failed(2, "late"), Heard(1, "late"), Partial(1, "late"), state=before)
    assert (after, effects) == (before, [])


def test_silence_and_words_for_nobody_lead_back_to_listening() -> None:
    """Spec: silence, noise."""
    for text in ("", "  ", "…?!"):
        state, effects = play(KeyDown(), KeyUp(), Heard(1, text), state=NO_GUESS)
        assert (state.phase, effects) == (Phase.LISTENING, [Record(1), Transcribe(1)])


@pytest.mark.parametrize(
    "until",
    [(KeyDown(),), (KeyDown(), KeyUp()), THINKING, SPEAKING],
    ids=["recording", "transcribing", "thinking", "speaking"],
)
def test_every_failure_is_said_and_the_loop_goes_on(until: tuple[Event, ...]) -> None:
    """Spec: each failure has a line that says what to do, and the loop goes on."""
    before, _ = play(*until, state=NO_GUESS)
    state, effects = play(Failed(before.number, "the key is refused"), state=before)
    assert effects[-1] == Announce(state.number, "the key is refused")
    assert not any(isinstance(effect, Announce) for effect in effects[:-1])
    assert play(Done(state.number), state=state)[0].phase is Phase.LISTENING


def test_voice_that_fails_while_announcing_is_not_announced() -> None:
    """Our rule: saying that the voice fails would fail again."""
    state, effects = play(News("a whale bought"), Failed(1, "no voice"))
    assert effects == [Announce(1, "a whale bought"), Abandon(1)]
    assert state.phase is Phase.LISTENING


def test_news_is_said_when_idle_and_waits_while_somebody_speaks() -> None:
    """Spec: alert while idle and while speaking."""
    assert play(News("a whale bought"))[1] == [Announce(1, "a whale bought")]
    state, effects = play(*SPEAKING, News("one"), News("two"), Done(2), Done(3), Done(4), state=NO_GUESS)
    assert effects[-2:] == [Announce(3, "one"), Announce(4, "two")]
    assert state.phase is Phase.LISTENING


def test_waiting_news_survives_a_question_and_the_oldest_gives_way() -> None:
    """Our rule: news ages."""
    before, _ = play(*SPEAKING, *(News(str(number)) for number in range(MAX_NEWS + 2)), state=NO_GUESS)
    assert before.news == tuple(str(number) for number in range(2, MAX_NEWS + 2))
    asked, _ = play(KeyDown(), KeyUp(), Heard(before.last + 1, ""), state=before)
    assert (asked.phase, len(asked.news)) == (Phase.ANNOUNCING, MAX_NEWS - 1)


def test_muted_news_is_not_said_until_the_hour_is_over() -> None:
    """Spec: mutable by voice for an hour."""
    muted, _ = step(State(), Muted(3600.0), 0.0)
    assert step(muted, News("one"), 3599.9) == (muted, ())
    assert step(muted, News("two"), 3600.0)[1] == (Announce(1, "two"),)


def test_critical_news_interrupts_an_answer_but_nobody_else() -> None:
    """Our rule: neither the person nor other news is cut off; what waits is said critical first."""
    critical = News("stop loss", is_critical=True)
    speaking, _ = play(*SPEAKING, state=NO_GUESS)
    state, effects = play(critical, state=speaking)
    assert effects == [Abandon(2), Announce(3, "stop loss")]
    for until in ((KeyDown(),), (KeyDown(), KeyUp()), THINKING, (News("first"),)):
        before, _ = play(*until, News("later"), state=NO_GUESS)
        state, effects = play(critical, state=before)
        assert (effects, state.phase, state.news) == ([], before.phase, ("stop loss", "later"))


def test_critical_news_cannot_be_muted() -> None:
    """Our rule: whoever wants an hour of peace still wants to hear of a fire."""
    muted, _ = step(State(), Muted(3600.0), 0.0)
    assert step(muted, News("stop loss", is_critical=True), 1.0)[1] == (Announce(1, "stop loss"),)
    recording, _ = play(KeyDown(), News("stop loss", is_critical=True), state=muted)
    assert play(KeyUp(), Heard(1, ""), state=recording)[1][-1] == Announce(2, "stop loss")


def test_words_that_come_after_the_release_are_worth_a_guess_too() -> None:
    """Our rule: the final transcript takes a third of a second more than the last word."""
    _, effects = play(KeyDown(), KeyUp(), Partial(1, "how is bonk"), Quiet(), Heard(1, "How is Bonk?"))
    assert effects[-2:] == [Answer(2, "how is bonk", is_guess=True), Confirm(2, "How is Bonk?")]


EVERY_STATE = {
    "listening": (),
    "recording": (KeyDown(),),
    "recording with a guess": (KeyDown(), Partial(1, "how is bonk"), Quiet()),
    "transcribing": (KeyDown(), KeyUp()),
    "transcribing with a guess": (KeyDown(), Partial(1, "how is bonk"), KeyUp()),
    "thinking": THINKING,
    "speaking": SPEAKING,
    "announcing": (News("a whale bought"),),
}
EVERY_EVENT = {
    "key down": KeyDown(), "key up": KeyUp(), "dropped": Dropped(), "partial": Partial(1, "how"), "quiet": Quiet(),
    "heard": Heard(1, "how is bonk"), "heard nothing": Heard(1, ""), "news": News("more"), "muted": Muted(9.0),
    "critical": News("fire", is_critical=True),
}  # fmt: skip


def named(effects: list[Effect]) -> str:
    """Return effects in short."""
    return " ".join(type(effect).__name__.lower() for effect in effects)


def test_every_event_in_every_state() -> None:
    """Spec: unit tests of the state machine: every event in every state; where it leads and what is done."""
    found = {
        place: {
            name: f"{state.phase.value}: {named(effects)}".rstrip(": ")
            for name, event in {**EVERY_EVENT, **own_events(before)}.items()
            for state, effects in [play(event, state=before)]
        }
        for place, history in EVERY_STATE.items()
        for before, _ in [play(*history)]
    }
    assert found == snapshot(
        {
            "listening": {
                "key down": "recording: record",
                "key up": "listening",
                "dropped": "listening",
                "partial": "listening",
                "quiet": "listening",
                "heard": "listening",
                "heard nothing": "listening",
                "news": "announcing: announce",
                "muted": "listening",
                "critical": "announcing: announce",
                "audible": "listening",
                "done": "listening",
                "failed": "listening",
            },
            "recording": {
                "key down": "recording",
                "key up": "transcribing: transcribe",
                "dropped": "listening: discard",
                "partial": "recording",
                "quiet": "recording",
                "heard": "recording",
                "heard nothing": "recording",
                "news": "recording",
                "muted": "recording",
                "critical": "recording",
                "audible": "recording",
                "done": "recording",
                "failed": "announcing: discard announce",
            },
            "recording with a guess": {
                "key down": "recording",
                "key up": "transcribing: transcribe",
                "dropped": "listening: discard abandon",
                "partial": "recording: abandon",
                "quiet": "recording",
                "heard": "recording",
                "heard nothing": "recording",
                "news": "recording",
                "muted": "recording",
                "critical": "recording",
                "audible": "recording",
                "done": "recording",
                "failed": "announcing: discard abandon announce",
            },
            "transcribing": {
                "key down": "recording: discard record",
                "key up": "transcribing",
                "dropped": "listening: discard",
                "partial": "transcribing",
                "quiet": "transcribing",
                "heard": "thinking: answer",
                "heard nothing": "listening",
                "news": "transcribing",
                "muted": "transcribing",
                "critical": "transcribing",
                "audible": "transcribing",
                "done": "transcribing",
                "failed": "announcing: discard announce",
            },
            "transcribing with a guess": {
                "key down": "recording: discard abandon record",
                "key up": "transcribing",
                "dropped": "listening: discard abandon",
                "partial": "transcribing: abandon",
                "quiet": "transcribing",
                "heard": "thinking: confirm",
                "heard nothing": "listening: abandon",
                "news": "transcribing",
                "muted": "transcribing",
                "critical": "transcribing",
                "audible": "transcribing",
                "done": "transcribing",
                "failed": "announcing: discard abandon announce",
            },
            "thinking": {
                "key down": "recording: abandon record",
                "key up": "thinking",
                "dropped": "listening: abandon",
                "partial": "thinking",
                "quiet": "thinking",
                "heard": "thinking",
                "heard nothing": "thinking",
                "news": "thinking",
                "muted": "thinking",
                "critical": "thinking",
                "audible": "speaking",
                "done": "listening",
                "failed": "announcing: abandon announce",
            },
            "speaking": {
                "key down": "recording: abandon record",
                "key up": "speaking",
                "dropped": "listening: abandon",
                "partial": "speaking",
                "quiet": "speaking",
                "heard": "speaking",
                "heard nothing": "speaking",
                "news": "speaking",
                "muted": "speaking",
                "critical": "announcing: abandon announce",
                "audible": "speaking",
                "done": "listening",
                "failed": "announcing: abandon announce",
            },
            "announcing": {
                "key down": "recording: abandon record",
                "key up": "announcing",
                "dropped": "listening: abandon",
                "partial": "announcing",
                "quiet": "announcing",
                "heard": "announcing",
                "heard nothing": "announcing",
                "news": "announcing",
                "muted": "announcing",
                "critical": "announcing",
                "audible": "announcing",
                "done": "listening",
                "failed": "listening: abandon",
            },
        }
    )


def own_events(state: State) -> dict[str, Event]:
    """Return what the current number of a state may report."""
    number = state.number
    return {"audible": Audible(number), "done": Done(number), "failed": Failed(number, "why")}


def test_being_dropped_ends_everything() -> None:
    """Our rule: the person wants to be left alone."""
    for until in ((KeyDown(), Partial(1, "how is bonk"), Quiet()), THINKING, SPEAKING):
        before, _ = play(*until, News("later"))
        state, effects = play(Dropped(), state=before)
        assert (state.phase, state.news) == (Phase.LISTENING, ())
        assert effects
        assert all(isinstance(effect, Abandon | Discard) for effect in effects)


def test_texts_that_ask_the_same_are_the_same() -> None:
    """Our rule: case, punctuation, apostrophes and spaces do not change a question."""
    assert is_same_text("What’s  Bonk's price?", "whats bonks PRICE")
    assert not is_same_text("is Bonk safe", "is Bonk safer")


numbers = st.integers(0, 12)
events = st.one_of(
    st.just(KeyDown()),
    st.just(KeyUp()),
    st.just(Dropped()),
    st.just(Quiet()),
    st.builds(Partial, numbers, st.sampled_from(["", "how", "how is", "how is bonk"])),
    st.builds(Heard, numbers, st.sampled_from(["", "how is", "how is bonk"])),
    st.builds(Audible, numbers),
    st.builds(Done, numbers),
    st.builds(Failed, numbers, st.just("why")),
    st.builds(News, st.just("news"), st.booleans()),
    st.builds(Muted, st.floats(0, 10)),
)


@given(st.lists(events, max_size=60))
def test_there_are_never_two_voices(history: list[Event]) -> None:
    """Spec: never two voices at once; every effect before has been ended, and every number is used once."""
    state, voices, guesses, used = State(), set[int](), set[int](), set[int]()
    for now_s, event in enumerate(history):
        before = state
        state, effects = step(state, event, float(now_s))
        if isinstance(event, Done) and before.has_voice and event.number == before.number:
            voices.discard(event.number)
        for effect in effects:
            match effect:
                case Answer(number, _, is_guess):
                    assert number not in used
                    used.add(number)
                    (guesses if is_guess else voices).add(number)
                case Announce(number, _) | Record(number):
                    assert number not in used
                    used.add(number)
                    voices |= {number} if isinstance(effect, Announce) else set()
                case Confirm(number, _):
                    assert number in guesses
                    guesses.remove(number)
                    voices.add(number)
                case Abandon(number):
                    assert number in voices | guesses
                    voices.discard(number)
                    guesses.discard(number)
                case Transcribe() | Discard():
                    pass
            assert len(voices) <= 1
            assert len(guesses) <= 1
        assert voices == ({state.number} if state.has_voice else set())
        assert guesses == ({state.guess.number} if state.guess else set())


@given(st.lists(events, max_size=40))
def test_the_way_back_to_listening_is_always_open(history: list[Event]) -> None:
    """Spec: always back to listening: the key is let go, nothing more is heard, and what is running ends."""
    state, _ = play(*history, now_s=99.0)
    for _ in range(MAX_NEWS + 4):
        if state.phase is Phase.LISTENING:
            break
        state, _ = play(KeyUp(), Heard(state.number, ""), Done(state.number), state=state, now_s=99.0)
    assert state.phase is Phase.LISTENING
    assert state.guess is None
