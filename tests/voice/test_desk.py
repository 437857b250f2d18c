"""The agent's own two tools beside the hub's: being quiet for a while, and forgetting."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.fakes.mind import FakeDesk
from voice.desk import FORGET, LONGEST_MINUTES, MUTE, LateDesk, WholeDesk
from voice.tools import ToolInfo, ToolResult


class Wishes:
    """What the person wanted, as the desk passed it on."""

    def __init__(self, results: Mapping[str, Any]) -> None:
        self.muted: list[float] = []
        self.forgotten: list[bool] = []
        self.answered: list[str] = []
        self.desk = WholeDesk(
            FakeDesk(results), mute=self.muted.append, forget=self.forgotten.append, answered=self._answered
        )

    def call(self, name: str, **arguments: object) -> ToolResult:
        """Call a tool."""
        return asyncio.run(self.desk.call(name, arguments))

    def _answered(self, tool: ToolInfo, result: ToolResult) -> None:
        assert not result.is_error
        self.answered.append(tool.name)


def test_own_tools_stand_beside_those_of_the_hub() -> None:
    """Spec: tools are listed, not hard-coded; our own change something, so a guess does not run them."""
    wishes = Wishes({"top_wallets": {}})
    assert [(tool.name, tool.is_read_only) for tool in wishes.desk.tools] == [
        ("top_wallets", True),
        (MUTE, False),
        (FORGET, False),
    ]


def test_hour_of_peace_is_an_hour() -> None:
    """Spec: mutable by voice for an hour."""
    wishes = Wishes({})
    assert wishes.call(MUTE, minutes=60).data == {"muted_minutes": 60}
    assert wishes.muted == [60.0]


@pytest.mark.parametrize("minutes", [None, "60", -1, LONGEST_MINUTES + 1])
def test_silence_without_measure_is_refused(minutes: object) -> None:
    """Our rule: a mistake of the model does not silence the agent for a year."""
    wishes = Wishes({})
    assert wishes.call(MUTE, minutes=minutes).is_error
    assert wishes.muted == []


def test_the_last_turn_or_everything_is_forgotten() -> None:
    """Spec: forgettable: "forget that"."""
    wishes = Wishes({})
    wishes.call(FORGET)
    wishes.call(FORGET, everything=True)
    assert wishes.forgotten == [False, True]


def test_answers_of_the_hub_are_told_and_refusals_are_not() -> None:
    """Our rule: names are learned from what a tool said."""
    wishes = Wishes({"top_wallets": {"wallets": []}, "search": "too short"})
    assert wishes.call("top_wallets").data == {"wallets": []}
    assert wishes.call("search").is_error
    assert wishes.answered == ["top_wallets"]


def test_hub_that_is_not_there_is_a_result_like_any_other() -> None:
    """Spec: each failure has a line; the model says it."""
    desk = LateDesk()
    result = asyncio.run(desk.call("top_wallets", {}))
    assert (desk.tools, result.is_error, result.text) == ((), True, "AURA's tools cannot be reached")
    assert asyncio.run(desk.read("aura://wallets")) is None
