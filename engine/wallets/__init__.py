"""Turn positions into what is known about a wallet: statistics and score (DOMAIN §4)."""

from engine.wallets.amounts import Closed, Realized
from engine.wallets.holding import BucketResult, HoldBucket, HoldTimes, hold_bucket, hold_times
from engine.wallets.inputs import OpenPosition, OtherCosts, PositionState, TokenHistory, Window
from engine.wallets.intervals import wilson
from engine.wallets.rates import Rates
from engine.wallets.record import Record, record_of
from engine.wallets.results import PnlBucket, bucket_of
from engine.wallets.score import DEFAULT_SCORE_CONFIG, Evidence, ScoreConfig, WalletScore, wallet_score
from engine.wallets.stats import COVERAGE_MIN, CurrencyStats, WalletStats, wallet_stats

__all__ = [
    "COVERAGE_MIN",
    "DEFAULT_SCORE_CONFIG",
    "BucketResult",
    "Closed",
    "CurrencyStats",
    "Evidence",
    "HoldBucket",
    "HoldTimes",
    "OpenPosition",
    "OtherCosts",
    "PnlBucket",
    "PositionState",
    "Rates",
    "Realized",
    "Record",
    "ScoreConfig",
    "TokenHistory",
    "WalletScore",
    "WalletStats",
    "Window",
    "bucket_of",
    "hold_bucket",
    "hold_times",
    "record_of",
    "wallet_score",
    "wallet_stats",
    "wilson",
]
