"""Describe a round trip of one (entity, mint) and judge its result.

An episode opens when a flat position acquires known basis and closes when the known-basis holding
falls to 1 % of its peak. What is sold of that rest before the next episode opens adds to it,
so its amounts are always the sums of the realizations that carry its number.
Not responsible for opening and closing episodes (`_book`).
"""

from enum import StrEnum
from typing import Final, NamedTuple

from engine.ledger.config import BPS, DEFAULT_CONFIG, LedgerConfig
from engine.ledger.lots import add
from engine.ledger.realized import Basis, Currency, Disposal, Flow, Realization, complete_flow

_NOTHING_BOOKED: Final = (0,) * 20


class Episode(NamedTuple):
    """The sums of one round trip; times in epoch seconds, quantities in base units.

    `sold`, `burned` and `moved` quantities are known basis that left by sale, burn and transfer;
    `unmatched_quantity` was sold without known basis. `peak_quantity` includes parked lots.
    `spent` are all buys with their fees, `cost` is the basis of what was sold or burned.
    An amount is None once one of its parts is unknown in that currency.
    """

    number: int
    opened_at: int
    opened_ref: str
    closed_at: int | None
    closed_ref: str | None
    buys: int
    sells: int
    bought_quantity: int
    sold_quantity: int
    burned_quantity: int
    moved_quantity: int
    unmatched_quantity: int
    peak_quantity: int
    spent_lamports: int | None
    spent_usd_micro: int | None
    cost_lamports: int | None
    cost_usd_micro: int | None
    buy_fee_lamports: int | None
    buy_fee_usd_micro: int | None
    proceeds_lamports: int | None
    proceeds_usd_micro: int | None
    sell_fee_lamports: int | None
    sell_fee_usd_micro: int | None
    unmatched_lamports: int | None
    unmatched_usd_micro: int | None

    @classmethod
    def opened(cls, number: int, at: int, ref: str) -> "Episode":
        """Return an episode in which nothing has been booked."""
        return cls._make((number, at, ref, None, None, *_NOTHING_BOOKED))

    @property
    def is_closed(self) -> bool:
        """Tell whether the known-basis holding has fallen to its close."""
        return self.closed_at is not None

    def with_row(self, row: Realization) -> "Episode":
        """Return the episode after one of its realizations."""
        if row.basis is Basis.UNKNOWN:
            return self._replace(
                unmatched_quantity=self.unmatched_quantity + row.quantity,
                unmatched_lamports=add(self.unmatched_lamports, row.proceeds_lamports),
                unmatched_usd_micro=add(self.unmatched_usd_micro, row.proceeds_usd_micro),
            )
        if row.kind is Disposal.OUT:
            return self._replace(moved_quantity=self.moved_quantity + row.quantity)
        is_sale = row.kind is Disposal.SELL
        return self._replace(
            sold_quantity=self.sold_quantity + (row.quantity if is_sale else 0),
            burned_quantity=self.burned_quantity + (0 if is_sale else row.quantity),
            cost_lamports=add(self.cost_lamports, row.cost_lamports),
            cost_usd_micro=add(self.cost_usd_micro, row.cost_usd_micro),
            buy_fee_lamports=add(self.buy_fee_lamports, row.buy_fee_lamports),
            buy_fee_usd_micro=add(self.buy_fee_usd_micro, row.buy_fee_usd_micro),
            proceeds_lamports=add(self.proceeds_lamports, row.proceeds_lamports),
            proceeds_usd_micro=add(self.proceeds_usd_micro, row.proceeds_usd_micro),
            sell_fee_lamports=add(self.sell_fee_lamports, row.sell_fee_lamports),
            sell_fee_usd_micro=add(self.sell_fee_usd_micro, row.sell_fee_usd_micro),
        )

    def flow(self, currency: Currency) -> Flow | None:
        """Return what the episode realized in a currency, None when a value is unknown."""
        if currency is Currency.USD:
            return complete_flow(
                self.cost_usd_micro,
                self.buy_fee_usd_micro,
                self.proceeds_usd_micro,
                self.sell_fee_usd_micro,
            )
        return complete_flow(
            self.cost_lamports,
            self.buy_fee_lamports,
            self.proceeds_lamports,
            self.sell_fee_lamports,
        )

    def spent(self, currency: Currency) -> int | None:
        """Return what all buys cost with their fees, None when a value is unknown."""
        return self.spent_usd_micro if currency is Currency.USD else self.spent_lamports

    def unmatched(self, currency: Currency) -> int | None:
        """Return the proceeds without known basis, None when a value is unknown."""
        return self.unmatched_usd_micro if currency is Currency.USD else self.unmatched_lamports


class Outcome(StrEnum):
    """The result of a rated episode."""

    WIN = "win"
    LOSS = "loss"
    BREAK_EVEN = "break_even"


# Looking a member up takes longer than judging an episode by it.
_USD: Final = Currency.USD
_WIN: Final = Outcome.WIN
_LOSS: Final = Outcome.LOSS


class Unrated(StrEnum):
    """Why an episode has no outcome."""

    OPEN = "open"
    MOVED = "moved"
    UNPRICED = "unpriced"
    LOW_COVERAGE = "low_coverage"


def judge(
    episode: Episode,
    currency: Currency = Currency.USD,
    config: LedgerConfig = DEFAULT_CONFIG,
) -> Outcome | Unrated:
    """Return the outcome of an episode, or why it has none.

    A win nets more than max($0.01, 0.1 % of cost), a loss less than its negative. Worked: cost $50,
    net $0.04 is within $0.05, a break-even.
    """
    if not episode.is_closed:
        return Unrated.OPEN
    if is_moved(episode, config):
        return Unrated.MOVED
    flow = episode.flow(currency)
    if flow is None:
        return Unrated.UNPRICED
    return judge_amounts(flow.cost, flow.net, flow.proceeds, episode.unmatched(currency), currency, config)


def judge_amounts(
    cost: int | None,
    net: int | None,
    proceeds: int | None,
    unmatched: int | None,
    currency: Currency,
    config: LedgerConfig,
) -> Outcome | Unrated:
    """Return the same of what a closed episode realized in a currency, and sold without known basis."""
    if cost is None or net is None or proceeds is None or unmatched is None:
        return Unrated.UNPRICED
    if unmatched and proceeds * BPS < config.coverage_min_bps * (proceeds + unmatched):
        return Unrated.LOW_COVERAGE
    band = cost * config.break_even_bps
    if currency is _USD and band < (least := config.break_even_usd_micro * BPS):
        band = least
    scaled = net * BPS
    if scaled > band:
        return _WIN
    return _LOSS if scaled < -band else Outcome.BREAK_EVEN


def is_moved(episode: Episode, config: LedgerConfig = DEFAULT_CONFIG) -> bool:
    """Tell whether the known basis left mainly by transfer rather than by sale or burn."""
    moved = episode.moved_quantity
    left = episode.sold_quantity + episode.burned_quantity + moved
    return moved > 0 and moved * BPS >= config.moved_min_bps * left
