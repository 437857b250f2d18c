"""Decide how wallets are followed: whom to ask, how deep, when again, and what is complete. Values in, values out."""

from engine.tracking.asking import MOST_LOOKS, Ask, Look, Reason, choose_wallets, is_explained
from engine.tracking.completeness import Completeness, Counts, Coverage, combined, completeness_of
from engine.tracking.depth import Backfill, Depth, Listed, Taken, goes_deeper, newest_final, take_page
from engine.tracking.retries import Retry, retry_after

__all__ = [
    "MOST_LOOKS",
    "Ask",
    "Backfill",
    "Completeness",
    "Counts",
    "Coverage",
    "Depth",
    "Listed",
    "Look",
    "Reason",
    "Retry",
    "Taken",
    "choose_wallets",
    "combined",
    "completeness_of",
    "goes_deeper",
    "is_explained",
    "newest_final",
    "retry_after",
    "take_page",
]
