"""Take hints about signatures and write them down, many in one transaction when many come at once.

Not responsible for who sends them, or for fetching.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import anyio
from anyio import to_thread
from solders.signature import Signature as WireSignature

from aura_mcp.services.tracking.fetching import Fetcher
from aura_mcp.services.tracking.storing import Storing
from data.clock import Clock
from data.store import Store
from data.store.pending import NOBODY, Due, Origin, Wanted

STORED_WITHIN_S: Final = 0.1
"""How long a hint waits for its facts before it is queued: most are stored by then, and need no place in the queue."""


class Hints:
    """The door for signatures that somebody else tells of."""

    def __init__(self, store: Store, clock: Clock, fetcher: Fetcher, storing: Storing) -> None:
        self._store = store
        self._clock = clock
        self._fetcher = fetcher
        self._storing = storing
        self._waiting: list[Wanted] = []
        self._queued = 0
        self._written = 0
        self._turn = anyio.Lock()

    async def add(self, signatures: Iterable[str], origin: Origin, slots: Mapping[str, int] | None = None) -> int:
        """Have hinted signatures fetched and return how many were taken; they or their facts are kept by then.

        What is no signature, and what was fetched a moment ago, is left out. `slots` saves a look into the facts.

        Raises:
            StoreError: they cannot be kept; whoever hinted must try again.
        """
        known = slots or {}
        taken = [
            Wanted(signature, NOBODY, known.get(signature), origin)
            for signature in dict.fromkeys(signatures)
            if is_signature(signature) and not self._storing.is_recent(signature)
        ]
        if not taken:
            return 0
        now_s = self._clock.epoch_s()
        self._fetcher.offer([Due(w.signature, w.slot, w.is_finalized, 0, now_s, origin) for w in taken])
        await self._fetcher.stored([w.signature for w in taken], STORED_WITHIN_S)
        unsettled = self._unsettled(taken)
        if not unsettled:
            return len(taken)
        self._waiting += unsettled
        self._queued += len(unsettled)
        mine = self._queued
        try:
            async with self._turn:
                # Whoever has the turn writes for everybody who came meanwhile.
                if self._written < mine:
                    await self._write()
        except BaseException:
            # They were refused, and come again: as long as nothing can be written, nothing piles up.
            refused = set(map(id, unsettled))
            self._waiting = [wanted for wanted in self._waiting if id(wanted) not in refused]
            raise
        return len(taken)

    async def _write(self) -> None:
        # What was settled while it waited for its turn needs none.
        batch, self._waiting = self._unsettled(self._waiting), []
        upto = self._queued
        if batch:
            try:
                left = await to_thread.run_sync(self._queue, batch)
            except BaseException:
                self._waiting = batch + self._waiting
                raise
            self._fetcher.queued(wanted.signature for wanted in self._unsettled(left))
        self._written = upto

    def _unsettled(self, batch: Sequence[Wanted]) -> list[Wanted]:
        return [wanted for wanted in batch if not self._storing.is_recent(wanted.signature)]

    def _queue(self, batch: Sequence[Wanted]) -> Sequence[Wanted]:
        """Queue those that nobody has settled by now, and return them."""
        with self._storing.room(), self._store.database.write(keeps_version=True):
            # Nothing is taken in between: facts that were are as good as a hint, and those that will be take their
            # hint out of the queue. A hint that stayed would be fetched again, and known facts take a longer way.
            with self._store.database.undisturbed():
                left = self._unsettled(batch)
                self._storing.will_queue(wanted.signature for wanted in left)
            self._store.pending.add(left, self._clock.epoch_s())
            return left


def is_signature(text: str) -> bool:
    """Tell whether a text is the base58 form of 64 bytes."""
    try:
        WireSignature.from_string(text)
    except ValueError:
        return False
    return True
