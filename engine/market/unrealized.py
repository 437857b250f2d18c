"""Say what a holding is worth: its mark, what selling everything returns, and whether its market is alive (DOMAIN §3).

All of it is a view at `as_of`, never stored. Amounts are integers in lamports and micro-USD; what is unknown is None
with the reason in `missing`. Not responsible for finding prices, pools and quotes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

from engine.ledger.config import BPS
from engine.ledger.valuation import Value, divide_half_even, value_of
from engine.market.executable import Sale, deepest_pool, sell_by_quote, sell_into
from engine.market.values import UNOBSERVED, Activity, Pool, SpotPrice, SwapQuote
from engine.units import MICRO_PER_USD, USDC, Mint
from engine.wallets.inputs import DAY_S, MINUTE_S, PositionState


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrealizedConfig:
    """When a market counts as live, stale or dead, and for how long what was observed may be used.

    `live_s`, `stale_s`, `dead_s`: seconds since the last trade. `dead_executable_bps`: share of the mark below which a
    holding cannot be sold in earnest. `dead_liquidity_usd`: liquidity below which nothing can. `max_age_s`: age from
    which prices, reserves and quotes say nothing about `as_of`, as for the price of a trade.
    """

    live_s: int = 15 * MINUTE_S
    stale_s: int = DAY_S
    dead_s: int = 7 * DAY_S
    dead_executable_bps: int = 100
    dead_liquidity_usd: Decimal = Decimal(100)
    max_age_s: int = DAY_S


DEFAULT_UNREALIZED: Final = UnrealizedConfig()

_NOTHING: Final = Value(None, None)
_ZERO: Final = Value(0, 0)


class Holding(NamedTuple):
    """How much is held of a mint, in base units; `is_frozen` where the token account's state is known."""

    mint: Mint
    quantity_raw: int
    decimals: int
    is_frozen: bool | None = None


class Market(NamedTuple):
    """What is known of one mint's market, and of SOL's price in USD × 10^12, at or before the moment of the question.

    `traded_at` is the last trade that is stored, by anybody.
    """

    price: SpotPrice | None = None
    pools: Sequence[Pool] = ()
    quote: SwapQuote | None = None
    traded_at: int | None = None
    sol_price_e12: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrealized:
    """What a holding is worth at `as_of`.

    `mark` is quantity × last price. `executable` is what selling everything returns, `via` where. `counted` is what
    totals add up: the executable value, 0 when dead. `dead_reason` says why a dead one is dead. `price_age_s` and
    `executable_age_s` are the ages of what was observed. `missing` names every value that is None and why.
    """

    state: PositionState | None
    dead_reason: str | None
    mark: Value
    executable: Value
    counted: Value
    price: SpotPrice | None
    price_age_s: int | None
    liquidity_usd: Decimal | None
    via: str | None
    executable_age_s: int | None
    missing: Mapping[str, str] = field(default_factory=dict[str, str])


_NO_PRICE: Final = "no price of the token is stored"
_NO_TRADE: Final = "no trade of the last day is known, and nobody observed that there was none"
_FROZEN: Final = "the token account is frozen"
_NO_WAY: Final = "no pool with known reserves where x·y = k holds, and no quote"


def unrealized(
    holding: Holding, market: Market, *, as_of: int, config: UnrealizedConfig = DEFAULT_UNREALIZED
) -> Unrealized:
    """Return what a holding is worth at `as_of` (epoch seconds).

    Worked: 1,000 tokens at $0.01 are marked $10; through a pool of 10,000 tokens and 100 USDC at 1 % they bring
    $9.008189.
    """
    if market.price is None and market.quote is None and not market.pools and holding.quantity_raw:
        # Most of what a busy wallet holds: nobody observed anything of it.
        dead_reason = _FROZEN if holding.is_frozen else None
        traded_at = market.traded_at
        if traded_at is not None and traded_at > as_of:
            traded_at = None
        return _unobserved(_state(dead_reason, traded_at, None, as_of, config), dead_reason)
    missing: dict[str, str] = {}
    price = _usable_price(market.price, as_of, config, missing)
    mark = _mark(holding, price, market.sol_price_e12)
    sale = _sale(holding, market, as_of, config, missing)
    executable = _NOTHING if sale is None else value_of(sale.quote_mint, sale.quote_raw, market.sol_price_e12)
    if holding.quantity_raw == 0:
        mark = executable = _ZERO
    liquidity = _liquidity(price, market.pools, as_of, config)
    activity = _activity(price, market, as_of)
    dead_reason = _dead_reason(holding, (mark, executable), liquidity, (activity, as_of), config)
    state = _state(dead_reason, activity.traded_at, activity.idle_since, as_of, config)
    if state is None:
        missing["state"] = _NO_TRADE
    _explain(missing, mark, executable)
    return Unrealized(
        state=state,
        dead_reason=dead_reason,
        mark=mark,
        executable=executable,
        counted=_ZERO if state is PositionState.DEAD else executable,
        price=price,
        price_age_s=None if price is None else as_of - price.observed_at,
        liquidity_usd=liquidity,
        via=None if sale is None else sale.via,
        executable_age_s=None if sale is None else as_of - sale.observed_at,
        missing=missing,
    )


@cache
def _unobserved(state: PositionState | None, dead_reason: str | None) -> Unrealized:
    missing = {"mark": _NO_PRICE, "executable": _NO_WAY, **({"state": _NO_TRADE} if state is None else {})}
    return Unrealized(
        state=state,
        dead_reason=dead_reason,
        mark=_NOTHING,
        executable=_NOTHING,
        counted=_ZERO if state is PositionState.DEAD else _NOTHING,
        price=None,
        price_age_s=None,
        liquidity_usd=None,
        via=None,
        executable_age_s=None,
        missing=MappingProxyType(missing),
    )


