"""Write what was fetched, as one writer: kept at once, exactly once in the ledger.

Not responsible for fetching (`fetching`), or for what a live batch is until it becomes facts (`data.store.arrivals`).
"""

import logging
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from aura_mcp.services.tracking.config import TrackingConfig
from aura_mcp.services.tracking.results import Fetched, Problems
from data.clock import Clock
from data.errors import ProviderError
from data.store import Store
from data.store.booking import Booked
from data.store.events import StoredEvent
from data.store.facts import Outcome, Quarantined
from data.store.finality import Placement
from data.store.pending import NOT_FOUND, Due, Postponed
from data.store.readings import Placed, Source
from engine.errors import ReadError
from engine.facts import Reading
from engine.reading import QUARANTINE_ISSUES, read_transaction
from engine.tracking import Retry, retry_after
from engine.units import Address

REMEMBERED: Final = 20_000
"""Signatures settled lately: hints that repeat them cost nothing."""

MOST_ARRIVALS: Final = 200
"""So many transactions wait to become facts at most, those that are in no ledger counted, too.

At 200 a second a disk may stand still for a second before those who tell wait for it.
"""

CROWDED: Final = 2_000
"""With so many signatures in the queue its table takes more memory than small writes have."""

UNTIDY: Final = 8_192
"""After so many batches histories are put in order even when there is no pause, one with each step."""

UNREADABLE: Final = "unreadable"
REFUSED: Final = "refused"

_log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """What the node said of a signature that was due: its transaction, that it knows none, or why it says nothing."""

    due: Due
    text: bytes | None
    error: ProviderError | None


@dataclass(slots=True)
class _Batch:
    """What becomes of some answers, before it is written."""

    readings: list[Reading] = field(default_factory=list[Reading])
    found: list[Placement] = field(default_factory=list[Placement])
    confirmed: list[Placement] = field(default_factory=list[Placement])
    settled: list[str] = field(default_factory=list[str])
    postponed: list[Postponed] = field(default_factory=list[Postponed])
    quarantined: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    unrelated: int = 0


class News(Protocol):
    """Who tells what was stored (`services.events`)."""

    def tell(self, placed: Sequence[Placed]) -> list[StoredEvent]:
        """Inside of `beside`: return what live readings tell, for whoever keeps it together with them."""
        ...

    def emit(self) -> object:
        """Store what other facts tell, as far as that is not told yet."""
        ...


class Run:
    """The counts of one run; its batches are added as they are written."""

    def __init__(self, *, is_live: bool) -> None:
        self.is_live = is_live
        self.under_way: set[str] = set()
        self.transactions = self.new = self.duplicate = self.unrelated = 0
        self.postponed = self.quarantined = self.booked = 0
        self.problems = Problems()

    def result(self) -> Fetched:
        """Return the counts."""
        return Fetched(
            transactions=self.transactions,
            new=self.new,
            duplicate=self.duplicate,
            unrelated=self.unrelated,
            postponed=self.postponed,
            quarantined=self.quarantined,
            booked_positions=self.booked,
            problems=self.problems.lines(),
        )


