"""Lay out how the hub is doing and what the doctor found."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from aura_mcp.cli.doctor import Finding
from aura_mcp.cli.values import UNKNOWN, span
from aura_mcp.hub import Visit

WELL: Final = frozenset({"ok", "idle"})

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
    _add_live(lines, found.status["live"])
    return lines


def _add_live(lines: Table, live: Mapping[str, Any]) -> None:
    """Add how wallets are followed: jobs, providers, what is to come, and what a key would improve."""
    how = "AURA_OFFLINE is set: nobody is asked" if live["is_offline"] else f"event {live['last_event']:,} was the last"
    lines.add_row("followed", f"{live['followed']:,} wallets; {how}")
    histories = ", ".join(f"{count:,} {coverage.replace('_', ' ')}" for coverage, count in live["histories"].items())
    if histories:
        lines.add_row("histories", histories)
    if live["gaps_being_closed"] or live["gaps_unclosable"]:
        lost = f"{live['gaps_unclosable']:,} that cannot be closed"
        lines.add_row("gaps", f"{live['gaps_being_closed']:,} being closed, {lost}")
    if live["pending"]:
        failing = f", {live['failing']:,} of them failed so far" if live["failing"] else ""
        lines.add_row("pending", f"{live['pending']:,} transactions since {live['oldest_pending_at']}{failing}")
    for job in live["jobs"]:
        following = f"next {job['next_run_at']}" if job["next_run_at"] else "runs when asked for"
        last = f"{job['last_state']} {job['last_run_at']}" if job["last_run_at"] else "never run"
        lines.add_row(f"job {job['name']}", f"{last}; {following}")
        if job["failure"]:
            lines.add_row("", Text(f"! {job['failure']}", style="red", overflow="fold"))
    for provider in live["providers"]:
        lines.add_row(provider["name"], f"{provider['state']}, {provider['calls']:,} calls{_credits(provider)}")
        if provider["state"] not in WELL and provider["last_error"]:
            lines.add_row("", Text(f"! {provider['last_error']}", style="red", overflow="fold"))
    for key in live["missing_keys"]:
        lines.add_row(Text("no key", style="dim"), Text(f"{key['name']}: {key['benefit']}", style="dim"))


def _credits(provider: Mapping[str, Any]) -> str:
    spent, limit = provider["credits_this_month"], provider["credit_limit"]
    if spent is None:
        return ""
    return f", {spent:,} credits this month" + ("" if limit is None else f" of {limit:,}")


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
