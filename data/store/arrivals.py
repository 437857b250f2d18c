"""Take what live batches bring: durable at once in one row, facts a moment later together with what else has come.

Writing a few facts costs as much as writing many: six tables, their keys, the booking. Whoever reads or writes the
database has all of it stored and booked first (`Database.defer`), so nobody sees the difference.
Not responsible for when that is done if nobody reads.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import duckdb
import msgspec

from data.store.booking import Booking
from data.store.connection import Database
from data.store.facts import Facts, find_places
from data.store.finality import Finality, Placement
from data.store.identity import place_key
from data.store.pending import NOBODY, Origin, Wanted, insert_wanted
from data.store.readings import Placed, Source, place
from engine.facts import Reading

_COLUMNS: Final = ("number", "signatures", "body")
_ANY: Final = "FROM arrival LIMIT 1"
_LEFT: Final = "SELECT signatures, body FROM arrival ORDER BY number"
_LAST_EVENT: Final = "SELECT coalesce(max(number), 0) FROM event"


class Arrival(NamedTuple):
    """Readings of one batch from the chain, and those of their transactions that are only confirmed."""

    readings: list[Reading]
    confirmed: list[Placement]


_decoder: Final = msgspec.msgpack.Decoder(Arrival)


class Arrivals:
    """What is durable and not stored as facts yet."""

    def __init__(self, database: Database, facts: Facts, finality: Finality, booking: Booking) -> None:
        self._database = database
        self._facts = facts
        self._finality = finality
        self._booking = booking
        self._waiting: list[Arrival] = []
        self._signatures: set[str] = set()

    @property
    def transactions(self) -> int:
        """How many transactions wait to be stored as facts."""
        return len(self._signatures)

    def take(self, readings: Sequence[Reading], confirmed: Sequence[Placement]) -> list[Placed] | None:
        """Inside of a `write` that keeps the version: make readings from the chain durable, and return them placed.

        Whoever takes them tells them in the same transaction. None, with nothing done, where they must be stored the
        usual way: a transaction is known, a reading cannot be stored, or earlier facts are not booked and told.
        """
        placed = [place(reading, Source.RPC) for reading in readings]
        fine = [p for p in placed if not isinstance(p, str)]
        signatures: set[str] = {reading.signature for reading in readings}
        if len(fine) < len(placed) or not self._is_next() or self._is_known(signatures):
            return None
        arrival = Arrival(list(readings), list(confirmed))
        row = (len(self._waiting), sorted(signatures), msgspec.msgpack.encode(arrival))
        self._database.insert("arrival", _COLUMNS, [row])
        self._database.once_committed(lambda: self._add(arrival))
        self._database.defer(self.settle)
        return fine

    def settle(self) -> None:
        """Store what waits as facts and book it; the facts in one transaction with the end of their waiting."""
        if self._waiting:
            with self._database.write() as cursor:
                is_booked = self._store(cursor, self._waiting)
                self._database.once_committed(self._forget)
            if not is_booked:
                self._booking.book()

    def recover(self) -> None:
        """Store what was left by a process that ended in between; to be called when the database has been opened."""
        if not self._database.rows(_ANY):
            return
        with self._database.write() as cursor:
            arrivals: list[Arrival] = []
            for signatures, body in cursor.execute(_LEFT).fetchall():
                try:
                    arrivals.append(_decoder.decode(body))
                except msgspec.MsgspecError:
                    # Another version wrote it: the chain still has it.
                    wanted = [Wanted(signature, NOBODY, None, Origin.POLL) for signature in signatures]
                    insert_wanted(cursor, wanted, 0)
            # The numbers of events were owed, too.
            self._database.set_mark("last_event", int(cursor.execute(_LAST_EVENT).fetchall()[0][0]))
            self._store(cursor, arrivals)
        self._booking.book()

    def _store(self, cursor: duckdb.DuckDBPyConnection, arrivals: Sequence[Arrival]) -> bool:
        """Store as facts, and return whether they are booked."""
        readings = [reading for arrival in arrivals for reading in arrival.readings]
        added = self._facts.add(readings, Source.RPC)
        confirmed = [Placement._make(placement) for arrival in arrivals for placement in arrival.confirmed]
        self._finality.place_found([], confirmed, added)
        self._database.set_mark("emitted_batch", added.batch)
        cursor.execute("DELETE FROM arrival")
        return self._booking.book_added(added) is not None

    def _is_next(self) -> bool:
        marks = {self._database.mark(key) for key in ("last_batch", "booked_batch", "emitted_batch")}
        return len(marks) == 1 and marks != {0}

    def _is_known(self, signatures: set[str]) -> bool:
        keys = [place_key(signature) for signature in signatures]
        return not self._signatures.isdisjoint(signatures) or bool(find_places(self._database.cursor(), keys))

    def _add(self, arrival: Arrival) -> None:
        self._waiting.append(arrival)
        self._signatures.update(reading.signature for reading in arrival.readings)

    def _forget(self) -> None:
        self._waiting = []
        self._signatures = set()
