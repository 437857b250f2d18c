"""Lay out what an import did."""

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from aura_mcp.cli.tables import heading
from aura_mcp.cli.values import label

if TYPE_CHECKING:
    from aura_mcp.services.imports import Imported

REASON_LENGTH = 200


def report_view(result: "Imported") -> list[RenderableType]:
    """Return the counts, the reasons of what was rejected and the files that could not be read."""
    parts: list[RenderableType] = [_counts(result)]
    if result.rejections:
        parts += [heading("Rejected", "rows that could not become facts"), _reasons(result)]
    if result.unreadable:
        parts.append(heading("Not read"))
        parts += [Text("  ") + label(failure.error, REASON_LENGTH) for failure in result.unreadable]
    return parts


def _counts(result: "Imported") -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", style="bold")
    grid.add_column()
    skipped = f", {result.skipped_files:,} of other kinds skipped" if result.skipped_files else ""
    rows = (
        (result.read, f"read from {result.files:,} files{skipped}"),
        (result.new, "new"),
        (result.duplicate, "duplicate"),
        (result.quarantined, "quarantined: kept, used for nothing"),
        (result.rejected, "rejected"),
        (result.booked_positions, "positions booked (one wallet, one token)"),
    )
    for count, what in rows:
        grid.add_row(f"{count:,}", what)
    return grid


def _reasons(result: "Imported") -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right")
    grid.add_column(overflow="fold")
    for rejection in result.rejections:
        grid.add_row(f"{rejection.count:,}", label(rejection.reason, REASON_LENGTH))
    return grid
