"""Do what turn-taking decides: record, transcribe, answer, announce, fall silent; and tell it what came of that.

Everything runs on one event loop, so whatever arrives is decided upon and done before the next thing arrives.
Not responsible for whose turn it is (`voice.turns`) or for where devices and providers come from (`voice.talk`).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from voice.answering import Answering, Mouth
from voice.background import Background
from voice.brain import Brain, BrainEvent, Said, ToolDone, ToolStarted
from voice.company import Company, Ears, Hearing
from voice.errors import VoiceError, VoiceProviderError
from voice.journal import Entry, Journal
from voice.manners import CRASHED, FILLERS
from voice.screen import Screen
from voice.stages import Stage, Stages
from voice.turns import (
    MAX_NEWS,
    Abandon,
    Announce,
    Answer,
    Audible,
    Confirm,
    Discard,
    Done,
    Effect,
    Event,
    Failed,
    Heard,
    News,
    Partial,
    Phase,
    Record,
    State,
    Transcribe,
    step,
)

STEP_S: Final = 0.05
"""How often what is shown is drawn anew: a level meter looks alive, and nobody waits for it."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Voice:
    """An answer or an announcement under its number, until it has been heard, abandoned or found wrong."""

    question: str | None
    answering: Answering
    stages: Stages
    news: str = ""
    brain: Brain | None = None
    task: "asyncio.Task[None] | None" = None
    tools: list[str] = field(default_factory=list[str])
    held: list[BrainEvent] = field(default_factory=list[BrainEvent])