class Storing:
    """The writer. Its methods are called from one thread at a time, but for those that look at what is settled."""

    def __init__(self, store: Store, clock: Clock, config: TrackingConfig, news: News | None) -> None:
        self._store = store
        self._clock = clock
        self._config = config
        self._news = news
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._in_queue: set[str] = set()

    def will_queue(self, signatures: Iterable[str]) -> None:
        """Say that signatures are in the queue, or about to be, and must leave it when they are settled."""
        self._in_queue.update(signatures)

    def is_recent(self, signature: str) -> bool:
        """Tell whether a signature was settled lately."""
        return signature in self._recent

    def forget(self, signatures: Iterable[str]) -> None:
        """Let signatures be fetched again when somebody hints at them."""
        for signature in signatures:
            self._recent.pop(signature, None)

    def room(self) -> AbstractContextManager[None]:
        """Have the memory that writing takes while the queue is as long as it is."""
        return self._store.database.heavy() if len(self._in_queue) > CROWDED else nullcontext()

    def book_a_step(self) -> bool:
        """Go on to make facts of what live batches brought and to book them, and return whether there is more."""
        with self.room():
            has_more = self._store.database.catch_up_a_step()
        self._store.booking.tidy(UNTIDY)
        self._store.arrivals.tidy()
        return has_more

    def store(self, answers: Sequence[Answer], run: Run) -> bool:
        """Write what came, and return whether anything of it is new."""
        now_s = self._clock.epoch_s()
        followed = self._store.wallets.tracked()
        batch = _Batch()
        for answer in answers:
            self._sort(answer, followed, batch, run, now_s)
        with self.room():
            if run.is_live and self._arrive(batch):
                outcomes: Sequence[Outcome | str] = [Outcome.NEW] * len(batch.readings)
            else:
                outcomes = self._store_facts(batch, run)
        self._count(batch, outcomes, run, len(answers))
        return Outcome.NEW in outcomes

    def _arrive(self, batch: _Batch) -> bool:
        """Keep what came and tell it; it becomes facts a moment later. False where it must become some now."""
        if batch.quarantined or any(_doubts(batch)):
            return False
        has_arrived = self._take(batch)
        if not has_arrived and self._news is not None:
            # Facts that came another way are told first: else all that follow would have to go that way, too.
            self._news.emit()
            has_arrived = self._take(batch)
        if len(self._store.arrivals.leaving) >= MOST_ARRIVALS:
            self._store.database.catch_up()
        return has_arrived

    def _take(self, batch: _Batch) -> bool:
        store = self._store
        if batch.readings:
            with store.database.beside():
                # What a sweep queues meanwhile is found there, and fetched once more at worst.
                queued = self._in_queue.intersection(batch.settled)
                tell = _tell_nothing if self._news is None else self._news.tell
                if not store.arrivals.take(batch.readings, batch.confirmed, sorted(queued), tell):
                    return False
                self._once_settled(batch, queued)
        if batch.postponed or not batch.readings:
            with store.database.write(keeps_version=True):
                store.pending.postpone(batch.postponed)
                if not batch.readings:
                    self._settle(batch)
        return True

    def _store_facts(self, batch: _Batch, run: Run) -> Sequence[Outcome | str]:
        """Write facts, settled signatures, finality and, unless there is much of it, the booking at once."""
        store = self._store
        outcomes: Sequence[Outcome | str] = ()
        booked: Booked | None = None
        with store.database.write():
            self._settle(batch)
            if batch.readings:
                added = store.facts.add(batch.readings, Source.RPC)
                outcomes = added.outcomes
                store.finality.place_found(batch.found, batch.confirmed, added)
                booked = store.booking.book_added(added)
            quarantined = _quarantined(store, batch, outcomes)
            if quarantined:
                store.facts.add_quarantined(quarantined)
            store.pending.postpone(batch.postponed)
            given_up = [signature for signature, _, _ in batch.quarantined]
            store.pending.settle(given_up)
            store.database.once_committed(lambda: self._in_queue.difference_update(given_up))
        if batch.readings and booked is None:
            booked = store.booking.book()
        store.booking.tidy(UNTIDY)
        run.booked += booked.folds if booked else 0
        return outcomes

    def _settle(self, batch: _Batch) -> None:
        queued = self._in_queue.intersection(batch.settled)
        self._store.pending.settle(queued)
        self._once_settled(batch, queued)

    def _once_settled(self, batch: _Batch, queued: Collection[str]) -> None:
        # In the same turn, so that no hint is queued for what is stored.
        self._store.database.once_committed(lambda: self._remember(batch.settled))
        self._store.database.once_committed(lambda: self._in_queue.difference_update(queued))

    def _sort(self, answer: Answer, followed: Collection[Address], batch: _Batch, run: Run, now_s: int) -> None:
        due = answer.due
        if answer.error is not None:
            run.problems.add(answer.error)
            again = self._again(due, now_s, is_final=False)
            _try_again(batch, due, again, "provider", str(answer.error))
            return
        if answer.text is None:
            _try_again(batch, due, self._again(due, now_s), NOT_FOUND, "the node does not know it (yet)")
            return
        try:
            readings = _read(answer.text, due.signature, followed)
        except ReadError as error:
            _try_again(batch, due, self._again(due, now_s), UNREADABLE, str(error))
            return
        if any(reading.block_time is None or reading.slot is None for reading in readings):
            again = self._again(due, now_s)
            if again.due_at is not None:
                _try_again(batch, due, again, "no_time", "the node does not say its block time yet")
                return
        batch.settled.append(due.signature)
        batch.readings += readings
        batch.unrelated += not readings
        placed = [Placement(slot, due.signature) for slot in {r.slot for r in readings} if slot is not None]
        batch.found += placed
        batch.confirmed += [] if due.is_finalized else placed

    def _again(self, due: Due, now_s: int, *, is_final: bool = True) -> Retry:
        return retry_after(due.tries, now_s, longest_s=self._config.longest_retry_s, is_final=is_final)

    def _remember(self, signatures: Iterable[str]) -> None:
        for signature in signatures:
            # Somebody else may forget it in between.
            self._recent.pop(signature, None)
            self._recent[signature] = None
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)

    def _count(self, batch: _Batch, outcomes: Sequence[Outcome | str], run: Run, transactions: int) -> None:
        fresh = {r.signature for r, outcome in zip(batch.readings, outcomes, strict=True) if outcome is Outcome.NEW}
        run.transactions += transactions
        run.new += len(fresh)
        run.unrelated += batch.unrelated
        run.postponed += len(batch.postponed)
        run.quarantined += len(batch.quarantined)
        run.duplicate += len(batch.settled) - len(fresh) - batch.unrelated
        for signature, reason, detail in batch.quarantined:
            _log.warning("transaction set aside: %s %s (%s)", reason, signature, detail)


