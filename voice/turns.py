"""Take turns: who may speak now, what is being thought about, what waits. A pure state machine on a given clock.

`step(state, event)` returns the next state and the effects that the loop performs, in order. Every answer and every
announcement has a number of its own; whatever a number that is no longer current reports is ignored, so effects may
finish late or never. At most one number has the voice. Not responsible for performing anything (`voice.loop`).
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, NamedTuple

MAX_GUESSES: Final = 3
"""How often thinking may start on a guess while one key is held; a wrong guess costs tokens."""

MAX_NEWS: Final = 5
"""Announcements that wait at most; older ones give way, since news ages."""


class Phase(Enum):
    """What the agent is doing."""

    LISTENING = "listening"
    RECORDING = "recording"
    TRANSCRIBING = "transcribing"
    THINKING = "thinking"
    SPEAKING = "speaking"
    ANNOUNCING = "announcing"


class KeyDown(NamedTuple):
    """The person begins to speak: a key, or a voice that was recognized as addressing the agent."""


class KeyUp(NamedTuple):
    """The person has finished."""


class Dropped(NamedTuple):
    """The person wants to be left alone: nothing is heard, thought or said any further."""


class Partial(NamedTuple):
    """What has been heard so far of the utterance of `number`."""

    number: int
    text: str


class Quiet(NamedTuple):
    """The microphone has been quiet for a moment, and the words that were heard no longer change."""


class Heard(NamedTuple):
    """The final transcript of the utterance of `number`; empty where nothing was said, or nobody was addressed."""

    number: int
    text: str


class Audible(NamedTuple):
    """The first sound of `number` has left the speaker."""

    number: int


class Done(NamedTuple):
    """Number `number` has been thought and said to the end."""

    number: int


class Failed(NamedTuple):
    """Number `number` cannot go on; `line` says why and what to do."""

    number: int
    line: str


class News(NamedTuple):
    """Something to be said when nobody else speaks; what is critical interrupts an answer, and cannot be muted."""

    text: str
    is_critical: bool = False


class Muted(NamedTuple):
    """No news until `until_s` on the loop's clock."""

    until_s: float


Event = KeyDown | KeyUp | Dropped | Partial | Quiet | Heard | Audible | Done | Failed | News | Muted


class Record(NamedTuple):
    """Listen: the utterance of `number` begins."""

    number: int


class Transcribe(NamedTuple):
    """The utterance of `number` is complete: report `Heard` or `Failed`."""

    number: int


class Discard(NamedTuple):
    """Forget the utterance of `number`."""

    number: int


class Answer(NamedTuple):
    """Think about a text. A guess runs only tools that change nothing, and its voice is held until `Confirm`."""

    number: int
    text: str
    is_guess: bool


class Confirm(NamedTuple):
    """The guess was right: number `number` answers `text`; let it be heard."""

    number: int
    text: str


class Abandon(NamedTuple):
    """Stop thinking and speaking of `number` at once. What was heard of it stays in the history."""

    number: int


class Announce(NamedTuple):
    """Say a text as it is."""

    number: int
    text: str


Effect = Record | Transcribe | Discard | Answer | Confirm | Abandon | Announce


