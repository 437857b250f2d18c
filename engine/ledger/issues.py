"""Name what the fold found in dirty history, as values.

Not responsible for deciding what to do about it.
"""

from enum import StrEnum
from typing import NamedTuple


class IssueCode(StrEnum):
    """What was found.

    The first three break an owner's chain of balances and count as gaps: something came, left or
    moved between its accounts in transactions that were not seen.
    """

    GAP_IN = "gap_in"
    GAP_OUT = "gap_out"
    GAP_MOVED = "gap_moved"
    OPENING_BALANCE = "opening_balance"
    ROUNDING = "rounding"
    UNMATCHED_DISPOSAL = "unmatched_disposal"
    UNVALUED_BUY = "unvalued_buy"


class Issue(NamedTuple):
    """One finding: `quantity` in base units is what the fold booked without a fact of its own.

    `at` and `ref` name the event that showed it.
    """

    code: IssueCode
    at: int
    ref: str
    quantity: int


GAPS = frozenset({IssueCode.GAP_IN, IssueCode.GAP_OUT, IssueCode.GAP_MOVED})
