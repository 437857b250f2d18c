"""Lay out what `aura init` did and what comes next."""

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

if TYPE_CHECKING:
    from aura_mcp.services.imports import StarterList


def report_view(result: "StarterList") -> list[RenderableType]:
    """Return the counts and the next steps."""
    known = f"{result.new:,} new, {result.duplicate:,} known already"
    lines = (f"Database {result.database}", f"{result.wallets:,} labelled wallets in the starter list: {known}")
    steps = "aura import PATH…      bring in transactions and prices\naura top               see who did well"
    return [*map(Text, lines), Padding(Text(steps, style="dim"), (1, 0, 0, 2))]
