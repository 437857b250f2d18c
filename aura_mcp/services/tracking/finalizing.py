"""Follow transactions until they are final; take back, or look for no longer, those that the chain dropped.

That is done only after the finalized slot has passed one and two looks into the whole history did not find it.
Not responsible for what taking back means (`data.store.finality`).
"""

import logging
from collections.abc import Sequence
from typing import Final

from anyio import to_thread

from aura_mcp.services.tracking.config import TrackingConfig
from aura_mcp.services.tracking.results import FinalitySummary, Problems
from aura_mcp.services.tracking.storing import Storing
from data.clock import Clock
from data.errors import ProviderError
from data.providers.chain import Chain, Status
from data.store import Store
from data.store.finality import Placement, Unfinalized
from data.store.pending import NOBODY, Origin, Wanted

STATUSES_A_CALL: Final = 256
MOST_A_ROUND: Final = 4 * STATUSES_A_CALL
MISSES: Final = 2

_log = logging.getLogger(__name__)


class Finalizing:
    """The way from confirmed to final."""

    def __init__(self, store: Store, chain: Chain, clock: Clock, config: TrackingConfig, storing: Storing) -> None:
        self._store = store
        self._chain = chain
        self._clock = clock
        self._config = config
        self._storing = storing
        self._missed: dict[str, int] = {}

    async def advance(self) -> FinalitySummary:
        """Ask once about everything that is only confirmed."""
        problems = Problems()
        finalized = moved = taken_back = vanished = 0
        waiting = await to_thread.run_sync(self._store.finality.waiting, MOST_A_ROUND)
        try:
            for start in range(0, len(waiting), STATUSES_A_CALL):
                part = waiting[start : start + STATUSES_A_CALL]
                final, elsewhere, missing = await self._ask(part)
                await to_thread.run_sync(self._store.finality.promote, final)
                await self._move(elsewhere)
                taken_back += await self._miss(missing)
                finalized += len(final)
                moved += len(elsewhere)
            vanished = await self._leave_vanished()
        except ProviderError as error:
            problems.add(f"finality: {error}")
        return FinalitySummary(
            finalized=finalized,
            moved=moved,
            reversed=taken_back,
            vanished=vanished,
            waiting=await to_thread.run_sync(self._store.finality.count_waiting),
            problems=problems.lines(),
        )

    async def _ask(self, waiting: Sequence[Unfinalized]) -> tuple[list[Placement], list[Placement], list[Unfinalized]]:
        """Return those that are final, those that are final in another slot, and those of which nothing is known."""
        _, statuses = await self._chain.statuses([entry.signature for entry in waiting])
        known = dict(zip(waiting, statuses, strict=True))
        unknown = [entry for entry in waiting if known[entry] is None]
        if unknown:
            # Recent statuses are forgotten after some 150 slots: what is older is only found in the history.
            _, older = await self._chain.statuses([entry.signature for entry in unknown], search_history=True)
            known |= dict(zip(unknown, older, strict=True))
        final: list[Placement] = []
        elsewhere: list[Placement] = []
        missing: list[Unfinalized] = []
        for entry, status in known.items():
            if status is None:
                missing.append(entry)
            elif status.is_finalized:
                (final if _is_there(entry, status) else elsewhere).append(Placement(entry.slot, entry.signature))
        return final, elsewhere, missing

    async def _move(self, placements: Sequence[Placement]) -> None:
        """Take transactions out of the slot that was dropped and fetch them from the one that was kept."""
        if not placements:
            return
        now_s = self._clock.epoch_s()
        signatures = [placement.signature for placement in placements]
        wanted = [Wanted(signature, NOBODY, None, Origin.POLL) for signature in signatures]
        await to_thread.run_sync(self._store.pending.add, wanted, now_s)
        await to_thread.run_sync(self._take_back, placements)

    async def _miss(self, missing: Sequence[Unfinalized]) -> int:
        now_s = self._clock.epoch_s()
        latest = now_s - self._config.vanished_wait_s
        looked = [entry for entry in missing if entry.asked_at is None or entry.asked_at <= latest]
        if not looked:
            return 0
        final_slot = await self._chain.finalized_slot()
        passed = [entry for entry in looked if entry.slot < final_slot]
        lost = [Placement(entry.slot, entry.signature) for entry in passed if entry.misses + 1 >= MISSES]
        once = [Placement(entry.slot, entry.signature) for entry in passed if entry.misses + 1 < MISSES]
        await to_thread.run_sync(self._store.finality.miss, once, now_s)
        if lost:
            await to_thread.run_sync(self._take_back, lost)
        return len(lost)

    async def _leave_vanished(self) -> int:
        """Take out of the queue what was dropped before it was fetched. Should it land again, it is listed again."""
        now_s = self._clock.epoch_s()
        latest = now_s - self._config.vanished_wait_s
        unfound = await to_thread.run_sync(self._store.pending.unfound, STATUSES_A_CALL)
        looked = [(signature, slot) for signature, slot in unfound if self._missed.get(signature, latest) <= latest]
        if not looked:
            return 0
        final_slot = await self._chain.finalized_slot()
        _, statuses = await self._chain.statuses([signature for signature, _ in looked], search_history=True)
        missing = {
            signature
            for (signature, slot), status in zip(looked, statuses, strict=True)
            if status is None and slot < final_slot
        }
        gone = missing & self._missed.keys()
        await to_thread.run_sync(self._store.pending.settle, gone)
        # A restart forgets the first look: there is another.
        asked = {signature for signature, _ in looked}
        waiting = {signature: self._missed[signature] for signature, _ in unfound if signature in self._missed}
        self._missed = {s: at for s, at in waiting.items() if s not in asked} | dict.fromkeys(missing - gone, now_s)
        if gone:
            _log.info("never became final, and looked for no longer: %s", " ".join(sorted(gone)))
        return len(gone)

    def _take_back(self, placements: Sequence[Placement]) -> None:
        self._store.finality.reverse(placements, self._clock.epoch_s())
        self._storing.forget(placement.signature for placement in placements)
        self._store.booking.book()


def _is_there(entry: Unfinalized, status: Status) -> bool:
    return status.slot == entry.slot
