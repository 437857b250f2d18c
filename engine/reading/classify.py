"""Decide what a transaction was for one owner: the net shape first, then what was touched (DOMAIN §2).

Values in, class out. Not responsible for amounts: every amount is read before and does not change here.
"""

from collections.abc import Callable
from typing import NamedTuple

from engine.facts import TxClass
from engine.reading.kinds import TRADE_KINDS, Kind
from engine.reading.movement import TokenDelta


class Shape(NamedTuple):
    """The evidence on one owner that decides the class.

    `quote_up` and `quote_down` say whether any quote asset was gained or paid beyond costs.
    `touched` are the kinds of programs called, without what a trade route calls inside itself.
    `supply_changed` are the owner's mints that were minted or burned here.
    `opened_mints` are mints created here.
    The functions read instructions and are called only when balances leave a doubt.
    """

    is_signer: bool
    tokens: tuple[TokenDelta, ...]
    quote_up: bool
    quote_down: bool
    touched: frozenset[Kind]
    supply_changed: frozenset[str]
    pays_other_rent: bool
    liquidity: Callable[[], TxClass | None]
    is_round_trip: Callable[[], bool]
    opened_mints: Callable[[], frozenset[str]]


def classify(shape: Shape) -> TxClass:
    """Return the class of a transaction that succeeded.

    A plain trade is recognized from balances alone; everything else is looked at more closely.
    """
    traded = _trade_class(shape)
    is_traded_here = not shape.touched.isdisjoint(TRADE_KINDS)
    if traded is not None and is_traded_here and not (shape.touched & _DEEPER) and not _has_receipt(shape):
        return TxClass.ARB if shape.is_round_trip() else traded
    return _special_class(shape, is_traded_here=is_traded_here) or traded or _plain_class(shape)


_DEEPER = frozenset({Kind.LEND, Kind.STAKE, Kind.NFT, Kind.FARM})


def _trade_class(shape: Shape) -> TxClass | None:
    """Return BUY, SELL, SWAP or FX when something was given for something else."""
    ups = any(token.amount_raw > 0 for token in shape.tokens)
    downs = any(token.amount_raw < 0 for token in shape.tokens)
    if ups and downs:
        return TxClass.SWAP
    if ups and shape.quote_down:
        return TxClass.BUY
    if downs and shape.quote_up:
        return TxClass.SELL
    if not shape.tokens and shape.quote_up and shape.quote_down:
        return TxClass.FX
    return None


def _has_receipt(shape: Shape) -> bool:
    """Return whether a moved mint was minted or burned here or is one of a kind: LP tokens, receipts, NFTs."""
    return any(token.mint in shape.supply_changed or _is_unique(token) for token in shape.tokens)


def _is_unique(token: TokenDelta) -> bool:
    return token.decimals == 0 and abs(token.amount_raw) == 1


def _special_class(shape: Shape, *, is_traded_here: bool) -> TxClass | None:
    """Return the class that programs, receipts or instructions prove, None when only the shape can tell."""
    touched = shape.touched
    if Kind.LEND in touched:
        return TxClass.LEND
    if Kind.STAKE in touched:
        return TxClass.STAKE
    if touched & {Kind.AMM, Kind.LAUNCHPAD, Kind.FARM} or shape.supply_changed:
        liquidity = shape.liquidity()
        if liquidity is not None:
            return liquidity
    if Kind.FARM in touched:
        return TxClass.STAKE
    if Kind.NFT in touched or any(_is_unique(token) for token in shape.tokens):
        return TxClass.NFT
    if is_traded_here and shape.is_round_trip():
        return TxClass.ARB
    return None


def _plain_class(shape: Shape) -> TxClass:
    """Return the class of a movement in one direction, or of none."""
    ups = shape.quote_up or any(token.amount_raw > 0 for token in shape.tokens)
    downs = shape.quote_down or any(token.amount_raw < 0 for token in shape.tokens)
    if (ups or downs) and Kind.ESCROW in shape.touched:
        return TxClass.OTHER
    if shape.is_signer and shape.opened_mints() and (not downs or Kind.LAUNCHPAD in shape.touched):
        return TxClass.CREATE
    if ups:
        return TxClass.TRANSFER_IN
    if downs:
        return TxClass.TRANSFER_OUT if shape.is_signer else TxClass.INVOLUNTARY
    return TxClass.OTHER if shape.pays_other_rent else TxClass.NONE
