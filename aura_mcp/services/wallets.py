"""Answer what is known of one wallet, and what is not.

Not responsible for the figures (`engine.wallets`) or for comparing wallets (`leaderboard`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from aura_mcp.errors import NotFoundError
from aura_mcp.services.figures import Figures, HoldFigures, figures_of, hold_figures, rounded
from aura_mcp.services.gathering import rows_of
from aura_mcp.services.histories import NO_COSTS, gather_costs, gather_histories
from aura_mcp.services.holdings import Holdings, HoldingsTotal
from aura_mcp.services.parties import Parties
from aura_mcp.services.positions import Position, Trip, decimals_of, positions_of, trips_of
from aura_mcp.services.questions import MAX_LIMIT, TradeFilter, WalletQuestion
from aura_mcp.services.results import Party, Unknown, to_moment_or_none
from aura_mcp.services.trades import Trade, Trades
from aura_mcp.services.windows import Period, period
from data.clock import Clock
from data.store import Store
from engine.wallets import Evidence, WalletScore, Window, wallet_score, wallet_stats

RECENT_TRADES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """0 to 100, or None with the reasons; `missing` are the parts and checks that nobody has measured."""

    value: float | None
    reasons: tuple[str, ...]
    parts: Mapping[str, float]
    missing: tuple[str, ...]
    is_former: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletReport:
    """Everything known of one wallet: figures of a window in both currencies, round trips, holdings, last trades.

    `trips_total` and `positions_total` count all, the lists show the first of them.
    `unknown` says what is in no figure, how often, and why.
    """

    as_of: datetime
    since: datetime | None
    window: Window
    wallet: Party
    is_active: bool
    last_trade_at: datetime | None
    usd: Figures
    sol: Figures
    hold: HoldFigures
    score: Score
    trips_total: int
    trips: tuple[Trip, ...]
    positions_total: int
    positions: tuple[Position, ...]
    holdings: HoldingsTotal
    last_trades: tuple[Trade, ...]
    unknown: tuple[Unknown, ...]


class _Gaps(NamedTuple):
    rounded_trades: int
    unpriced_trades: int
    unvalued_trades: int
    uncertain_order: int
    gaps: int
    openings: int
    unmatched: int


_GAPS: Final = """
SELECT
    count(*) FILTER (precision = 'rounded'),
    count(*) FILTER (quote_raw IS NOT NULL AND value_usd_micro IS NULL),
    count(*) FILTER (quote_raw IS NULL),
    count(*) FILTER (order_uncertain),
    (SELECT coalesce(sum(gaps), 0)::BIGINT FROM fold_state WHERE entity = $entity),
    (SELECT count(*) FROM finding WHERE entity = $entity AND code = 'opening_balance'),
    (SELECT count(DISTINCT disposed_ref) FROM realization
        WHERE entity = $entity AND basis = 'unknown' AND kind = 'SELL'
            AND disposed_at <= $as_of AND ($since::BIGINT IS NULL OR disposed_at > $since))
FROM trade
WHERE entity = $entity AND class IN ('BUY', 'SELL', 'SWAP')
    AND order_time <= $as_of AND ($since::BIGINT IS NULL OR order_time > $since)
"""


class Wallets:
    """What wallets did."""

    def __init__(self, store: Store, parties: Parties, trades: Trades, clock: Clock) -> None:
        self._store = store
        self._parties = parties
        self._trades = trades
        self._holdings = Holdings(store)
        self._clock = clock

    def report(self, question: WalletQuestion, *, limit: int = RECENT_TRADES) -> WalletReport:
        """Return what is known of a wallet; lists hold at most `limit` entries.

        Raises:
            NotFoundError: nothing about the wallet is stored.
        """
        party = self._parties.find(question.wallet)
        when = period(question.window, question.as_of, self._clock)
        size = min(limit, MAX_LIMIT)
        histories = gather_histories(self._store, party.address).get(party.address, ())
        states = self._store.positions.states(party.address)
        costs = gather_costs(self._store, party.address, when)
        if not states and costs == NO_COSTS:
            raise NotFoundError(f"no transaction of {party.address} is stored; `aura import` some first")
        decimals = decimals_of(self._store, states)
        held = self._holdings.held(states, decimals, when.as_of_s)
        stats = wallet_stats(histories, window=question.window, as_of=when.as_of_s, positions=held.known, costs=costs)
        score = wallet_score(histories, as_of=when.as_of_s, evidence=Evidence(), currency=question.currency)
        positions = positions_of(states, decimals, held.worths)
        trips = trips_of(histories, question.currency)
        recent = TradeFilter(wallet=party.address, window=question.window, as_of=when.as_of)
        gaps = self._gaps(party.address, when)
        usd, sol = (figures_of(f, f.rates.open_unmarked, gaps.rounded_trades) for f in (stats.usd, stats.sol))
        return WalletReport(
            as_of=when.as_of,
            since=when.since,
            window=question.window,
            wallet=party,
            is_active=stats.is_active,
            last_trade_at=to_moment_or_none(stats.last_trade_at),
            usd=usd,
            sol=sol,
            hold=hold_figures(stats.hold),
            score=_score(score),
            trips_total=len(trips),
            trips=trips[:size],
            positions_total=len(positions),
            positions=positions[:size],
            last_trades=self._trades.page(recent, limit=size).trades,
            holdings=held.total,
            unknown=_unknown(gaps, held.total.unvalued),
        )

    def _gaps(self, entity: str, when: Period) -> _Gaps:
        (gaps,) = rows_of(self._store, _Gaps, _GAPS, {"entity": entity, "since": when.since_s, "as_of": when.as_of_s})
        return gaps


def _unknown(gaps: _Gaps, positions: int) -> tuple[Unknown, ...]:
    found = (
        ("unmatched_sales", gaps.unmatched, "sales of tokens whose cost is unknown: outside of P&L"),
        ("unvalued_trades", gaps.unvalued_trades, "trades whose price paid or received is unknown"),
        ("unpriced_trades", gaps.unpriced_trades, "trades without a SOL/USD price of their hour: no USD figures"),
        ("rounded_trades", gaps.rounded_trades, "trades whose source rounded amounts and left out network fees"),
        ("uncertain_order", gaps.uncertain_order, "trades whose place inside their second or block is unknown"),
        ("gaps", gaps.gaps, "balances that changed in transactions that are not stored"),
        ("opening_balances", gaps.openings, "tokens that were there before the first transaction stored"),
        ("open_positions", positions, "positions whose value of today is unknown: in no total"),
    )
    return tuple(Unknown(code=code, count=count, reason=reason) for code, count, reason in found if count)


def _score(score: WalletScore) -> Score:
    return Score(
        value=rounded(score.score),
        reasons=score.reasons,
        parts={name: round(part, 4) for name, part in score.parts.items()},
        missing=score.missing,
        is_former=score.is_former,
    )
