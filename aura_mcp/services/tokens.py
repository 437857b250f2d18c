"""Answer what is known of one token: price, flows, and who of the followed wallets holds or trades it.

Liquidity is told where a provider was asked for the token; risk is named as missing, never guessed.
Not responsible for flows over many tokens (`flows`).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from aura_mcp.errors import NotFoundError
from aura_mcp.services.flows import FlowQuestion, TokenFlow, TokenFlows, Whose
from aura_mcp.services.gathering import rows_of
from aura_mcp.services.holdings import Holdings
from aura_mcp.services.parties import Parties
from aura_mcp.services.results import Money, Party, Unknown, money, to_moment, to_moment_or_none, whole
from aura_mcp.services.scope import Span, last_fact_at, span_of, tracked_entities
from data.clock import Clock
from data.store import Store
from data.store.identity import ROW_PREFIX
from data.store.market import CANDLE_PREFIX
from engine.address import parse_address
from engine.market import Holding, Market, Pool, unrealized
from engine.units import QUOTE_MINTS, QUOTE_SYMBOLS, Mint
from engine.wallets import PositionState, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price of one whole token, where it comes from and how old it is at the moment of the answer."""

    price_usd: Decimal | None
    price_sol: Decimal | None
    source: str
    at: datetime
    age_s: int
    interval_s: int | None
    signature: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """What an entity has of the token and what it made of it; `net` is realized, of known cost."""

    wallet: Party
    is_tracked: bool
    quantity: Decimal
    known_basis: Decimal
    net: Money
    sales: int
    bought: Money
    last_trade_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLine:
    """One pool of the token as it was observed last; reserves are whole tokens."""

    address: str
    venue: str
    quote_symbol: str | None
    liquidity_usd: Decimal | None
    base_reserve: Decimal | None
    quote_reserve: Decimal | None
    source: str
    age_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReport:
    """Everything known of one token. `holders` of all kinds are counted, the list shows the first.

    `price` is what was observed last, else the close of the last candle. `state` is that of its market.
    What a token says of itself is text of strangers: only in `untrusted_*`.
    """

    span: Span
    last_fact_at: datetime | None
    mint: str
    decimals: int | None
    untrusted_name: str | None
    untrusted_symbol: str | None
    price: Price | None
    state: PositionState | None
    liquidity_usd: Decimal | None
    pools: tuple[PoolLine, ...]
    last_trade: Price | None
    first_trade_at: datetime | None
    flow_all: TokenFlow | None
    flow_tracked: TokenFlow | None
    entities_total: int
    tracked_total: int
    holding_total: int
    holders: tuple[Holder, ...]
    unknown: tuple[Unknown, ...]


class _Candle(NamedTuple):
    close_usd: Decimal
    source: str
    completed_at: int
    interval_s: int


class _LastTrade(NamedTuple):
    order_time: int
    amount_raw: int
    decimals: int
    value_lamports: int | None
    value_usd_micro: int | None
    signature: str


class _Facts(NamedTuple):
    trades: int
    decimals: int | None
    first_at: int | None
    last_at: int | None


class _HolderRow(NamedTuple):
    entity: str
    holding_raw: int
    known_raw: int
    net_lamports: int | None
    net_usd_micro: int | None
    sales: int
    spent_lamports: int | None
    spent_usd_micro: int | None
    last_order_time: int


