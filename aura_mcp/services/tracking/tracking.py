"""Follow wallets: the one door for the scheduler, for hints, and for whoever asks what is complete.

Not responsible for when to do what (jobs) or for who tells of signatures (webhooks, logs).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import anyio

from aura_mcp.services.steps import Progress
from aura_mcp.services.tracking.completing import Completing
from aura_mcp.services.tracking.config import TrackingConfig
from aura_mcp.services.tracking.drifting import Drifting
from aura_mcp.services.tracking.fetching import Fetcher
from aura_mcp.services.tracking.finalizing import Finalizing
from aura_mcp.services.tracking.hinting import Hints
from aura_mcp.services.tracking.history import History, TellsHistory
from aura_mcp.services.tracking.listing import Lister
from aura_mcp.services.tracking.reconciling import Reconciling
from aura_mcp.services.tracking.repairing import Repairing
from aura_mcp.services.tracking.results import (
    Fetched,
    FinalitySummary,
    ReconcileSummary,
    RefreshSummary,
    RepairSummary,
    SweepSummary,
)
from aura_mcp.services.tracking.storing import News, Storing
from aura_mcp.services.tracking.sweeping import Sweeping
from data.clock import Clock
from data.providers.chain import Chain
from data.store import Store
from data.store.pending import LIVE_PRIORITY, Backlog, Origin


def _nobody_listens() -> None:
    return None


class Tracking:
    """The following of wallets. Every method may be called at any time and be cancelled; nothing is lost by that.

    `on_commit` is called in the event loop after something new was committed. `news` is told of live readings in
    the transaction that keeps them; of all others the facts tell. `teller` brings the history of new wallets
    in fewer calls.
    """

    def __init__(
        self,
        store: Store,
        chain: Chain,
        clock: Clock,
        config: TrackingConfig | None = None,
        *,
        on_commit: Callable[[], None] = _nobody_listens,
        news: News | None = None,
        teller: TellsHistory | None = None,
    ) -> None:
        config = config or TrackingConfig()
        self._store = store
        history = History(teller, clock)
        storing = Storing(store, clock, config, news)
        self._fetcher = Fetcher(store, chain, clock, config, history, storing, on_commit)
        lister = self._lister = Lister(store, chain, clock, config, history)
        drifting = Drifting(store, clock, lister)
        self._hints = Hints(store, clock, self._fetcher, storing)
        self._sweeping = Sweeping(store, chain, clock, config, lister, self._fetcher, drifting)
        self._finalizing = Finalizing(store, chain, clock, config, storing)
        self._repairing = Repairing(store, clock, config, lister, self._fetcher)
        self._reconciling = Reconciling(store, chain, clock, config, self._fetcher, drifting)
        self._completing = Completing(store)
        self._turn = anyio.Lock()

    async def refresh(self, progress: Progress | None = None, *, since_s: int | None = None) -> RefreshSummary:
        """Do one whole cycle: sweep, close gaps, advance finality."""
        sweep = await self.sweep(progress, since_s=since_s)
        repair = await self.repair_gaps(progress)
        return RefreshSummary(sweep=sweep, repair=repair, finality=await self.advance_finality())

    async def sweep(self, progress: Progress | None = None, *, since_s: int | None = None) -> SweepSummary:
        """Look at every followed wallet, list what moved, and fetch everything that is due.

        `since_s` (seconds since 1970) takes all history back to there in place of the depth that is set.
        """
        async with self._turn:
            with self._lister.reaching(since_s):
                return await self._sweeping.sweep(progress)

    async def fetch_pending(self, progress: Progress | None = None) -> Fetched:
        """Fetch everything that is queued and due, without looking for more."""
        return await self._fetcher.run(progress=progress)

    async def advance_finality(self) -> FinalitySummary:
        """Ask what became of transactions that are only confirmed."""
        async with self._turn:
            return await self._finalizing.advance()

    async def repair_gaps(self, progress: Progress | None = None) -> RepairSummary:
        """Search the breaks in chains of balances whose time has come."""
        async with self._turn:
            return await self._repairing.repair(progress)

    async def reconcile(
        self, wallets: Sequence[str] | None = None, progress: Progress | None = None
    ) -> ReconcileSummary:
        """Compare what wallets hold on the chain with their facts; without a choice, the few whose turn it is."""
        async with self._turn:
            return await self._reconciling.reconcile(wallets, progress)

    async def hint(self, signatures: Iterable[str], origin: Origin, slots: Mapping[str, int] | None = None) -> int:
        """Queue signatures that somebody told of and return how many were taken; they are kept when this returns.

        What is no signature is left out: compare the number to count it. `slots` spares a fetch of what is stored.
        """
        return await self._hints.add(signatures, origin, slots)

    async def drain(self) -> Fetched:
        """Fetch, store and book every hint that is due, in batches as small as their arrival allows."""
        return await self._fetcher.run(priority=LIVE_PRIORITY)

    async def pull(self) -> None:
        """Fetch hints as they come, until cancelled: what the hub runs beside everything else."""
        await self._fetcher.pull()

    def backlog(self) -> Backlog:
        """Return how much is still to be fetched."""
        return self._store.pending.backlog()

    @property
    def completeness(self) -> Completing:
        """How much of each wallet's history is there."""
        return self._completing
