"""Name what can happen to one (entity, mint), in the form that the fold consumes.

Not responsible for deriving events from readings or for ordering them: the caller sorts by
(order_time, slot, index in block, signature, leg) and removes duplicates.
"""

from enum import IntEnum
from typing import Final, NamedTuple

SIGNATURE_END: Final = "#"
"""What separates the signature from the leg in the name of an event."""


class EventKind(IntEnum):
    """What an event does to the holding.

    BURN is a disposal for nothing that the owner did not choose; PARK and UNPARK move lots
    into a pool or a lending market and back; OBSERVE only shows balances.
    """

    BUY = 0
    SELL = 1
    IN = 2
    OUT = 3
    BURN = 4
    PARK = 5
    UNPARK = 6
    OBSERVE = 7


TRANSFERS: Final = frozenset({EventKind.IN, EventKind.OUT, EventKind.OBSERVE})
"""Kinds that only move tokens: those of one transaction are netted over the entity's wallets."""


class Event(NamedTuple):
    """One thing that happened to one (entity, mint).

    `at` is the block time in epoch seconds.
    `ref` is `signature#leg`, with `@owner` behind it when the owner is not the entity itself.
    `quantity` is positive base units, 0 for OBSERVE.
    Values are gross, what was paid or received; None is unknown, never 0.
    `fee_lamports` are the network fees and tips of this leg.
    `balances` are (token account, before, after) of the owner's accounts of this mint in the
    transaction, empty when the source had none. Of several events of one owner in one
    transaction only the first carries them.
    """

    kind: EventKind
    at: int
    ref: str
    owner: str
    quantity: int
    value_lamports: int | None
    value_usd_micro: int | None
    fee_lamports: int
    fee_usd_micro: int | None
    balances: tuple[tuple[str, int, int], ...] = ()


def signature_of(ref: str) -> str:
    """Return the signature that an event's name starts with."""
    return ref.partition(SIGNATURE_END)[0]
