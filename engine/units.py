"""Name the ids, the quote assets and the scales that every other module shares.

Not responsible for checking that an address is valid (`engine.address`) or for prices.
"""

from typing import Final, NewType

Address = NewType("Address", str)
"""A base58 account address of 32 bytes: a wallet, a program, a token account."""

Mint = NewType("Mint", str)
"""The address of a token's mint: the only identity of a token."""

Signature = NewType("Signature", str)
"""A base58 transaction signature of 64 bytes, or `row:` and a hash for a trade row that had none."""

WSOL: Final = Mint("So11111111111111111111111111111111111111112")
USDC: Final = Mint("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")
USDT: Final = Mint("Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB")

STABLE_MINTS: Final = frozenset({USDC, USDT})
"""Quote assets pegged to the dollar; both have 6 decimals, so one raw unit is one micro-USD."""

QUOTE_MINTS: Final = frozenset({WSOL, USDC, USDT})
"""Assets that pay for trades: never a position, never "bought". Native SOL counts as WSOL."""

QUOTE_DECIMALS: Final = {WSOL: 9, USDC: 6, USDT: 6}
QUOTE_SYMBOLS: Final = {WSOL: "SOL", USDC: "USDC", USDT: "USDT"}

LAMPORTS_PER_SOL: Final = 1_000_000_000
MICRO_PER_USD: Final = 1_000_000
BASE_FEE_LAMPORTS: Final = 5_000
"""Network fee for each signature of a transaction."""

U64_MAX: Final = 2**64 - 1
