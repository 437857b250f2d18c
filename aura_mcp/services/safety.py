"""Tell what could hurt holders of a token, as a provider told it: kept for hours, asked for at most once meanwhile.

Not responsible for who is asked (`data.providers.serving`), or for a risk of our own.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import anyio
import anyio.to_thread

from data.clock import Clock
from data.errors import ProviderError
from data.providers.serving import Serving
from data.store import Store
from engine.address import parse_address
from engine.market import Safety
from engine.units import Mint

FRESH_S: Final = 6 * 3_600
"""For how long an answer is not asked for again."""

AGAIN_S: Final = 600
"""After how long a token that nobody could tell of is asked about again."""

PATIENCE_S: Final = 5.0
"""How long a question waits for a provider: its other answers do not depend on it."""

OFFLINE: Final = "AURA_OFFLINE is set: no provider is asked"
_REMEMBERED: Final = 1_000
_DANGERS: Final = {
    "is_rugged": "its liquidity was pulled",
    "has_mint_authority": "more of it can be minted",
    "has_freeze_authority": "accounts can be frozen",
    "is_default_frozen": "new accounts are frozen",
    "is_non_transferable": "it cannot be transferred",
    "has_permanent_delegate": "somebody may take it from every account",
    "has_transfer_hook": "a program decides about transfers",
    "is_pausable": "transfers can be paused",
    "has_mutable_metadata": "its name can be changed",
}
_FEE: Final = "transfer_fee_bps"


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyLine:
    """What a provider told of a token; shares are 0-100, `provider_score` is 0-100 with higher = riskier.

    `dangers` are those that are known to be there, `not_known` names what nobody said: unknown is not safe.
    `untrusted_warnings` are the provider's words about strangers' data.
    """

    source: str
    age_s: int
    dangers: tuple[str, ...]
    not_known: tuple[str, ...]
    provider_score: int | None
    top10_holders_pct: Decimal | None
    largest_holder_pct: Decimal | None
    creator_share_pct: Decimal | None
    lp_locked_pct: Decimal | None
    holders: int | None
    untrusted_warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyAnswer:
    """What is known of a token's safety, and why it is not known or not newer."""

    line: SafetyLine | None
    reason: str | None


class SafetyChecks:
    """What could hurt holders of tokens. `check` is used in the event loop of the providers."""

    def __init__(self, store: Store, open_serving: Callable[[], Serving] | None, clock: Clock) -> None:
        self._store = store
        self._open_serving = open_serving
        self._clock = clock
        self._failed: OrderedDict[Mint, tuple[int, str]] = OrderedDict()

    def known(self, mint: str) -> SafetyAnswer:
        """Return what is kept of a token, asking nobody.

        Raises:
            AddressError: the mint is no address.
        """
        address, now = Mint(parse_address(mint)), self._clock.epoch_s()
        told = self._store.safety.told(address)
        _, reason = self._failed.get(address, (now, None))
        if told is not None:
            line = line_of(told, now)
            return SafetyAnswer(line=line, reason=reason if line.age_s >= FRESH_S else None)
        waiting = "no provider was asked about it yet; token_report asks"
        return SafetyAnswer(line=None, reason=OFFLINE if self._open_serving is None else reason or waiting)

    async def check(self, mint: str) -> SafetyAnswer:
        """Return what is known of a token; a provider is asked when nothing fresh is kept.

        Raises:
            AddressError: the mint is no address.
            StoreError: the database cannot be written.
        """
        found = await anyio.to_thread.run_sync(self.known, mint)
        if self._open_serving is None or (found.line is not None and found.line.age_s < FRESH_S):
            return found
        address, now = Mint(parse_address(mint)), self._clock.epoch_s()
        if now - self._failed.get(address, (now - AGAIN_S, ""))[0] < AGAIN_S:
            return found
        reason = await self._ask(self._open_serving(), address)
        if reason is not None:
            self._failed[address] = (now, reason)
            while len(self._failed) > _REMEMBERED:
                self._failed.popitem(last=False)
        return await anyio.to_thread.run_sync(self.known, mint)

    async def _ask(self, serving: Serving, mint: Mint) -> str | None:
        """Keep what a provider tells, or return why none did."""
        with anyio.move_on_after(PATIENCE_S):
            try:
                served = await serving.safety(mint)
            except ProviderError as error:
                return str(error)
            await anyio.to_thread.run_sync(self._store.safety.keep, served.value)
            self._failed.pop(mint, None)
            return None
        return f"no provider answered within {PATIENCE_S:.0f} s; ask again in some minutes"


def line_of(told: Safety, now_s: int) -> SafetyLine:
    """Return what was told as an answer at a moment."""
    dangers = [text for name, text in _DANGERS.items() if getattr(told, name)]
    if told.transfer_fee_bps:
        dangers.append(f"every transfer costs {told.transfer_fee_bps / 100:g} %")
    return SafetyLine(
        source=told.source,
        age_s=max(0, now_s - told.observed_at),
        dangers=tuple(dangers),
        not_known=tuple(name for name in (*_DANGERS, _FEE) if getattr(told, name) is None),
        provider_score=told.provider_score,
        top10_holders_pct=told.top10_holders_pct,
        largest_holder_pct=told.largest_holder_pct,
        creator_share_pct=told.creator_share_pct,
        lp_locked_pct=told.lp_locked_pct,
        holders=told.holders,
        untrusted_warnings=told.untrusted_warnings,
    )
