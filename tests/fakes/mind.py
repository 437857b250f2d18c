"""A model that says what a script tells it to, and tools that answer from a table: for tests of `voice.brain`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.voice.replies import Reply as WireReply
from voice.errors import VoiceProviderError
from voice.providers import MindEvent, Request, Stop, TextDelta, ToolCall
from voice.tools import OnProgress, ToolInfo, ToolResult

Reply = Sequence[MindEvent | Exception] | Callable[[Request], Sequence[MindEvent | Exception]]


def says(text: str) -> list[MindEvent]:
    """Return a reply in words, a letter at a time."""
    return [*map(TextDelta, text), Stop("end", 10, 0, 5)]


def asks(*calls: tuple[str, Mapping[str, Any]], first: str = "") -> list[MindEvent]:
    """Return a reply that wants tools."""
    wanted = [ToolCall(f"call{number}-{name}", name, arguments) for number, (name, arguments) in enumerate(calls)]
    return [*map(TextDelta, first), *wanted, Stop("tool_use", 10, 0, 5)]


def tool_ids(messages: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Return the ids of all calls in a history, and of all results, in order."""
    blocks: list[dict[str, Any]] = [block for message in messages for block in message["content"]]
    used = [block["id"] for block in blocks if block["type"] == "tool_use"]
    return used, [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]


@dataclass
class FakeMind:
    """A `Mind` that replies from a script, in order, and keeps what it was asked."""

    script: list[Reply]
    requests: list[Request] = field(default_factory=list[Request])
    name: str = "Fake"

    async def start(self) -> None:
        """Need nothing."""

    async def reply(self, request: Request) -> AsyncIterator[MindEvent]:
        """Yield the next reply of the script."""
        self.requests.append(request)
        reply = self.script.pop(0)
        for event in reply(request) if callable(reply) else reply:
            await asyncio.sleep(0)
            if isinstance(event, Exception):
                raise event
            yield event

    async def aclose(self) -> None:
        """Need nothing."""


STALLED = VoiceProviderError("Fake", "stalled", "The fake stopped answering. Ask again in a moment.")


@dataclass
class FakeDesk:
    """Tools that answer from a table of results by name; what is not in it is refused."""

    results: Mapping[str, Any]
    writing: frozenset[str] = frozenset()
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list[tuple[str, Mapping[str, Any]]])
    gate: asyncio.Event | None = None

    @property
    def tools(self) -> Sequence[ToolInfo]:
        """The tools of the table."""
        return [
            ToolInfo(
                name=name, description=name, input_schema={"type": "object"}, is_read_only=name not in self.writing
            )
            for name in self.results
        ]

    async def call(self, name: str, arguments: Mapping[str, Any], on_progress: OnProgress | None = None) -> ToolResult:
        """Answer from the table, once the gate is open."""
        self.calls.append((name, arguments))
        if on_progress is not None:
            on_progress("1 of 2")
        if self.gate is not None:
            await self.gate.wait()
        found = self.results[name]
        if isinstance(found, str):
            return ToolResult(text=found, data=None, is_error=True)
        return ToolResult(text="", data=found, is_error=False)


def in_memory(reply: WireReply) -> Reply:
    """Return a reply of the fake Claude as one of a `FakeMind`."""

    def told(request: Request) -> list[MindEvent]:
        blocks = reply({"messages": request.messages}) if callable(reply) else reply
        words = " ".join(block["text"] for block in blocks if block["type"] == "text")
        calls = [
            ToolCall(block["id"], block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"
        ]
        return [TextDelta(words), *calls, Stop("tool_use" if calls else "end", 10, 0, 5)]

    return told
