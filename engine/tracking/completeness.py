"""Say how much of a wallet's history is there.

Not responsible for counting (`data.store`).
"""

from enum import StrEnum
from typing import NamedTuple

from engine.tracking.depth import Backfill


class Coverage(StrEnum):
    """The one word for it, worst first: what stands first hides what stands after it."""

    NEVER_FETCHED = "never_fetched"
    BACKFILLING = "backfilling"
    GAPS = "gaps"
    CATCHING_UP = "catching_up"
    COMPLETE = "complete"


class Counts(NamedTuple):
    """What was counted of a wallet.

    Signatures still to be fetched, breaks in its chains of balances, token accounts that differ from the chain,
    transactions that could not be read. `listed_at` is None while it was never asked about.
    """

    listed_at: int | None
    backfill: Backfill
    oldest_time: int | None
    pending: int
    gaps: int
    drifts: int
    unreadable: int


class Completeness(NamedTuple):
    """How much of a wallet's history is there.

    Complete since `since` (seconds since 1970), None where it is complete from the first transaction on or where
    nothing is known: `is_from_start` tells them apart. Looked at last at `checked_at`.
    """

    coverage: Coverage
    since: int | None
    is_from_start: bool
    checked_at: int | None
    pending: int
    gaps: int
    drifts: int
    unreadable: int

    @property
    def is_complete(self) -> bool:
        """Tell whether every transaction since `since` is stored."""
        return self.coverage is Coverage.COMPLETE


def completeness_of(counts: Counts) -> Completeness:
    """Return what follows from the counts."""
    return Completeness(
        coverage=_coverage(counts),
        since=None if counts.backfill is Backfill.START else counts.oldest_time,
        is_from_start=counts.backfill is Backfill.START and counts.listed_at is not None,
        checked_at=counts.listed_at,
        pending=counts.pending,
        gaps=counts.gaps,
        drifts=counts.drifts,
        unreadable=counts.unreadable,
    )


def _coverage(counts: Counts) -> Coverage:
    if counts.listed_at is None:
        return Coverage.NEVER_FETCHED
    if counts.backfill is Backfill.OPEN:
        return Coverage.BACKFILLING
    if counts.gaps or counts.drifts or counts.unreadable:
        return Coverage.GAPS
    return Coverage.CATCHING_UP if counts.pending else Coverage.COMPLETE
