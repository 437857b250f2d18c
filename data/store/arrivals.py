"""Take what live batches bring: kept at once in the journal, facts a moment later together with what else has come.

Writing a few facts costs as much as writing many: six tables, their keys, the booking. Whoever reads or writes the
database has all of it stored and booked first (`Database.defer`), so nobody sees the difference.
What a power cut takes out of the journal is fetched again: no cursor moves before the facts that it passes are in the
database, and what is queued leaves the queue together with its facts.
Not responsible for when that is done if nobody reads.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import duckdb
import msgspec

from data.errors import StoreError
from data.store.booking import Booking
from data.store.connection import Database
from data.store.events import StoredEvent, store_events
from data.store.facts import Added, Facts
from data.store.finality import Finality, Placement
from data.store.journal import Entry, Journal
from data.store.latest import Latest
from data.store.pending import NOBODY, Origin, Wanted, insert_wanted
from data.store.readings import Placed, Source, place
from engine.facts import Reading


class Arrival(NamedTuple):
    """Readings of one batch from the chain, and those of their transactions that are only confirmed.

    `events` are what it told, `queued` those of its signatures that leave the queue when they are facts.
    """

    readings: list[Reading]
    confirmed: list[Placement]
    events: list[StoredEvent]
    queued: list[str]


Tell = Callable[[Sequence[Placed]], list[StoredEvent]]
"""What readings tell, numbered; nothing is stored by it."""

_LOG: Final = logging.getLogger(__name__)
_decoder: Final = msgspec.msgpack.Decoder(Arrival)


class Arrivals:
    """What is kept and not stored as facts yet."""

    def __init__(
        self, database: Database, journal: Journal, facts: Facts, finality: Finality, booking: Booking
    ) -> None:
        self._database = database
        self._journal = journal
        self._facts = facts
        self._finality = finality
        self._booking = booking
        self._latest = Latest(database)
        self._number: int | None = None
        self._waiting: list[tuple[int, Arrival]] = []
        self._leaving: frozenset[str] = frozenset()
        self._unbooked: Added | None = None
        self._is_untidy = False

    @property
    def leaving(self) -> frozenset[str]:
        """Signatures that leave the queue, if they are there, when what waits becomes facts: of facts, or of none."""
        return self._leaving

    def take(
        self, readings: Sequence[Reading], confirmed: Sequence[Placement], queued: Sequence[str], tell: Tell
    ) -> bool:
        """Inside of `beside`: keep readings from the chain together with what they tell.

        False, with nothing done, where they must be stored the usual way: a transaction is known, a reading cannot be
        stored, or earlier facts are not booked and told.

        Raises:
            StoreError: the journal cannot be written; nothing was taken.
        """
        placed = [place(reading, Source.RPC) for reading in readings]
        fine = [p for p in placed if not isinstance(p, str)]
        signatures: set[str] = {reading.signature for reading in readings}
        if len(fine) < len(placed) or not self._is_next():
            return False
        if not self._leaving.isdisjoint(signatures) or self._latest.has_any(readings):
            return False
        database = self._database
        number = (database.mark("last_arrival") if self._number is None else self._number) + 1
        # Before what is told can be seen: whoever sees it and asks finds it.
        database.once_committed(lambda: self._add(number, arrival))
        arrival = Arrival(list(readings), list(confirmed), tell(fine), list(queued))
        body = msgspec.msgpack.encode(arrival)
        self._journal.append(Entry(number, " ".join(sorted(signatures)), database.mark("last_event"), body))
        return True

    def recover(self) -> None:
        """Store what was left by a process that ended in between; to be called when the database has been opened."""
        # What is not behind this became facts; its rows are there until a file of the journal goes.
        left = self._journal.entries(self._database.mark("last_arrival"))
        if left:
            self._store_left(left)
        try:
            self._journal.clear()
        except StoreError as error:
            _LOG.warning("what became facts stays in the journal: %s", error)

    def _store_left(self, left: Sequence[Entry]) -> None:
        self._number = left[-1].number
        with self._database.heavy(), self._database.write() as cursor:
            arrivals: list[Arrival] = []
            for entry in left:
                try:
                    arrivals.append(_decoder.decode(entry.body))
                except msgspec.MsgspecError:
                    # Another version wrote it: the chain still has it.
                    wanted = [Wanted(name, NOBODY, None, Origin.POLL) for name in entry.signatures.split()]
                    insert_wanted(cursor, wanted, 0)
            # The numbers of events were owed, too.
            self._database.set_mark("last_event", max(left[-1].last_event, self._database.mark("last_event")))
            self._store(cursor, arrivals, self._number)
        self._booking.book()

    def tidy(self) -> None:
        """Let go of what became facts, from time to time and by one thread: that waits for the disk."""
        try:
            self._journal.tidy()
        except StoreError as error:
            if not self._is_untidy:
                _LOG.warning("the journal grows for now: %s", error)
            self._is_untidy = True
        else:
            self._is_untidy = False

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
                # More may come meanwhile.
                taken = tuple(self._waiting)
                added = self._store(cursor, [arrival for _, arrival in taken], taken[-1][0])
                if added.is_fresh:
                    self._database.keep_version()
                self._database.once_committed(lambda: self._became(added, len(taken)))
        return self._unbooked is not None or bool(self._waiting)

    def _store(self, cursor: duckdb.DuckDBPyConnection, arrivals: Sequence[Arrival], upto: int) -> Added:
        """Store as facts what was taken up to an entry of the journal."""
        database = self._database
        readings = [reading for arrival in arrivals for reading in arrival.readings]
        added = self._facts.add(readings, Source.RPC)
        confirmed = [Placement._make(placement) for arrival in arrivals for placement in arrival.confirmed]
        self._finality.place_found([], confirmed, added)
        store_events(database, cursor, [event for arrival in arrivals for event in arrival.events])
        queued = [signature for arrival in arrivals for signature in arrival.queued]
        if queued:
            database.delete("pending", ("signature",), [(signature,) for signature in queued])
        database.set_mark("emitted_batch", added.batch)
        database.set_mark("last_arrival", upto)
        database.once_committed(lambda: self._latest.add(readings, added))
        database.once_committed(lambda: self._journal.leave(upto))
        return added

    def _is_next(self) -> bool:
        last, told, booked = map(self._database.mark, ("last_batch", "emitted_batch", "booked_batch"))
        return last == told and (last == booked or self._unbooked is not None)

    def _add(self, number: int, arrival: Arrival) -> None:
        self._number = number
        self._waiting.append((number, arrival))
        self._leaving = self._leaving.union(_leaving(arrival))
        self._database.defer(self._step)

    def _became(self, added: Added, count: int) -> None:
        self._unbooked = added
        self._waiting = self._waiting[count:]
        self._leaving = frozenset(signature for _, arrival in self._waiting for signature in _leaving(arrival))


def _leaving(arrival: Arrival) -> Iterator[str]:
    yield from arrival.queued
    yield from (reading.signature for reading in arrival.readings)
