"""Lay out how the hub is doing and what the doctor found."""

from collections.abc import Sequence
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from aura_mcp.cli.doctor import Finding
from aura_mcp.cli.values import UNKNOWN, span
from aura_mcp.hub import Visit

_MEGABYTE: Final = 1_000_000


def status_view(found: Visit) -> RenderableType:
    """Return the running hub on one screen."""
    hub: dict[str, Any] = found.status["hub"]
    database: dict[str, Any] = found.status["database"]
    stays = "leaves when idle" if hub["is_auto_started"] else "stays"
    slot, at = database["last_slot"], database["last_fact_at"]
    reach = f"up to {at}" if slot is None else f"up to slot {slot:,}, {at or UNKNOWN}"
    lines = _lines()
    lines.add_row("version", found.status["version"])
    lines.add_row("uptime", f"{span(hub['uptime_s'])} (PID {found.info.pid}, {stays})")
    lines.add_row("database", f"{database['path']} ({database['size_bytes'] / _MEGABYTE:,.1f} MB)")
    lines.add_row("facts", "no facts yet" if slot is None and at is None else reach)
    lines.add_row("HTTP", f"{found.info.http_url} (token in {found.info.token_file})")
    lines.add_row("bridges", found.info.address.partition(" ")[2])
    lines.add_row("sessions", f"{hub['sessions']}")
    return lines


def findings_view(findings: Sequence[Finding]) -> RenderableType:
    """Return one line for each finding, the fix below it."""
    lines = _lines()
    for finding in findings:
        mark = Text("problem", style="red") if finding.is_problem else Text("ok", style="green")
        lines.add_row(finding.name, Text.assemble(mark, "  ", finding.detail, overflow="fold"))
        if finding.fix:
            lines.add_row("", Text(f"→ {finding.fix}", style="bold" if finding.is_problem else "dim", overflow="fold"))
    return lines


def _lines() -> Table:
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="dim", min_width=8, no_wrap=True)
    lines.add_column(overflow="fold")
    return lines
