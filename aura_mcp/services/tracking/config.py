"""Say how wallets are followed: what a user can set, and what follows from the limits of a node.

Not responsible for reading the environment (`aura_mcp.settings`).
"""

from dataclasses import dataclass
from typing import Final

DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingConfig:
    """How wallets are followed; see `docs.md` for what each costs."""

    backfill_days: int = 30
    backfill_transactions: int = 500
    """A new wallet's history: at most so many days back, and so many transactions."""
    sweep_interval_s: int = 300
    turn_period_s: int = 21_600
    """Every wallet is asked for its signatures within this time, whatever its balance says."""
    account_calls: int = 1
    """Calls of a sweep spent on token accounts, a hundred in each, beside those that fill up the wallets' calls."""
    reconcile_wallets: int = 6
    """Wallets that one reconciliation compares with the chain, two calls each."""
    concurrency: int = 8
    """Requests under way at a time; the provider's pace decides how fast they go out."""
    longest_retry_s: int = 600
    """What failed is tried again after 2 s, 8 s, 32 s … and at last so often."""
    vanished_wait_s: int = 30
    """Between two looks for a transaction that the chain forgot: two answers of one lagging node are one."""
    store_batch: int = 64
    """Transactions stored and booked at a time, at most: others wait for the database meanwhile."""
