"""Rank wallets by what they demonstrably did.

A wallet is ranked when at least 90 % of its proceeds have a known basis and an episode of it is rated;
others follow without a rank, with the reason.
Not responsible for the figures themselves (`engine.wallets`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import NamedTuple

from aura_mcp.services.cursors import read_cursor, write_cursor
from aura_mcp.services.figures import rounded, to_percent
from aura_mcp.services.histories import gather_histories
from aura_mcp.services.parties import Parties
from aura_mcp.services.questions import MAX_LIMIT, BoardQuestion, SortKey
from aura_mcp.services.results import Money, Party, money, to_moment_or_none
from aura_mcp.services.windows import Period, period
from data.clock import Clock
from data.store import Store
from engine.ledger import Currency
from engine.wallets import CurrencyStats, TokenHistory, WalletStats, Window, wallet_stats


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One line of a leaderboard; `rank` is None with the reason in `unranked_reason`.

    Rates and episodes are judged in the board's currency, `net` is shown in both.
    """

    rank: int | None
    unranked_reason: str | None
    wallet: Party
    total_trades: int
    n: int
    wins: int
    losses: int
    break_evens: int
    win_rate: float | None
    win_rate_lb95: float | None
    net: Money
    unmatched_proceeds: Money
    roi_closed_pct: float | None
    basis_coverage_pct: float | None
    is_lotto: bool | None
    last_trade_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """A page of standings, best first.

    Of `wallets` that sold anything in the window, `ranked` have a rank; `low_coverage` sold too much of unknown cost,
    `unrated` closed no episode whose values are known, `unpriced` of those only for want of a price in this currency.
    """

    as_of: datetime
    since: datetime | None
    window: Window
    by: SortKey
    currency: Currency
    standings: tuple[Standing, ...]
    wallets: int
    ranked: int
    low_coverage: int
    unrated: int
    unpriced: int
    next_cursor: str | None


class _Place(NamedTuple):
    """Where a page ended: the moment that the board was for, and how many lines were shown."""

    as_of_s: int
    shown: int


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


class Leaderboards:
    """Rankings of the wallets of the database."""

    def __init__(self, store: Store, parties: Parties, clock: Clock) -> None:
        self._store = store
        self._parties = parties
        self._clock = clock

    def page(self, question: BoardQuestion, *, limit: int, cursor: str | None = None) -> Leaderboard:
        """Return the best wallets, or those after the page that ended at `cursor`, as of the same moment.

        Raises:
            CursorError: the cursor belongs to another question.
        """
        when = period(question.window, question.as_of, self._clock)
        shown = 0
        if cursor is not None:
            place = read_cursor(question, cursor, _Place)
            when, shown = when.ending_at(place.as_of_s), place.shown
        candidates = _judge(gather_histories(self._store), question, when)
        ranked = _sorted([c for c in candidates if c.unranked_reason is None], question.by)
        others = _sorted([c for c in candidates if c.unranked_reason is not None], question.by)
        lines = [c for c in (*ranked, *others) if c.figures.rates.total_trades >= question.min_trades]
        end = shown + min(limit, MAX_LIMIT)
        names = self._parties.named([c.entity for c in lines[shown:end]])
        places = {c.entity: place for place, c in enumerate(ranked, start=1)}
        return Leaderboard(
            as_of=when.as_of,
            since=when.since,
            window=question.window,
            by=question.by,
            currency=question.currency,
            standings=tuple(_standing(c, places.get(c.entity), names[c.entity]) for c in lines[shown:end]),
            wallets=len(candidates),
            ranked=len(ranked),
            low_coverage=sum(bool(c.figures.rates.n) for c in others),
            unrated=sum(not c.figures.rates.n for c in others),
            unpriced=sum(not c.figures.rates.n and c.is_rated_otherwise for c in others),
            next_cursor=write_cursor(question, _Place(when.as_of_s, end)) if end < len(lines) else None,
        )


def _judge(histories: Mapping[str, Sequence[TokenHistory]], question: BoardQuestion, when: Period) -> list[_Candidate]:
    """Return every wallet that disposed of something in the window."""
    candidates: list[_Candidate] = []
    for entity, of_entity in histories.items():
        if any(when.contains(row.disposed_at) for history in of_entity for row in history.realizations):
            stats = wallet_stats(of_entity, window=question.window, as_of=when.as_of_s)
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


def _standing(candidate: _Candidate, place: int | None, wallet: Party) -> Standing:
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
    )
