"""Boards and reports as `engine.wallets` computes them from every row of the ledger, for the fast ones to be held to.

All of it is read and nothing is kept; not responsible for pages or for being quick.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final, NamedTuple

from aura_mcp.app import Application
from aura_mcp.services.figures import figures_of, hold_figures, rounded, to_percent
from aura_mcp.services.gathering import rows_of
from aura_mcp.services.holdings import Holdings
from aura_mcp.services.leaderboard import Leaderboard, Standing
from aura_mcp.services.positions import positions_of, trips_of
from aura_mcp.services.questions import MAX_LIMIT, BoardQuestion, SortKey, WalletQuestion
from aura_mcp.services.results import Party, Unknown, money, to_moment_or_none
from aura_mcp.services.tracking import Completing, WalletCompleteness
from aura_mcp.services.windows import Period, period
from data.store import Store
from engine.ledger import Currency, Episode, Realization
from engine.units import Mint
from engine.wallets import (
    CurrencyStats,
    Evidence,
    OtherCosts,
    TokenHistory,
    WalletStats,
    record_of,
    wallet_score,
    wallet_stats,
)

_LAST_TRADES: Final = """
SELECT entity, mint, max(order_time) FROM ledger_leg
WHERE class IN ('BUY', 'SELL', 'SWAP') AND ($entity::VARCHAR IS NULL OR entity = $entity)
    AND order_time <= $as_of
GROUP BY entity, mint
"""
# Rent is locked less refunded; a price counts for one day, as in the view `trade`.
_COSTS: Final = """
WITH spent AS (
    SELECT
        coalesce(e.block_time, e.order_time) AS at,
        e.rent_lamports + e.other_rent_lamports
            + CASE WHEN e.class = 'FAILED' THEN e.base_fee_lamports + e.priority_fee_lamports + e.tip_lamports
                ELSE 0 END AS lamports
    FROM ledger_effect AS e
    LEFT JOIN entity_member AS m ON m.wallet = e.owner
    WHERE coalesce(m.entity, e.owner) = $entity
        AND e.order_time <= $as_of AND ($since::BIGINT IS NULL OR e.order_time > $since)
)
SELECT
    count(*),
    sum(s.lamports)::BIGINT,
    CASE WHEN count(*) FILTER (s.lamports <> 0 AND (p.price_e12 IS NULL OR s.at - p.completed_at > 86400)) = 0
        THEN sum(sign(s.lamports) * lamports_to_usd_micro(abs(s.lamports), p.price_e12))::BIGINT END
FROM spent AS s
ASOF LEFT JOIN sol_price AS p ON s.at >= p.completed_at
"""


NO_COSTS: Final = OtherCosts(None, None)


@dataclass(slots=True)
class _Token:
    episodes: list[Episode] = field(default_factory=list[Episode])
    realizations: list[Realization] = field(default_factory=list[Realization])
    last_trade_at: int | None = None


class _LastTrade(NamedTuple):
    entity: str
    mint: Mint
    last_trade_at: int


class _CostRow(NamedTuple):
    effects: int
    lamports: int | None
    usd_micro: int | None


def gather_histories(store: Store, as_of_s: int, entity: str | None = None) -> Mapping[str, Sequence[TokenHistory]]:
    """Return the histories of every token of one entity, or of all, by entity."""
    tokens: defaultdict[str, defaultdict[Mint, _Token]] = defaultdict(lambda: defaultdict(_Token))
    for owner, mint, episode in store.positions.episodes(entity):
        tokens[owner][Mint(mint)].episodes.append(episode)
    for owner, mint, realization in store.positions.realizations(entity):
        tokens[owner][Mint(mint)].realizations.append(realization)
    for owner, mint, at in rows_of(store, _LastTrade, _LAST_TRADES, {"entity": entity, "as_of": as_of_s}):
        tokens[owner][mint].last_trade_at = at
    return {
        owner: tuple(
            TokenHistory(mint, token.episodes, token.realizations, token.last_trade_at)
            for mint, token in of_owner.items()
        )
        for owner, of_owner in tokens.items()
    }


def gather_costs(store: Store, entity: str, when: Period) -> OtherCosts:
    """Return the fees of failed transactions and the rent still locked, of the transactions that are known in full."""
    named = {"entity": entity, "since": when.since_s, "as_of": when.as_of_s}
    (row,) = rows_of(store, _CostRow, _COSTS, named)
    return OtherCosts(row.lamports, row.usd_micro) if row.effects else NO_COSTS


def plain_board(application: Application, question: BoardQuestion) -> Leaderboard:
    """Return the longest page there is, without a cursor."""
    when = period(question.window, question.as_of, application.clock)
    candidates = _judge(gather_histories(application.store, when.as_of_s), question, when)
    ranked = _sorted([c for c in candidates if c.unranked_reason is None], question.by)
    others = _sorted([c for c in candidates if c.unranked_reason is not None], question.by)
    lines = [c for c in (*ranked, *others) if c.figures.rates.total_trades >= question.min_trades][:MAX_LIMIT]
    names = application.parties.named([c.entity for c in lines])
    places = {c.entity: place for place, c in enumerate(ranked, start=1)}
    histories = Completing(application.store).of_entities(names)
    return Leaderboard(
        as_of=when.as_of,
        since=when.since,
        window=question.window,
        by=question.by,
        currency=question.currency,
        standings=tuple(_standing(c, places.get(c.entity), names[c.entity], histories.get(c.entity)) for c in lines),
        wallets=len(candidates),
        ranked=len(ranked),
        low_coverage=sum(bool(c.figures.rates.n) for c in others),
        unrated=sum(not c.figures.rates.n for c in others),
        unpriced=sum(not c.figures.rates.n and c.is_rated_otherwise for c in others),
        next_cursor=None,
    )


def plain_report(application: Application, question: WalletQuestion, limit: int) -> dict[str, Any]:
    """Return the parts of a report on a wallet that is stored, by name."""
    store, entity = application.store, question.wallet
    when = period(question.window, question.as_of, application.clock)
    histories = gather_histories(store, when.as_of_s, entity).get(entity, ())
    decimals = dict(store.database.rows("SELECT mint, max(decimals) FROM leg GROUP BY mint"))
    states = store.positions.states(entity)
    held = Holdings(store).held(states, decimals, when.as_of_s)
    costs = gather_costs(store, entity, when)
    record = record_of(histories)
    stats = wallet_stats(record, window=question.window, as_of=when.as_of_s, positions=held.known, costs=costs)
    score = wallet_score(record, as_of=when.as_of_s, evidence=Evidence(), currency=question.currency)
    positions = positions_of(states, decimals, held, len(held.worths))
    bounds = {"entity": entity, "since": when.since_s, "as_of": when.as_of_s}
    (gaps,) = rows_of(store, _Gaps, _GAPS, bounds)
    trips = sum(len(history.episodes) for history in histories)
    return {
        "as_of": when.as_of,
        "since": when.since,
        "wallet": application.parties.named([entity])[entity],
        "is_active": stats.is_active,
        "last_trade_at": to_moment_or_none(stats.last_trade_at),
        "usd": figures_of(stats.usd, stats.usd.rates.open_unmarked, gaps.rounded_trades),
        "sol": figures_of(stats.sol, stats.sol.rates.open_unmarked, gaps.rounded_trades),
        "hold": hold_figures(stats.hold),
        "trips_total": trips,
        "trips": trips_of(histories, question.currency, trips)[:limit],
        "positions_total": len(positions),
        "positions": positions[:limit],
        "holdings": held.total,
        "unknown": _unknown(gaps, held.total.unvalued),
        "score": (rounded(score.score), score.reasons, {name: round(p, 4) for name, p in score.parts.items()}),
    }


class _Candidate(NamedTuple):
    """A wallet with its figures in the board's currency."""

    entity: str
    stats: WalletStats
    figures: CurrencyStats

    @property
    def is_rated_otherwise(self) -> bool:
        """Tell whether the other currency has results, so that only prices are missing."""
        return bool(self.stats.usd.rates.n or self.stats.sol.rates.n)

    @property
    def unranked_reason(self) -> str | None:
        coverage = self.figures.realized.basis_coverage
        if not self.figures.rates.n:
            return "no closed episode won or lost"
        if coverage is None:
            return "no sale has known proceeds"
        return None if self.figures.is_ranked else f"the cost of only {100 * coverage:.1f} % of its proceeds is known"


