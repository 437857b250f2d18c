"""Name the programs that say what a transaction was: one line adds a venue.

Not responsible for programs that move nothing of interest by themselves (System, Token, ComputeBudget, Memo).
"""

from enum import StrEnum
from typing import Final, NamedTuple


class Kind(StrEnum):
    """What a program is for, as far as it decides the class of a transaction."""

    AMM = "amm"
    ORDER_BOOK = "order_book"
    LAUNCHPAD = "launchpad"
    AGGREGATOR = "aggregator"
    TERMINAL = "terminal"
    ESCROW = "escrow"
    LEND = "lend"
    STAKE = "stake"
    FARM = "farm"
    NFT = "nft"


TRADE_KINDS: Final = frozenset({Kind.AMM, Kind.ORDER_BOOK, Kind.LAUNCHPAD, Kind.AGGREGATOR, Kind.TERMINAL})
"""Programs through which one asset is exchanged for another."""

POOL_KINDS: Final = frozenset({Kind.AMM, Kind.LAUNCHPAD, Kind.FARM})
"""Programs that may also take deposits of liquidity."""

VENUE_KINDS: Final = TRADE_KINDS | {Kind.ESCROW}
"""Programs shown to people as where it happened."""


class Program(NamedTuple):
    """A program's readable name and what it is for."""

    name: str
    kind: Kind


PROGRAMS: Final[dict[str, Program]] = {
    "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P": Program("pump.fun", Kind.LAUNCHPAD),
    "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA": Program("PumpSwap", Kind.AMM),
    "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8": Program("Raydium v4", Kind.AMM),
    "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C": Program("Raydium CPMM", Kind.AMM),
    "CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK": Program("Raydium CLMM", Kind.AMM),
    "LanMV9sAd7wArD4vJFi2qDdfnVhFxYSUg6eADduJ3uj": Program("Raydium LaunchLab", Kind.LAUNCHPAD),
    "routeUGWgWzqBWFcrCfv8tritsqukccJPu3q5GPP3xS": Program("Raydium Router", Kind.AGGREGATOR),
    "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4": Program("Jupiter v6", Kind.AGGREGATOR),
    "61DFfeTKM7trxYcPQCM78bJ794ddZprZpAwAnLiwTpYH": Program("JupiterZ RFQ", Kind.AGGREGATOR),
    "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc": Program("Orca Whirlpool", Kind.AMM),
    "9W959DqEETiGZocYWCQPaJ6sBmUzgfxXfqGeTEdp3aQP": Program("Orca v2", Kind.AMM),
    "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo": Program("Meteora DLMM", Kind.AMM),
    "cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG": Program("Meteora DAMM v2", Kind.AMM),
    "Eo7WjKq67rjJQSZxS6z3YkapzY3eMj6Xy8X5EQVn5UaB": Program("Meteora DAMM v1", Kind.AMM),
    "dbcij3LWUppWqq96dh6gJWwBifmcGfLSB5D4DuSMaqN": Program("Meteora DBC", Kind.LAUNCHPAD),
    "6m2CDdhRgxpH4WjvdzxAYbGxwdGUz5MziiL5jek2kBma": Program("OKX DEX", Kind.AGGREGATOR),
    "BSfD6SHZigAfDWSjzD5Q41jw8LmKwtmjskPH9XW1mrRW": Program("Photon", Kind.TERMINAL),
    "PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY": Program("Phoenix", Kind.ORDER_BOOK),
    "obriQD1zbpyLz95G5n7nJe6a4DPjpFwa5XYPoNm113y": Program("Obric v2", Kind.AMM),
    "SoLFiHG9TfgtdUXUjWAxi3LtvYuFyDLVhBWxdMZxyCe": Program("SolFi", Kind.AMM),
    "ZERor4xhbUycZ6gb9ntrhqscUcZmAbQDjEAtCf4hbZY": Program("ZeroFi", Kind.AMM),
    "DCA265Vj8a9CEuX1eb1LWRnDT7uK6q1xMipnNyatn23M": Program("Jupiter DCA", Kind.ESCROW),
    "jup3YeL8QhtSx1e253b2FDvsMNC87fDrgQZivbrndc9": Program("Jupiter Lend", Kind.LEND),
    "jupr81YtYssSyPt8jbnGuiWon5f6x9TcDEFxYe3Bdzi": Program("Jupiter Lend", Kind.LEND),
    "jupeiUmn818Jg1ekPURTpr4mFo29p46vygyykFJ3wZC": Program("Jupiter Lend", Kind.LEND),
    "BGUMAp9Gq7iTEuizy4pqaxsTyUCBK68MDfK752saRPUY": Program("Metaplex Bubblegum", Kind.NFT),
    "Stake11111111111111111111111111111111111111": Program("Stake", Kind.STAKE),
    "src5qyZHqTqecJV4aY6Cb6zDZLMDzrDKKezs22MPHr4": Program("Mayan Swift", Kind.ESCROW),
}
