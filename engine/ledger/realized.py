"""Describe one realized amount together with the acquisition and the disposal behind it.

Not responsible for matching them (`_book`) or for adding them up (`episodes`, `engine.wallets`).
"""

from enum import StrEnum
from typing import NamedTuple


class Currency(StrEnum):
    """The two currencies that every amount is kept in: micro-USD and lamports."""

    USD = "usd"
    SOL = "sol"


class Disposal(StrEnum):
    """How a quantity left: SELL and BURN are profit or loss, OUT only takes its basis along."""

    SELL = "SELL"
    BURN = "BURN"
    OUT = "OUT"


class Basis(StrEnum):
    """Whether the cost of a lot is known; unknown is never a cost of zero."""

    KNOWN = "known"
    UNKNOWN = "unknown"


class Realization(NamedTuple):
    """The part of one disposal that was matched to one lot, or to the part of it that was left.

    `episode` is the number of the episode the row counts in, from 1, None outside of all.
    Quantities are base units, times epoch seconds. Costs are None where the basis is unknown,
    proceeds where nothing was received or its value is unknown; each currency on its own.
    """

    kind: Disposal
    episode: int | None
    disposed_ref: str
    disposed_at: int
    acquired_ref: str
    acquired_at: int
    basis: Basis
    quantity: int
    cost_lamports: int | None
    cost_usd_micro: int | None
    buy_fee_lamports: int | None
    buy_fee_usd_micro: int | None
    proceeds_lamports: int | None
    proceeds_usd_micro: int | None
    sell_fee_lamports: int | None
    sell_fee_usd_micro: int | None

    @property
    def is_profit_or_loss(self) -> bool:
        """Tell whether the row belongs to realized P&L: a sale or burn of known basis."""
        return self.basis is Basis.KNOWN and self.kind is not Disposal.OUT

    @property
    def held_s(self) -> int:
        """Return the seconds between acquisition and disposal."""
        return self.disposed_at - self.acquired_at


class Flow(NamedTuple):
    """What a matched amount cost and brought, in the smallest unit of one currency."""

    cost: int
    buy_fee: int
    proceeds: int
    sell_fee: int

    @property
    def gross(self) -> int:
        """Return proceeds less cost, before fees."""
        return self.proceeds - self.cost

    @property
    def fees(self) -> int:
        """Return the network fees and tips of both sides."""
        return self.buy_fee + self.sell_fee

    @property
    def net(self) -> int:
        """Return proceeds less cost and fees."""
        return self.proceeds - self.cost - self.buy_fee - self.sell_fee


def complete_flow(cost: int | None, buy_fee: int | None, proceeds: int | None, sell_fee: int | None) -> Flow | None:
    """Return the four amounts as a flow, or None when one of them is unknown."""
    if cost is None or buy_fee is None or proceeds is None or sell_fee is None:
        return None
    return Flow(cost, buy_fee, proceeds, sell_fee)


def flow_of(row: Realization, currency: Currency) -> Flow | None:
    """Return what a row realized in a currency, None outside P&L or where a value is unknown."""
    if not row.is_profit_or_loss:
        return None
    if currency is Currency.USD:
        return complete_flow(
            row.cost_usd_micro,
            row.buy_fee_usd_micro,
            row.proceeds_usd_micro,
            row.sell_fee_usd_micro,
        )
    return complete_flow(row.cost_lamports, row.buy_fee_lamports, row.proceeds_lamports, row.sell_fee_lamports)


def proceeds_of(row: Realization, currency: Currency) -> int | None:
    """Return what a row brought in a currency, None where that is unknown."""
    return row.proceeds_usd_micro if currency is Currency.USD else row.proceeds_lamports
