"""Compare what wallets hold on the chain with what their facts say, account by account.

Not responsible for accounts between reconciliations: sweeps look at known ones in turn (`drifting`).
"""

from collections.abc import Sequence
from typing import NamedTuple

from anyio import to_thread

from aura_mcp.services.steps import Progress
from aura_mcp.services.tracking.config import TrackingConfig
from aura_mcp.services.tracking.drifting import Compared, Drifting
from aura_mcp.services.tracking.fetching import Fetcher
from aura_mcp.services.tracking.results import Problems, ReconcileSummary
from data.clock import Clock
from data.errors import ProviderError
from data.providers.chain import Chain, TokenAccount
from data.store import Store
from data.store.gaps import Held
from data.store.safety import Frozen
from data.store.tracks import Track
from engine.units import WSOL, Address


class _Found(NamedTuple):
    """What the chain says a wallet holds, and how many signatures the differences to its facts led to."""

    wallet: str
    slot: int
    accounts: list[TokenAccount]
    drifting: int
    listed: int


class Reconciling:
    """The audit of holdings against the chain."""

    def __init__(
        self, store: Store, chain: Chain, clock: Clock, config: TrackingConfig, fetcher: Fetcher, drifting: Drifting
    ) -> None:
        self._store = store
        self._chain = chain
        self._clock = clock
        self._config = config
        self._fetcher = fetcher
        self._drifting = drifting

    async def reconcile(
        self, wallets: Sequence[str] | None = None, progress: Progress | None = None
    ) -> ReconcileSummary:
        """Compare wallets, or the few whose turn it is, and fetch what explains the differences."""
        tracks = await to_thread.run_sync(self._store.tracks.all)
        chosen = self._choose(tracks, wallets)
        problems = Problems()
        found: list[_Found] = []
        for place, track in enumerate(chosen):
            try:
                found.append(await self._compare(track))
            except ProviderError as error:
                problems.add(f"token accounts: {error}")
            if progress is not None:
                progress("comparing", place + 1, len(chosen))
        fetched = await self._fetcher.run(progress=progress)
        await to_thread.run_sync(self._compare_again, [entry for entry in found if entry.listed])
        drifts = await to_thread.run_sync(self._store.gaps.drifts, {entry.wallet for entry in found})
        return ReconcileSummary(
            wallets=len(found),
            accounts=sum(len(entry.accounts) for entry in found),
            drifting=sum(entry.drifting for entry in found),
            listed=sum(entry.listed for entry in found),
            unexplained=len(drifts),
            fetched=fetched,
            problems=problems.lines(),
        )

    def _choose(self, tracks: dict[str, Track], wallets: Sequence[str] | None) -> list[Track]:
        if wallets is not None:
            return [tracks[wallet] for wallet in wallets if wallet in tracks]
        known = [track for track in tracks.values() if track.listed_at is not None]
        return sorted(known, key=lambda t: (t.reconciled_at or 0, t.wallet))[: self._config.reconcile_wallets]

    async def _compare(self, track: Track) -> _Found:
        slot, accounts = await self._chain.token_accounts(Address(track.wallet))
        compared = await to_thread.run_sync(self._match, track.wallet, slot, accounts)
        drifts = await to_thread.run_sync(self._drifting.judge, compared)
        listed = 0
        for held in drifts:
            listed += await self._drifting.search(held)
        frozen = [Frozen(entry.account, entry.mint) for entry in accounts if entry.is_frozen and entry.amount_raw]
        now_s = self._clock.epoch_s()
        await to_thread.run_sync(self._store.safety.keep_frozen, track.wallet, frozen, now_s)
        await to_thread.run_sync(self._store.tracks.reconciled, track.wallet, now_s)
        return _Found(track.wallet, slot, accounts, len(drifts), listed)

    def _compare_again(self, found: Sequence[_Found]) -> None:
        for entry in found:
            self._drifting.judge(self._match(entry.wallet, entry.slot, entry.accounts))

    def _match(self, wallet: str, slot: int, accounts: Sequence[TokenAccount]) -> list[Compared]:
        """Pair accounts on the chain with facts; a side that is missing holds nothing."""
        held = {entry.account: entry for entry in self._store.gaps.held() if entry.wallet == wallet}
        there: dict[str, TokenAccount] = {account.account: account for account in accounts if account.mint != WSOL}
        # What is in no fact: seen now, or once, like an account that vanished with the transaction that made it.
        strange = {check.account: check.mint for check in self._store.gaps.drifts([wallet])}
        strange |= {address: account.mint for address, account in there.items() if account.amount_raw}
        seen = self._store.gaps.seen()
        entries = [
            *held.values(),
            *(
                Held(address, wallet, mint, 0, (0,), 0, "", None, tries, seen_raw)
                for address, mint in strange.items()
                if address not in held
                for seen_raw, tries in [seen.get(address, (None, 0))]
            ),
        ]
        return [
            Compared(entry, slot, there[entry.account].amount_raw if entry.account in there else 0) for entry in entries
        ]