_CANDLE: Final = """
SELECT close_usd, source, opened_at + interval_s AS completed_at, interval_s FROM candle
WHERE mint = $mint AND opened_at + interval_s <= $as_of
ORDER BY completed_at DESC, interval_s, source, pool LIMIT 1
"""
_FACTS: Final = """
SELECT count(*), max(decimals), min(order_time), max(order_time) FROM leg WHERE mint = $mint AND order_time <= $as_of
"""
_LAST_TRADE: Final = """
SELECT order_time, amount_raw, decimals, value_lamports, value_usd_micro, signature FROM trade
WHERE mint = $mint AND order_time BETWEEN $last - 86400 AND $last AND class IN ('BUY', 'SELL') AND value_lamports > 0
ORDER BY order_time DESC, slot DESC NULLS LAST, index_in_block DESC NULLS LAST, signature DESC, leg_no DESC LIMIT 1
"""
_HOLDERS: Final = """
WITH results AS (
    SELECT
        entity,
        CASE WHEN count(*) = count(net_lamports) THEN sum(net_lamports) END AS net_lamports,
        CASE WHEN count(*) = count(net_usd_micro) THEN sum(net_usd_micro) END AS net_usd_micro,
        count(DISTINCT disposed_ref) AS sales
    FROM realized_pnl
    WHERE mint = $mint AND basis = 'known' AND kind <> 'OUT'
    GROUP BY entity
),
spent AS (
    SELECT
        entity,
        CASE WHEN count(*) = count(spent_lamports) THEN sum(spent_lamports) END AS spent_lamports,
        CASE WHEN count(*) = count(spent_usd_micro) THEN sum(spent_usd_micro) END AS spent_usd_micro
    FROM episode
    WHERE mint = $mint
    GROUP BY entity
)
SELECT
    f.entity, f.holding_raw, f.known_raw, r.net_lamports, r.net_usd_micro, coalesce(r.sales, 0),
    s.spent_lamports, s.spent_usd_micro, f.last_order_time
FROM fold_state AS f
LEFT JOIN results AS r ON r.entity = f.entity
LEFT JOIN spent AS s ON s.entity = f.entity
WHERE f.mint = $mint
ORDER BY list_contains($tracked, f.entity) DESC, f.holding_raw DESC, f.entity
"""


class Tokens:
    """What is known of tokens."""

    def __init__(self, store: Store, parties: Parties, flows: TokenFlows, clock: Clock) -> None:
        self._store = store
        self._parties = parties
        self._flows = flows
        self._holdings = Holdings(store)
        self._clock = clock

    def report(self, mint: str, window: Window, *, limit: int) -> TokenReport:
        """Return what is known of a token; `limit` holders are named, followed ones first.

        Raises:
            AddressError: the mint is no address.
            NotFoundError: nothing about it is stored, or it is money here and no token.
        """
        address = parse_address(mint)
        if address in QUOTE_MINTS:
            raise NotFoundError(f"{address} is {QUOTE_SYMBOLS[Mint(address)]}: it pays for trades and is no position")
        span = span_of(self._clock, window)
        named = {"mint": address, "as_of": span.as_of_s}
        (facts,) = rows_of(self._store, _Facts, _FACTS, named)
        market = self._holdings.markets([Mint(address)], span.as_of_s)[Mint(address)]
        price = _observed_price(market, span) or self._candle(address, span)
        if not facts.trades and price is None:
            raise NotFoundError(
                f"nothing is known about the mint {address}; `search` finds tokens by symbol, name or start of the mint"
            )
        tracked = tracked_entities(self._store)
        rows = rows_of(self._store, _HolderRow, _HOLDERS, {"mint": address, "tracked": tracked})
        names = self._parties.named({row.entity for row in rows[:limit]})
        followed = frozenset(tracked)
        decimals = facts.decimals or 0
        seen = unrealized(Holding(Mint(address), 0, decimals), market, as_of=span.as_of_s)
        info = self._store.token_names.infos([address]).get(Mint(address))
        return TokenReport(
            span=span,
            last_fact_at=last_fact_at(self._store),
            mint=address,
            decimals=facts.decimals,
            untrusted_name=None if info is None else info.untrusted_name,
            untrusted_symbol=None if info is None else info.untrusted_symbol,
            price=price,
            state=seen.state,
            liquidity_usd=seen.liquidity_usd,
            pools=tuple(_pool_line(pool, span) for pool in market.pools if pool.observed_at <= span.as_of_s),
            last_trade=self._last_trade(address, facts, span),
            first_trade_at=to_moment_or_none(facts.first_at),
            flow_all=self._flow(address, window, Whose.ALL),
            flow_tracked=self._flow(address, window, Whose.TRACKED),
            entities_total=len(rows),
            tracked_total=sum(row.entity in followed for row in rows),
            holding_total=sum(row.holding_raw > 0 for row in rows),
            holders=tuple(
                _holder(row, names[row.entity], decimals, is_tracked=row.entity in followed) for row in rows[:limit]
            ),
            unknown=_unknown(price, seen.liquidity_usd),
        )

    def _candle(self, mint: str, span: Span) -> Price | None:
        rows = rows_of(self._store, _Candle, _CANDLE, {"mint": mint, "as_of": span.as_of_s})
        if not rows:
            return None
        candle = rows[0]
        return Price(
            price_usd=candle.close_usd,
            price_sol=None,
            source=f"{CANDLE_PREFIX}{candle.source}",
            at=to_moment(candle.completed_at),
            age_s=span.as_of_s - candle.completed_at,
            interval_s=candle.interval_s,
            signature=None,
        )

    def _last_trade(self, mint: str, facts: _Facts, span: Span) -> Price | None:
        if facts.last_at is None:
            return None
        rows = rows_of(self._store, _LastTrade, _LAST_TRADE, {"mint": mint, "last": facts.last_at})
        if not rows:
            return None
        trade = rows[0]
        return Price(
            price_usd=_each(trade.value_usd_micro, 6, trade),
            price_sol=_each(trade.value_lamports, 9, trade),
            source="trade",
            at=to_moment(trade.order_time),
            age_s=span.as_of_s - trade.order_time,
            interval_s=None,
            signature=None if trade.signature.startswith(ROW_PREFIX) else trade.signature,
        )

    def _flow(self, mint: str, window: Window, whose: Whose) -> TokenFlow | None:
        question = FlowQuestion(window=window, whose=whose, mint=mint, min_entities=0)
        flows = self._flows.page(question, limit=1, each=0).flows
        return flows[0] if flows else None


