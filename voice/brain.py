"""Answer a question: ask the model, run the tools it wants, give sentences as they become sayable.

Several answers may be under way at once, since guesses are; each remembers nothing until it is told what was heard.
Not responsible for sound (`voice.loop`) or for whose turn it is (`voice.turns`).
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from voice.consent import is_foreign
from voice.grounding import Facts, confirmed, parsed
from voice.leave import ENGLISH, leave_in
from voice.manners import NO_ANSWER, NOT_FINISHED, SUMMARIZE, UNASKED
from voice.memory import Call, Conversation, Exchange, Turn, messages_of, told
from voice.providers import Mind, Request, TextDelta, ToolCall
from voice.spoken import Sentences
from voice.strangers import names_in, tamed
from voice.tools import Desk, ToolInfo, ToolResult
from voice.tools import told as tool_text

MAX_ROUNDS: Final = 6
"""How often the model may ask for tools within one answer."""

logger = logging.getLogger(__name__)


class Said(NamedTuple):
    """A sentence, or a first clause, that may be said: no figure in it is without a source."""

    text: str


class ToolStarted(NamedTuple):
    """A tool runs."""

    name: str
    arguments: Mapping[str, Any]


class ToolProgress(NamedTuple):
    """A tool that takes long says how far it is."""

    name: str
    message: str


class ToolDone(NamedTuple):
    """A tool has answered."""

    name: str
    is_error: bool


BrainEvent = Said | ToolStarted | ToolProgress | ToolDone


@dataclass(slots=True)
class Thought:
    """One answer on its way.

    `turn` grows with every round. `may_write` is set once the question is certain. `offered` is a change that the
    model wanted and nobody had asked for: the next turn may agree to it.
    """

    turn: Turn
    may_write: asyncio.Event
    offered: ToolCall | None = None


class Brain:
    """The conversation with one person."""

    def __init__(self, mind: Mind, desk: Desk, *, system: str, memory_tokens: int, language: str = ENGLISH) -> None:
        self._mind = mind
        self._leave = leave_in(language)
        self._desk = desk
        self._system = system
        self._memory_tokens = memory_tokens
        self.conversation = Conversation()
        self._facts = Facts()
        self._offered: ToolCall | None = None
        self._strangers: set[str] = set()

    def think(self, question: str, *, is_certain: bool, known: Sequence[Call] = ()) -> Thought:
        """Return a new thought about a question; one that is a guess waits with every tool that changes something.

        `known` are calls that were made ahead: the model finds them answered.
        """
        exchanges = (Exchange(text="", calls=tuple(known)),) if known else ()
        for call in known:
            self._facts.learn_result(call.result)
            self._strangers |= names_in(parsed(call.result))
        thought = Thought(turn=Turn(question=question, exchanges=exchanges), may_write=asyncio.Event())
        if is_certain:
            thought.may_write.set()
        return thought

    async def answer(self, thought: Thought) -> AsyncGenerator[BrainEvent]:
        """Yield the answer as it comes.

        Raises:
            VoiceProviderError: the model refused or fell silent; what was said before stands.
        """
        self._facts.learn_words(thought.turn.question)
        # What a model wrote in one round counts only behind what it was told then: that stays until the last round,
        # also where the transcript, once it is final, has another comma.
        before, asked, tools = self.conversation, thought.turn.question, self._desk.tools
        for _ in range(MAX_ROUNDS):
            sentences, text, calls, verbatim = Sentences(), "", list[ToolCall](), tuple[Mapping[str, Any], ...]()
            messages = messages_of(before, replace(thought.turn, question=asked))
            request = Request(system=self._system, messages=messages, tools=tools)
            async for event in self._mind.reply(request):
                if isinstance(event, TextDelta):
                    text += event.text
                    for sentence in sentences.feed(event.text):
                        yield self._said(sentence)
                elif isinstance(event, ToolCall):
                    calls.append(event)
                else:
                    verbatim = event.verbatim
            if rest := sentences.end():
                yield self._said(rest)
            if not calls:
                if last := self._last_word(thought, text):
                    yield Said(last)
                return
            async for event in self._run(thought, Exchange(text=text, calls=(), verbatim=verbatim), calls):
                yield event
        yield Said(NOT_FINISHED)

    def remember(self, thought: Thought, heard: str, *, is_cut: bool) -> None:
        """Keep a turn as it was heard."""
        turn = replace(thought.turn, answer=heard, is_cut=is_cut)
        self.conversation = self.conversation.with_turn(turn)
        offered = thought.offered
        # A yes is an answer only to what was asked: whoever heard no question agrees to nothing.
        is_heard = offered is not None and self._leave.is_offered(heard, offered.name, offered.arguments)
        self._offered = offered if is_heard else None

    def remember_news(self, text: str) -> None:
        """Keep what was said without being asked for, so that the person can ask about it."""
        self._facts.learn_words(text)
        self.conversation = self.conversation.with_turn(Turn(question=UNASKED, answer=text))

    def forget_last(self) -> None:
        """Forget the last turn, as if it had not been."""
        self.conversation = self.conversation.without_last()

    def forget_all(self) -> None:
        """Forget the whole conversation."""
        self.conversation = Conversation()

    async def tidy(self) -> None:
        """Sum up what is too long ago to be kept word for word; to be called when nobody waits.

        Raises:
            VoiceProviderError: the model did not answer; everything is kept as it is.
        """
        before = self.conversation
        count = before.overflow(self._memory_tokens)
        if not count:
            return
        asked = {"role": "user", "content": [{"type": "text", "text": f"{SUMMARIZE}\n\n{told(before, count)}"}]}
        summary = ""
        async for event in self._mind.reply(Request(system=self._system, messages=[asked], tools=())):
            if isinstance(event, TextDelta):
                summary += event.text
        # Turns may have been added or forgotten meanwhile; the oldest ones are the same unless all was forgotten.
        if summary and len(self.conversation.turns) >= count:
            self.conversation = self.conversation.summarized(count, summary)

    async def _run(self, thought: Thought, exchange: Exchange, calls: Sequence[ToolCall]) -> AsyncIterator[BrainEvent]:
        """Run the calls of one round side by side and add the round to the turn once all have answered."""
        events: asyncio.Queue[BrainEvent] = asyncio.Queue()
        known = {tool.name: tool for tool in self._desk.tools}
        running = [asyncio.create_task(self._call(thought, known.get(call.name), call, events)) for call in calls]
        everything = asyncio.gather(*running)
        try:
            while not everything.done() or not events.empty():
                waiting = asyncio.ensure_future(events.get())
                try:
                    await asyncio.wait((waiting, everything), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    if not waiting.done():
                        waiting.cancel()
                if not waiting.cancelled() and waiting.done():
                    yield waiting.result()
            results = await everything
        finally:
            for task in running:
                task.cancel()
        done = [
            Call(
                id=call.id,
                name=call.name,
                arguments=call.arguments,
                result=tool_text(result),
                is_error=result.is_error,
            )
            for call, result in zip(calls, results, strict=True)
        ]
        exchanges = (*thought.turn.exchanges, replace(exchange, calls=tuple(done)))
        thought.turn = replace(thought.turn, exchanges=exchanges)

    async def _call(
        self, thought: Thought, tool: ToolInfo | None, call: ToolCall, events: "asyncio.Queue[BrainEvent]"
    ) -> ToolResult:
        if tool is None:
            return _refusal(f"there is no tool {call.name}")
        if not tool.is_read_only:
            await thought.may_write.wait()
            if not self._may_change(thought, call):
                thought.offered = call
                return _refusal(self._leave.refusal)
        events.put_nowait(ToolStarted(call.name, call.arguments))
        result = await self._desk.call(
            call.name, call.arguments, lambda message: events.put_nowait(ToolProgress(call.name, message))
        )
        events.put_nowait(ToolDone(call.name, result.is_error))
        if not result.is_error:
            data = tamed(result.data)
            self._facts.learn_result(data)
            self._strangers |= names_in(data)
        return result

    def _may_change(self, thought: Thought, call: ToolCall) -> bool:
        """Tell whether the person asked for a change, or agreed to just this one, which the last turn offered."""
        question, offered = thought.turn.question, self._offered
        if offered is not None and offered[1:] == call[1:] and self._leave.is_yes(question):
            return True
        return self._leave.is_asked(question, call.name, call.arguments) and not self._is_foreign(thought, call)

    def _last_word(self, thought: Thought, text: str) -> str:
        """Return what is said behind the model's own words: whether a change is wanted, or that there is no answer."""
        offered = thought.offered
        if offered is not None and not self._is_foreign(thought, offered):
            asking = self._leave.question_about(offered.name, offered.arguments)
            if asking:
                return asking
        # A model that will not answer says so with nothing at all.
        return "" if text.strip() else NO_ANSWER

    def _is_foreign(self, thought: Thought, call: ToolCall) -> bool:
        own = "\n".join([*(turn.question for turn in self.conversation.turns), thought.turn.question])
        return is_foreign(call.arguments, self._strangers, own)

    def _said(self, sentence: str) -> Said:
        text, wrong = confirmed(sentence, self._facts)
        if wrong:
            logger.warning("figures_unconfirmed", extra={"fields": {"figures": json.dumps(wrong)}})
        return Said(text)


def _refusal(reason: str) -> ToolResult:
    return ToolResult(text=reason, data=None, is_error=True)
