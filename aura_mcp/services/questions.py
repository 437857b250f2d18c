"""Name what can be asked: windows, orders and filters. Values only, light to import.

Not responsible for answering.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from engine.ledger import Currency
from engine.wallets import Window

MAX_LIMIT: Final = 500
DEFAULT_LIMIT: Final = 20


class SortKey(StrEnum):
    """What a leaderboard is ordered by, the largest first."""

    LB95 = "lb95"
    WIN_RATE = "win_rate"
    PNL = "pnl"
    ROI = "roi"
    TRADES = "trades"
    COVERAGE = "coverage"


class What(StrEnum):
    """What can be brought up to date."""

    WALLETS = "wallets"
    PRICES = "prices"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeFilter:
    """Which trades are meant; None means any."""

    wallet: str | None = None
    mint: str | None = None
    side: str | None = None
    window: Window = Window.ALL
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardQuestion:
    """Which leaderboard is meant. Wallets with fewer closed rated episodes than `min_trades` are left out."""

    window: Window = Window.ALL
    by: SortKey = SortKey.LB95
    currency: Currency = Currency.USD
    min_trades: int = 1
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletQuestion:
    """Which wallet, and over which window; results of round trips are named in `currency`."""

    wallet: str
    window: Window = Window.ALL
    currency: Currency = Currency.USD
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainQuestion:
    """Which figure is meant: the sale of a signature (or ref), or all sales of a token, or of one round trip of it."""

    wallet: str
    signature: str | None = None
    mint: str | None = None
    trip: int | None = None
