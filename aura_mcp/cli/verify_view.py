"""Lay out what a verification found."""

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from aura_mcp.cli.tables import data_table, heading
from aura_mcp.cli.values import UNKNOWN, label

if TYPE_CHECKING:
    from aura_mcp.services.verification import Verified

VALUE_LENGTH = 80


def report_view(result: "Verified") -> list[RenderableType]:
    """Return the verdict and, when it is bad, the first differences and what to do."""
    checked = f"{result.positions:,} positions and {result.realizations:,} realized amounts"
    if result.is_sound:
        good = "every token accounted for, and the facts give the same ledger byte for byte"
        return [Text.assemble(("Sound. ", "bold green"), f"{checked}: {good}.")]
    table = data_table("~Wallet", "~Mint", "~Where", "~Stored", "~The facts give")
    for difference in result.differences:
        number = "" if difference.number is None else f" {difference.number}"
        table.add_row(
            difference.wallet,
            difference.mint,
            f"{difference.table}{number} {difference.column}",
            label(difference.stored or UNKNOWN, VALUE_LENGTH),
            label(difference.expected or UNKNOWN, VALUE_LENGTH),
        )
    return [
        Text.assemble(("Not sound. ", "bold red"), f"Of {checked}, these are the first that differ from the facts."),
        heading("Differences"),
        table,
        Text("The facts are safe: `aura export` them and import them into a new database."),
    ]
