"""Say how much of a wallet's history is there.

Not responsible for counting (`data.store`).
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from engine.tracking.depth import Backfill


class Coverage(StrEnum):
    """The one word for it: what stands first hides what stands after it.

    `gaps` are still being searched; for `unclosable_gaps` everything was tried, and what is missing cannot be had.
    """

    NEVER_FETCHED = "never_fetched"
    BACKFILLING = "backfilling"
    GAPS = "gaps"
    UNCLOSABLE = "unclosable_gaps"
    CATCHING_UP = "catching_up"
    COMPLETE = "complete"


class Counts(NamedTuple):
    """What was counted of a wallet.

    Signatures still to be fetched, breaks in its chains of balances, token accounts that differ from the chain,
    transactions that could not be read. Those of the gaps and drifts that were searched often enough in vain
    are `lost_gaps` and `lost_drifts`. `listed_at` is None while it was never asked about.
    """

    listed_at: int | None
    backfill: Backfill
    oldest_time: int | None
    pending: int
    gaps: int
    lost_gaps: int
    drifts: int
    lost_drifts: int
    unreadable: int


class Completeness(NamedTuple):
    """How much of a wallet's history is there.

    Complete since `since` (seconds since 1970), None where it is complete from the first transaction on or where
    nothing is known: `is_from_start` tells them apart. Looked at last at `checked_at`. Of what is missing,
    `being_closed` is still searched and `unclosable` cannot be had.
    """

    coverage: Coverage
    since: int | None
    is_from_start: bool
    checked_at: int | None
    pending: int
    gaps: int
    drifts: int
    unreadable: int
    being_closed: int
    unclosable: int


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
        being_closed=_being_closed(counts),
        unclosable=counts.lost_gaps + counts.lost_drifts + counts.unreadable,
    )


def combined(counts: Sequence[Counts]) -> Counts:
    """Return the counts of wallets that are one entity: its history is as complete as that of the worst of them.

    Breaks are counted in the balances of the entity, so each of them has the same ones.
    """
    looked = [each.listed_at for each in counts if each.listed_at is not None]
    times = [each.oldest_time for each in counts if each.oldest_time is not None]
    ends = {each.backfill for each in counts}
    return Counts(
        listed_at=min(looked) if len(looked) == len(counts) else None,
        backfill=next(end for end in Backfill if end in ends),
        oldest_time=max(times, default=None),
        pending=sum(each.pending for each in counts),
        gaps=max(each.gaps for each in counts),
        lost_gaps=max(each.lost_gaps for each in counts),
        drifts=sum(each.drifts for each in counts),
        lost_drifts=sum(each.lost_drifts for each in counts),
        unreadable=sum(each.unreadable for each in counts),
    )


def _being_closed(counts: Counts) -> int:
    return counts.gaps - counts.lost_gaps + counts.drifts - counts.lost_drifts


def _coverage(counts: Counts) -> Coverage:
    if counts.listed_at is None:
        return Coverage.NEVER_FETCHED
    if counts.backfill is Backfill.OPEN:
        return Coverage.BACKFILLING
    if _being_closed(counts):
        return Coverage.GAPS
    if counts.lost_gaps or counts.lost_drifts or counts.unreadable:
        return Coverage.UNCLOSABLE
    return Coverage.CATCHING_UP if counts.pending else Coverage.COMPLETE
