"""Say of every wallet, or entity, how much of its history is there.

Not responsible for the rules (`engine.tracking`).
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aura_mcp.services.results import to_moment_or_none
from aura_mcp.services.tracking.repairing import MOST_SEARCHES
from data.store import Store
from data.store.tracks import Track
from engine.tracking import MOST_LOOKS, Backfill, Counts, Coverage, combined, completeness_of

_GAPS: Final = """
SELECT w.address, sum(f.gaps)::BIGINT
FROM fold_state AS f
LEFT JOIN entity_member AS m ON m.entity = f.entity
JOIN wallet AS w ON w.address = coalesce(m.wallet, f.entity) AND w.is_tracked
WHERE f.gaps > 0
GROUP BY w.address
"""
_LOST_GAPS: Final = """
SELECT coalesce(m.wallet, f.entity), count(*)
FROM finding AS f
SEMI JOIN (SELECT signature FROM gap_search WHERE tries >= $1) AS g ON g.signature = split_part(f.ref, '#', 1)
LEFT JOIN entity_member AS m ON m.entity = f.entity
WHERE f.code IN ('gap_in', 'gap_out', 'gap_moved')
GROUP BY ALL
"""
_SET_ASIDE: Final = """
SELECT DISTINCT owner, signature FROM quarantine WHERE reason IN ('not_found', 'unreadable', 'refused')
"""
_CAME_AFTER_ALL: Final = """
SELECT DISTINCT owner, signature FROM standing_effect WHERE signature IN (SELECT signature FROM quarantine)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletCompleteness:
    """How much of a wallet's history is there.

    Every transaction since `complete_since` is stored where `coverage` is `complete`; None with `is_from_start` means
    since its first transaction. `pending_transactions` are known and still to be fetched. `gaps` are breaks in the
    balances of its entity. `drifting_accounts` hold something else than their last fact says. `unreadable` were set
    aside. Of these three, `being_closed` are still searched; for `unclosable` everything was tried.
    """

    coverage: Coverage
    complete_since: datetime | None
    is_from_start: bool
    checked_at: datetime | None
    pending_transactions: int
    gaps: int
    drifting_accounts: int
    unreadable_transactions: int
    being_closed: int
    unclosable: int


class Completing:
    """The completeness of wallets, counted again after something was committed only. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: tuple[int, dict[str, Counts]] = (-1, {})

    def all(self) -> dict[str, WalletCompleteness]:
        """Return the completeness of every followed wallet."""
        return {wallet: _describe(counts) for wallet, counts in self._counts().items()}

    def of(self, wallet: str) -> WalletCompleteness | None:
        """Return the completeness of one wallet, None for one that is not followed."""
        track = self._store.tracks.find(wallet)
        if track is None or track.listed_at is None:
            return None if track is None else _describe(_count(track))
        return self.all().get(wallet)

    def of_entities(self, entities: Collection[str]) -> dict[str, WalletCompleteness]:
        """Return the completeness of those entities of which any wallet is followed."""
        counts = self._counts()
        members = self._store.wallets.members() if counts else {}
        found: defaultdict[str, list[Counts]] = defaultdict(list)
        for wallet, each in counts.items():
            found[members.get(wallet, wallet)].append(each)
        return {entity: _describe(combined(found[entity])) for entity in entities if entity in found}

    def _counts(self) -> dict[str, Counts]:
        commits, known = self._known
        if commits != (now := self._store.database.commits):
            known = self._read()
            self._known = (now, known)
        return known

    def _read(self) -> dict[str, Counts]:
        store = self._store
        tracks = store.tracks.all()
        if not tracks:
            return {}
        pending = store.pending.count_by_wallet()
        gaps = dict(store.database.rows(_GAPS))
        lost_gaps = dict(store.database.rows(_LOST_GAPS, [MOST_SEARCHES])) if gaps else {}
        drifts = store.gaps.drifts()
        drifting = Counter(check.wallet for check in drifts)
        lost_drifts = Counter(check.wallet for check in drifts if check.tries >= MOST_LOOKS)
        unreadable = self._unreadable()
        return {
            wallet: _count(
                track,
                pending=pending.get(wallet, 0),
                gaps=int(gaps.get(wallet, 0)),
                lost_gaps=min(int(gaps.get(wallet, 0)), int(lost_gaps.get(wallet, 0))),
                drifts=drifting[wallet],
                lost_drifts=lost_drifts[wallet],
                unreadable=unreadable[wallet],
            )
            for wallet, track in tracks.items()
        }

    def _unreadable(self) -> Counter[str]:
        aside = self._store.database.rows(_SET_ASIDE)
        # This reads the signatures of all facts, so it is asked only where there is a reason.
        came = self._store.database.rows(_CAME_AFTER_ALL) if aside else []
        return Counter(wallet for wallet, signature in aside if (wallet, signature) not in came)


def in_words(found: WalletCompleteness) -> str:
    """Return in one line how much of a history is there, and what is missing from it."""
    since = found.complete_since
    reach = "from its first transaction" if since is None else f"since {since:%Y-%m-%d}"
    match found.coverage:
        case Coverage.NEVER_FETCHED:
            return "never fetched: only what was imported"
        case Coverage.BACKFILLING:
            text = "being fetched" if since is None else f"being fetched, so far {reach}"
        case Coverage.COMPLETE:
            return f"complete {reach}"
        case _:
            text = reach
    missing = (
        (found.being_closed, "gaps being closed"),
        (found.unclosable, "gaps that cannot be closed"),
        (found.pending_transactions, "transactions to be fetched"),
    )
    return "; ".join([text, *(f"{what}: {count:,}" for count, what in missing if count)])


def _count(
    track: Track,
    *,
    pending: int = 0,
    gaps: int = 0,
    lost_gaps: int = 0,
    drifts: int = 0,
    lost_drifts: int = 0,
    unreadable: int = 0,
) -> Counts:
    return Counts(
        listed_at=track.listed_at,
        backfill=Backfill(track.backfill),
        oldest_time=track.oldest_time,
        pending=pending,
        gaps=gaps,
        lost_gaps=lost_gaps,
        drifts=drifts,
        lost_drifts=lost_drifts,
        unreadable=unreadable,
    )


def _describe(counts: Counts) -> WalletCompleteness:
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
        being_closed=found.being_closed,
        unclosable=found.unclosable,
    )
