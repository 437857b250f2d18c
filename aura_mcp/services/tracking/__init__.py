"""Follow wallets without gaps: sweep, hint, fetch, finality, repair, reconcile. The call plan is in `docs.md`."""

from aura_mcp.services.tracking.completing import Completing, WalletCompleteness, in_words
from aura_mcp.services.tracking.config import TrackingConfig
from aura_mcp.services.tracking.results import (
    Fetched,
    FinalitySummary,
    ReconcileSummary,
    RefreshSummary,
    RepairSummary,
    SweepSummary,
)
from aura_mcp.services.tracking.tracking import Tracking
from data.store.pending import Backlog, Origin
from engine.tracking import Coverage

__all__ = [
    "Backlog",
    "Completing",
    "Coverage",
    "Fetched",
    "FinalitySummary",
    "Origin",
    "ReconcileSummary",
    "RefreshSummary",
    "RepairSummary",
    "SweepSummary",
    "Tracking",
    "TrackingConfig",
    "WalletCompleteness",
    "in_words",
]
