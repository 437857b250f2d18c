"""Lay out what a refresh did."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import RenderableType

NAMES: Final[Mapping[str, str]] = {
    "wallets": "followed",
    "asked": "asked for signatures",
    "listed": "new signatures",
    "new": "new facts",
    "postponed": "to be tried again",
    "quarantined": "in quarantine",
    "reversed": "reversed",
    "open_gaps": "open gaps",
}
"""What of a summary people are shown, with its wording; `--json` has all."""


def runs_view(rows: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """Return a line for each run, with its failures below it."""
    for row in rows:
        summary: Mapping[str, Any] = row.get("summary") or {}
        shown = [f"{value:,} {NAMES.get(name, name)}" for name, value in summary.items() if _is_shown(name, value)]
        yield f"{row['job']}: {row['state']}" + (f" ({', '.join(shown)})" if shown else "")
        for failure in row.get("failures") or ():
            yield f"  ! {failure}"


def _is_shown(name: str, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and (bool(value) or name == "wallets")
