"""Take hints about signatures and make them durable, many in one transaction when many come at once.

Not responsible for who sends them, or for fetching.
"""

from collections.abc import Iterable, Mapping

import anyio
from anyio import to_thread
from solders.signature import Signature as WireSignature

from aura_mcp.services.tracking.fetching import Fetcher
from data.clock import Clock
from data.store import Store
from data.store.pending import NOBODY, Origin, Wanted


class Hints:
    """The door for signatures that somebody else tells of."""

    def __init__(self, store: Store, clock: Clock, fetcher: Fetcher) -> None:
        self._store = store
        self._clock = clock
        self._fetcher = fetcher
        self._waiting: list[Wanted] = []
        self._queued = 0
        self._written = 0
        self._turn = anyio.Lock()
        self._arrived = anyio.Event()

    async def add(self, signatures: Iterable[str], origin: Origin, slots: Mapping[str, int] | None = None) -> int:
        """Queue hinted signatures and return how many were taken; they are durable when this returns.

        What is no signature, and what was fetched a moment ago, is left out. `slots` saves a look into the facts.
        """
        known = slots or {}
        taken = [
            Wanted(signature, NOBODY, known.get(signature), origin)
            for signature in dict.fromkeys(signatures)
            if is_signature(signature) and not self._fetcher.is_recent(signature)
        ]
        if not taken:
            return 0
        self._waiting += taken
        self._queued += len(taken)
        mine = self._queued
        async with self._turn:
            # Whoever has the turn writes for everybody who came meanwhile.
            if self._written < mine:
                await self._write()
        return len(taken)

    async def wait(self) -> None:
        """Return when a hint has been written since the last call returned."""
        await self._arrived.wait()
        self._arrived = anyio.Event()

    async def _write(self) -> None:
        batch, self._waiting = self._waiting, []
        upto = self._queued
        try:
            await to_thread.run_sync(self._store.pending.add, batch, self._clock.epoch_s())
        except BaseException:
            self._waiting = batch + self._waiting
            raise
        self._written = upto
        self._arrived.set()
        self._fetcher.wake()


def is_signature(text: str) -> bool:
    """Tell whether a text is the base58 form of 64 bytes."""
    try:
        WireSignature.from_string(text)
    except ValueError:
        return False
    return True
