"""Answer on the command line what is known of one wallet: its report, with the last trades of the window.

Not responsible for the report (`reports`) or the trades (`trades`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from aura_mcp.services.figures import Figures, HoldFigures
from aura_mcp.services.holdings import HoldingsTotal
from aura_mcp.services.positions import Position, Trip
from aura_mcp.services.questions import MAX_LIMIT, TradeFilter, WalletQuestion
from aura_mcp.services.reports import Reports, ScoreResult
from aura_mcp.services.results import Party, Unknown
from aura_mcp.services.trades import Trade, Trades
from engine.wallets import Window

RECENT_TRADES: Final = 10


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
    score: ScoreResult
    trips_total: int
    trips: tuple[Trip, ...]
    positions_total: int
    positions: tuple[Position, ...]
    holdings: HoldingsTotal
    last_trades: tuple[Trade, ...]
    unknown: tuple[Unknown, ...]


class Wallets:
    """What wallets did."""

    def __init__(self, reports: Reports, trades: Trades) -> None:
        self._reports = reports
        self._trades = trades

    def report(self, question: WalletQuestion, *, limit: int = RECENT_TRADES) -> WalletReport:
        """Return what is known of a wallet; lists hold at most `limit` entries.

        Raises:
            NotFoundError: nothing about the wallet is stored.
        """
        size = min(limit, MAX_LIMIT)
        report = self._reports.report(question, limit=size)
        recent = TradeFilter(wallet=report.wallet.address, window=question.window, as_of=report.as_of)
        trades = self._trades.page(recent, limit=size).trades
        shared: Mapping[str, Any] = {
            field.name: getattr(report, field.name) for field in fields(WalletReport) if field.name != "last_trades"
        }
        return WalletReport(**shared, last_trades=trades)
