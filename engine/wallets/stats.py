"""Compute what a wallet earned and how often it was right (DOMAIN §4).

USD is primary; the same figures are computed in SOL beside it, where more is known: a trade for SOL needs no price.
Not responsible for the score (`score`), for marks of open positions or for anything that needs a live price.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.ledger import Currency
from engine.wallets.amounts import Closed, Realized, closed_of, realized_of
from engine.wallets.holding import HoldTimes, hold_times
from engine.wallets.inputs import OpenPosition, OtherCosts, Window
from engine.wallets.rates import Rates, rates_of
from engine.wallets.record import Record, Selection

COVERAGE_MIN: Final = 0.9
"""Basis coverage below which a wallet is shown but not ranked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyStats:
    """The figures of a window in one currency: amounts are micro-USD or lamports.

    `missing` says for every figure that is None why it is.
    """

    currency: Currency
    rates: Rates
    realized: Realized
    closed: Closed
    missing: Mapping[str, str]

    @property
    def is_ranked(self) -> bool:
        """Tell whether enough of the basis is known for a place on a leaderboard."""
        coverage = self.realized.basis_coverage
        return coverage is not None and coverage >= COVERAGE_MIN


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletStats:
    """The figures of one entity in a window that ends at `as_of`; times are epoch seconds."""

    window: Window
    as_of: int
    usd: CurrencyStats
    sol: CurrencyStats
    hold: HoldTimes
    last_trade_at: int | None
    is_active: bool


def wallet_stats(
    record: Record,
    *,
    window: Window,
    as_of: int,
    positions: Sequence[OpenPosition] = (),
    costs: OtherCosts = OtherCosts(None, None),  # noqa: B008 - an immutable tuple
) -> WalletStats:
    """Return the figures of one entity from its record."""
    last_trade_at = max((at for at in record.last_trades if at <= as_of), default=None)

    def in_currency(currency: Currency) -> CurrencyStats:
        return currency_stats(record.select(window, as_of, currency), currency, positions, costs)

    return WalletStats(
        window=window,
        as_of=as_of,
        usd=in_currency(Currency.USD),
        sol=in_currency(Currency.SOL),
        hold=hold_times(record.holds, window, as_of),
        last_trade_at=last_trade_at,
        is_active=last_trade_at is not None and window.contains(last_trade_at, as_of),
    )


def currency_stats(
    selection: Selection,
    currency: Currency,
    positions: Sequence[OpenPosition] = (),
    costs: OtherCosts = OtherCosts(None, None),  # noqa: B008 - an immutable tuple
) -> CurrencyStats:
    """Return the figures of what was selected in a currency."""
    missing: dict[str, str] = {}
    return CurrencyStats(
        currency=currency,
        rates=rates_of(selection, positions, currency, missing),
        realized=realized_of(selection, costs, currency, missing),
        closed=closed_of(selection, missing),
        missing=missing,
    )
