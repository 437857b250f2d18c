"""Compress a wallet's record into 0-100, or say why that would mislead (DOMAIN §4).

The score is the weighted mean of the parts that are known. Not responsible for measuring copy capture, integrity or
the evidence against a wallet: they come in as arguments, None when nobody has looked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log
from typing import Final

from engine.ledger import Currency
from engine.wallets.amounts import gains_by_token
from engine.wallets.inputs import DAY_S, Window
from engine.wallets.rates import Rates, rates_of
from engine.wallets.record import Rated, Record
from engine.wallets.stats import COVERAGE_MIN, CurrencyStats, currency_stats


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreConfig:
    """Weights and scales of the score, all fitted later on recorded outcomes.

    `skill_full` is the shrunk mean log return per episode that earns the whole part (0.2: +22 %), `skill_prior` the
    number of episodes without return that it is shrunk by, `return_floor` the value left of a total loss.
    `breadth_full` is the effective number of tokens that earns the whole part, `recency_half_life_s` the age of the
    last close that halves it.
    """

    weights: Mapping[str, float]
    skill_full: float = 0.2
    skill_prior: int = 20
    return_floor: float = 0.01
    breadth_full: float = 10
    recency_half_life_s: int = 14 * DAY_S
    rated_min: int = 20
    early_buys_max: float = 0.5
    transactions_per_day_max: float = 500
    former_n_min: int = 20
    former_win_rate: float = 50


DEFAULT_SCORE_CONFIG: Final = ScoreConfig(
    weights={"skill": 35, "wilson": 20, "breadth": 15, "recency": 10, "copy_capture": 10, "integrity": 10},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known about a wallet beside its results, as ratios 0-1; None when it was not measured.

    `early_buys` is the share of purchases within 2 slots of the token's creation.
    """

    copy_capture: float | None = None
    integrity: float | None = None
    early_buys: float | None = None
    transactions_per_day: float | None = None
    has_wash_flag: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletScore:
    """A score, or the reasons for having none.

    `parts` are the known parts, 0-1; `missing` the parts and checks that were not possible.
    `is_former` tells that the last 30 days contradict the record, None when they are too few to tell.
    """

    score: float | None
    reasons: tuple[str, ...]
    parts: Mapping[str, float]
    missing: tuple[str, ...]
    is_former: bool | None


def wallet_score(
    record: Record,
    *,
    as_of: int,
    evidence: Evidence,
    currency: Currency = Currency.USD,
    config: ScoreConfig = DEFAULT_SCORE_CONFIG,
) -> WalletScore:
    """Return the score of one entity over all of its history up to `as_of`."""
    selection = record.select(Window.ALL, as_of, currency)
    month = record.select(Window.MONTH, as_of, currency)
    figures, rated = currency_stats(selection, currency), selection.rated
    lower = figures.rates.win_rate_lb95
    measured = {
        "skill": _skill(rated, config),
        "wilson": None if lower is None else lower / 100,
        "breadth": _breadth(rated, config),
        "recency": _recency(rated, as_of, config),
        "copy_capture": evidence.copy_capture,
        "integrity": evidence.integrity,
    }
    parts = {name: _clip(part) for name, part in measured.items() if part is not None}
    reasons = _reasons(figures, evidence, config)
    weight = sum(config.weights[name] for name in parts)
    score = sum(config.weights[name] * part for name, part in parts.items()) / weight if weight else None
    return WalletScore(
        score=None if reasons or score is None else 100 * score,
        reasons=reasons,
        parts=parts,
        missing=(*(name for name in measured if name not in parts), *_unchecked(evidence)),
        is_former=_is_former(rates_of(month, (), currency, {}), config),
    )


def _reasons(figures: CurrencyStats, evidence: Evidence, config: ScoreConfig) -> tuple[str, ...]:
    coverage, rated = figures.realized.basis_coverage, figures.rates.total_trades
    early, busy = evidence.early_buys, evidence.transactions_per_day
    found = (
        (coverage is None, "basis coverage is unknown"),
        (coverage is not None and coverage < COVERAGE_MIN, f"basis coverage below {COVERAGE_MIN}"),
        (rated < config.rated_min, f"fewer than {config.rated_min} rated episodes"),
        (bool(figures.closed.is_lotto), "most of the gains come from one token"),
        (early is not None and early > config.early_buys_max, "most purchases within 2 slots of creation"),
        (
            busy is not None and busy > config.transactions_per_day_max,
            f"more than {config.transactions_per_day_max:g} transactions a day",
        ),
        (bool(evidence.has_wash_flag), "flagged for wash trading"),
    )
    return tuple(reason for is_found, reason in found if is_found)


def _unchecked(evidence: Evidence) -> Iterable[str]:
    checks = ("early_buys", "transactions_per_day", "has_wash_flag")
    return (name for name in checks if getattr(evidence, name) is None)


def _skill(rated: Rated, config: ScoreConfig) -> float | None:
    """Return the mean of ln(1 + net ÷ outlay), shrunk toward 0, as a share of what earns the whole part."""
    returns: list[float] = []
    for net, outlay in zip(rated.nets, rated.outlays, strict=True):
        if outlay > 0:
            returns.append(log(max(config.return_floor, (outlay + net) / outlay)))
    if not returns:
        return None
    return sum(returns) / (len(returns) + config.skill_prior) / config.skill_full


def _breadth(rated: Rated, config: ScoreConfig) -> float | None:
    """Return how many equally good tokens would spread the gains as much: 1 ÷ Σ share²."""
    gains = gains_by_token(rated).values()
    if not rated.at:
        return None
    if not gains:
        return 0.0
    whole = sum(gains)
    effective = 1 / sum((gain / whole) ** 2 for gain in gains)
    return (effective - 1) / (config.breadth_full - 1)


def _recency(rated: Rated, as_of: int, config: ScoreConfig) -> float | None:
    if not rated.at:
        return None
    return 2.0 ** -((as_of - rated.at[-1]) / config.recency_half_life_s)


def _is_former(rates: Rates, config: ScoreConfig) -> bool | None:
    if rates.win_rate_ub95 is None or rates.n < config.former_n_min:
        return None
    return rates.win_rate_ub95 < config.former_win_rate


def _clip(part: float) -> float:
    return min(1.0, max(0.0, part))