def merge_activity(found: Iterable[Activity]) -> Activity:
    """Return what several observations of one token tell together: a trade in any pool is a trade."""
    known = list(found)
    traded = [activity.traded_at for activity in known if activity.traded_at is not None]
    idle = [activity.idle_since for activity in known if activity.idle_since is not None]
    return Activity(
        traded_at=max(traded, default=None),
        idle_since=max(idle) if idle and len(idle) == len(known) else None,
    )


def mark_usd_micro(quantity_raw: int, decimals: int, price_usd: Decimal) -> int:
    """Return quantity × price in micro-USD, rounded half-even."""
    numerator, denominator = price_usd.as_integer_ratio()
    return divide_half_even(quantity_raw * numerator * MICRO_PER_USD, denominator * 10**decimals)


def _mark(holding: Holding, price: SpotPrice | None, sol_price_e12: int | None) -> Value:
    if price is None:
        return _NOTHING
    micro = mark_usd_micro(holding.quantity_raw, holding.decimals, price.price_usd)
    return value_of(USDC, micro, sol_price_e12)


def _usable_price(
    price: SpotPrice | None, as_of: int, config: UnrealizedConfig, missing: dict[str, str]
) -> SpotPrice | None:
    if price is None:
        missing["mark"] = _NO_PRICE
    elif not _is_current(price.observed_at, as_of, config):
        missing["mark"] = f"the last price is {as_of - price.observed_at} s old: more than a day"
    else:
        return price
    return None


def _sale(
    holding: Holding, market: Market, as_of: int, config: UnrealizedConfig, missing: dict[str, str]
) -> Sale | None:
    """Return the sale that was observed last."""
    if not market.pools and market.quote is None:
        missing["executable"] = _NO_WAY
        return None
    pool = deepest_pool(market.pools, holding.mint)
    through = None if pool is None else sell_into(pool, holding.quantity_raw, holding.decimals)
    quoted = None if market.quote is None else sell_by_quote(market.quote, holding.mint, holding.quantity_raw)
    sales = [sale for sale in (through, quoted) if sale is not None]
    current = [sale for sale in sales if _is_current(sale.observed_at, as_of, config)]
    if not current:
        missing["executable"] = "reserves and quotes that are stored are more than a day away" if sales else _NO_WAY
    return max(current, key=lambda sale: (sale.observed_at, sale.quote_raw), default=None)


def _is_current(observed_at: int, as_of: int, config: UnrealizedConfig) -> bool:
    return 0 <= as_of - observed_at <= config.max_age_s


def _liquidity(price: SpotPrice | None, pools: Sequence[Pool], as_of: int, config: UnrealizedConfig) -> Decimal | None:
    if not pools:
        return None if price is None else price.liquidity_usd
    known = [
        pool.liquidity_usd
        for pool in pools
        if pool.liquidity_usd is not None and _is_current(pool.observed_at, as_of, config)
    ]
    total = sum(known, Decimal(0)) if known else None
    named = None if price is None else price.liquidity_usd
    return max((value for value in (total, named) if value is not None), default=None)


def _activity(price: SpotPrice | None, market: Market, as_of: int) -> Activity:
    """Return what is known of trades: a stored one is a trade like any other, silence must have been observed."""
    observed = price.activity if price is not None else UNOBSERVED
    seen = [at for at in (observed.traded_at, market.traded_at) if at is not None and at <= as_of]
    last = max(seen, default=None)
    idle = observed.idle_since
    if idle is not None and last is not None and last > idle:
        idle = last
    return Activity(traded_at=last, idle_since=idle)


def _dead_reason(
    holding: Holding,
    values: tuple[Value, Value],
    liquidity: Decimal | None,
    trades: tuple[Activity, int],
    config: UnrealizedConfig,
) -> str | None:
    if holding.is_frozen:
        return _FROZEN
    if liquidity is not None and liquidity < config.dead_liquidity_usd:
        return f"liquidity is below ${config.dead_liquidity_usd}"
    if _is_unsaleable(*values, config):
        return "selling everything returns less than 1 % of the mark"
    activity, as_of = trades
    if activity.idle_since is not None and as_of - activity.idle_since > config.dead_s:
        return "no trade for 7 days"
    return None


def _is_unsaleable(mark: Value, executable: Value, config: UnrealizedConfig) -> bool:
    for marked, sold in ((mark.usd_micro, executable.usd_micro), (mark.lamports, executable.lamports)):
        if marked is not None and sold is not None:
            return sold * BPS < marked * config.dead_executable_bps
    return False


def _state(
    dead_reason: str | None, traded_at: int | None, idle_since: int | None, as_of: int, config: UnrealizedConfig
) -> PositionState | None:
    if dead_reason is not None:
        return PositionState.DEAD
    if traded_at is not None and as_of - traded_at < config.live_s:
        return PositionState.LIVE
    if traded_at is not None and as_of - traded_at <= config.stale_s:
        return PositionState.QUIET
    if idle_since is not None and as_of - idle_since >= config.stale_s:
        return PositionState.STALE
    return None


def _explain(missing: dict[str, str], mark: Value, executable: Value) -> None:
    """Name what is None, and forget reasons for what is known after all."""
    for name, value in (("mark", mark), ("executable", executable)):
        if value.usd_micro is None and value.lamports is None:
            missing.setdefault(name, "no price of SOL is stored")
        else:
            missing.pop(name, None)
            for unit, amount in (("usd", value.usd_micro), ("sol", value.lamports)):
                if amount is None:
                    missing[f"{name}_{unit}"] = "no price of SOL is stored"
