"""Remember a conversation as turns, so that what the model is sent is always valid: no call is without its result.

A turn holds the question, the tools that were asked with what they said, and the words that were *heard*: an answer
that was interrupted is remembered as far as it got. Pure values; not responsible for storing them (`voice.diary`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

CHARS_PER_TOKEN: Final = 4
"""Near enough to keep a budget."""

NOTHING_HEARD: Final = "(interrupted before anything was heard)"
CUT: Final = " (interrupted here)"
OLD_RESULT_CHARS: Final = 600
"""What remains of a tool's result once its turn is over and newer ones follow: it can be asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool that was asked, with what it said."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    result: str
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One round of tools: what the model said before, then the calls of that round, all of them answered.

    `verbatim` is what the model wrote in the provider's own blocks, where these must go back as they came; only while
    the turn is under way.
    """

    text: str
    calls: tuple[Call, ...]
    verbatim: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question and what came of it. `answer` is what was heard; `is_cut` tells that more was on the way."""

    question: str
    exchanges: tuple[Exchange, ...] = ()
    answer: str = ""
    is_cut: bool = False

    @property
    def tokens(self) -> int:
        """An estimate of what the turn costs to send."""
        calls = [call for exchange in self.exchanges for call in exchange.calls]
        said = len(self.question) + len(self.answer) + sum(len(exchange.text) for exchange in self.exchanges)
        return (
            said + sum(len(call.result) + len(json.dumps(dict(call.arguments))) for call in calls)
        ) // CHARS_PER_TOKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What is remembered: a summary of what is too long ago, then the turns, oldest first."""

    summary: str = ""
    turns: tuple[Turn, ...] = ()

    def with_turn(self, turn: Turn) -> "Conversation":
        """Return the conversation with one more turn; the results of the tools before it are kept in short."""
        return replace(self, turns=(*map(_aged, self.turns), _finished(turn)))

    @property
    def tokens(self) -> int:
        """An estimate of what sending everything costs."""
        return len(self.summary) // CHARS_PER_TOKEN + sum(turn.tokens for turn in self.turns)

    def overflow(self, budget_tokens: int) -> int:
        """Return how many of the oldest turns must be summarized to leave half of the budget free; 0 within it."""
        if self.tokens <= budget_tokens:
            return 0
        left, count = self.tokens, 0
        # The last turn stays: a follow-up refers to it.
        while left > budget_tokens // 2 and count < len(self.turns) - 1:
            left -= self.turns[count].tokens
            count += 1
        return count

    def summarized(self, count: int, summary: str) -> "Conversation":
        """Return the conversation with its oldest `count` turns, and what was summarized before, as `summary`."""
        return Conversation(summary=summary, turns=self.turns[count:])

    def without_last(self) -> "Conversation":
        """Return the conversation as if the last turn had not been."""
        return replace(self, turns=self.turns[:-1])


def told(conversation: Conversation, count: int) -> str:
    """Return the summary and the oldest `count` turns as text, for whoever summarizes them."""
    turns = [f"User: {turn.question}\nAssistant: {_heard(turn)}" for turn in conversation.turns[:count]]
    return "\n".join([*([f"Before: {conversation.summary}"] if conversation.summary else []), *turns])


def messages_of(conversation: Conversation, turn: Turn) -> list[dict[str, Any]]:
    """Return the messages that ask for the next reply of `turn`: the user's first, roles alternating."""
    messages: list[dict[str, Any]] = []
    if conversation.summary:
        messages += [_said("user", f"Earlier, in short: {conversation.summary}"), _said("assistant", "I remember.")]
    for past in conversation.turns:
        messages += [_said("user", past.question), *_exchanged(past), _said("assistant", _heard(past))]
    return [*messages, _said("user", turn.question), *_exchanged(turn)]


def _exchanged(turn: Turn) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    for exchange in turn.exchanges:
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": call.result, "is_error": call.is_error}
            for call in exchange.calls
        ]
        messages += [{"role": "assistant", "content": _written(exchange)}, {"role": "user", "content": results}]
    return messages


def _written(exchange: Exchange) -> list[Mapping[str, Any]]:
    """Return what the model wrote in one round."""
    if exchange.verbatim:
        return list(exchange.verbatim)
    text = [{"type": "text", "text": exchange.text}] if exchange.text.strip() else []
    return [
        *text,
        *(
            {"type": "tool_use", "id": call.id, "name": call.name, "input": dict(call.arguments)}
            for call in exchange.calls
        ),
    ]


def _said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text}]}


def _heard(turn: Turn) -> str:
    heard = turn.answer.strip()
    if not heard:
        return NOTHING_HEARD
    return heard + CUT if turn.is_cut else heard


def _finished(turn: Turn) -> Turn:
    return replace(turn, exchanges=tuple(replace(exchange, verbatim=()) for exchange in turn.exchanges))


def _aged(turn: Turn) -> Turn:
    exchanges = tuple(
        replace(exchange, calls=tuple(replace(call, result=_shortened(call.result)) for call in exchange.calls))
        for exchange in turn.exchanges
    )
    return replace(turn, exchanges=exchanges)


def _shortened(result: str) -> str:
    if len(result) <= OLD_RESULT_CHARS:
        return result
    return f"{result[:OLD_RESULT_CHARS]} … ({len(result) - OLD_RESULT_CHARS} more characters: ask the tool again)"
