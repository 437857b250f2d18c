"""Say what is held and what it is worth at a moment, from what was observed of markets (DOMAIN §3, Unrealized).

Nothing is asked of providers here: `prices` keeps what they told. Not responsible for showing lots (`positions`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

from aura_mcp.services.gathering import rows_of
from aura_mcp.services.results import Money, add_up, money
from data.store import Store
from data.store.market import MarketStore
from engine.ledger import Lot, Value, price_e12
from engine.market import Holding, Market, Unrealized, unrealized
from engine.units import WSOL, Mint
from engine.wallets import OpenPosition, PositionState

# What was traded earlier is stale at best, and does not end a silence that was observed since.
_RECENT_S: Final = 2 * 86_400
_TRADED: Final = """
SELECT mint, max(order_time) FROM leg
WHERE order_time BETWEEN $as_of - 2 * 86400 AND $as_of
    AND mint IN (SELECT unnest($mints)) AND class IN ('BUY', 'SELL', 'SWAP')
GROUP BY mint
"""

_Amounts = tuple[int | None, int | None]
"""Lamports and micro-USD, as a `Value` or as their difference; None is unknown."""

_NOTHING: Final[_Amounts] = (None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a holding is worth at the moment of the answer.

    `mark` is quantity × last price, `executable` what selling everything returns, `via` which pool or quote.
    `state` is live, quiet, stale or dead; a dead holding counts 0, `dead_reason` says why it is.
    None is unknown; `missing` says why.
    """

    state: PositionState | None
    dead_reason: str | None
    mark: Money
    executable: Money
    price_usd: Decimal | None
    price_source: str | None
    price_age_s: int | None
    liquidity_usd: Decimal | None
    via: str | None
    executable_age_s: int | None
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingsTotal:
    """What all holdings of a wallet are worth.

    Sums leave out holdings of unknown value: `unvalued` counts those that selling might turn into something nobody
    knows, `unmarked` those without a price. `executable` counts dead ones as 0. `unrealized` is executable less cost,
    of what was bought at a known cost; `uncosted` counts the holdings that are not in it. A sum of nothing is None.
    """

    positions: int
    dead: int
    unmarked: int
    unvalued: int
    uncosted: int
    mark: Money
    executable: Money
    unrealized: Money


class HasLots(Protocol):
    """What is held of a mint: the state of a fold, or what a history tells of it."""

    @property
    def known(self) -> Sequence[Lot]:
        """Return the lots of known basis."""
        ...

    @property
    def unknown(self) -> Sequence[Lot]:
        """Return the lots of unknown basis."""
        ...

    @property
    def parked(self) -> Sequence[Lot]:
        """Return the lots in a pool or a lending market."""
        ...

    @property
    def gaps(self) -> int:
        """Return how often balances changed in transactions that are not stored."""
        ...


class _Traded(NamedTuple):
    mint: str
    traded_at: int


class Held(NamedTuple):
    """What a wallet holds: the worth of each mint, the parts of known cost, and all of it together."""

    worths: Mapping[Mint, Unrealized]
    known: Sequence[OpenPosition]
    total: HoldingsTotal


class _Stake(NamedTuple):
    """How much is held of a mint, how much of it at a known cost, and that cost with its fees, None is unknown."""

    quantity: int
    known_quantity: int
    cost_lamports: int | None
    cost_usd_micro: int | None