def _read(text: bytes, signature: str, followed: Collection[Address]) -> list[Reading]:
    wallets = frozenset(followed)
    readings = [r for r in read_transaction(text, None, wallets) if r.wallet in wallets]
    if any(reading.signature != signature for reading in readings):
        raise ReadError("the node answered with another transaction")
    return readings


def _try_again(batch: _Batch, due: Due, again: Retry, reason: str, detail: str) -> None:
    if again.due_at is None:
        batch.quarantined.append((due.signature, reason, detail))
    else:
        batch.postponed.append(Postponed(due.signature, again.due_at, again.tries, f"{reason}: {detail}"))


def _quarantined(store: Store, batch: _Batch, outcomes: Sequence[Outcome | str]) -> list[Quarantined]:
    """Return what a person should look at: transactions given up, doubtful readings and refused ones."""
    source = Source.RPC.value
    rows = [
        Quarantined(signature, wallet, source, reason, detail)
        for signature, reason, detail in batch.quarantined
        for wallet in store.pending.wallets_of(signature) or [""]
    ]
    rows += [
        Quarantined(reading.signature, reading.wallet, source, issue.partition(":")[0], issue)
        for reading, issue in _doubts(batch)
    ]
    rows += [
        Quarantined(reading.signature, reading.wallet, source, REFUSED, outcome)
        for reading, outcome in zip(batch.readings, outcomes, strict=True)
        if isinstance(outcome, str)
    ]
    return rows


def _tell_nothing(_: Sequence[Placed]) -> list[StoredEvent]:
    return []


def _doubts(batch: _Batch) -> Iterator[tuple[Reading, str]]:
    """Yield what makes readings doubtful."""
    for reading in batch.readings:
        for issue in reading.issues:
            if issue.partition(":")[0] in QUARANTINE_ISSUES:
                yield reading, issue