class Guess(NamedTuple):
    """What is being thought about before the person has finished."""

    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where the conversation is. `number` is the current utterance, answer or announcement."""

    phase: Phase = Phase.LISTENING
    number: int = 0
    last: int = 0
    partial: str = ""
    guess: Guess | None = None
    guesses: int = 0
    news: tuple[str, ...] = ()
    muted_until_s: float = 0.0
    may_guess: bool = True

    @property
    def has_voice(self) -> bool:
        """Tell whether something may be heard from the speaker now."""
        return self.phase in {Phase.THINKING, Phase.SPEAKING, Phase.ANNOUNCING}


Step = tuple[State, tuple[Effect, ...]]


def step(state: State, event: Event, now_s: float) -> Step:  # noqa: C901 - one line for each kind of event
    """Return the state after an event at `now_s`, and what to do about it, in order."""
    match event:
        case KeyDown():
            return _key_down(state)
        case KeyUp():
            return _key_up(state)
        case Dropped():
            return _idle(replace(state, news=()), _stop(state))
        case Partial():
            return _partial(state, event)
        case Quiet():
            return _guess(state) if state.phase in {Phase.RECORDING, Phase.TRANSCRIBING} else (state, ())
        case Heard():
            return _heard(state, event)
        case Audible():
            is_first = state.phase is Phase.THINKING and event.number == state.number
            return (replace(state, phase=Phase.SPEAKING) if is_first else state), ()
        case Done():
            return _idle(state, ()) if _speaks(state, event.number) else (state, ())
        case Failed():
            return _failed(state, event)
        case News():
            return _news(state, event, now_s)
        case Muted():
            return replace(state, muted_until_s=event.until_s, news=()), ()


def is_same_text(one: str, other: str) -> bool:
    """Tell whether two transcripts ask the same: case, punctuation and spaces aside."""
    return _words(one) == _words(other)


def _key_down(state: State) -> Step:
    if state.phase is Phase.RECORDING:
        return state, ()
    number = state.last + 1
    effects = (*_stop(state), Record(number))
    return replace(_cleared(state), phase=Phase.RECORDING, number=number, last=number), effects


def _key_up(state: State) -> Step:
    if state.phase is not Phase.RECORDING:
        return state, ()
    # Letting the key go says more clearly than any pause that the words are complete.
    guessing, effects = _guess(state)
    return replace(guessing, phase=Phase.TRANSCRIBING), (Transcribe(state.number), *effects)


def _partial(state: State, event: Partial) -> Step:
    if state.phase not in {Phase.RECORDING, Phase.TRANSCRIBING} or event.number != state.number:
        return state, ()
    heard = replace(state, partial=event.text)
    if state.guess is None or is_same_text(state.guess.text, event.text):
        return heard, ()
    return replace(heard, guess=None), (Abandon(state.guess.number),)


def _guess(state: State) -> Step:
    wanted = state.may_guess and state.guess is None and state.guesses < MAX_GUESSES
    if not wanted or not _words(state.partial):
        return state, ()
    number = state.last + 1
    guess = Guess(number, state.partial)
    guessing = replace(state, guess=guess, guesses=state.guesses + 1, last=number)
    return guessing, (Answer(number, guess.text, is_guess=True),)


def _heard(state: State, event: Heard) -> Step:
    if state.phase is not Phase.TRANSCRIBING or event.number != state.number:
        return state, ()
    if not _words(event.text):
        return _idle(state, _abandon_guess(state))
    guess = state.guess
    if guess is not None and is_same_text(guess.text, event.text):
        answering = replace(_cleared(state), phase=Phase.THINKING, number=guess.number)
        return answering, (Confirm(guess.number, event.text),)
    number = state.last + 1
    answering = replace(_cleared(state), phase=Phase.THINKING, number=number, last=number)
    return answering, (*_abandon_guess(state), Answer(number, event.text, is_guess=False))


def _failed(state: State, event: Failed) -> Step:
    if state.guess is not None and event.number == state.guess.number:
        # A guess that failed is no guess; the question itself will be asked.
        return replace(state, guess=None), (Abandon(event.number),)
    if event.number != state.number or state.phase is Phase.LISTENING:
        return state, ()
    if state.phase is Phase.ANNOUNCING:
        # The voice itself is what fails: saying so would fail again.
        return _idle(state, (Abandon(event.number),))
    return _announce(state, event.line, _stop(state))


def _news(state: State, event: News, now_s: float) -> Step:
    if now_s < state.muted_until_s and not event.is_critical:
        return state, ()
    if state.phase is Phase.LISTENING:
        return _announce(state, event.text, ())
    if not event.is_critical:
        return replace(state, news=(*state.news, event.text)[-MAX_NEWS:]), ()
    if state.phase is Phase.SPEAKING:
        return _announce(state, event.text, _stop(state))
    # Nobody is interrupted who speaks to the agent, and no other news.
    return replace(state, news=(event.text, *state.news)[:MAX_NEWS]), ()


def _idle(state: State, effects: tuple[Effect, ...]) -> Step:
    """Return to listening, or to the news that has waited."""
    if state.news:
        first, *rest = state.news
        return _announce(replace(state, news=tuple(rest)), first, effects)
    return replace(_cleared(state), phase=Phase.LISTENING, news=()), effects


def _announce(state: State, text: str, before: tuple[Effect, ...]) -> Step:
    number = state.last + 1
    announcing = replace(_cleared(state), phase=Phase.ANNOUNCING, number=number, last=number)
    return announcing, (*before, Announce(number, text))


def _stop(state: State) -> tuple[Effect, ...]:
    """Return what ends everything that is going on."""
    if state.phase in {Phase.RECORDING, Phase.TRANSCRIBING}:
        return (Discard(state.number), *_abandon_guess(state))
    return (Abandon(state.number),) if state.has_voice else ()


def _abandon_guess(state: State) -> tuple[Effect, ...]:
    return () if state.guess is None else (Abandon(state.guess.number),)


def _speaks(state: State, number: int) -> bool:
    return state.has_voice and number == state.number


def _cleared(state: State) -> State:
    return replace(state, partial="", guess=None, guesses=0)


def _words(text: str) -> list[str]:
    plain = text.lower().replace("'", "").replace("’", "")
    return "".join(letter if letter.isalnum() else " " for letter in plain).split()
