"""Look at every followed wallet's balance, list the signatures of those that moved, fetch while listing.

Not responsible for the single steps: `listing`, `fetching`, `drifting`; what a sweep costs is in `docs.md`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import anyio
from anyio import to_thread

from aura_mcp.services.steps import Progress
from aura_mcp.services.tracking.config import TrackingConfig
from aura_mcp.services.tracking.drifting import Drifting
from aura_mcp.services.tracking.fetching import Fetcher
from aura_mcp.services.tracking.listing import Lister
from aura_mcp.services.tracking.results import Fetched, Problems, SweepSummary
from data.clock import Clock
from data.errors import ProviderError
from data.providers.chain import AccountState, Chain
from data.store import Store
from data.store.gaps import Held
from data.store.tracks import Track
from engine.tracking import MOST_LOOKS, Ask, Look, Reason, choose_wallets, is_explained
from engine.units import Address

ACCOUNTS_A_CALL: Final = 100


class _Seen(NamedTuple):
    """An account as one call showed it; `state` is None where it does not exist."""

    slot: int
    state: AccountState | None


class Sweeping:
    """One look at all wallets."""

    def __init__(
        self,
        store: Store,
        chain: Chain,
        clock: Clock,
        config: TrackingConfig,
        lister: Lister,
        fetcher: Fetcher,
        drifting: Drifting,
    ) -> None:
        self._store = store
        self._chain = chain
        self._clock = clock
        self._config = config
        self._lister = lister
        self._fetcher = fetcher
        self._drifting = drifting

    async def sweep(self, progress: Progress | None = None) -> SweepSummary:
        """Look once; whatever fails is in the summary, and is asked again by the next sweep."""
        problems = Problems()
        tracks = await to_thread.run_sync(self._store.tracks.all)
        if not tracks:
            return SweepSummary()
        held = await to_thread.run_sync(self._store.gaps.held)
        chosen = _fill_up(held, len(tracks), self._config.account_calls)
        seen = await self._look([*tracks, *(entry.account for entry in chosen)], problems)
        moved = await to_thread.run_sync(self._store.tracks.moved_lamports)
        looks = [self._look_at(track, seen.get(wallet), moved.get(wallet, 0)) for wallet, track in tracks.items()]
        asks = choose_wallets(
            looks,
            self._clock.epoch_s(),
            interval_s=self._config.sweep_interval_s,
            period_s=self._config.turn_period_s,
        )
        await to_thread.run_sync(self._anchor, tracks, looks, seen)
        listed, fetched = await self._list_and_fetch(tracks, asks, problems, progress)
        shown = {entry.account: seen[entry.account] for entry in chosen if entry.account in seen}
        drifts, found, more = await self._check_accounts(shown, problems)
        return SweepSummary(
            wallets=len(tracks),
            asked=len(asks),
            listed=listed + found,
            checked_accounts=len(shown),
            drifting_accounts=drifts,
            fetched=fetched + more,
            problems=problems.lines(),
        )

    async def _look(self, addresses: Sequence[str], problems: Problems) -> dict[str, _Seen]:
        """Return the accounts that the chain showed, each with the slot of its own call."""
        seen: dict[str, _Seen] = {}
        for start in range(0, len(addresses), ACCOUNTS_A_CALL):
            part = [Address(address) for address in addresses[start : start + ACCOUNTS_A_CALL]]
            try:
                slot, states = await self._chain.accounts(part)
            except ProviderError as error:
                problems.add(f"balances: {error}")
                continue
            seen.update({address: _Seen(slot, states.get(address)) for address in part})
        return seen

    def _look_at(self, track: Track, seen: _Seen | None, moved: int) -> Look:
        return Look(
            wallet=track.wallet,
            is_new=track.listed_at is None,
            is_backfilling=self._lister.is_backfilling(track),
            expected_lamports=None if track.lamports is None else track.lamports + moved,
            lamports=None if seen is None else _lamports(seen.state),
            unexplained=track.unexplained,
            asked_at=track.asked_at,
        )

    def _anchor(self, tracks: dict[str, Track], looks: Iterable[Look], seen: Mapping[str, _Seen]) -> None:
        """Move the balance that facts explain; one that nothing explains is accepted after several looks."""
        changed: list[Track] = []
        for look in looks:
            if look.lamports is None:
                continue
            track = tracks[look.wallet]
            if look.expected_lamports is None or is_explained(look) or look.unexplained >= MOST_LOOKS:
                slot = seen[look.wallet].slot
                track = track._replace(lamports=look.lamports, lamports_slot=slot, unexplained=0)
            else:
                track = track._replace(unexplained=track.unexplained + 1)
            if track != tracks[look.wallet]:
                tracks[look.wallet] = track
                changed.append(track)
        self._store.tracks.save(changed)

    async def _list_and_fetch(
        self, tracks: Mapping[str, Track], asks: Sequence[Ask], problems: Problems, progress: Progress | None
    ) -> tuple[int, Fetched]:
        listed = done = 0
        is_listing = True
        fetched = Fetched()

        async def fetch() -> None:
            nonlocal fetched
            fetched = await self._fetcher.run(goes_on=lambda: is_listing, progress=progress)

        async def take(work: Iterable[Ask]) -> None:
            nonlocal listed, done
            for ask in work:
                try:
                    listed += await self._lister.wallet(tracks[ask.wallet])
                except ProviderError as error:
                    problems.add(f"signatures: {error}")
                    if ask.reason is Reason.LAMPORTS:
                        await to_thread.run_sync(self._store.tracks.not_looked, ask.wallet)
                done += 1
                self._fetcher.wake()
                if progress is not None:
                    progress("listing", done, len(asks))

        async with anyio.create_task_group() as group:
            group.start_soon(fetch)
            work = iter(asks)
            try:
                async with anyio.create_task_group() as listing:
                    for _ in range(min(self._config.concurrency, len(asks))):
                        listing.start_soon(take, work)
            finally:
                is_listing = False
                self._fetcher.wake()
        return listed, fetched

    async def _check_accounts(self, shown: Mapping[str, _Seen], problems: Problems) -> tuple[int, int, Fetched]:
        """Compare token accounts with facts, those of this sweep included, and fetch what explains a difference."""
        drifts = await to_thread.run_sync(self._compare, shown)
        found = 0
        for held in drifts:
            try:
                found += await self._drifting.search(held)
            except ProviderError as error:
                problems.add(f"signatures: {error}")
        return len(drifts), found, await self._fetcher.run() if found else Fetched()

    def _compare(self, shown: Mapping[str, _Seen]) -> list[Held]:
        waiting = self._store.pending.count_by_wallet()
        return self._drifting.compare(
            [
                (held, shown[held.account].slot, shown[held.account].state)
                for held in self._store.gaps.held()
                if held.account in shown and held.wallet not in waiting
            ]
        )


def _lamports(state: AccountState | None) -> int:
    return 0 if state is None else state.lamports


def _fill_up(held: Sequence[Held], wallets: int, more_calls: int) -> list[Held]:
    """Return the token accounts whose turn it is: as many as the wallets' calls leave room for, and whole calls more.

    Accounts that are empty by all that is known are looked at last.
    """
    calls = math.ceil(wallets / ACCOUNTS_A_CALL) + more_calls
    filled = sorted(held, key=lambda entry: entry.amount_raw == 0 and len(entry.amounts_raw) == 1)
    return filled[: calls * ACCOUNTS_A_CALL - wallets]
