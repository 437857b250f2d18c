"""Answer one question in text, for scripts and SSH: the same agent without ears and mouth.

Not responsible for the command line (`voice.__main__`).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO

from voice.brain import Brain, BrainEvent, Said, Thought
from voice.connecting import connect_mind
from voice.manners import manners
from voice.session import Hub
from voice.settings import VoiceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An answer with what it rests on: every tool that was asked, and what it said."""

    question: str
    answer: str
    tools: tuple[dict[str, Any], ...]

    def to_json(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps({"question": self.question, "answer": self.answer, "tools": self.tools}, ensure_ascii=False)


async def ask(question: str, settings: VoiceSettings, log: TextIO, on_event: Callable[[BrainEvent], None]) -> Asked:
    """Return the answer to one question; `on_event` is told everything as it comes.

    Raises:
        VoiceError: no key, no tools, no network; its line says what to do.
    """
    mind = connect_mind(settings)
    try:
        hub = Hub(settings.command, log, lambda _: None)
        async with hub.opened():
            system = manners(settings.detail, settings.language)
            brain = Brain(mind, hub, system=system, memory_tokens=settings.memory_tokens, language=settings.language)
            thought = brain.think(question, is_certain=True)
            said: list[str] = []
            async for event in brain.answer(thought):
                if isinstance(event, Said):
                    said.append(event.text)
                on_event(event)
            return Asked(question=question, answer=" ".join(said), tools=_sources(thought))
    finally:
        await mind.aclose()


def _sources(thought: Thought) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"name": call.name, "arguments": dict(call.arguments), "is_error": call.is_error, "result": _value(call.result)}
        for exchange in thought.turn.exchanges
        for call in exchange.calls
    )


def _value(result: str) -> object:
    try:
        return json.loads(result)
    except ValueError:
        return result
