"""Say what following did as the outcome of a job."""

from collections.abc import Iterable

from aura_mcp.services.tracking import Fetched


def failures_of(fetched: Iterable[Fetched], *problems: Iterable[str]) -> tuple[str, ...]:
    """Return every reason for which something was not fetched, once each."""
    parts = list(fetched)
    lines = [line for lines in (*problems, *(part.problems for part in parts)) for line in lines]
    postponed = sum(part.postponed for part in parts)
    if postponed and not lines:
        lines.append(f"{postponed} transactions cannot be had yet; they are tried again")
    return tuple(dict.fromkeys(lines))


def counts_of(fetched: Iterable[Fetched]) -> dict[str, int]:
    """Return what became of transactions, added up."""
    parts = list(fetched)
    return {
        name: sum(getattr(part, name) for part in parts)
        for name in ("transactions", "new", "duplicate", "unrelated", "postponed", "quarantined")
    }
