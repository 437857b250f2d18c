"""Say of every wallet how much of its history is there.

Not responsible for the rules (`engine.tracking`).
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aura_mcp.services.results import to_moment_or_none
from data.store import Store
from data.store.tracks import Track
from engine.tracking import Backfill, Counts, Coverage, completeness_of

_GAPS: Final = """
SELECT w.address, sum(f.gaps)::BIGINT
FROM fold_state AS f
LEFT JOIN entity_member AS m ON m.entity = f.entity
JOIN wallet AS w ON w.address = coalesce(m.wallet, f.entity) AND w.is_tracked
WHERE f.gaps > 0
GROUP BY w.address
"""
_UNREADABLE: Final = """
SELECT owner, count(DISTINCT signature)::BIGINT FROM quarantine
WHERE reason IN ('not_found', 'unreadable', 'refused') GROUP BY owner
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletCompleteness:
    """How much of a wallet's history is there.

    Every transaction since `complete_since` is stored where `coverage` is `complete`; None with `is_from_start` means
    since its first transaction. `pending_transactions` are known and still to be fetched. `gaps` are breaks in the
    balances of its entity. `drifting_accounts` hold something else than their last fact says. `unreadable` were set
    aside.
    """

    coverage: Coverage
    complete_since: datetime | None
    is_from_start: bool
    checked_at: datetime | None
    pending_transactions: int
    gaps: int
    drifting_accounts: int
    unreadable_transactions: int


class Completing:
    """The completeness of wallets."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> dict[str, WalletCompleteness]:
        """Return the completeness of every followed wallet."""
        store = self._store
        pending = store.pending.count_by_wallet()
        gaps = dict(store.database.rows(_GAPS))
        drifts = Counter(check.wallet for check in store.gaps.drifts())
        unreadable = dict(store.database.rows(_UNREADABLE))
        return {
            wallet: _describe(
                track, pending.get(wallet, 0), int(gaps.get(wallet, 0)), drifts[wallet], int(unreadable.get(wallet, 0))
            )
            for wallet, track in store.tracks.all().items()
        }

    def of(self, wallet: str) -> WalletCompleteness | None:
        """Return the completeness of one wallet, None for one that is not followed."""
        track = self._store.tracks.find(wallet)
        if track is None or track.listed_at is None:
            return None if track is None else _describe(track, 0, 0, 0, 0)
        return self.all().get(wallet)


def _describe(track: Track, pending: int, gaps: int, drifts: int, unreadable: int) -> WalletCompleteness:
    counts = Counts(
        listed_at=track.listed_at,
        backfill=Backfill(track.backfill),
        oldest_time=track.oldest_time,
        pending=pending,
        gaps=gaps,
        drifts=drifts,
        unreadable=unreadable,
    )
    found = completeness_of(counts)
    return WalletCompleteness(
        coverage=found.coverage,
        complete_since=to_moment_or_none(found.since),
        is_from_start=found.is_from_start,
        checked_at=to_moment_or_none(found.checked_at),
        pending_transactions=found.pending,
        gaps=found.gaps,
        drifting_accounts=found.drifts,
        unreadable_transactions=found.unreadable,
    )
