"""Turn statistics in the smallest units into what people and models read: SOL, USD and percentages.

Not responsible for computing them (`engine.wallets`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from aura_mcp.services.results import LAMPORT_DIGITS, MICRO_DIGITS, whole
from engine.ledger import Currency
from engine.wallets import BucketResult, CurrencyStats, HoldTimes

_PERCENT_DIGITS: Final = 2
_RENAMED: Final = {
    name: f"{name}_pct" for name in ("basis_coverage", "fee_drag", "pnl_ratio", "roi_closed", "top1_share")
}
_DIGITS: Final = {Currency.SOL: LAMPORT_DIGITS, Currency.USD: MICRO_DIGITS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The statistics of a window in one currency (DOMAIN §4): amounts in whole units of it, `*_pct` and rates 0-100.

    `net` is net of network fees and tips, `net_after_costs` also of failed transactions and rent. `n` counts wins and
    losses. `missing` says of every figure that is None why it is.
    """

    currency: Currency
    total_trades: int
    n: int
    wins: int
    losses: int
    break_evens: int
    win_rate: float | None
    win_rate_lb95: float | None
    win_rate_ub95: float | None
    win_rate_incl_dead: float | None
    gross: Decimal | None
    fees: Decimal | None
    net: Decimal | None
    other_costs: Decimal | None
    net_after_costs: Decimal | None
    fee_drag_pct: float | None
    proceeds: Decimal
    unmatched_proceeds: Decimal
    basis_coverage_pct: float | None
    realizations: int
    unpriced_realizations: int
    roi_closed_pct: float | None
    pnl_ratio_pct: float | None
    spent: Decimal | None
    expectancy: Decimal | None
    profit_factor: float | None
    max_drawdown: Decimal | None
    top1_share_pct: float | None
    is_lotto: bool | None
    unrated: Mapping[str, int]
    pnl_buckets: Mapping[str, int]
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFigures:
    """How long what was sold had been held, weighted by quantity, in seconds, and what each span of time earned."""

    mean_s: int | None
    quartile1_s: int | None
    median_s: int | None
    quartile3_s: int | None
    buckets: tuple["HoldBucketFigures", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldBucketFigures:
    """What was realized on what was held for one span."""

    bucket: str
    realizations: int
    net_sol: Decimal | None
    net_usd: Decimal | None


def figures_of(stats: CurrencyStats, open_positions: int, feeless_trades: int) -> Figures:
    """Return the statistics in whole units.

    While positions are open and unpriced, the losses among them are unknown; so are the fees while `feeless_trades`
    came without theirs, and nets are then before those.
    """
    rates, realized, closed = stats.rates, stats.realized, stats.closed
    digits = _DIGITS[stats.currency]
    missing = {_RENAMED.get(name, name): reason for name, reason in stats.missing.items()}
    if open_positions:
        missing["win_rate_incl_dead"] = f"open positions without a price of today: {open_positions}"
    if feeless_trades:
        missing |= dict.fromkeys(
            ("fees", "fee_drag_pct"), f"trades that came without their network fees: {feeless_trades}"
        )
    return Figures(
        currency=stats.currency,
        total_trades=rates.total_trades,
        n=rates.n,
        wins=rates.wins,
        losses=rates.losses,
        break_evens=rates.break_evens,
        win_rate=rounded(rates.win_rate),
        win_rate_lb95=rounded(rates.win_rate_lb95),
        win_rate_ub95=rounded(rates.win_rate_ub95),
        win_rate_incl_dead=None if open_positions else rounded(rates.win_rate_incl_dead),
        gross=_whole_or_none(realized.gross, digits),
        fees=None if feeless_trades else _whole_or_none(realized.fees, digits),
        net=_whole_or_none(realized.net, digits),
        other_costs=_whole_or_none(realized.other_costs, digits),
        net_after_costs=_whole_or_none(realized.net_after_costs, digits),
        fee_drag_pct=None if feeless_trades else to_percent(realized.fee_drag),
        proceeds=whole(realized.proceeds, digits),
        unmatched_proceeds=whole(realized.unmatched_proceeds, digits),
        basis_coverage_pct=to_percent(realized.basis_coverage),
        realizations=realized.realizations,
        unpriced_realizations=realized.unpriced,
        roi_closed_pct=to_percent(closed.roi_closed),
        pnl_ratio_pct=to_percent(closed.pnl_ratio),
        spent=_whole_or_none(closed.spent, digits),
        expectancy=_whole_or_none(closed.expectancy, digits),
        profit_factor=rounded(closed.profit_factor),
        max_drawdown=_whole_or_none(closed.max_drawdown, digits),
        top1_share_pct=to_percent(closed.top1_share),
        is_lotto=closed.is_lotto,
        unrated={reason.value: count for reason, count in rates.unrated.items()},
        pnl_buckets={bucket.value: count for bucket, count in rates.pnl_buckets.items()},
        missing=missing,
    )


def hold_figures(hold: HoldTimes) -> HoldFigures:
    """Return holding times with what they earned in whole units."""
    return HoldFigures(
        mean_s=hold.mean_s,
        quartile1_s=hold.quartile1_s,
        median_s=hold.median_s,
        quartile3_s=hold.quartile3_s,
        buckets=tuple(_bucket(bucket) for bucket in hold.buckets),
    )


def _bucket(result: BucketResult) -> HoldBucketFigures:
    return HoldBucketFigures(
        bucket=result.bucket.value,
        realizations=result.realizations,
        net_sol=_whole_or_none(result.net_lamports, LAMPORT_DIGITS),
        net_usd=_whole_or_none(result.net_usd_micro, MICRO_DIGITS),
    )


def _whole_or_none(amount: int | None, digits: int) -> Decimal | None:
    return None if amount is None else whole(amount, digits)


def to_percent(ratio: float | None) -> float | None:
    """Return a ratio as a percentage, to the hundredth."""
    return None if ratio is None else round(100 * ratio, _PERCENT_DIGITS)


def rounded(value: float | None) -> float | None:
    """Return a percentage or a factor to the hundredth."""
    return None if value is None else round(value, _PERCENT_DIGITS)
