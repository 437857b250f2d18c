"""Hold the fitted constants of the ledger as integers.

Not responsible for reading settings: the caller passes a config, or gets the defaults of DOMAIN.
"""

from dataclasses import dataclass
from typing import Final

BPS: Final = 10_000
"""Basis points of a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerConfig:
    """Constants of episodes and of the rounding of sources, in basis points unless named otherwise.

    `episode_close_bps`: an episode closes at this share of its peak holding.
    `coverage_min_bps`: matched share of all proceeds below which an episode is not rated.
    `moved_min_bps`: share of the quantity that makes a departure by transfer `moved`.
    `break_even_bps`, `break_even_usd_micro`: a result within the larger of both is neither a win
    nor a loss; in SOL only the share of the cost applies.
    `rounding_bps`: a difference of balances up to this share of what trades with rounded amounts
    explain is their rounding, not a gap.
    """

    episode_close_bps: int = 100
    coverage_min_bps: int = 9_000
    moved_min_bps: int = 5_000
    break_even_bps: int = 10
    break_even_usd_micro: int = 10_000
    rounding_bps: int = 1


DEFAULT_CONFIG: Final = LedgerConfig()
