"""Look for the transactions that are missing between two facts whose balances do not meet.

Not responsible for finding breaks (`data.store.gaps`), or for what the chain holds now (`drifting`).
"""

from typing import Final

from anyio import to_thread

from aura_mcp.services.steps import Progress
from aura_mcp.services.tracking.config import TrackingConfig
from aura_mcp.services.tracking.fetching import Fetcher
from aura_mcp.services.tracking.listing import Lister
from aura_mcp.services.tracking.results import Problems, RepairSummary
from data.clock import Clock
from data.errors import ProviderError
from data.store import Store
from data.store.gaps import Break
from engine.tracking import retry_after

MOST_SEARCHES: Final = 3
"""Looks at one break that find nothing; after them it is shown as one that cannot be closed."""


class Repairing:
    """The closing of gaps."""

    def __init__(self, store: Store, clock: Clock, config: TrackingConfig, lister: Lister, fetcher: Fetcher) -> None:
        self._store = store
        self._clock = clock
        self._config = config
        self._lister = lister
        self._fetcher = fetcher

    async def repair(self, progress: Progress | None = None) -> RepairSummary:
        """Search every break whose time has come, and fetch what is found."""
        breaks = await to_thread.run_sync(self._store.gaps.breaks)
        due = [gap for gap in breaks if self._is_due(gap)]
        problems = Problems()
        searched: list[Break] = []
        listed = 0
        for place, gap in enumerate(due):
            after = (gap.after_signature, gap.after_slot)
            try:
                listed += await self._lister.between(gap.account, gap.wallet, after=after, before=gap.before_signature)
            except ProviderError as error:
                problems.add(f"gap of {gap.account}: {error}")
                continue
            searched.append(gap)
            if progress is not None:
                progress("searching", place + 1, len(due))
        await to_thread.run_sync(self._store.gaps.searched, searched, self._clock.epoch_s())
        fetched = await self._fetcher.run(progress=progress)
        left = await to_thread.run_sync(self._store.gaps.breaks) if listed else breaks
        return RepairSummary(
            breaks=len(breaks),
            searched=len(searched),
            listed=listed,
            open=len(left),
            fetched=fetched,
            problems=problems.lines(),
        )

    def _is_due(self, gap: Break) -> bool:
        if gap.tries >= MOST_SEARCHES:
            return False
        again = retry_after(gap.tries, gap.tried_at or 0, longest_s=self._config.longest_retry_s, is_final=False)
        return gap.tried_at is None or (again.due_at or 0) <= self._clock.epoch_s()
