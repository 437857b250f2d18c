"""Refuse a turn that goes on without what was thought in it, as Claude's service does.

https://platform.claude.com/docs/en/build-with-claude/thinking-tool-workflows: what a model wrote goes back complete and
as it came. …/preserved-thinking: nothing before a thought may have changed. Not responsible for writing any.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.fakes.voice.replies import Block, results_of

THOUGHTS: Final = frozenset({"thinking", "redacted_thinking"})
_BEFORE: Final = ("system", "tools", "thinking", "output_config")


class Thoughts:
    """The replies that held thoughts, with what each was an answer to; known by their calls."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, ...], tuple[Mapping[str, Any], Sequence[Block]]] = {}

    def note(self, body: Mapping[str, Any], blocks: Sequence[Block]) -> None:
        """Remember a reply."""
        if any(block["type"] in THOUGHTS for block in blocks):
            self._written[_calls_in(blocks)] = (body, blocks)

    def objection(self, body: Mapping[str, Any]) -> str | None:
        """Return what is wrong with the turn that a request goes on with; None where nothing is."""
        messages: list[dict[str, Any]] = body["messages"]
        for place in range(len(messages) - 2, -1, -2):
            if not results_of({"messages": messages[: place + 2]}):
                # Turns that are over may have lost their thoughts.
                return None
            asked, blocks = self._written.get(_calls_in(messages[place]["content"]), (None, ()))
            if asked is not None and messages[place]["content"] != blocks:
                return f"messages.{place}: `thinking` or `redacted_thinking` blocks cannot be modified or left out"
            if asked is not None and (
                messages[:place] != asked["messages"] or any(body.get(name) != asked.get(name) for name in _BEFORE)
            ):
                return f"messages.{place}: what comes before a `thinking` block has changed"
        return None


def _calls_in(blocks: Sequence[Block]) -> tuple[str, ...]:
    return tuple(block["id"] for block in blocks if block["type"] == "tool_use")
