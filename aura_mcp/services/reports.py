"""Answer what is known of one wallet, and what is not, in milliseconds over a million trades.

The figures are those of `engine.wallets`; what is read of the ledger is kept until the ledger changes, so that the
next window of the same wallet is only computed. Not responsible for comparing wallets (`boards`).
"""

import threading
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from aura_mcp.errors import NotFoundError
from aura_mcp.services.figures import Figures, HoldFigures, figures_of, hold_figures, rounded
from aura_mcp.services.gathering import rows_of
from aura_mcp.services.histories import NO_COSTS
from aura_mcp.services.holdings import Holdings, HoldingsTotal
from aura_mcp.services.parties import Parties
from aura_mcp.services.positions import Position, Trip, positions_of, trips_of
from aura_mcp.services.questions import WalletQuestion
from aura_mcp.services.results import Party, Unknown, to_moment_or_none
from aura_mcp.services.scope import Revision, last_fact_at, members_of, owned_by, revision_of
from aura_mcp.services.windows import Period, period
from data.clock import Clock
from data.store import Store
from data.store.ledger_reader import LedgerReader
from engine.ledger import Basis, Disposal, Episode, FoldState, Realization
from engine.units import Mint
from engine.wallets import Evidence, OtherCosts, TokenHistory, WalletScore, Window, wallet_score, wallet_stats

DAY_S: Final = 86_400

_KEPT: Final = 32
"""Wallets whose histories are kept in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreResult:
    """0 to 100, or None with the reasons; `missing` are the parts and checks that nobody has measured."""

    value: float | None
    reasons: tuple[str, ...]
    parts: Mapping[str, float]
    missing: tuple[str, ...]
    is_former: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything known of one wallet: figures of a window in both currencies, round trips, holdings.

    `trips_total` and `positions_total` count all, the lists show the first of them.
    `unknown` says what is in no figure, how often, and why.
    """

    as_of: datetime
    since: datetime | None
    last_fact_at: datetime | None
    window: Window
    wallet: Party
    is_active: bool
    last_trade_at: datetime | None
    usd: Figures
    sol: Figures
    hold: HoldFigures
    score: ScoreResult
    trips_total: int
    trips: tuple[Trip, ...]
    positions_total: int
    positions: tuple[Position, ...]
    holdings: HoldingsTotal
    unknown: tuple[Unknown, ...]


class _Leg(NamedTuple):
    """What a trade tells about how much of it is known."""

    order_time: int
    block_time: int | None
    is_rounded: bool
    is_uncertain: bool
    needs_price: bool
    is_valued: bool


class _Summary(NamedTuple):
    folds: int
    gaps: int
    openings: int
    effects: bool


class _History(NamedTuple):
    """What the ledger holds of an entity."""

    owners: tuple[str, ...]
    tokens: tuple[TokenHistory, ...]
    states: Mapping[str, FoldState]
    legs: tuple[_Leg, ...]
    summary: _Summary


class _Gaps(NamedTuple):
    rounded_trades: int
    unpriced_trades: int
    unvalued_trades: int
    uncertain_order: int
    last_trade_at: int | None


class _CostRow(NamedTuple):
    effects: int
    lamports: int | None
    usd_micro: int | None


_LEGS: Final = """
SELECT
    order_time, block_time, precision = 'rounded', order_uncertain, quote_raw IS NOT NULL AND NOT is_stable(quote_mint),
    quote_raw IS NOT NULL
FROM ledger_leg
WHERE class IN ('BUY', 'SELL', 'SWAP') AND {owned}
"""
_SUMMARY: Final = """
SELECT
    (SELECT count(*) FROM fold_state WHERE entity = $entity),
    (SELECT coalesce(sum(gaps), 0)::BIGINT FROM fold_state WHERE entity = $entity),
    (SELECT count(*) FROM finding WHERE entity = $entity AND code = 'opening_balance'),
    EXISTS (SELECT 1 FROM effect WHERE {owned})
"""
_PRICED: Final = "SELECT completed_at FROM sol_price ORDER BY completed_at"
_DECIMALS: Final = "SELECT mint, max(decimals) FROM leg GROUP BY mint"
# Rent is locked less refunded; a price counts for one day, as in the view `trade`.
_COSTS: Final = """
WITH spent AS (
    SELECT
        coalesce(block_time, order_time) AS at_s,
        rent_lamports + other_rent_lamports
            + CASE WHEN class = 'FAILED' THEN base_fee_lamports + priority_fee_lamports + tip_lamports ELSE 0 END
            AS lamports
    FROM ledger_effect
    WHERE {owned} AND order_time <= $as_of AND ($since::BIGINT IS NULL OR order_time > $since)
)
SELECT
    count(*),
    sum(s.lamports)::BIGINT,
    CASE WHEN count(*) FILTER (s.lamports <> 0 AND (p.price_e12 IS NULL OR s.at_s - p.completed_at > 86400)) = 0
        THEN sum(sign(s.lamports) * lamports_to_usd_micro(abs(s.lamports), p.price_e12))::BIGINT END
FROM spent AS s
ASOF LEFT JOIN sol_price AS p ON s.at_s >= p.completed_at
"""


