"""List trades with what each was worth and what each sale realized, newest first.

Not responsible for following one result to its lots (`explaining`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from aura_mcp.services.cursors import read_cursor, write_cursor
from aura_mcp.services.gathering import rows_of
from aura_mcp.services.parties import Parties
from aura_mcp.services.questions import DEFAULT_LIMIT, MAX_LIMIT, TradeFilter
from aura_mcp.services.results import Money, Party, money, percent_of, to_moment_or_none, to_sol, whole
from aura_mcp.services.windows import Period, period
from data.clock import Clock
from data.store import Store
from data.store.identity import ROW_PREFIX
from engine.facts import Precision, Side
from engine.units import QUOTE_DECIMALS, QUOTE_SYMBOLS, Mint
from engine.wallets import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One leg of a trade. `signature` is None for a row whose source named none.

    `value` is what was paid or received, gross; `realized` is the net result of what a sale matched to known basis,
    None for purchases and where nothing was matched or a value is unknown.
    `matched_pct` is the share of the quantity sold whose basis is known, None for purchases.
    `is_exact` is False where the source had rounded the amounts.
    """

    at: datetime | None
    slot: int | None
    wallet: Party
    side: str
    tx_class: str
    mint: str
    amount: Decimal
    amount_raw: str
    quote_symbol: str | None
    quote_amount: Decimal | None
    value: Money
    fee_sol: Decimal | None
    realized: Money | None
    matched_pct: Decimal | None
    price_source: str | None
    price_age_s: int | None
    pool: str | None
    is_exact: bool
    is_order_certain: bool
    signature: str | None
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TradePage:
    """One page of trades, newest first; `next_cursor` is None on the last."""

    as_of: datetime
    since: datetime | None
    window: Window
    wallet: Party | None
    trades: tuple[Trade, ...]
    next_cursor: str | None


class _Key(NamedTuple):
    order_time: int
    slot: int
    index_in_block: int
    signature: str
    owner: str
    leg_no: int


class _Row(NamedTuple):
    order_time: int
    slot: int | None
    index_in_block: int | None
    signature: str
    owner: str
    leg_no: int
    entity: str
    block_time: int | None
    side: str
    tx_class: str
    mint: str
    amount_raw: int
    decimals: int
    quote_mint: Mint | None
    quote_raw: int | None
    value_lamports: int | None
    value_usd_micro: int | None
    fee_lamports: int
    price_source: str | None
    price_age_s: int | None
    pool: str | None
    precision: str
    order_uncertain: bool
    matched_quantity: int | None
    net_lamports: int | None
    net_usd_micro: int | None

    @property
    def key(self) -> _Key:
        return _Key(
            self.order_time,
            -1 if self.slot is None else self.slot,
            -1 if self.index_in_block is None else self.index_in_block,
            self.signature,
            self.owner,
            self.leg_no,
        )


