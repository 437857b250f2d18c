"""Describe what wallet statistics are computed from.

Not responsible for loading it: the caller gathers folds, marks of open positions and costs outside of trades.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from engine.ledger import Currency, Episode, Realization
from engine.units import Mint

MINUTE_S: Final = 60
HOUR_S: Final = 60 * MINUTE_S
DAY_S: Final = 24 * HOUR_S

# Looking a member up takes longer than comparing with it.
_USD: Final = Currency.USD


class Window(StrEnum):
    """A span of time that ends at `as_of`."""

    DAY = "1d"
    WEEK = "7d"
    MONTH = "30d"
    ALL = "all"

    @property
    def seconds(self) -> int | None:
        """Return its length, None for all time."""
        return _WINDOW_S[self]

    def contains(self, at: int, as_of: int) -> bool:
        """Tell whether a moment lies in the window: after its start, at its end or before."""
        return at <= as_of and (self.seconds is None or at > as_of - self.seconds)


_WINDOW_S: Final[dict[Window, int | None]] = {
    Window.DAY: DAY_S,
    Window.WEEK: 7 * DAY_S,
    Window.MONTH: 30 * DAY_S,
    Window.ALL: None,
}


class PositionState(StrEnum):
    """How alive the market of an open position is at `as_of` (DOMAIN §3)."""

    LIVE = "live"
    QUIET = "quiet"
    STALE = "stale"
    DEAD = "dead"


class OpenPosition(NamedTuple):
    """The known basis that is still held of one mint, and what selling it would return.

    Costs include buy fees. None is unknown, also of the state; a dead position needs no executable value.
    """

    mint: Mint
    state: PositionState | None
    cost_lamports: int | None
    cost_usd_micro: int | None
    executable_lamports: int | None
    executable_usd_micro: int | None

    def cost(self, currency: Currency) -> int | None:
        """Return what the held quantity cost."""
        return self.cost_usd_micro if currency is _USD else self.cost_lamports

    def executable(self, currency: Currency) -> int | None:
        """Return what selling everything would bring."""
        return self.executable_usd_micro if currency is _USD else self.executable_lamports


class OtherCosts(NamedTuple):
    """Fees of failed transactions and rent never refunded in the window; None is unknown."""

    lamports: int | None
    usd_micro: int | None

    def amount(self, currency: Currency) -> int | None:
        """Return the costs in a currency."""
        return self.usd_micro if currency is Currency.USD else self.lamports


class TokenHistory(NamedTuple):
    """All episodes and realizations of one (entity, mint), and the time of its last trade."""

    mint: Mint
    episodes: Sequence[Episode]
    realizations: Sequence[Realization]
    last_trade_at: int | None
