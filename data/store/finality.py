"""Watch stored transactions until they are final, and take back those that never became so.

A transaction that is taken back keeps its facts; `reversed` hides them from every view, and its folds are replayed.
Not responsible for asking the chain, or for how often a transaction is looked for (`engine.tracking`).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import duckdb

from data.store.arrow import Type, from_rows, registered
from data.store.connection import Database
from data.store.facts import Added, next_batch

_KEYS: Final = {"slot": Type.BIGINT, "signature": Type.VARCHAR}
_WATCHED_COLUMNS: Final = ("slot", "signature", "misses", "asked_at")
_WATCH: Final = """
INSERT INTO unfinalized
SELECT DISTINCT e.cluster_key, e.signature, 0, NULL
FROM incoming AS i JOIN effect AS e ON e.cluster_key = i.slot AND e.signature = i.signature
ON CONFLICT DO NOTHING
"""
_FORGET: Final = "DELETE FROM unfinalized AS u USING incoming AS i WHERE u.slot = i.slot AND u.signature = i.signature"
_MISS: Final = """
UPDATE unfinalized AS u SET misses = misses + 1, asked_at = ?
FROM incoming AS i WHERE u.slot = i.slot AND u.signature = i.signature
"""
_REVERSE: Final = """
INSERT INTO reversed
SELECT DISTINCT i.slot, i.signature, ?::BIGINT, ?::BIGINT
FROM incoming AS i JOIN effect AS e ON e.cluster_key = i.slot AND e.signature = i.signature
ON CONFLICT DO NOTHING
"""
_WAITING_AMONG: Final = """
SELECT u.slot, u.signature FROM unfinalized AS u SEMI JOIN incoming AS i USING (slot, signature)
"""
_FIND_REVERSED: Final = "SELECT r.slot, r.signature FROM reversed AS r SEMI JOIN incoming AS i USING (slot, signature)"
_RESTORE: Final = "DELETE FROM reversed AS r USING incoming AS i WHERE r.slot = i.slot AND r.signature = i.signature"
# Trade rows of the same transaction count again, or no longer: their folds are marked too.
_MARK: Final = """
INSERT INTO refold
SELECT DISTINCT coalesce(m.entity, f.owner), f.mint
FROM (
    SELECT l.owner, l.mint FROM leg AS l SEMI JOIN incoming AS i USING (signature)
    UNION ALL
    SELECT b.owner, b.mint FROM account_balance AS b SEMI JOIN incoming AS i USING (signature)
    WHERE NOT is_sol(b.mint) AND NOT is_stable(b.mint)
) AS f
LEFT JOIN entity_member AS m ON m.wallet = f.owner
"""


class Placement(NamedTuple):
    """A transaction in a slot: the same signature may be confirmed in one slot and become final in another."""

    slot: int
    signature: str


class Unfinalized(NamedTuple):
    """A stored transaction that could still be dropped, and how often it was looked for in vain."""

    slot: int
    signature: str
    misses: int
    asked_at: int | None


class Finality:
    """The way of stored transactions from confirmed to final, or back out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, limit: int) -> list[Unfinalized]:
        """Return the stored transactions that are not known to be final, oldest slot first."""
        rows = self._database.rows(
            "SELECT slot, signature, misses, asked_at FROM unfinalized ORDER BY slot, signature LIMIT ?", [limit]
        )
        return [Unfinalized(*row) for row in rows]

    def waiting_among(self, placements: Sequence[Placement]) -> list[Placement]:
        """Return those of some transactions that are not known to be final."""
        if not placements:
            return []
        cursor = self._database.cursor()
        with registered(cursor, "incoming", from_rows(_KEYS, placements)):
            return [Placement(*row) for row in cursor.execute(_WAITING_AMONG).fetchall()]

    def count_waiting(self) -> int:
        """Return how many stored transactions are not known to be final."""
        return int(self._database.rows("SELECT count(*) FROM unfinalized")[0][0])

    def count_reversed(self) -> int:
        """Return how many stored transactions the chain took back."""
        return int(self._database.rows("SELECT count(*) FROM reversed")[0][0])

    def promote(self, placements: Sequence[Placement]) -> None:
        """Stop watching transactions that are final."""
        self._change(placements, _FORGET)

    def miss(self, placements: Sequence[Placement], now_s: int) -> None:
        """Remember that transactions were looked for and not found."""
        if placements:
            with self._database.write() as cursor, registered(cursor, "incoming", from_rows(_KEYS, placements)):
                cursor.execute(_MISS, [now_s])

    def reverse(self, placements: Sequence[Placement], now_s: int) -> None:
        """Take transactions back: their facts stay and count no longer; their folds follow with the next booking."""
        if not placements:
            return
        with self._database.write() as cursor, registered(cursor, "incoming", from_rows(_KEYS, placements)):
            cursor.execute(_FORGET)
            cursor.execute(_REVERSE, [now_s, next_batch(self._database)])
            cursor.execute(_MARK)

    def watch(self, placements: Sequence[Placement]) -> None:
        """Watch stored transactions that are only confirmed."""
        self._change(placements, _WATCH)

    def place_found(self, found: Sequence[Placement], confirmed: Sequence[Placement], added: Added) -> None:
        """Bring back what was found again, and watch what is only confirmed of what was just added.

        Of signatures that were not stored before, none was taken back and none is watched.
        """
        if added.is_fresh:
            new = {(p.cluster_key, p.reading.signature) for p in added.new}
            watched = [(*key, 0, None) for key in dict.fromkeys(confirmed) if key in new]
            if watched:
                self._database.insert("unfinalized", _WATCHED_COLUMNS, watched)
            return
        with self._database.write() as cursor:
            self._restore(cursor, found)
            self.watch(confirmed)

    def _restore(self, cursor: duckdb.DuckDBPyConnection, found: Sequence[Placement]) -> None:
        if not found:
            return
        with registered(cursor, "incoming", from_rows(_KEYS, found)):
            again = cursor.execute(_FIND_REVERSED).fetchall()
        if again:
            with registered(cursor, "incoming", from_rows(_KEYS, again)):
                cursor.execute(_RESTORE)
                next_batch(self._database)
                cursor.execute(_MARK)

    def _change(self, placements: Sequence[Placement], sql: str) -> None:
        if placements:
            with self._database.write() as cursor, registered(cursor, "incoming", from_rows(_KEYS, placements)):
                cursor.execute(sql)