class Holdings:
    """What holdings are worth."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._market = MarketStore(store.database)

    def held(
        self,
        states: Mapping[str, HasLots],
        decimals: Mapping[str, int],
        as_of: int,
        last_traded: Mapping[str, int] | None = None,
        *,
        frozen: Collection[str] = (),
    ) -> Held:
        """Return what every holding that is not empty is worth at `as_of` (epoch seconds).

        `last_traded` says when each mint was traded last of all; None: it is looked up. Of `frozen` mints an account
        was seen that cannot move what it holds: they are dead.
        """
        stakes = {Mint(mint): stake for mint, state in states.items() if (stake := _stake(state)).quantity}
        markets = self.markets(stakes, as_of, last_traded)
        worths = {
            mint: unrealized(
                Holding(mint, stake.quantity, decimals.get(mint, 0), is_frozen=mint in frozen or None),
                markets[mint],
                as_of=as_of,
            )
            for mint, stake in stakes.items()
        }
        known = _open_positions(stakes, worths)
        return Held(worths, known, _total(list(worths.values()), known))

    def markets(
        self, mints: Iterable[Mint], as_of: int, last_traded: Mapping[str, int] | None = None
    ) -> dict[Mint, Market]:
        """Return what was known of the market of each mint at `as_of`."""
        wanted = list(mints)
        if not wanted:
            return {}
        observed = self._market.observed([*wanted, WSOL], as_of)
        traded = self._traded(wanted, as_of, last_traded)
        sol = observed[WSOL].price if WSOL in observed else None
        sol_price_e12 = None if sol is None else price_e12(sol.price_usd)
        return {
            mint: Market(
                price=known.price if (known := observed.get(mint)) else None,
                pools=known.pools if known else (),
                quote=known.quote if known else None,
                traded_at=traded.get(mint),
                sol_price_e12=sol_price_e12,
            )
            for mint in wanted
        }

    def _traded(self, mints: Sequence[str], as_of: int, last_traded: Mapping[str, int] | None) -> dict[str, int]:
        """Return when each mint was traded last before `as_of`, if that was recently."""
        if last_traded is None:
            known, others = {}, mints
        else:
            known = {mint: last_traded[mint] for mint in mints if mint in last_traded}
            others = [mint for mint, at in known.items() if at > as_of]
        found = rows_of(self._store, _Traded, _TRADED, {"mints": others, "as_of": as_of}) if others else ()
        return {mint: at for mint, at in known.items() if as_of - _RECENT_S <= at <= as_of} | dict(found)


def lots_of(state: HasLots) -> list[Lot]:
    """Return the lots of which something is left, parked ones included."""
    return [lot for lot in (*state.known, *state.unknown, *state.parked) if lot.left]


def worth_of(found: Unrealized) -> Worth:
    """Return what a holding is worth in whole units."""
    price = found.price
    return Worth(
        state=found.state,
        dead_reason=found.dead_reason,
        mark=money(*found.mark),
        executable=money(*found.executable),
        price_usd=None if price is None else price.price_usd,
        price_source=None if price is None else price.source,
        price_age_s=found.price_age_s,
        liquidity_usd=found.liquidity_usd,
        via=found.via,
        executable_age_s=found.executable_age_s,
        missing=dict(found.missing),
    )


def _stake(state: HasLots) -> _Stake:
    quantity = known_quantity = 0
    lamports: int | None = 0
    usd_micro: int | None = 0
    for lot in lots_of(state):
        quantity += lot.left
        if lot.is_known:
            known_quantity += lot.left
            cost_lamports, cost_usd_micro, fee_lamports, fee_usd_micro = lot.rest
            lamports = add_up((lamports, cost_lamports, fee_lamports))
            usd_micro = add_up((usd_micro, cost_usd_micro, fee_usd_micro))
    return _Stake(quantity, known_quantity, lamports, usd_micro)


def _open_positions(stakes: Mapping[Mint, _Stake], worths: Mapping[Mint, Unrealized]) -> list[OpenPosition]:
    """Return the parts of holdings that have a known cost, each with its share of what selling everything returns."""
    return [
        OpenPosition(mint, worth.state, stake.cost_lamports, stake.cost_usd_micro, *_share(worth.counted, stake))
        for mint, worth in worths.items()
        if (stake := stakes[mint]).known_quantity
    ]


def _total(found: Sequence[Unrealized], positions: Sequence[OpenPosition]) -> HoldingsTotal:
    gains = [
        (
            _less(position.executable_lamports, position.cost_lamports),
            _less(position.executable_usd_micro, position.cost_usd_micro),
        )
        for position in positions
    ]
    return HoldingsTotal(
        positions=len(found),
        dead=sum(worth.state is PositionState.DEAD for worth in found),
        unmarked=sum(not _is_known(worth.mark) for worth in found),
        unvalued=sum(not _is_known(worth.counted) for worth in found),
        uncosted=len(found) - sum(_is_known(gain) for gain in gains),
        mark=_sum(worth.mark for worth in found),
        executable=_sum(worth.counted for worth in found),
        unrealized=_sum(gains),
    )


def _share(value: Value, stake: _Stake) -> Value:
    part, whole = stake.known_quantity, stake.quantity
    if part == whole:
        return value
    lamports, usd_micro = value
    return Value(
        None if lamports is None else lamports * part // whole,
        None if usd_micro is None else usd_micro * part // whole,
    )


def _less(value: int | None, cost: int | None) -> int | None:
    return None if value is None or cost is None else value - cost


def _is_known(value: _Amounts) -> bool:
    return value != _NOTHING


def _sum(values: Iterable[_Amounts]) -> Money:
    """Return the sum of what is known in each currency, None of nothing."""
    found = list(values)
    lamports = [known for known, _ in found if known is not None]
    micros = [known for _, known in found if known is not None]
    return money(sum(lamports) if lamports else None, sum(micros) if micros else None)
