"""Put the agent's own two tools beside those of the hub: being quiet for a while, and forgetting.

Not responsible for what they do (`voice.loop`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from voice.tools import Desk, Library, OnProgress, ToolInfo, ToolResult

MUTE: Final = "mute_news"
FORGET: Final = "forget_that"
LONGEST_MINUTES: Final = 24 * 60

_OWN: Final = (
    ToolInfo(
        name=MUTE,
        description="Say no news by itself for some minutes. Only when the person asks to be left alone.",
        input_schema={
            "type": "object",
            "properties": {"minutes": {"type": "number", "minimum": 0, "maximum": LONGEST_MINUTES}},
            "required": ["minutes"],
        },
        is_read_only=False,
    ),
    ToolInfo(
        name=FORGET,
        description="Forget the last question and answer, or everything. Only when the person asks for it.",
        input_schema={"type": "object", "properties": {"everything": {"type": "boolean"}}},
        is_read_only=False,
    ),
)


class LateDesk:
    """The tools of a hub that may not be there yet, or no more."""

    def __init__(self) -> None:
        self.hub: Library | None = None

    @property
    def tools(self) -> Sequence[ToolInfo]:
        """The tools that can be called now."""
        return () if self.hub is None else self.hub.tools

    async def call(self, name: str, arguments: Mapping[str, Any], on_progress: OnProgress | None = None) -> ToolResult:
        """Call a tool."""
        if self.hub is None:
            return ToolResult(text="AURA's tools cannot be reached", data=None, is_error=True)
        return await self.hub.call(name, arguments, on_progress)

    async def read(self, uri: str) -> object:
        """Return what a resource holds; None where it cannot be read."""
        return None if self.hub is None else await self.hub.read(uri)


class WholeDesk:
    """The tools of the hub, and the agent's own. `answered` is told of every answer of the hub."""

    def __init__(
        self,
        hub: Desk,
        *,
        mute: Callable[[float], None],
        forget: Callable[[bool], None],
        answered: Callable[[ToolInfo, ToolResult], None],
    ) -> None:
        self._hub = hub
        self._mute = mute
        self._forget = forget
        self._answered = answered

    @property
    def tools(self) -> Sequence[ToolInfo]:
        """The tools that can be called now."""
        return (*self._hub.tools, *_OWN)

    async def call(self, name: str, arguments: Mapping[str, Any], on_progress: OnProgress | None = None) -> ToolResult:
        """Call a tool."""
        if name == FORGET:
            self._forget(arguments.get("everything") is True)
            return ToolResult(text="forgotten", data={"forgotten": True}, is_error=False)
        if name == MUTE:
            minutes = arguments.get("minutes")
            if not isinstance(minutes, int | float) or not 0 <= minutes <= LONGEST_MINUTES:
                return ToolResult(text=f"minutes must be 0 to {LONGEST_MINUTES}", data=None, is_error=True)
            self._mute(float(minutes))
            return ToolResult(text="", data={"muted_minutes": minutes}, is_error=False)
        result = await self._hub.call(name, arguments, on_progress)
        tool = next((tool for tool in self._hub.tools if tool.name == name), None)
        if tool is not None and not result.is_error:
            self._answered(tool, result)
        return result