class Trades:
    """The trades of the database."""

    def __init__(self, store: Store, parties: Parties, clock: Clock) -> None:
        self._store = store
        self._parties = parties
        self._clock = clock

    def page(self, wanted: TradeFilter, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> TradePage:
        """Return the newest trades that are wanted, or those after the page that ended at `cursor`.

        Raises:
            NotFoundError: no such wallet.
            CursorError: the cursor belongs to another question.
        """
        size = min(limit, MAX_LIMIT)
        when = period(wanted.window, wanted.as_of, self._clock)
        wallet = None if wanted.wallet is None else self._parties.find(wanted.wallet)
        after = None if cursor is None else read_cursor(wanted, cursor, _Key)
        rows = self._gather(wanted, when, wallet, after, size + 1)
        shown, has_more = rows[:size], len(rows) > size
        names = self._parties.named({row.entity for row in shown})
        return TradePage(
            as_of=when.as_of,
            since=when.since,
            window=when.window,
            wallet=wallet,
            trades=tuple(_trade(row, names) for row in shown),
            next_cursor=write_cursor(wanted, shown[-1].key) if has_more else None,
        )

    def _gather(
        self, wanted: TradeFilter, when: Period, wallet: Party | None, after: _Key | None, count: int
    ) -> Sequence[_Row]:
        values: dict[str, object] = {
            "as_of": when.as_of_s,
            "since": when.since_s,
            "entity": None if wallet is None else wallet.address,
            "mint": wanted.mint,
            "side": wanted.side,
            "count": count,
        }
        key = after or (None,) * len(_Key._fields)
        values |= {f"k{place}": part for place, part in enumerate(key)}
        return rows_of(self._store, _Row, _PAGE, values)


_PAGE: Final = """
WITH page AS (
    SELECT
        *,
        signature || '#' || leg_no || CASE WHEN owner = entity THEN '' ELSE '@' || owner END AS ref,
        (order_time, coalesce(slot, -1), coalesce(index_in_block, -1), signature, owner, leg_no) AS place
    FROM trade
    WHERE class IN ('BUY', 'SELL', 'SWAP') AND order_time <= $as_of
        AND ($since::BIGINT IS NULL OR order_time > $since)
        AND ($entity::VARCHAR IS NULL OR entity = $entity)
        AND ($mint::VARCHAR IS NULL OR mint = $mint)
        AND ($side::VARCHAR IS NULL OR side = $side)
        AND ($k0::BIGINT IS NULL OR place < ($k0::BIGINT, $k1::BIGINT, $k2::BIGINT, $k3, $k4, $k5::INTEGER))
    ORDER BY place DESC
    LIMIT $count
),
matched AS (
    SELECT
        r.entity, r.mint, r.disposed_ref,
        count(*) FILTER (r.basis = 'known') AS parts,
        sum(r.quantity) FILTER (r.basis = 'known') AS quantity,
        CASE WHEN parts = count(r.net_lamports) THEN sum(r.net_lamports) END AS net_lamports,
        CASE WHEN parts = count(r.net_usd_micro) THEN sum(r.net_usd_micro) END AS net_usd_micro
    FROM realized_pnl AS r
    SEMI JOIN page AS p ON p.entity = r.entity AND p.mint = r.mint AND p.ref = r.disposed_ref
    GROUP BY r.entity, r.mint, r.disposed_ref
)
SELECT
    p.order_time, p.slot, p.index_in_block, p.signature, p.owner, p.leg_no, p.entity, p.block_time, p.side, p.class,
    p.mint, p.amount_raw, p.decimals, p.quote_mint, p.quote_raw, p.value_lamports, p.value_usd_micro, p.fee_lamports,
    p.price_source, p.price_age_s, p.pool, p.precision, p.order_uncertain,
    m.quantity, m.net_lamports, m.net_usd_micro
FROM page AS p
LEFT JOIN matched AS m ON m.entity = p.entity AND m.mint = p.mint AND m.disposed_ref = p.ref
ORDER BY p.place DESC
"""


def _trade(row: _Row, names: dict[str, Party]) -> Trade:
    is_sale = row.side == Side.SELL
    has_net = row.net_lamports is not None or row.net_usd_micro is not None
    owner = "" if row.owner == row.entity else f"@{row.owner}"
    return Trade(
        at=to_moment_or_none(row.block_time),
        slot=row.slot,
        wallet=names[row.entity],
        side=row.side,
        tx_class=row.tx_class,
        mint=row.mint,
        amount=whole(row.amount_raw, row.decimals),
        amount_raw=str(row.amount_raw),
        quote_symbol=None if row.quote_mint is None else QUOTE_SYMBOLS[row.quote_mint],
        quote_amount=_quote_amount(row),
        value=money(row.value_lamports, row.value_usd_micro),
        fee_sol=to_sol(row.fee_lamports) if row.precision == Precision.EXACT else None,
        realized=money(row.net_lamports, row.net_usd_micro) if is_sale and has_net else None,
        matched_pct=percent_of(row.matched_quantity or 0, row.amount_raw) if is_sale else None,
        price_source=row.price_source,
        price_age_s=row.price_age_s,
        pool=row.pool,
        is_exact=row.precision == Precision.EXACT,
        is_order_certain=not row.order_uncertain,
        signature=None if row.signature.startswith(ROW_PREFIX) else row.signature,
        ref=f"{row.signature}#{row.leg_no}{owner}",
    )


def _quote_amount(row: _Row) -> Decimal | None:
    if row.quote_mint is None or row.quote_raw is None:
        return None
    return whole(row.quote_raw, QUOTE_DECIMALS[row.quote_mint])
