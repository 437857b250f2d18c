"""Fetch queued signatures and have them written.

Workers ask the chain, one writer takes whatever has come since it last did: under load batches grow by themselves,
alone a transaction is through at once. Not responsible for what is queued, pacing calls, or writing (`storing`).
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import anyio
from anyio import to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from aura_mcp.services.steps import Progress
from aura_mcp.services.tracking.config import TrackingConfig
from aura_mcp.services.tracking.history import History
from aura_mcp.services.tracking.results import Fetched
from aura_mcp.services.tracking.storing import Answer, Run, Storing
from data.clock import Clock
from data.errors import ProviderError
from data.providers.chain import Chain
from data.store import Store
from data.store.pending import LAST_PRIORITY, LIVE_PRIORITY, Due

MOST_OFFERED: Final = 10_000
"""Signatures that wait in memory to be fetched; more wait in the queue alone."""

BATCHES_UNDER_WAY: Final = 2
"""Requests under way at a time where each asks for several transactions."""

COLLECT_S: Final = 0.01
"""How long a request for several waits for more of them while many come."""

MANY_WITHIN_S: Final = 0.02
"""Hints that follow each other faster than this are many: fewer requests for more of them leave time for the rest."""

SOON_S: Final = 0.02
"""An answer that usually comes within this time is worth waiting for before a hint is queued."""

LEARNING: Final = 0.05
"""How much the time of one answer counts among those before."""

BOOK_WITHIN_S: Final = 0.1
"""How long what live batches brought waits to become facts unless somebody reads: many at once cost little more."""

LOOK_AGAIN_S: Final = 2.0
"""How often the queue is looked at for hints that were not found at once."""


class Fetcher:
    """The way from the queue to the ledger. Runs may overlap: a signature is under way in one of them only."""

    def __init__(
        self,
        store: Store,
        chain: Chain,
        clock: Clock,
        config: TrackingConfig,
        history: History,
        storing: Storing,
        on_commit: Callable[[], None],
    ) -> None:
        self._store = store
        self._chain = chain
        self._clock = clock
        self._config = config
        self._history = history
        self._on_commit = on_commit
        self._storing = storing
        self._under_way: set[str] = set()
        self._changed = anyio.Event()
        self._stored = anyio.Event()
        self._offered: deque[Due] = deque()
        self._must_look = anyio.Event()
        self._is_behind = False
        self._is_pulling = False
        self._waiting: list[tuple[set[str], anyio.Event]] = []
        self._usual_s = 0.0
        self._collecting = anyio.Lock()
        self._collected_at = -math.inf
        self._is_writing = False

    def wake(self) -> None:
        """Say that something was queued."""
        self._changed.set()
        self._changed = anyio.Event()

    def queued(self, signatures: Iterable[str]) -> None:
        """Say that signatures were queued: those that nobody is fetching already are looked for."""
        if not self._under_way.issuperset(signatures):
            self._must_look.set()
            self.wake()

    def offer(self, due: Sequence[Due]) -> None:
        """Have signatures fetched at once; whoever offers them queues them, too, or waits until they are stored.

        Not at all while more wait in the queue than fit here: who came first is fetched first, and a ledger that grows
        at its end costs less than one that starts over.
        """
        self._is_behind = self._is_behind or len(self._offered) >= MOST_OFFERED
        if not self._is_behind:
            new = [entry for entry in due if entry.signature not in self._under_way]
            self._offered += new
            self._under_way.update(entry.signature for entry in new)
            self.wake()

    async def stored(self, signatures: Iterable[str], within_s: float) -> None:
        """Wait until signatures are settled, or for that long.

        Not at all while nobody is fetching for ever, or when answers took long lately. A slow writer is no reason:
        whoever queued instead would wait for the same one.
        """
        waited = [signature for signature in signatures if not self._storing.is_recent(signature)]
        if not (waited and self._is_pulling and self._usual_s <= SOON_S) or self._is_behind:
            return
        done = anyio.Event()
        self._waiting.append((set(waited), done))
        with anyio.move_on_after(within_s):
            await done.wait()
        self._waiting = [entry for entry in self._waiting if entry[1] is not done]

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
        has_more = False
        while True:
            if not has_more:
                await self._stored.wait()
                self._stored = anyio.Event()
            # Facts now, the ledger later: nobody who waits to write has to wait for both.
            await anyio.sleep(BOOK_WITHIN_S)
            has_more = await to_thread.run_sync(self._storing.book_a_step)

    async def run(
        self,
        *,
        priority: int = LAST_PRIORITY,
        goes_on: Callable[[], bool] = lambda: False,
        is_endless: bool = False,
        progress: Progress | None = None,
    ) -> Fetched:
        """Fetch what is due of a priority or a more urgent one, until nothing is and `goes_on` says no more comes."""
        run = Run(is_live=is_endless)
        # An event belongs to the loop in which it was first waited for; this one may be another than last time.
        self.wake()
        most = self._chain.transactions_a_call
        send_jobs, jobs = anyio.create_memory_object_stream[Due](0 if most == 1 else most)
        send_answers, answers = anyio.create_memory_object_stream[Answer](math.inf)
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
        self, jobs: MemoryObjectSendStream[Due], run: Run, priority: int, goes_on: Callable[[], bool]
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

    async def _dispatch_for_ever(self, jobs: MemoryObjectSendStream[Due], run: Run, priority: int) -> None:
        """Send what is offered, and beside that what the queue holds: who reads it waits for the disk at times."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._look_for_ever, jobs, run, priority)
            while True:
                changed = self._changed
                if not await self._send_offered(jobs, run):
                    await changed.wait()

    async def _look_for_ever(self, jobs: MemoryObjectSendStream[Due], run: Run, priority: int) -> None:
        """Send what is queued and nobody offered: when somebody says that there is some, and from time to time."""
        while True:
            must_look = self._must_look = anyio.Event()
            due = await self._look(priority)
            self._is_behind = self._is_behind and bool(due)
            # All at once, as sending takes as long as fetching: nobody who hints at one meanwhile fetches it again.
            for entry in self._claim(due, run):
                await jobs.send(entry)
            if due:
                # As long as there is more than fits, it is looked for again.
                continue
            changed = self._changed
            with anyio.move_on_after(LOOK_AGAIN_S):
                await must_look.wait()
            # What small batches leave to be put in order waits until nothing comes.
            has_more = changed is self._changed
            while has_more and not (run.under_way or must_look.is_set()):
                has_more = await to_thread.run_sync(self._store.booking.tidy)

    async def _send_offered(self, jobs: MemoryObjectSendStream[Due], run: Run) -> bool:
        has_any = bool(self._offered)
        while self._offered:
            entry = self._offered.popleft()
            run.under_way.add(entry.signature)
            await jobs.send(entry)
        return has_any

    async def _send_due(self, jobs: MemoryObjectSendStream[Due], run: Run, priority: int) -> bool:
        due = await self._look(priority)
        for entry in due:
            # Another run may take it while this one waits for a worker: what happens now does not wait for that.
            for claimed in self._claim([entry], run):
                await jobs.send(claimed)
        return bool(due)

    async def _look(self, priority: int) -> list[Due]:
        due = await to_thread.run_sync(self._due, priority)
        self._storing.will_queue(entry.signature for entry in due)
        return due

    def _claim(self, due: Iterable[Due], run: Run) -> list[Due]:
        """Take what nobody else has under way."""
        new = [entry for entry in due if entry.signature not in self._under_way]
        claimed = {entry.signature for entry in new}
        self._under_way |= claimed
        run.under_way |= claimed
        return new

    def _due(self, priority: int) -> list[Due]:
        # Taken before the queue is read, in this order: what goes on meanwhile leaves these sets, but not the answer.
        # What was taken leaves the queue when it becomes facts; what was queued after that is fetched once more.
        under_way = frozenset(self._under_way)
        known = under_way | self._store.arrivals.leaving
        limit = self._config.store_batch + len(known)
        due = self._store.pending.due(self._clock.epoch_s(), limit, priority=priority)
        return [entry for entry in due if entry.signature not in known]

    async def _work(self, jobs: MemoryObjectReceiveStream[Due], answers: MemoryObjectSendStream[Answer]) -> None:
        most = self._chain.transactions_a_call
        async with jobs, answers:
            while together := await self._collect(jobs, most):
                unknown: list[Due] = []
                for entry in together:
                    if (text := self._history.take(entry.signature)) is None:
                        unknown.append(entry)
                    else:
                        await answers.send(Answer(entry, text, None))
                for answer in await self._ask(unknown):
                    await answers.send(answer)

    async def _collect(self, jobs: MemoryObjectReceiveStream[Due], most: int) -> list[Due]:
        """Return what is to be asked for in one request, nothing when there is no more."""
        if most == 1:
            return await _first(jobs)
        async with self._collecting:
            found = await _first(jobs)
            # While the writer is busy it would not be taken sooner.
            if found and (self._is_writing or self._clock.monotonic_s() - self._collected_at < MANY_WITHIN_S):
                await anyio.sleep(COLLECT_S)
            self._collected_at = self._clock.monotonic_s()
            return [*found, *_waiting(jobs, most - 1)]

    async def _ask(self, together: Sequence[Due]) -> list[Answer]:
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
            Answer(due, None, told) if isinstance(told, ProviderError) else Answer(due, told, None)
            for due, told in zip(together, found, strict=True)
        ]

    async def _write(self, answers: MemoryObjectReceiveStream[Answer], run: Run, progress: Progress | None) -> None:
        async for first in answers:
            batch = [first]
            while len(batch) < self._config.store_batch:
                try:
                    batch.append(answers.receive_nowait())
                except (anyio.WouldBlock, anyio.EndOfStream):
                    break
            self._is_writing = True
            try:
                has_new = await to_thread.run_sync(self._storing.store, batch, run)
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

    def _tell_stored(self) -> None:
        for signatures, done in self._waiting:
            if all(self._storing.is_recent(signature) for signature in signatures):
                done.set()


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