def _judge(histories: Mapping[str, Sequence[TokenHistory]], question: BoardQuestion, when: Period) -> list[_Candidate]:
    """Return every wallet that disposed of something in the window."""
    candidates: list[_Candidate] = []
    for entity, of_entity in histories.items():
        if any(when.contains(row.disposed_at) for history in of_entity for row in history.realizations):
            stats = wallet_stats(record_of(of_entity), window=question.window, as_of=when.as_of_s)
            figures = stats.usd if question.currency is Currency.USD else stats.sol
            candidates.append(_Candidate(entity, stats, figures))
    return candidates


def _sorted(candidates: list[_Candidate], by: SortKey) -> list[_Candidate]:
    """Return the largest first, what has no value last; ties go to more evidence, then to the higher net."""

    def key(candidate: _Candidate) -> tuple[float, int, int, str]:
        value = _value(candidate.figures, by)
        rates, realized = candidate.figures.rates, candidate.figures.realized
        return (inf if value is None else -value, -rates.n, -(realized.net or 0), candidate.entity)

    return sorted(candidates, key=key)


def _value(figures: CurrencyStats, by: SortKey) -> float | None:
    values: dict[SortKey, float | None] = {
        SortKey.LB95: figures.rates.win_rate_lb95,
        SortKey.WIN_RATE: figures.rates.win_rate,
        SortKey.PNL: figures.realized.net,
        SortKey.ROI: figures.closed.roi_closed,
        SortKey.TRADES: figures.rates.total_trades,
        SortKey.COVERAGE: figures.realized.basis_coverage,
    }
    return values[by]


def _standing(candidate: _Candidate, place: int | None, wallet: Party, history: WalletCompleteness | None) -> Standing:
    sol, usd, figures = candidate.stats.sol, candidate.stats.usd, candidate.figures
    rates = figures.rates
    return Standing(
        rank=place,
        unranked_reason=candidate.unranked_reason,
        wallet=wallet,
        total_trades=rates.total_trades,
        n=rates.n,
        wins=rates.wins,
        losses=rates.losses,
        break_evens=rates.break_evens,
        win_rate=rounded(rates.win_rate),
        win_rate_lb95=rounded(rates.win_rate_lb95),
        net=money(sol.realized.net, usd.realized.net),
        unmatched_proceeds=money(sol.realized.unmatched_proceeds, usd.realized.unmatched_proceeds),
        roi_closed_pct=to_percent(figures.closed.roi_closed),
        basis_coverage_pct=to_percent(figures.realized.basis_coverage),
        is_lotto=figures.closed.is_lotto,
        last_trade_at=to_moment_or_none(candidate.stats.last_trade_at),
        history=history,
    )


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
