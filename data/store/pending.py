"""Keep the signatures that are still to be fetched, until their facts are stored.

A signature leaves the queue only after its facts were committed: a crash in between fetches it twice, never not at all.
Not responsible for fetching, or for when to try again (`engine.tracking`).
"""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import duckdb

from data.store.arrow import Type, from_rows, registered
from data.store.connection import Database


class Origin(StrEnum):
    """Who told of a signature, most urgent first."""

    WEBHOOK = "webhook"
    LOGS = "logs"
    POLL = "poll"
    GAP = "gap"
    BACKFILL = "backfill"

    @property
    def priority(self) -> int:
        """Return the rank in the queue, 0 first: what happens now comes before what happened."""
        return _PRIORITIES[self]


_PRIORITIES: Final = {Origin.WEBHOOK: 0, Origin.LOGS: 0, Origin.POLL: 1, Origin.GAP: 2, Origin.BACKFILL: 3}

LIVE_PRIORITY: Final = 0
LAST_PRIORITY: Final = 3
NOT_FOUND: Final = "not_found"
"""How the problem starts of a signature that the node does not know."""

NOBODY: Final = ""
"""The wallet of a signature of which nobody knows yet whom it concerns."""

_COLUMNS: Final = {
    "signature": Type.VARCHAR,
    "wallet": Type.VARCHAR,
    "slot": Type.BIGINT,
    "source": Type.VARCHAR,
    "priority": Type.UTINYINT,
    "is_finalized": Type.BOOLEAN,
    "queued_at": Type.BIGINT,
    "due_at": Type.BIGINT,
}
_INSERT: Final = """
INSERT INTO pending BY NAME
SELECT i.*, 0 AS tries, NULL AS problem FROM incoming AS i
ANTI JOIN standing_effect AS e
    ON e.cluster_key = i.slot AND e.signature = i.signature AND (e.owner = i.wallet OR i.wallet = '')
ON CONFLICT DO NOTHING
"""
_NEXT: Final = """
SELECT signature, max(slot), bool_or(is_finalized), max(tries), min(queued_at), arg_min(source, priority)
FROM pending WHERE due_at <= ? AND priority <= ?
GROUP BY signature
ORDER BY min(priority), max(slot) NULLS FIRST, signature LIMIT ?
"""
_UNFOUND: Final = """
SELECT signature, max(slot) FROM pending WHERE starts_with(problem, ?)
GROUP BY signature
HAVING NOT bool_or(is_finalized) AND max(slot) IS NOT NULL
ORDER BY min(queued_at), signature LIMIT ?
"""
_POSTPONE: Final = """
UPDATE pending SET due_at = i.due_at, tries = i.tries, problem = i.problem
FROM incoming AS i WHERE pending.signature = i.signature
"""
_POSTPONED_COLUMNS: Final = {
    "signature": Type.VARCHAR,
    "due_at": Type.BIGINT,
    "tries": Type.BIGINT,
    "problem": Type.VARCHAR,
}
_BACKLOG: Final = """
SELECT count(DISTINCT signature), count(DISTINCT signature) FILTER (priority = 0),
    count(DISTINCT signature) FILTER (tries > 0), min(queued_at), min(due_at)
FROM pending
"""


class Wanted(NamedTuple):
    """A signature to be fetched; `slot` is None where nobody said it."""

    signature: str
    wallet: str
    slot: int | None
    origin: Origin
    is_finalized: bool = False


class Due(NamedTuple):
    """A signature whose time has come, with what is known of it."""

    signature: str
    slot: int | None
    is_finalized: bool
    tries: int
    queued_at: int
    origin: Origin


class Postponed(NamedTuple):
    """A signature that is tried again at `due_at`, and why it was not fetched."""

    signature: str
    due_at: int
    tries: int
    problem: str


class Backlog(NamedTuple):
    """What is still to be fetched: all, hinted ones, those that failed before; the oldest and the next moment."""

    signatures: int
    hinted: int
    failing: int
    oldest_at: int | None
    next_at: int | None


class Pending:
    """The queue of signatures."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, wanted: Sequence[Wanted], now_s: int) -> int:
        """Queue signatures durably and return how many are new: neither queued nor stored for their wallet."""
        if not wanted:
            return 0
        with self._database.write(keeps_version=True) as cursor:
            return insert_wanted(cursor, wanted, now_s)

    def due(self, now_s: int, limit: int, *, priority: int = LAST_PRIORITY) -> list[Due]:
        """Return up to `limit` signatures to be fetched now, of a priority or a more urgent one, in their order."""
        rows = self._database.rows(_NEXT, [now_s, priority, limit], needs_ledger=False)
        return [Due._make((*row[:5], Origin(row[5]))) for row in rows]

    def unfound(self, limit: int) -> list[tuple[str, int]]:
        """Return signatures, with their slots, that were looked for in vain and never listed as final; oldest first."""
        return [(row[0], row[1]) for row in self._database.rows(_UNFOUND, [NOT_FOUND, limit])]

    def settle(self, signatures: Collection[str]) -> None:
        """Take signatures out of the queue: their facts are stored, or they are set aside."""
        if signatures:
            with self._database.write():
                self._database.delete("pending", ("signature",), [(signature,) for signature in signatures])

    def postpone(self, rows: Sequence[Postponed]) -> None:
        """Try signatures again later."""
        if not rows:
            return
        incoming = from_rows(_POSTPONED_COLUMNS, rows)
        with self._database.write(keeps_version=True) as cursor, registered(cursor, "incoming", incoming):
            cursor.execute(_POSTPONE)

    def backlog(self) -> Backlog:
        """Return how much is queued."""
        return Backlog(*self._database.rows(_BACKLOG)[0])

    def wallets_of(self, signature: str) -> list[str]:
        """Return the wallets that wait for a signature."""
        rows = self._database.rows("SELECT wallet FROM pending WHERE signature = ? ORDER BY wallet", [signature])
        return [str(row[0]) for row in rows if row[0] != NOBODY]

    def count_by_wallet(self) -> dict[str, int]:
        """Return how many signatures each wallet waits for."""
        return dict(self._database.rows("SELECT wallet, count(*) FROM pending WHERE wallet <> '' GROUP BY wallet"))


def insert_wanted(cursor: duckdb.DuckDBPyConnection, wanted: Sequence[Wanted], now_s: int) -> int:
    """Queue signatures inside the transaction of a cursor and return how many are new."""
    if not wanted:
        return 0
    rows = [
        (w.signature, w.wallet, w.slot, w.origin.value, w.origin.priority, w.is_finalized, now_s, now_s)
        for w in dict.fromkeys(wanted)
    ]
    with registered(cursor, "incoming", from_rows(_COLUMNS, rows)):
        return int(cursor.execute(_INSERT).fetchall()[0][0])
