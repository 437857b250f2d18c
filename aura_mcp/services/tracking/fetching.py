"""Fetch queued signatures and turn them into booked facts: at least once in, exactly once in the ledger.

Workers ask the chain, one writer stores and books whatever has come since it last did: under load batches grow by
themselves, alone a transaction is through at once. Not responsible for what is queued, or for pacing calls.
"""

import logging
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import anyio
from anyio import to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from aura_mcp.services.steps import Progress
from aura_mcp.services.tracking.config import TrackingConfig
from aura_mcp.services.tracking.history import History
from aura_mcp.services.tracking.results import Fetched, Problems
from data.clock import Clock
from data.errors import ProviderError
from data.providers.chain import Chain
from data.store import Store
from data.store.booking import Booked
from data.store.facts import Outcome, Quarantined
from data.store.finality import Placement
from data.store.pending import LAST_PRIORITY, LIVE_PRIORITY, NOT_FOUND, Due, Postponed
from data.store.readings import Placed, Source
from engine.errors import ReadError
from engine.facts import Reading
from engine.reading import QUARANTINE_ISSUES, read_transaction
from engine.tracking import Retry, retry_after
from engine.units import Address

REMEMBERED: Final = 20_000
"""Signatures settled lately: hints that repeat them cost nothing."""

MOST_OFFERED: Final = 10_000
"""Signatures that wait in memory to be fetched; more wait in the queue alone."""

BATCHES_UNDER_WAY: Final = 2
"""Requests under way at a time where each asks for several transactions."""

COLLECT_S: Final = 0.01
"""How long a request for several waits for more of them while the writer is busy anyway."""

SOON_S: Final = 0.02
"""An answer that usually comes within this time is worth waiting for before a hint is queued."""

LEARNING: Final = 0.05
"""How much the time of one answer counts among those before."""

BOOK_WITHIN_S: Final = 0.05
"""How long what live batches brought waits to become facts unless somebody reads: many at once cost little more."""

MOST_ARRIVALS: Final = 100
"""So many transactions become facts at once at most."""

LOOK_AGAIN_S: Final = 2.0
"""How often the queue is looked at for hints that were not found at once."""

UNTIDY: Final = 8_192
"""After so many batches histories are put in order even when there is no pause."""

UNREADABLE: Final = "unreadable"
REFUSED: Final = "refused"

_log = logging.getLogger(__name__)


class _Answer(NamedTuple):
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


class _Run:
    """The counts of one run; its batches are added as they are written."""

    def __init__(self, *, is_live: bool) -> None:
        self.is_live = is_live
        self.under_way: set[str] = set()
        self.transactions = self.new = self.duplicate = self.unrelated = 0
        self.postponed = self.quarantined = self.booked = 0
        self.problems = Problems()

    def result(self) -> Fetched:
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


