"""Keep what happened, numbered, for as long as somebody may want to catch up.

Not responsible for what is worth an event or for telling anybody (`aura_mcp.services.events`).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import duckdb

from data.store.connection import Database

KEPT: Final = 10_000
"""Events that are kept: the newest."""

TIDY_EVERY: Final = 256
"""After so many events, older ones are removed."""

_KNOWN: Final = "SELECT id FROM event WHERE list_contains($1, id)"
_WANTED: Final = """
FROM event
WHERE number > $after AND ($kind IS NULL OR kind = $kind)
    AND ($wallets::VARCHAR[] IS NULL OR list_contains($wallets, wallet)) AND ($mint IS NULL OR mint = $mint)
"""
_AFTER: Final = f"{_WANTED} ORDER BY number LIMIT $limit"
_NEWEST: Final = f"{_WANTED} ORDER BY number DESC LIMIT $limit"
_MINIMUM: Final = "SELECT whale_usd_micro FROM wallet_minimum WHERE wallet = ?"
_SET_MINIMUM: Final = "INSERT OR REPLACE INTO wallet_minimum VALUES (?, ?)"


class NewEvent(NamedTuple):
    """Something that happened; `id` names it, so that it is told once. `body` is a JSON object."""

    id: str
    kind: str
    recorded_at_ms: int
    wallet: str | None
    mint: str | None
    body: str


class StoredEvent(NamedTuple):
    """An event and its number."""

    number: int
    id: str
    kind: str
    recorded_at_ms: int
    wallet: str | None
    mint: str | None
    body: str


class EventFilter(NamedTuple):
    """Which events are wanted; None means any."""

    kind: str | None = None
    wallets: Sequence[str] | None = None
    mint: str | None = None


class Events:
    """The table of events and the mark up to which facts have been told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def emitted_batch(self) -> int:
        """Return the batch of facts up to which everything has been told."""
        return self._database.mark("emitted_batch")

    def booked_batch(self) -> int:
        """Return the batch of facts up to which the ledger has been folded."""
        return self._database.mark("booked_batch")

    def last_number(self) -> int:
        """Return the number of the newest event, 0 before the first."""
        return self._database.mark("last_event")

    def add(self, events: Sequence[NewEvent], emitted_batch: int | None = None) -> list[StoredEvent]:
        """Store events, and in the same transaction up to which batch facts are told; return those that were new."""
        database = self._database
        with database.write() as cursor:
            stored = self._numbered(_unknown(cursor, events))
            store_events(database, cursor, stored)
            if stored:
                database.set_mark("last_event", stored[-1].number)
            if emitted_batch is not None:
                database.set_mark("emitted_batch", emitted_batch)
        return stored

    def announce(self, events: Sequence[NewEvent]) -> list[StoredEvent]:
        """Inside of `beside`: number events of which none was told before, for whoever stores them."""
        announced = self._numbered(events)
        if announced:
            self._database.owe_mark("last_event", announced[-1].number)
        return announced

    def after(self, number: int, wanted: EventFilter, limit: int) -> list[StoredEvent]:
        """Return the first events after a number, oldest first."""
        return self._page(_AFTER, {"after": number, "limit": limit, **wanted._asdict()})

    def newest(self, wanted: EventFilter, limit: int) -> list[StoredEvent]:
        """Return the newest events, oldest first."""
        return self._page(_NEWEST, {"after": 0, "limit": limit, **wanted._asdict()})[::-1]

    def minimum_of(self, wallet: str) -> int | None:
        """Return the value in micro-USD from which trades of a wallet are told, None where none is set for it."""
        rows = self._database.rows(_MINIMUM, [wallet])
        return int(rows[0][0]) if rows else None

    def set_minimum(self, wallet: str, usd_micro: int | None) -> None:
        """Set or, with None, forget from which value in micro-USD on trades of a wallet are told."""
        with self._database.write() as cursor:
            if usd_micro is None:
                cursor.execute("DELETE FROM wallet_minimum WHERE wallet = ?", [wallet])
            else:
                cursor.execute(_SET_MINIMUM, [wallet, usd_micro])

    def _numbered(self, events: Sequence[NewEvent]) -> list[StoredEvent]:
        last = self._database.mark("last_event")
        return [StoredEvent(last + place, *event) for place, event in enumerate(events, 1)]

    def _page(self, sql: str, named: dict[str, object]) -> list[StoredEvent]:
        return [StoredEvent._make(row) for row in self._database.rows(sql, named)]


def store_events(database: Database, cursor: duckdb.DuckDBPyConnection, events: Sequence[StoredEvent]) -> None:
    """Inside of `write`: store numbered events, and remove old ones now and then."""
    if not events:
        return
    database.insert("event", StoredEvent._fields, events)
    if (events[0].number - 1) // TIDY_EVERY != events[-1].number // TIDY_EVERY:
        cursor.execute("DELETE FROM event WHERE number <= ?", [events[-1].number - KEPT])


def _unknown(cursor: duckdb.DuckDBPyConnection, events: Sequence[NewEvent]) -> list[NewEvent]:
    if not events:
        return []
    known = {row[0] for row in cursor.execute(_KNOWN, [[event.id for event in events]]).fetchall()}
    return list({event.id: event for event in events if event.id not in known}.values())
