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
from data.store.facts import Added, Facts, find_places
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
        self._unbooked: Added | None = None

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
        row = (len(self._waiting), " ".join(sorted(signatures)), msgspec.msgpack.encode(arrival))
        self._database.insert("arrival", _COLUMNS, [row])
        self._database.once_committed(lambda: self._add(arrival))
        self._database.defer(self._step)
        return fine

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
                    wanted = [Wanted(signature, NOBODY, None, Origin.POLL) for signature in str(signatures).split()]
                    insert_wanted(cursor, wanted, 0)
            # The numbers of events were owed, too.
            self._database.set_mark("last_event", int(cursor.execute(_LAST_EVENT).fetchall()[0][0]))
            self._store(cursor, arrivals)
        self._booking.book()

    def _step(self) -> bool:
        """Book what became facts or make facts of what waits, and return whether there is more to be done."""
        if self._unbooked is not None:
            with self._database.write():
                booked = self._booking.book_added(self._unbooked)
            if booked is None:
                self._booking.book()
            self._unbooked = None
        elif self._waiting:
            with self._database.write() as cursor:
                added = self._store(cursor, self._waiting)
                if added.is_fresh:
                    self._database.keep_version()
                self._database.once_committed(lambda: self._became(added))
        return self._unbooked is not None or bool(self._waiting)

    def _store(self, cursor: duckdb.DuckDBPyConnection, arrivals: Sequence[Arrival]) -> Added:
        """Store as facts."""
        readings = [reading for arrival in arrivals for reading in arrival.readings]
        added = self._facts.add(readings, Source.RPC)
        confirmed = [Placement._make(placement) for arrival in arrivals for placement in arrival.confirmed]
        self._finality.place_found([], confirmed, added)
        self._database.set_mark("emitted_batch", added.batch)
        cursor.execute("DELETE FROM arrival")
        return added

    def _is_next(self) -> bool:
        last, told, booked = map(self._database.mark, ("last_batch", "emitted_batch", "booked_batch"))
        return last == told and (last == booked or self._unbooked is not None)

    def _is_known(self, signatures: set[str]) -> bool:
        keys = [place_key(signature) for signature in signatures]
        return not self._signatures.isdisjoint(signatures) or bool(find_places(self._database.cursor(), keys))

    def _add(self, arrival: Arrival) -> None:
        self._waiting.append(arrival)
        self._signatures.update(reading.signature for reading in arrival.readings)

    def _became(self, added: Added) -> None:
        self._unbooked = added
        self._waiting = []
        self._signatures = set()