class Reports:
    """What wallets did. Safe to share between threads."""

    def __init__(self, store: Store, parties: Parties, clock: Clock) -> None:
        self._store = store
        self._parties = parties
        self._clock = clock
        self._reader = LedgerReader(store.database)
        self._holdings = Holdings(store)
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Revision, str], _History] = OrderedDict()
        self._market: tuple[Revision, _Market] | None = None

    def report(self, question: WalletQuestion, *, limit: int) -> Report:
        """Return what is known of a wallet; lists hold at most `limit` entries.

        Raises:
            NotFoundError: nothing about the wallet is stored.
        """
        party = self._parties.find(question.wallet)
        when = period(question.window, question.as_of, self._clock)
        revision = revision_of(self._store)
        history, market = self._history(party.address, revision), self._shared(revision)
        costs = self._costs(history, when)
        if not history.summary.folds and costs == NO_COSTS:
            raise NotFoundError(
                f"no transaction of {party.address} is stored; `search` finds wallets that are, `aura import` adds some"
            )
        gaps = _count_gaps(history.legs, market.priced_at, when)
        held = self._holdings.held(history.states, market.decimals, when.as_of_s)
        stats = wallet_stats(
            history.tokens, window=question.window, as_of=when.as_of_s, positions=held.known, costs=costs
        )
        score = wallet_score(history.tokens, as_of=when.as_of_s, evidence=Evidence(), currency=question.currency)
        positions = positions_of(history.states, market.decimals, held.worths)
        trips = trips_of(history.tokens, question.currency)
        usd, sol = (figures_of(f, f.rates.open_unmarked, gaps.rounded_trades) for f in (stats.usd, stats.sol))
        last = gaps.last_trade_at
        return Report(
            as_of=when.as_of,
            since=when.since,
            last_fact_at=market.last_fact_at,
            window=question.window,
            wallet=party,
            is_active=last is not None and when.contains(last),
            last_trade_at=to_moment_or_none(last),
            usd=usd,
            sol=sol,
            hold=hold_figures(stats.hold),
            score=_score(score),
            trips_total=len(trips),
            trips=trips[:limit],
            positions_total=len(positions),
            positions=positions[:limit],
            holdings=held.total,
            unknown=_unknown(gaps, history.summary, _unmatched(history.tokens, when), held.total.unvalued),
        )

    def last_fact_at(self) -> datetime | None:
        """Return the time of the newest fact that is booked."""
        return self._shared(revision_of(self._store)).last_fact_at

    def _history(self, entity: str, revision: Revision) -> _History:
        key = (revision, entity)
        with self._lock:
            known = self._kept.get(key)
        if known is None:
            known = self._read(entity)
            with self._lock:
                self._kept[key] = known
                for old in [old for old in self._kept if old[0] != revision]:
                    del self._kept[old]
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return known

    def _shared(self, revision: Revision) -> "_Market":
        known = self._market
        if known is None or known[0] != revision:
            market = _Market(
                priced_at=[int(row[0]) for row in self._store.database.rows(_PRICED)],
                decimals=dict(rows_of(self._store, _Decimals, _DECIMALS)),
                last_fact_at=last_fact_at(self._store),
            )
            known = self._market = (revision, market)
        return known[1]

    def _read(self, entity: str) -> _History:
        episodes: defaultdict[str, list[Episode]] = defaultdict(list)
        realizations: defaultdict[str, list[Realization]] = defaultdict(list)
        for mint, episode in self._reader.episodes(entity):
            episodes[mint].append(episode)
        for mint, realization in self._reader.realizations(entity):
            realizations[mint].append(realization)
        owners = members_of(self._store, entity)
        named, owned = owned_by(owners)
        return _History(
            owners=owners,
            tokens=tuple(
                TokenHistory(Mint(mint), tuple(episodes[mint]), tuple(realizations[mint]), None)
                for mint in sorted(episodes.keys() | realizations.keys())
            ),
            states=self._reader.open_states(entity),
            legs=tuple(map(_Leg._make, self._store.database.rows(_LEGS.format(owned=owned), named))),
            summary=rows_of(self._store, _Summary, _SUMMARY.format(owned=owned), named | {"entity": entity})[0],
        )

    def _costs(self, history: _History, when: Period) -> OtherCosts:
        if not history.summary.effects:
            return NO_COSTS
        named, owned = owned_by(history.owners)
        (row,) = rows_of(
            self._store, _CostRow, _COSTS.format(owned=owned), named | {"since": when.since_s, "as_of": when.as_of_s}
        )
        return OtherCosts(row.lamports, row.usd_micro) if row.effects else NO_COSTS


