"""Turn facts into positions: lots, realized amounts, episodes (DOMAIN §3)."""

from engine.ledger._fold import FoldResult, fold
from engine.ledger.config import DEFAULT_CONFIG, LedgerConfig
from engine.ledger.episodes import Episode, Outcome, Unrated, is_moved, judge, judge_amounts
from engine.ledger.events import Event, EventKind, signature_of
from engine.ledger.issues import Issue, IssueCode
from engine.ledger.lots import Lot
from engine.ledger.methods import Method, MethodNet, spread
from engine.ledger.realized import (
    Basis,
    Currency,
    Disposal,
    Flow,
    Realization,
    complete_flow,
    flow_of,
    proceeds_of,
)
from engine.ledger.state import FoldState, Totals
from engine.ledger.valuation import Value, price_e12, usd_micro, value_of

__all__ = [
    "DEFAULT_CONFIG",
    "Basis",
    "Currency",
    "Disposal",
    "Episode",
    "Event",
    "EventKind",
    "Flow",
    "FoldResult",
    "FoldState",
    "Issue",
    "IssueCode",
    "LedgerConfig",
    "Lot",
    "Method",
    "MethodNet",
    "Outcome",
    "Realization",
    "Totals",
    "Unrated",
    "Value",
    "complete_flow",
    "flow_of",
    "fold",
    "is_moved",
    "judge",
    "judge_amounts",
    "price_e12",
    "proceeds_of",
    "signature_of",
    "spread",
    "usd_micro",
    "value_of",
]
