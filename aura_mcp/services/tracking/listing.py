"""List the signatures of wallets and token accounts and queue what is new.

A wallet's cursor moves in the transaction that queues what it passed over, and only to a finalized signature.
Not responsible for whom to list (`engine.tracking`) or for fetching.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Final

from anyio import to_thread

from aura_mcp.services.tracking.config import DAY_S, TrackingConfig
from aura_mcp.services.tracking.history import History
from data.clock import Clock
from data.providers.chain import Chain, SignatureInfo
from data.store import Store
from data.store.finality import Placement
from data.store.pending import Origin, Wanted
from data.store.tracks import Track
from engine.tracking import Backfill, Depth, Listed, goes_deeper, newest_final, take_page
from engine.units import Address

PAGE: Final = 1000
"""Signatures in one answer, at most: the limit of the call."""

NO_LIMIT: Final = 1_000_000
"""Transactions of a wallet that is fetched back to a moment."""


class Lister:
    """The signatures of an address, page by page."""

    def __init__(self, store: Store, chain: Chain, clock: Clock, config: TrackingConfig, history: History) -> None:
        self._store = store
        self._chain = chain
        self._clock = clock
        self._config = config
        self._history = history
        self._reach: Depth | None = None

    @contextmanager
    def reaching(self, since_s: int | None) -> Generator[None]:
        """Let back-fill go back to a moment for the block, None for as deep as set; one block at a time."""
        self._reach = None if since_s is None else Depth(since_s, NO_LIMIT)
        try:
            yield
        finally:
            self._reach = None

    def depth(self) -> Depth:
        """Return how far back a wallet's history goes now."""
        if self._reach is not None:
            return self._reach
        since = self._clock.epoch_s() - self._config.backfill_days * DAY_S
        return Depth(since, self._config.backfill_transactions)

    def is_backfilling(self, track: Track) -> bool:
        """Tell whether a wallet's history is not yet listed as deep as set."""
        return track.listed_at is not None and goes_deeper(
            Backfill(track.backfill), track.oldest_time, track.listed, self.depth()
        )

    async def wallet(self, track: Track) -> int:
        """Queue what is new of a wallet, then what back-fill wants, and return how many signatures are new.

        Raises:
            ProviderError: a page did not come; what came before it is queued.
        """
        new = 0
        if track.head_signature is not None:
            track, new = await self._catch_up(track)
        else:
            # Without a finalized signature there is nothing to go on from: its few transactions are listed again.
            track = track._replace(oldest_signature=None, oldest_time=None, listed=0, backfill=Backfill.OPEN)
        while goes_deeper(Backfill(track.backfill), track.oldest_time, track.listed, self.depth()):
            track, more = await self._back_fill(track)
            new += more
        return new

    async def between(
        self, account: str, wallet: str, *, after: tuple[str, int] | None, before: str | None, since: int | None = None
    ) -> int:
        """Queue an account's transactions after one (signature, slot) and before another, for a wallet.

        Those older than `since` are left out. Returns how many are new.

        Raises:
            ProviderError: a page did not come; nothing is queued.
        """
        until, lowest = after or (None, 0)
        listed = await self._pages(account, until, lowest, before=before)
        inside = [entry for entry in listed if since is None or (entry.block_time or 0) >= since]
        wanted = [_wanted(entry, wallet, Origin.GAP) for entry in inside]
        return await to_thread.run_sync(self._store.pending.add, wanted, self._clock.epoch_s())

    async def _catch_up(self, track: Track) -> tuple[Track, int]:
        listed = await self._pages(track.wallet, track.head_signature, track.head_slot or 0)
        head = newest_final(listed)
        if head is not None and head.slot >= (track.head_slot or 0):
            track = track._replace(head_signature=head.signature, head_slot=head.slot)
        return await self._advance(track, listed, Origin.POLL)

    async def _back_fill(self, track: Track) -> tuple[Track, int]:
        page = await self._page(track.wallet, before=track.oldest_signature)
        taken = take_page(page, track.listed, self.depth(), is_last=len(page) < PAGE)
        head = newest_final(page) if track.head_signature is None else None
        if head is not None:
            track = track._replace(head_signature=head.signature, head_slot=head.slot)
        oldest = _oldest(taken.listed)
        track = track._replace(
            oldest_signature=oldest.signature if oldest else track.oldest_signature,
            oldest_time=taken.since if taken.since is not None or taken.end is Backfill.START else track.oldest_time,
            listed=track.listed + len(taken.listed),
            backfill=taken.end,
        )
        await self._history.prepare(track.wallet, taken.listed)
        return await self._advance(track, taken.listed, Origin.BACKFILL)

    async def _advance(self, track: Track, listed: Sequence[Listed], origin: Origin) -> tuple[Track, int]:
        now_s = self._clock.epoch_s()
        track = track._replace(asked_at=now_s, listed_at=now_s)
        wanted = [_wanted(entry, track.wallet, origin) for entry in listed]
        final = [Placement(entry.slot, entry.signature) for entry in listed if entry.is_finalized]
        return track, await to_thread.run_sync(self._save, track, wanted, final, now_s)

    def _save(self, track: Track, wanted: Sequence[Wanted], final: Sequence[Placement], now_s: int) -> int:
        new = self._store.tracks.advance(track, wanted, now_s)
        self._store.finality.promote(self._store.finality.waiting_among(final))
        return new

    async def _pages(
        self, address: str, until: str | None, lowest_slot: int, *, before: str | None = None
    ) -> list[Listed]:
        """Return what was listed after `until`. A node that does not know it goes on below: that is cut off."""
        listed: list[Listed] = []
        while True:
            page = await self._page(address, until=until, before=before)
            inside = [entry for entry in page if entry.slot >= lowest_slot]
            listed += inside
            oldest = _oldest(page)
            if oldest is None or len(page) < PAGE or len(inside) < len(page):
                return listed
            before = oldest.signature

    async def _page(self, address: str, *, until: str | None = None, before: str | None = None) -> list[Listed]:
        page = await self._chain.signatures(Address(address), until=until, before=before, limit=PAGE)
        return [_listed(info) for info in page]


def _listed(info: SignatureInfo) -> Listed:
    return Listed(info.signature, info.slot, info.block_time, info.is_finalized)


def _oldest(listed: Sequence[Listed]) -> Listed | None:
    # The last of those in the lowest slot: newest come first, and a node may mix up slots.
    return min(reversed(listed), key=lambda entry: entry.slot, default=None)


def _wanted(entry: Listed, wallet: str, origin: Origin) -> Wanted:
    return Wanted(entry.signature, wallet, entry.slot, origin, entry.is_finalized)