class Fetcher:
    """The way from the queue to the ledger. Runs may overlap: a signature is under way in one of them only."""

    def __init__(
        self,
        store: Store,
        chain: Chain,
        clock: Clock,
        config: TrackingConfig,
        history: History,
        on_commit: Callable[[], None],
        tell: Callable[[Sequence[Placed]], None],
    ) -> None:
        self._store = store
        self._chain = chain
        self._clock = clock
        self._config = config
        self._history = history
        self._on_commit = on_commit
        self._tell = tell
        self._under_way: set[str] = set()
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._changed = anyio.Event()
        self._stored = anyio.Event()
        self._offered: deque[Due] = deque()
        self._must_look = True
        self._is_pulling = False
        self._waiting: list[tuple[set[str], anyio.Event]] = []
        self._in_queue: set[str] = set()
        self._usual_s = 0.0
        self._collecting = anyio.Lock()
        self._is_writing = False

    def wake(self) -> None:
        """Say that something was queued."""
        self._changed.set()
        self._changed = anyio.Event()

    def will_queue(self, signatures: Iterable[str]) -> None:
        """Say that signatures are about to be queued, and must leave the queue when they are settled."""
        self._in_queue.update(signatures)

    def queued(self, signatures: Iterable[str]) -> None:
        """Say that signatures were queued: those that nobody is fetching already are looked for."""
        if not self._under_way.issuperset(signatures):
            self._must_look = True
            self.wake()

    def offer(self, due: Sequence[Due]) -> None:
        """Have signatures fetched at once; whoever offers them queues them, too, or waits until they are stored."""
        if len(self._offered) < MOST_OFFERED:
            new = [entry for entry in due if entry.signature not in self._under_way]
            self._offered += new
            self._under_way.update(entry.signature for entry in new)
            self.wake()

    async def stored(self, signatures: Iterable[str], within_s: float) -> None:
        """Wait until signatures are settled, or for that long.

        Not at all while nobody is fetching for ever, or when answers took long lately. A slow writer is no reason:
        whoever queued instead would wait for the same one.
        """
        waited = [signature for signature in signatures if signature not in self._recent]
        if not (waited and self._is_pulling and self._usual_s <= SOON_S):
            return
        done = anyio.Event()
        self._waiting.append((set(waited), done))
        with anyio.move_on_after(within_s):
            await done.wait()
        self._waiting = [entry for entry in self._waiting if entry[1] is not done]

    def is_recent(self, signature: str) -> bool:
        """Tell whether a signature was settled lately."""
        return signature in self._recent

    def forget(self, signatures: Iterable[str]) -> None:
        """Fetch signatures again when somebody hints at them."""
        for signature in signatures:
            self._recent.pop(signature, None)

    async def pull(self) -> None:
        """Fetch what is offered and what hints have queued, until cancelled."""
        self._is_pulling = True
        try:
            self._stored = anyio.Event()
            async with anyio.create_task_group() as group:
                group.start_soon(self._book_for_ever)
                await self.run(priority=LIVE_PRIORITY, is_endless=True)
        finally:
            self._is_pulling = False

    async def _book_for_ever(self) -> None:
        """Make facts of what live batches brought, of several of them at once, and book them."""
        while True:
            await self._stored.wait()
            self._stored = anyio.Event()
            await anyio.sleep(BOOK_WITHIN_S)
            await to_thread.run_sync(self._book)

    def _book(self) -> None:
        self._store.database.catch_up()
        self._store.booking.tidy(UNTIDY)

    async def run(
        self,
        *,
        priority: int = LAST_PRIORITY,
        goes_on: Callable[[], bool] = lambda: False,
        is_endless: bool = False,
        progress: Progress | None = None,
    ) -> Fetched:
        """Fetch what is due of a priority or a more urgent one, until nothing is and `goes_on` says no more comes."""
        run = _Run(is_live=is_endless)
        # An event belongs to the loop in which it was first waited for; this one may be another than last time.
        self.wake()
        most = self._chain.transactions_a_call
        send_jobs, jobs = anyio.create_memory_object_stream[Due](0 if most == 1 else most)
        send_answers, answers = anyio.create_memory_object_stream[_Answer](math.inf)
        try:
            async with anyio.create_task_group() as group:
                # Where several are asked for at once, few requests take along what comes while others are under way.
                for _ in range(self._config.concurrency if most == 1 else BATCHES_UNDER_WAY):
                    group.start_soon(self._work, jobs.clone(), send_answers.clone())
                group.start_soon(self._write, answers, run, progress)
                jobs.close()
                send_answers.close()
                async with send_jobs:
                    if is_endless:
                        await self._dispatch_for_ever(send_jobs, run, priority)
                    else:
                        await self._dispatch(send_jobs, run, priority, goes_on)
        finally:
            answers.close()
            # Of a run that was cut off, another one may fetch what this one has not stored.
            self._under_way -= run.under_way
        return run.result()

    async def _dispatch(
        self, jobs: MemoryObjectSendStream[Due], run: _Run, priority: int, goes_on: Callable[[], bool]
    ) -> None:
        while True:
            changed = self._changed
            is_last_look = not run.under_way and not goes_on()
            has_any = await self._send_offered(jobs, run)
            has_any = await self._send_due(jobs, run, priority) or has_any
            if not has_any:
                if is_last_look:
                    return
                await changed.wait()

    async def _dispatch_for_ever(self, jobs: MemoryObjectSendStream[Due], run: _Run, priority: int) -> None:
        """Send what is offered; the queue is looked at from time to time, and when it holds what nobody offered."""
        look_at = self._clock.monotonic_s()
        while True:
            changed = self._changed
            has_any = await self._send_offered(jobs, run)
            now = self._clock.monotonic_s()
            if self._must_look or now >= look_at:
                self._must_look = False
                # As long as there is more than fits, it is looked for again.
                self._must_look = await self._send_due(jobs, run, priority)
                look_at = now + LOOK_AGAIN_S
                has_any = has_any or self._must_look
            if has_any:
                continue
            with anyio.move_on_after(LOOK_AGAIN_S) as waiting:
                await changed.wait()
            if waiting.cancelled_caught and not run.under_way:
                # What small batches leave to be put in order waits until nothing comes.
                await to_thread.run_sync(self._store.booking.tidy)

    async def _send_offered(self, jobs: MemoryObjectSendStream[Due], run: _Run) -> bool:
        has_any = bool(self._offered)
        while self._offered:
            entry = self._offered.popleft()
            run.under_way.add(entry.signature)
            await jobs.send(entry)
        return has_any

    async def _send_due(self, jobs: MemoryObjectSendStream[Due], run: _Run, priority: int) -> bool:
        limit = self._config.store_batch + len(self._under_way)
        due = await to_thread.run_sync(self._due, limit, priority)
        self._in_queue.update(entry.signature for entry in due)
        for entry in due:
            # Another run may have taken it while this one waited for a worker.
            if entry.signature not in self._under_way:
                self._under_way.add(entry.signature)
                run.under_way.add(entry.signature)
                await jobs.send(entry)
        return bool(due)

    def _due(self, limit: int, priority: int) -> list[Due]:
        # Taken before the queue is read: what is written meanwhile leaves this set, but not the answer.
        under_way = frozenset(self._under_way)
        due = self._store.pending.due(self._clock.epoch_s(), limit, priority=priority)
        return [entry for entry in due if entry.signature not in under_way]

    async def _work(self, jobs: MemoryObjectReceiveStream[Due], answers: MemoryObjectSendStream[_Answer]) -> None:
        most = self._chain.transactions_a_call
        async with jobs, answers:
            while together := await self._collect(jobs, most):
                unknown: list[Due] = []
                for entry in together:
                    if (text := self._history.take(entry.signature)) is None:
                        unknown.append(entry)
                    else:
                        await answers.send(_Answer(entry, text, None))
                for answer in await self._ask(unknown):
                    await answers.send(answer)

    async def _collect(self, jobs: MemoryObjectReceiveStream[Due], most: int) -> list[Due]:
        """Return what is to be asked for in one request, nothing when there is no more."""
        if most == 1:
            return await _first(jobs)
        async with self._collecting:
            found = await _first(jobs)
            if found and self._is_writing:
                # The writer would not take it sooner: whatever comes goes along.
                await anyio.sleep(COLLECT_S)
            return [*found, *_waiting(jobs, most - 1)]

    async def _ask(self, together: Sequence[Due]) -> list[_Answer]:
        if not together:
            return []
        asked_at = self._clock.monotonic_s()
        try:
            if len(together) == 1:
                found = [await self._chain.transaction(together[0].signature)]
            else:
                found = await self._chain.transactions([due.signature for due in together])
        except ProviderError as error:
            found = [error] * len(together)
        self._usual_s += (self._clock.monotonic_s() - asked_at - self._usual_s) * LEARNING
        return [
            _Answer(due, None, told) if isinstance(told, ProviderError) else _Answer(due, told, None)
            for due, told in zip(together, found, strict=True)
        ]

    async def _write(self, answers: MemoryObjectReceiveStream[_Answer], run: _Run, progress: Progress | None) -> None:
        async for first in answers:
            batch = [first]
            while len(batch) < self._config.store_batch:
                try:
                    batch.append(answers.receive_nowait())
                except (anyio.WouldBlock, anyio.EndOfStream):
                    break
            self._is_writing = True
            try:
                has_new = await to_thread.run_sync(self._store_batch, batch, run)
            finally:
                self._is_writing = False
                signatures = {answer.due.signature for answer in batch}
                self._under_way -= signatures
                run.under_way -= signatures
                self.wake()
            self._tell_stored()
            if has_new:
                self._stored.set()
                self._on_commit()
            if progress is not None:
                progress("fetching", run.transactions, run.transactions + len(run.under_way))

    def _store_batch(self, answers: Sequence[_Answer], run: _Run) -> bool:
        """Write what came, and return whether anything of it is new."""
        now_s = self._clock.epoch_s()
        followed = self._store.wallets.tracked()
        batch = _Batch()
        for answer in answers:
            self._sort(answer, followed, batch, run, now_s)
        if run.is_live and self._arrive(batch):
            outcomes: Sequence[Outcome | str] = [Outcome.NEW] * len(batch.readings)
        else:
            outcomes = self._store_facts(batch, run)
        self._count(batch, outcomes, run, len(answers))
        return Outcome.NEW in outcomes

    def _arrive(self, batch: _Batch) -> bool:
        """Make what came durable and tell it; it becomes facts a moment later. False where it must become some now."""
        store = self._store
        is_plain = batch.readings and not (batch.postponed or batch.quarantined or any(_doubts(batch)))
        if not is_plain:
            return False
        with store.database.write(keeps_version=True):
            placed = store.arrivals.take(batch.readings, batch.confirmed)
            if placed is not None:
                self._settle(batch)
                self._tell(placed)
        if store.arrivals.transactions >= MOST_ARRIVALS:
            self._book()
        return placed is not None

    def _store_facts(self, batch: _Batch, run: _Run) -> Sequence[Outcome | str]:
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
            store.pending.settle([signature for signature, _, _ in batch.quarantined])
        if batch.readings and booked is None:
            booked = store.booking.book()
        store.booking.tidy(UNTIDY)
        run.booked += booked.folds if booked else 0
        return outcomes

    def _settle(self, batch: _Batch) -> None:
        database = self._store.database
        # In the same turn, so that no hint is queued for what is stored.
        database.once_committed(lambda: self._remember(batch.settled))
        # What somebody else queues meanwhile is found there, and fetched once more at worst.
        left = self._in_queue.intersection(batch.settled)
        self._store.pending.settle(left)
        database.once_committed(lambda: self._in_queue.difference_update(left))

    def _tell_stored(self) -> None:
        for signatures, done in self._waiting:
            if all(signature in self._recent for signature in signatures):
                done.set()

    def _sort(self, answer: _Answer, followed: Collection[Address], batch: _Batch, run: _Run, now_s: int) -> None:
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
            self._recent[signature] = None
            self._recent.move_to_end(signature)
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)

    def _count(self, batch: _Batch, outcomes: Sequence[Outcome | str], run: _Run, transactions: int) -> None:
        fresh = {r.signature for r, outcome in zip(batch.readings, outcomes, strict=True) if outcome is Outcome.NEW}
        run.transactions += transactions
        run.new += len(fresh)
        run.unrelated += batch.unrelated
        run.postponed += len(batch.postponed)
        run.quarantined += len(batch.quarantined)
        run.duplicate += len(batch.settled) - len(fresh) - batch.unrelated
        for signature, reason, detail in batch.quarantined:
            _log.warning("transaction set aside: %s %s (%s)", reason, signature, detail)


async def _first(jobs: MemoryObjectReceiveStream[Due]) -> list[Due]:
    try:
        return [await jobs.receive()]
    except anyio.EndOfStream:
        return []


def _waiting(jobs: MemoryObjectReceiveStream[Due], most: int) -> list[Due]:
    found: list[Due] = []
    while len(found) < most:
        try:
            found.append(jobs.receive_nowait())
        except (anyio.WouldBlock, anyio.EndOfStream):
            break
    return found


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


def _doubts(batch: _Batch) -> Iterator[tuple[Reading, str]]:
    """Yield what makes readings doubtful."""
    for reading in batch.readings:
        for issue in reading.issues:
            if issue.partition(":")[0] in QUARANTINE_ISSUES:
                yield reading, issue
