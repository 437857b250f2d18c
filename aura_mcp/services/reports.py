"""Answer what is known of one wallet, and what is not, in milliseconds over a million trades.

The figures are those of `engine.wallets`. What is read of a wallet is kept until the ledger changes, so that its next
window is only computed. Not responsible for comparing wallets (`boards`).
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from aura_mcp.errors import NotFoundError
from aura_mcp.services.figures import Figures, HoldFigures, figures_of, hold_figures, rounded
from aura_mcp.services.holdings import Holdings, HoldingsTotal
from aura_mcp.services.ledger_state import LedgerState
from aura_mcp.services.parties import Parties
from aura_mcp.services.positions import Position, Trip, positions_of, trips_of
from aura_mcp.services.questions import WalletQuestion
from aura_mcp.services.results import Party, Unknown, to_moment_or_none
from aura_mcp.services.scope import Revision
from aura_mcp.services.tracking import Completing, WalletCompleteness
from aura_mcp.services.windows import Period, period
from data.clock import Clock
from data.store import Store
from data.store.activity import TradeCounts
from data.store.histories import Histories, Token
from engine.ledger import Basis, Disposal
from engine.units import Mint
from engine.wallets import (
    Evidence,
    OtherCosts,
    Record,
    TokenHistory,
    WalletScore,
    Window,
    record_of,
    wallet_score,
    wallet_stats,
)

# Looking a member up takes longer than comparing with it.
_UNKNOWN: Final = Basis.UNKNOWN
_SELL: Final = Disposal.SELL

_KEPT_ROWS: Final = 3_000
"""Rows of the ledger that are kept in memory, some 5 MB."""


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
    history: WalletCompleteness | None
    """How much of what the wallet did is stored; None for one that is not followed."""


class _History(NamedTuple):
    """What the ledger holds of an entity."""

    record: Record
    tokens: tuple[TokenHistory, ...]
    held: Mapping[str, Token]
    folds: int
    gaps: int
    rows: int


class Reports:
    """What wallets did. Safe to share between threads."""

    def __init__(self, store: Store, parties: Parties, ledger: LedgerState, clock: Clock) -> None:
        self._completing = Completing(store)
        self._safety = store.safety
        self._parties = parties
        self._ledger = ledger
        self._clock = clock
        self._histories = Histories(store.database)
        self._holdings = Holdings(store)
        self._lock = threading.Lock()
        self._revision: Revision | None = None
        self._kept: OrderedDict[str, _History] = OrderedDict()

    def report(self, question: WalletQuestion, *, limit: int) -> Report:
        """Return what is known of a wallet; lists hold at most `limit` entries.

        Raises:
            NotFoundError: nothing about the wallet is stored.
        """
        party = self._parties.find(question.wallet)
        entity = party.address
        when = period(question.window, question.as_of, self._clock)
        revision, activity = self._ledger.now()
        history = self._history(entity, revision)
        costs = activity.costs(entity, when.since_s, when.as_of_s)
        if not history.folds and not costs.transactions:
            raise NotFoundError(
                f"no transaction of {entity} is stored; `aura import` some first, or `search` for wallets that are"
            )
        counts = activity.trades(entity, when.since_s, when.as_of_s)
        last = activity.last_trade_at(entity, when.as_of_s)
        held = self._holdings.held(
            history.held,
            activity.decimals,
            when.as_of_s,
            activity.last_traded,
            frozen=self._safety.frozen(entity),
        )
        stats = wallet_stats(
            history.record,
            window=question.window,
            as_of=when.as_of_s,
            positions=held.known,
            costs=OtherCosts(costs.lamports, costs.usd_micro),
        )
        score = wallet_score(history.record, as_of=when.as_of_s, evidence=Evidence(), currency=question.currency)
        positions = positions_of(history.held, activity.decimals, held, limit)
        usd, sol = (figures_of(f, f.rates.open_unmarked, counts.rounded) for f in (stats.usd, stats.sol))
        stored = self._completing.of_entities([entity]).get(entity)
        return Report(
            as_of=when.as_of,
            since=when.since,
            last_fact_at=to_moment_or_none(activity.last_fact_at),
            window=question.window,
            wallet=party,
            is_active=last is not None and when.contains(last),
            last_trade_at=to_moment_or_none(last),
            usd=usd,
            sol=sol,
            hold=hold_figures(stats.hold),
            score=_score(score),
            trips_total=sum(len(token.episodes) for token in history.tokens),
            trips=trips_of(history.tokens, question.currency, limit),
            positions_total=len(held.worths),
            positions=positions,
            holdings=held.total,
            unknown=(
                *_unknown(
                    counts,
                    gaps=history.gaps,
                    openings=activity.openings(entity),
                    unmatched=_unmatched(history.tokens, when),
                    positions=held.total.unvalued,
                ),
                *_missing(stored),
            ),
            history=stored,
        )

    def last_fact_at(self) -> datetime | None:
        """Return the time of the newest fact that is booked."""
        return to_moment_or_none(self._ledger.now().activity.last_fact_at)

    def _history(self, entity: str, revision: Revision) -> _History:
        with self._lock:
            if self._revision != revision:
                self._follow(revision)
            known = self._kept.get(entity)
        if known is None:
            known = self._read(entity)
            with self._lock:
                # What was read meanwhile may be of a later state; then it is not kept.
                if self._revision == revision:
                    self._kept[entity] = known
                while len(self._kept) > 1 and sum(kept.rows for kept in self._kept.values()) > _KEPT_ROWS:
                    self._kept.popitem(last=False)
        return known

    def _follow(self, revision: Revision) -> None:
        """Forget what was booked since."""
        before, self._revision = self._revision, revision
        if before is None or revision.history < before.history:
            self._kept.clear()
        else:
            for entity in self._histories.touched_since(before.history):
                self._kept.pop(entity, None)

    def _read(self, entity: str) -> _History:
        found = self._histories.of(entity)
        tokens = found.tokens
        histories = tuple(
            TokenHistory(Mint(mint), token.episodes, token.realizations, None)
            for mint, token in tokens.items()
            if token.episodes or token.realizations
        )
        return _History(
            record=record_of(histories),
            tokens=histories,
            held={mint: token for mint, token in tokens.items() if token.known or token.unknown or token.parked},
            folds=len(tokens),
            gaps=sum(token.gaps for token in tokens.values()),
            rows=found.rows,
        )


def _unmatched(tokens: Sequence[TokenHistory], when: Period) -> int:
    """Count the sales of which a part has no known cost."""
    rows = (row for token in tokens for row in token.realizations if row.basis is _UNKNOWN)
    return len({row.disposed_ref for row in rows if row.kind is _SELL and when.contains(row.disposed_at)})


def _unknown(trades: TradeCounts, *, gaps: int, openings: int, unmatched: int, positions: int) -> tuple[Unknown, ...]:
    found = (
        ("unmatched_sales", unmatched, "sales of tokens whose cost is unknown: outside of P&L"),
        ("unvalued_trades", trades.unvalued, "trades whose price paid or received is unknown"),
        ("unpriced_trades", trades.unpriced, "trades without a SOL/USD price of their hour: no USD figures"),
        ("rounded_trades", trades.rounded, "trades whose source rounded amounts and left out network fees"),
        ("uncertain_order", trades.uncertain, "trades whose place inside their second or block is unknown"),
        ("gaps", gaps, "balances that changed in transactions that are not stored"),
        ("opening_balances", openings, "tokens that were there before the first transaction stored"),
        ("open_positions", positions, "positions whose value of today is unknown: in no total"),
    )
    return tuple(Unknown(code=code, count=count, reason=reason) for code, count, reason in found if count)


def _missing(stored: WalletCompleteness | None) -> tuple[Unknown, ...]:
    """Return what following has not brought; imported trades of a wallet that was never asked about say it all."""
    if stored is None or stored.checked_at is None:
        return ()
    since = stored.complete_since
    begins = "" if since is None else f"older history is not fetched: complete since {since:%Y-%m-%d}"
    found = (
        ("not_fetched", stored.pending_transactions, "transactions that are known of and not fetched yet"),
        ("drifting_accounts", stored.drifting_accounts, "token accounts that hold something else than we know of"),
        ("unreadable", stored.unreadable_transactions, "transactions that could not be fetched or read"),
        ("unclosable", stored.unclosable, "gaps, accounts or transactions for which everything was tried"),
        ("history_begins", int(since is not None), begins),
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
