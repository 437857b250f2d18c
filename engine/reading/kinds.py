"""Say what programs are for, as far as that decides the class of a transaction.

Not responsible for which program is of which kind (`engine.reading.programs`).
"""

from enum import StrEnum
from typing import Final, NamedTuple


class Kind(StrEnum):
    """What a program is for."""

    LAUNCHPAD = "launchpad"
    AMM = "amm"
    ORDER_BOOK = "order_book"
    AGGREGATOR = "aggregator"
    TERMINAL = "terminal"
    ESCROW = "escrow"
    LEND = "lend"
    STAKE = "stake"
    FARM = "farm"
    NFT = "nft"


TRADE_KINDS: Final = frozenset({Kind.AMM, Kind.ORDER_BOOK, Kind.LAUNCHPAD, Kind.AGGREGATOR, Kind.TERMINAL})
"""Programs through which one asset is exchanged for another."""

PLAIN_KINDS: Final = TRADE_KINDS | {Kind.ESCROW}
"""Programs that decide nothing about a movement with two directions."""

POOL_KINDS: Final = frozenset({Kind.AMM, Kind.FARM})
"""Programs that may also take deposits of liquidity."""

VENUE_KINDS: Final = TRADE_KINDS | {Kind.ESCROW}
"""Programs shown to people as where it happened."""


class Program(NamedTuple):
    """A program's readable name and what it is for."""

    name: str
    kind: Kind