class Loop:
    """The conversation as it happens."""

    def __init__(
        self, company: Company, ears: Ears, mouth: Mouth, screen: Screen, journal: Journal, *, may_guess: bool
    ) -> None:
        self._company = company
        self._ears = ears
        self._mouth = mouth
        self._screen = screen
        self._journal = journal
        self._clock = asyncio.get_running_loop().time
        self._state = State(may_guess=may_guess)
        self._waiting: deque[Event] = deque()
        self._is_stepping = False
        self._hearing: dict[int, Hearing] = {}
        self._finishing: dict[int, asyncio.Task[None]] = {}
        self._voices: dict[int, _Voice] = {}
        self._current: int | None = None
        self._news: deque[str] = deque(maxlen=MAX_NEWS)
        self._asked = Stages()
        self._answered_at_s = float("-inf")
        self._background = Background()
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        company.report_to(self.put)
        mouth.report_to(self._audible, self._drained)

    @property
    def phase(self) -> Phase:
        """What the agent is doing."""
        return self._state.phase

    @property
    def answered_at_s(self) -> float:
        """When the last answer ended, on the event loop's clock."""
        return self._answered_at_s

    def lose(self, line: str) -> None:
        """Take in that a device is gone: what is going on cannot go on."""
        phase, number = self._state.phase, self._state.number
        if phase in {Phase.LISTENING, Phase.ANNOUNCING}:
            # An announcement can only fall silent: the line waits behind it. Nobody wants to be spared it.
            self.put(News(line, is_critical=True))
        if phase is not Phase.LISTENING:
            self.put(Failed(number, line))

    def put(self, event: Event) -> None:
        """Take in what has happened; whatever is to be done about it begins before this returns."""
        self._waiting.append(event)
        if self._is_stepping:
            return
        self._is_stepping = True
        try:
            while self._waiting:
                before, happened = self._state.phase, self._waiting.popleft()
                self._notice(happened)
                self._state, effects = step(self._state, happened, self._clock())
                for effect in effects:
                    self._perform(effect)
                if self._state.phase is not before:
                    self._entered()
        finally:
            self._is_stepping = False

    async def rest(self) -> None:
        """Return once nobody speaks, thinks or records."""
        await self._at_rest.wait()

    async def draw(self) -> None:
        """Keep what is shown up to date, for as long as the agent runs."""
        while True:
            self._screen.draw(self._state.phase)
            await asyncio.sleep(STEP_S)

    async def aclose(self) -> None:
        """Stop everything that is going on."""
        await self._background.aclose()

    def _notice(self, event: Event) -> None:
        """Show and use what changes nobody's turn."""
        number = getattr(event, "number", None)
        is_current = number == self._state.number and self._state.phase in {Phase.RECORDING, Phase.TRANSCRIBING}
        if isinstance(event, News):
            self._news.append(event.text)
        elif isinstance(event, Partial) and is_current:
            self._screen.hear(event.text)
            self._company.overhear(event.text)
        elif isinstance(event, Heard) and is_current and not event.text.strip():
            self._screen.miss()

    def _audible(self) -> None:
        if self._current is not None:
            self._voices[self._current].stages.reach("audible", self._clock())
            self.put(Audible(self._current))

    def _drained(self) -> None:
        number, self._current = self._current, None
        if number is not None:
            voice = self._voices.pop(number)
            self._answered_at_s = self._clock()
            self._close(number, voice, " ".join(voice.answering.said), is_cut=False)
            self.put(Done(number))

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Record(number):
                self._record(number)
            case Transcribe(number):
                self._asked = Stages()
                self._asked.reach("released", self._clock())
                self._finishing[number] = self._start(number, self._transcribe(number))
            case Discard(number):
                self._discard(number)
            case Answer():
                self._answer(effect)
            case Confirm(number, text):
                self._confirm(number, text)
            case Abandon(number):
                self._abandon(number)
            case Announce(number, text):
                self._announce(number, text)

    def _record(self, number: int) -> None:
        try:
            self._hearing[number] = self._ears.listen(number, self.put)
        except VoiceError as error:
            self.put(Failed(number, error.line))

    async def _transcribe(self, number: int) -> None:
        try:
            text = await self._hearing[number].finish()
        finally:
            self._finishing.pop(number, None)
        self._hearing.pop(number, None)
        self._asked.reach("heard", self._clock())
        self.put(Heard(number, text))

    def _discard(self, number: int) -> None:
        if (finishing := self._finishing.pop(number, None)) is not None:
            finishing.cancel()
        if (hearing := self._hearing.pop(number, None)) is not None:
            self._start(number, hearing.cancel())

    def _answer(self, effect: Answer) -> None:
        voice = self._voices[effect.number] = self._voice(effect.number, effect.text, is_held=effect.is_guess)
        if not effect.is_guess:
            self._current = effect.number
            self._screen.ask(effect.text)
        voice.task = self._start(effect.number, self._think(voice))

    async def _think(self, voice: _Voice) -> None:
        brain = voice.brain = await self._company.brain()
        speaker = await self._company.speaker()
        question = voice.question or ""
        known = self._company.known(question)
        voice.tools += [call.name for call in known]
        thought = brain.think(question, is_certain=not voice.answering.is_guess, known=known)
        await voice.answering.think(brain, thought, speaker, partial(self._show, voice))
        self._complain(voice)

    def _confirm(self, number: int, text: str) -> None:
        voice = self._voices[number]
        self._current = number
        self._screen.ask(text)
        voice.question = text
        voice.stages.take(self._asked)
        voice.answering.confirm(text)
        for event in voice.held:
            self._show(voice, event)
        voice.held.clear()

    def _announce(self, number: int, text: str) -> None:
        voice = self._voices[number] = self._voice(number, None, is_held=False)
        voice.news = text if text in self._news else ""
        self._current = number
        self._screen.say(text)
        voice.task = self._start(number, self._speak(voice, text))

    async def _speak(self, voice: _Voice, text: str) -> None:
        await voice.answering.announce(text, await self._company.speaker())
        self._complain(voice)

    def _abandon(self, number: int) -> None:
        voice = self._voices.pop(number, None)
        if voice is None:
            return
        is_heard = number == self._current
        heard = voice.answering.stop() if is_heard else ""
        if voice.task is not None:
            voice.task.cancel()
        self._start(number, voice.answering.cancel())
        if is_heard:
            self._current = None
            self._close(number, voice, heard, is_cut=True)

    def _voice(self, number: int, question: str | None, *, is_held: bool) -> _Voice:
        stages = Stages()
        if question is not None and not is_held:
            stages.take(self._asked)

        def reached(stage: Stage) -> None:
            stages.reach(stage, self._clock())

        filler = FILLERS[number % len(FILLERS)]
        return _Voice(question, Answering(self._mouth, reached, filler=filler, is_held=is_held), stages)

    def _show(self, voice: _Voice, event: BrainEvent) -> None:
        if voice.answering.is_guess:
            voice.held.append(event)
            return
        if isinstance(event, Said):
            self._screen.say(event.text)
        elif isinstance(event, ToolStarted):
            voice.tools.append(event.name)
            self._screen.run(event.name)
            logger.info("tool_started", extra={"fields": {"tool": event.name}})
        elif isinstance(event, ToolDone):
            self._screen.ran(event.name)

    def _close(self, number: int, voice: _Voice, heard: str, *, is_cut: bool) -> None:
        """Remember what is over, and leave it standing on the screen."""
        thought, stages_ms = voice.answering.thought, voice.stages.as_ms()
        if thought is not None and voice.brain is not None:
            voice.brain.remember(thought, heard, is_cut=is_cut)
        elif voice.news and heard:
            self._company.told_news(voice.news)
        self._screen.close(stages_ms)
        tools = tuple(voice.tools)
        self._journal(Entry(question=voice.question, answer=heard, is_cut=is_cut, tools=tools, stages_ms=stages_ms))
        fields = {"number": number, "is_news": voice.question is None, "is_cut": is_cut, "stages_ms": stages_ms}
        logger.info("said", extra={"fields": fields})

    def _complain(self, voice: _Voice) -> None:
        if voice.answering.trouble is not None:
            self._screen.note(voice.answering.trouble.line)

    def _entered(self) -> None:
        logger.info("phase", extra={"fields": {"phase": self._state.phase.value, "number": self._state.number}})
        if self._state.phase is Phase.LISTENING:
            self._screen.hear("")
            self._at_rest.set()
            self._company.settle()
        else:
            self._at_rest.clear()

    def _start(self, number: int, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        return self._background.start(self._guarded(number, work))

    async def _guarded(self, number: int, work: Coroutine[Any, Any, None]) -> None:
        """Turn whatever goes wrong into an event: the one boundary where the loop outlives a mistake of ours."""
        try:
            await work
        except VoiceError as error:
            provider = error.provider if isinstance(error, VoiceProviderError) else None
            logger.warning("turn_failed", extra={"fields": {"number": number, "by": provider, "reason": error.line}})
            self.put(Failed(number, error.line))
        except Exception:
            logger.exception("turn_crashed", extra={"fields": {"number": number}})
            self.put(Failed(number, CRASHED))