def _each(value: int | None, digits: int, trade: _LastTrade) -> Decimal | None:
    """Return the price of one whole token to 12 significant digits."""
    if value is None or not trade.amount_raw:
        return None
    price = whole(value, digits) / whole(trade.amount_raw, trade.decimals)
    return Decimal(f"{price:.12g}")


def _holder(row: _HolderRow, wallet: Party, decimals: int, *, is_tracked: bool) -> Holder:
    return Holder(
        wallet=wallet,
        is_tracked=is_tracked,
        quantity=whole(row.holding_raw, decimals),
        known_basis=whole(row.known_raw, decimals),
        net=money(row.net_lamports, row.net_usd_micro),
        sales=row.sales,
        bought=money(row.spent_lamports, row.spent_usd_micro),
        last_trade_at=to_moment(row.last_order_time),
    )


def _observed_price(market: Market, span: Span) -> Price | None:
    """Return a price that a provider told; a candle is read with its interval."""
    price = market.price
    if price is None or price.source.startswith(CANDLE_PREFIX):
        return None
    return Price(
        price_usd=price.price_usd,
        price_sol=None,
        source=price.source,
        at=to_moment(price.observed_at),
        age_s=span.as_of_s - price.observed_at,
        interval_s=None,
        signature=None,
    )


def _pool_line(pool: Pool, span: Span) -> PoolLine:
    return PoolLine(
        address=pool.address,
        venue=pool.venue,
        quote_symbol=QUOTE_SYMBOLS.get(pool.quote_mint),
        liquidity_usd=pool.liquidity_usd,
        base_reserve=pool.base_reserve,
        quote_reserve=pool.quote_reserve,
        source=pool.source,
        age_s=span.as_of_s - pool.observed_at,
    )


def _unknown(price: Price | None, liquidity_usd: Decimal | None) -> tuple[Unknown, ...]:
    found = [Unknown(code="risk", count=1, reason="no risk is computed yet: unknown is not safe")]
    if liquidity_usd is None:
        reason = "no pool of the last day is stored"
        found.insert(0, Unknown(code="liquidity", count=1, reason=reason))
    if price is None:
        found.append(Unknown(code="price_usd", count=1, reason="no price and no candle of this token is stored"))
    return tuple(found)
