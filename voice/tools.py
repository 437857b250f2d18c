"""Say what a tool is to the agent, wherever it comes from: a name, what it takes, what it answered.

Not responsible for reaching any (`voice.session`, `voice.desk`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from voice.strangers import tamed

MAX_RESULT_CHARS: Final = 40_000

OnProgress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolInfo:
    """A tool as the model is told of it; only tools that change nothing may run on a guess."""

    name: str
    description: str
    input_schema: Mapping[str, Any]
    is_read_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool said: in words, and as data where it gave any; an error is an answer like any other."""

    text: str
    data: object
    is_error: bool


def arguments_about(tool: ToolInfo, subject: str) -> dict[str, Any] | None:
    """Return the arguments that ask a tool about one thing; None where it needs anything else.

    The tool's one required argument takes it, as a text or as a list of texts, whatever it is called.
    """
    required = tool.input_schema.get("required")
    if not isinstance(required, list) or len(cast("list[object]", required)) != 1:
        return None
    name = str(cast("list[object]", required)[0])
    kind = tool.input_schema.get("properties", {}).get(name, {}).get("type")
    return {"array": {name: [subject]}, "string": {name: subject}}.get(kind)


def told(result: ToolResult, limit_chars: int = MAX_RESULT_CHARS) -> str:
    """Return a result as the model is told of it: its data, without the sentences of strangers, or else its words."""
    if result.data is None:
        return result.text[:limit_chars]
    # The figures are in the structured content; the text beside it only sums them up.
    return json.dumps(tamed(result.data), separators=(",", ":"), ensure_ascii=False)[:limit_chars]


class Desk(Protocol):
    """The tools at hand."""

    @property
    def tools(self) -> Sequence[ToolInfo]:
        """The tools that can be called now."""
        ...

    async def call(self, name: str, arguments: Mapping[str, Any], on_progress: OnProgress | None = None) -> ToolResult:
        """Call a tool. Its refusals, and a hub that is away, are results: the model is told and says so."""
        ...


class Library(Desk, Protocol):
    """A desk with documents that can be read."""

    async def read(self, uri: str) -> object:
        """Return what a resource holds; None where it cannot be read or is no document."""
        ...
