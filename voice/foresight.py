"""Look up the names that are heard while the person still speaks: most answers then need no tool any more.

Only tools that change nothing are asked. Not responsible for which names there are (`voice.names`).
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from voice.memory import Call
from voice.names import Lookup, Names
from voice.tools import Desk, ToolResult, arguments_about, told

FRESH_S: Final = 20.0
"""A question takes no longer than this from its first word to its answer; after that facts are asked anew."""

logger = logging.getLogger(__name__)


class _Found(NamedTuple):
    at_s: float
    arguments: Mapping[str, Any]
    result: "asyncio.Task[ToolResult]"


class Foresight:
    """What has been looked up ahead."""

    def __init__(self, desk: Desk, names: Names) -> None:
        self._desk = desk
        self._names = names
        self._clock: Callable[[], float] = asyncio.get_running_loop().time
        self._found: dict[Lookup, _Found] = {}
        self._count = 0

    def overhear(self, text: str) -> None:
        """Look up the names in what has been said so far."""
        allowed = {tool.name: tool for tool in self._desk.tools if tool.is_read_only}
        now_s = self._clock()
        self._found = {key: found for key, found in self._found.items() if now_s - found.at_s < FRESH_S}
        for lookup in self._names.heard_in(text):
            tool = allowed.get(lookup.tool)
            arguments = None if tool is None else arguments_about(tool, lookup.subject)
            if arguments is not None and lookup not in self._found:
                logger.info("looked_up", extra={"fields": {"tool": lookup.tool}})
                call = asyncio.create_task(self._desk.call(lookup.tool, arguments))
                self._found[lookup] = _Found(now_s, arguments, call)

    def known(self, question: str) -> list[Call]:
        """Return what is known already about the names in a question, as calls that have been answered."""
        calls: list[Call] = []
        for lookup in self._names.heard_in(question):
            found = self._found.get(lookup)
            if found is None or self._clock() - found.at_s >= FRESH_S or not _is_good(found.result):
                continue
            self._count += 1
            calls.append(
                Call(
                    id=f"known_{self._count}",
                    name=lookup.tool,
                    arguments=found.arguments,
                    result=told(found.result.result()),
                )
            )
        return calls

    async def aclose(self) -> None:
        """Ask no more."""
        calls = [found.result for found in self._found.values()]
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


def _is_good(call: "asyncio.Task[ToolResult]") -> bool:
    is_over = call.done() and not call.cancelled() and call.exception() is None
    return is_over and not call.result().is_error
