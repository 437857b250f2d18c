"""Remember for each followed wallet how far its signatures are known and which balance its facts explain.

Not responsible for deciding whom to ask (`engine.tracking`) or for the queue itself (`pending`).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import duckdb

from data.store.arrow import Type, from_rows, registered
from data.store.connection import Database
from data.store.pending import Wanted, insert_wanted

OPEN: Final = "open"

_COLUMNS: Final = {
    "wallet": Type.VARCHAR,
    "head_signature": Type.VARCHAR,
    "head_slot": Type.BIGINT,
    "oldest_signature": Type.VARCHAR,
    "oldest_time": Type.BIGINT,
    "listed": Type.BIGINT,
    "backfill": Type.VARCHAR,
    "lamports": Type.UBIGINT,
    "lamports_slot": Type.BIGINT,
    "unexplained": Type.INTEGER,
    "asked_at": Type.BIGINT,
    "listed_at": Type.BIGINT,
    "reconciled_at": Type.BIGINT,
}
_UPSERT: Final = "INSERT OR REPLACE INTO wallet_track SELECT * FROM incoming"
_TRACKS: Final = """
SELECT w.address, t.head_signature, t.head_slot, t.oldest_signature, t.oldest_time,
    coalesce(t.listed, 0), coalesce(t.backfill, 'open'),
    t.lamports::BIGINT, t.lamports_slot, coalesce(t.unexplained, 0), t.asked_at, t.listed_at, t.reconciled_at
FROM wallet AS w LEFT JOIN wallet_track AS t ON t.wallet = w.address
WHERE w.is_tracked ORDER BY w.address
"""
_IS_TRACKED: Final = "SELECT 1 FROM wallet WHERE address = $1 AND is_tracked"
_TRACK: Final = "SELECT * REPLACE (lamports::BIGINT AS lamports) FROM wallet_track WHERE wallet = $1"
_MOVED: Final = """
SELECT t.wallet, sum(e.native_delta_lamports)::BIGINT
FROM wallet_track AS t
JOIN ledger_effect AS e ON e.owner = t.wallet AND e.slot > t.lamports_slot
WHERE e.cluster_key > (SELECT min(lamports_slot) FROM wallet_track)
GROUP BY t.wallet
"""


class Track(NamedTuple):
    """Where the following of a wallet stands; see the table `wallet_track`. Times are seconds since 1970."""

    wallet: str
    head_signature: str | None = None
    head_slot: int | None = None
    oldest_signature: str | None = None
    oldest_time: int | None = None
    listed: int = 0
    backfill: str = OPEN
    lamports: int | None = None
    lamports_slot: int | None = None
    unexplained: int = 0
    asked_at: int | None = None
    listed_at: int | None = None
    reconciled_at: int | None = None


class Tracks:
    """The state of following, by wallet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, Track]:
        """Return the track of every followed wallet, a fresh one for those never asked about."""
        return {row[0]: Track(*row) for row in self._database.rows(_TRACKS)}

    def find(self, wallet: str) -> Track | None:
        """Return the track of one wallet, None for one that is not followed."""
        # Two plain look-ups are planned in less time than one join.
        if not self._database.rows(_IS_TRACKED, [wallet]):
            return None
        return next((Track(*row) for row in self._database.rows(_TRACK, [wallet])), Track(wallet))

    def moved_lamports(self) -> dict[str, int]:
        """Return by how much stored facts moved each wallet's lamports since its explained balance."""
        return dict(self._database.rows(_MOVED))

    def complete_since(self, wallet: str) -> int | None:
        """Return since when a wallet's signatures are listed, None from the first one on or while nothing is known."""
        rows = self._database.rows("SELECT oldest_time FROM wallet_track WHERE wallet = ?", [wallet])
        return rows[0][0] if rows else None

    def reconciled(self, wallet: str, now_s: int) -> None:
        """Remember that a wallet's holdings were compared with the chain."""
        with self._database.write() as cursor:
            cursor.execute("UPDATE wallet_track SET reconciled_at = ? WHERE wallet = ?", [now_s, wallet])

    def not_looked(self, wallet: str) -> None:
        """Count one look less at a difference in lamports: it came to nothing."""
        with self._database.write() as cursor:
            cursor.execute(
                "UPDATE wallet_track SET unexplained = greatest(unexplained - 1, 0) WHERE wallet = ?", [wallet]
            )

    def save(self, tracks: Sequence[Track]) -> None:
        """Replace tracks."""
        if tracks:
            with self._database.write() as cursor:
                _upsert(cursor, tracks)

    def advance(self, track: Track, wanted: Sequence[Wanted], now_s: int) -> int:
        """Move a wallet's track and queue what it passed over, in one transaction; return how many are new."""
        with self._database.write() as cursor:
            new = insert_wanted(cursor, wanted, now_s)
            _upsert(cursor, [track])
        return new


def _upsert(cursor: duckdb.DuckDBPyConnection, tracks: Sequence[Track]) -> None:
    with registered(cursor, "incoming", from_rows(_COLUMNS, tracks)):
        cursor.execute(_UPSERT)