class _Decimals(NamedTuple):
    mint: str
    decimals: int


class _Market(NamedTuple):
    """What reports on all wallets share: when SOL had a price, and how tokens divide."""

    priced_at: Sequence[int]
    decimals: Mapping[str, int]
    last_fact_at: datetime | None


def _count_gaps(legs: Sequence[_Leg], priced_at: Sequence[int], when: Period) -> _Gaps:
    seen = [leg for leg in legs if leg.order_time <= when.as_of_s]
    counted = [leg for leg in seen if when.contains(leg.order_time)]
    return _Gaps(
        rounded_trades=sum(leg.is_rounded for leg in counted),
        unpriced_trades=sum(leg.needs_price and not _has_price(leg.block_time, priced_at) for leg in counted),
        unvalued_trades=sum(not leg.is_valued for leg in counted),
        uncertain_order=sum(leg.is_uncertain for leg in counted),
        last_trade_at=max((leg.order_time for leg in seen), default=None),
    )


def _has_price(block_time: int | None, priced_at: Sequence[int]) -> bool:
    """Tell whether a candle was complete at that moment, and at most a day before."""
    if block_time is None:
        return False
    place = bisect_right(priced_at, block_time)
    return place > 0 and block_time - priced_at[place - 1] <= DAY_S


def _unmatched(tokens: Sequence[TokenHistory], when: Period) -> int:
    """Count the sales of which a part has no known cost."""
    rows = (row for token in tokens for row in token.realizations if row.basis is Basis.UNKNOWN)
    return len({row.disposed_ref for row in rows if row.kind is Disposal.SELL and when.contains(row.disposed_at)})


def _unknown(gaps: _Gaps, summary: _Summary, unmatched: int, positions: int) -> tuple[Unknown, ...]:
    found = (
        ("unmatched_sales", unmatched, "sales of tokens whose cost is unknown: outside of P&L"),
        ("unvalued_trades", gaps.unvalued_trades, "trades whose price paid or received is unknown"),
        ("unpriced_trades", gaps.unpriced_trades, "trades without a SOL/USD price of their hour: no USD figures"),
        ("rounded_trades", gaps.rounded_trades, "trades whose source rounded amounts and left out network fees"),
        ("uncertain_order", gaps.uncertain_order, "trades whose place inside their second or block is unknown"),
        ("gaps", summary.gaps, "balances that changed in transactions that are not stored"),
        ("opening_balances", summary.openings, "tokens that were there before the first transaction stored"),
        ("open_positions", positions, "positions whose value of today is unknown: in no total"),
    )
    return tuple(Unknown(code=code, count=count, reason=reason) for code, count, reason in found if count)


def _score(score: WalletScore) -> ScoreResult:
    return ScoreResult(
        value=rounded(score.score),
        reasons=score.reasons,
        parts={name: round(part, 4) for name, part in score.parts.items()},
        missing=score.missing,
        is_former=score.is_former,
    )
