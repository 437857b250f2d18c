"""Shape a leaderboard: its lines, and what it left without a rank.

Not responsible for ranking (`boards`).
"""

from dataclasses import dataclass
from datetime import datetime

from aura_mcp.services.questions import SortKey
from aura_mcp.services.results import Money, Party
from aura_mcp.services.tracking import WalletCompleteness
from engine.ledger import Currency
from engine.wallets import Window


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
    history: WalletCompleteness | None
    """How much of what it did is stored; None for one that is not followed: its figures rest on what was imported."""


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
