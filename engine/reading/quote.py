"""Say what paid for a trade, and write the legs.

Not responsible for amounts, which balances give, or for prices: none is known here.
"""

from collections.abc import Sequence
from typing import Final

from engine.facts import Amount, Leg, Side, TxClass
from engine.reading.movement import Movement, TokenDelta
from engine.units import WSOL

MIXED: Final = "mixed_quote"

# Python 3.11 looks members up by a function call; these are needed for every transaction.
_BUY, _SELL, _SIDE_BUY, _SIDE_SELL, _SIDE_IN, _SIDE_OUT = (
    TxClass.BUY,
    TxClass.SELL,
    Side.BUY,
    Side.SELL,
    Side.IN,
    Side.OUT,
)
TRADES: Final = frozenset({TxClass.BUY, TxClass.SELL, TxClass.SWAP, TxClass.ARB})
_QUOTED: Final = frozenset({TxClass.BUY, TxClass.SELL, TxClass.ARB})
_LAMPORTS_PER_MICRO_USD_LEAST: Final = 10_000
"""A stable coin that would pay for the SOL beside it only below $0.10 a SOL is a residue, not the quote."""

_LAMPORTS_PER_MICRO_USD_MOST: Final = 100
"""SOL beside a stable coin that is worth more than 1 % of it at $1,000 a SOL is told."""


def quote_of(tx_class: TxClass, movement: Movement, sol_flow: int) -> Amount | None:
    """Return what paid for a trade, or what it brought: the stable coin that moved against the tokens, else SOL."""
    if tx_class not in _QUOTED:
        return None
    if movement.stables:
        against = [token for token in movement.stables if _is_against(tx_class, token.amount_raw)]
        if against:
            largest = max(against, key=lambda token: (abs(token.amount_raw), token.mint))
            is_residue = abs(largest.amount_raw) * _LAMPORTS_PER_MICRO_USD_LEAST < abs(sol_flow)
            if not (is_residue and _is_against(tx_class, sol_flow)):
                return Amount(largest.mint, largest.amount_raw)
    return Amount(WSOL, sol_flow)


def quote_issues(tx_class: TxClass, movement: Movement, sol_flow: int, quote: Amount) -> list[str]:
    """Return an issue when a second quote asset paid a share that counts: the quote is not all of the value then."""
    if tx_class is TxClass.ARB or quote.mint == WSOL:
        return []
    beside = [
        f"{MIXED}: {token.amount_raw} of {token.mint}"
        for token in movement.stables
        if token.mint != quote.mint
        and _is_against(tx_class, token.amount_raw)
        and abs(token.amount_raw) * 100 > abs(quote.amount_raw)
    ]
    if _is_against(tx_class, sol_flow) and abs(sol_flow) * _LAMPORTS_PER_MICRO_USD_MOST > abs(quote.amount_raw):
        beside.append(f"{MIXED}: {sol_flow} of {WSOL}")
    return beside


def legs_of(tx_class: TxClass, tokens: Sequence[TokenDelta], value: Amount | None) -> tuple[Leg, ...]:
    """Return one leg for each mint that moved, sales first, then by side and mint; `value` is that of each."""
    is_trade = tx_class in TRADES
    if len(tokens) == 1:
        return (_leg(tokens[0], value, is_trade=is_trade),)
    legs = [_leg(token, value, is_trade=is_trade) for token in tokens]
    return tuple(sorted(legs, key=lambda leg: (leg.side != Side.SELL, leg.side, leg.mint)))


def _is_against(tx_class: TxClass, amount_raw: int) -> bool:
    """Return whether an amount has the sign of what pays for the trade; of a round trip either has."""
    if tx_class is _BUY:
        return amount_raw < 0
    return amount_raw > 0 if tx_class is _SELL else amount_raw != 0


def _leg(token: TokenDelta, value: Amount | None, *, is_trade: bool) -> Leg:
    mint, amount_raw, decimals = token
    up, down = (_SIDE_BUY, _SIDE_SELL) if is_trade else (_SIDE_IN, _SIDE_OUT)
    side = up if amount_raw > 0 else down
    if value is None:
        return Leg(side, mint, abs(amount_raw), decimals, None, None)
    return Leg(side, mint, abs(amount_raw), decimals, value.mint, abs(value.amount_raw))
