"""Decide which wallets to ask for signatures: those whose balance moved for no stored reason, and a few in turn.

Not responsible for the calls; what they cost is in `docs.md`.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

MOST_LOOKS: Final = 3
"""After this many looks at a difference in lamports that no transaction explains (rent, rewards), it is accepted."""

OVERDUE: Final = 2
"""A wallet whose turn is this many periods late is asked at once: the machine slept."""


class Reason(StrEnum):
    """Why a wallet is asked."""

    NEW = "new"
    BACKFILL = "backfill"
    LAMPORTS = "lamports"
    TURN = "turn"


class Look(NamedTuple):
    """What is known of a wallet before asking.

    `expected_lamports` is its explained balance and what stored facts moved since, None before the first look;
    `lamports` is what the chain says, None where it did not. `asked_at` in seconds since 1970.
    """

    wallet: str
    is_new: bool
    is_backfilling: bool
    expected_lamports: int | None
    lamports: int | None
    unexplained: int
    asked_at: int | None


class Ask(NamedTuple):
    """A wallet to be asked for its signatures."""

    wallet: str
    reason: Reason


def choose_wallets(looks: Sequence[Look], now_s: int, *, interval_s: int, period_s: int) -> list[Ask]:
    """Return whom to ask in a sweep that happens every `interval_s`, so that everyone is asked once in `period_s`.

    Worked: of 174 quiet wallets, every 300 s and within 21,600 s, 3 take their turn: 174 x 300 / 21,600 = 2.4.
    """
    reasons: dict[str, Reason] = {}
    for look in looks:
        reason = _reason(look)
        if reason is not None:
            reasons[look.wallet] = reason
    turns = math.ceil(len(looks) * interval_s / period_s)
    waiting = sorted((look for look in looks if look.wallet not in reasons), key=_age_key)
    for place, look in enumerate(waiting):
        if place < turns or (look.asked_at or 0) <= now_s - OVERDUE * period_s:
            reasons[look.wallet] = Reason.TURN
    return [Ask(look.wallet, reasons[look.wallet]) for look in looks if look.wallet in reasons]


def is_explained(look: Look) -> bool:
    """Tell whether stored facts account for a wallet's balance."""
    return look.lamports is None or look.expected_lamports == look.lamports


def _reason(look: Look) -> Reason | None:
    if look.is_new:
        return Reason.NEW
    if look.is_backfilling:
        return Reason.BACKFILL
    if not is_explained(look) and look.unexplained < MOST_LOOKS:
        return Reason.LAMPORTS
    return None


def _age_key(look: Look) -> tuple[int, str]:
    return look.asked_at or 0, look.wallet
