"""Decide what a transaction was for one owner: the net shape first, then what was touched (DOMAIN §2).

Not responsible for amounts: every amount is read before and does not change here.
"""

from typing import Final, NamedTuple

from engine.facts import TxClass
from engine.reading.evidence import Evidence
from engine.reading.kinds import POOL_KINDS, Kind
from engine.reading.lending import is_flash_loan_only
from engine.reading.liquidity import is_unique, liquidity_class, receipt_class
from engine.reading.movement import Movement, TokenDelta
from engine.reading.route import is_money_round_trip, is_token_round_trip
from engine.units import Address


class Shape(NamedTuple):
    """The net movement of one owner, and which way it went: tokens and quote assets, gained and parted with."""

    owner: Address
    movement: Movement
    sol_flow: int
    is_signer: bool
    is_up: bool
    is_down: bool
    is_quote_up: bool
    is_quote_down: bool
    pays_other_rent: bool


_DEEPER: Final = frozenset({Kind.LEND, Kind.STAKE, Kind.NFT, Kind.FARM})
"""What a program of these kinds does may look like a trade."""

_ORDER_KINDS: Final = frozenset({Kind.ESCROW, Kind.ORDER_BOOK})
"""Programs that hold what was handed to them until later."""


def shape_of(movement: Movement, owner: Address, sol_flow: int, *, is_signer: bool, pays_other_rent: bool) -> Shape:
    """Return the shape of a movement; `sol_flow` is what is left of SOL after all costs."""
    is_up = is_down = False
    is_quote_up, is_quote_down = sol_flow > 0, sol_flow < 0
    for token in movement.tokens:
        is_up, is_down = is_up or token.amount_raw > 0, is_down or token.amount_raw < 0
    for token in movement.stables:
        is_quote_up, is_quote_down = is_quote_up or token.amount_raw > 0, is_quote_down or token.amount_raw < 0
    return Shape(owner, movement, sol_flow, is_signer, is_up, is_down, is_quote_up, is_quote_down, pays_other_rent)


def classify(shape: Shape, evidence: Evidence) -> TxClass:
    """Return the class of a transaction that succeeded.

    A plain trade is recognized from balances alone; everything else is looked at more closely.
    """
    traded = _trade_class(shape)
    is_unmixed = evidence.is_trading and not evidence.liquidity and evidence.kinds.isdisjoint(_DEEPER)
    if traded is not None and is_unmixed and not _has_receipt(shape, evidence):
        return TxClass.ARB if _is_round_trip(shape, evidence) else traded
    return _special_class(shape, evidence) or traded or _one_way_class(shape, evidence)


def _trade_class(shape: Shape) -> TxClass | None:
    """Return BUY, SELL, SWAP or FX when something was given for something else."""
    if shape.is_up:
        if shape.is_down:
            return TxClass.SWAP
        return TxClass.BUY if shape.is_quote_down else None
    if shape.is_down:
        return TxClass.SELL if shape.is_quote_up else None
    return TxClass.FX if shape.is_quote_up and shape.is_quote_down else None


def _has_receipt(shape: Shape, evidence: Evidence) -> bool:
    """Return whether a moved mint was minted or burned here or is one of a kind: LP tokens, receipts, NFTs."""
    return any(token.mint in evidence.sums or is_unique(token) for token in shape.movement.tokens)


def _special_class(shape: Shape, evidence: Evidence) -> TxClass | None:
    """Return the class that programs, receipts or instructions prove, None when only the shape can tell."""
    kinds = evidence.kinds
    if Kind.LEND in kinds and not is_flash_loan_only(evidence.transaction.instructions):
        return TxClass.LEND
    if Kind.STAKE in kinds:
        return TxClass.STAKE
    if not kinds.isdisjoint(POOL_KINDS) and (liquidity := _liquidity_class(shape, evidence)) is not None:
        return liquidity
    if Kind.FARM in kinds:
        return TxClass.STAKE
    if Kind.NFT in kinds or any(_is_nft(token, evidence) for token in shape.movement.tokens):
        return TxClass.NFT
    if evidence.is_trading and _is_round_trip(shape, evidence):
        return TxClass.ARB
    if shape.is_signer and not evidence.is_trading and _is_own_creation(shape, evidence):
        return TxClass.CREATE
    return None


def _is_nft(token: TokenDelta, evidence: Evidence) -> bool:
    """Return whether a single unit moved as an NFT: not traded through a pool, unless it was made or burned here."""
    return is_unique(token) and (not evidence.is_trading or token.mint in evidence.sums)


def _liquidity_class(shape: Shape, evidence: Evidence) -> TxClass | None:
    movement, transaction = shape.movement, evidence.transaction
    is_given, is_received = shape.is_down or shape.is_quote_down, shape.is_up or shape.is_quote_up
    told = liquidity_class(
        evidence.liquidity,
        # A position that was only opened gave nothing yet, but its token came.
        is_given=is_given or shape.is_up,
        is_received=is_received,
    )
    if told is not None or not evidence.supply:
        return told
    amounts = [token.amount_raw for token in (*movement.tokens, *movement.stables)] + [shape.sol_flow]
    return receipt_class(
        movement,
        frozenset([transaction.accounts[position] for position in movement.token_accounts]),
        evidence.supply,
        given=sum([amount < 0 for amount in amounts]),
        received=sum([amount > 0 for amount in amounts]),
    )


def _is_round_trip(shape: Shape, evidence: Evidence) -> bool:
    if shape.movement.tokens:
        return is_token_round_trip(evidence.transaction, shape.movement)
    if not shape.is_signer or not (shape.is_quote_up or shape.is_quote_down):
        return False
    return is_money_round_trip(evidence.transaction, shape.owner, shape.movement, shape.sol_flow)


def _is_own_creation(shape: Shape, evidence: Evidence) -> bool:
    """Return whether all that came is a token made here and minted straight to its maker, who paid a service for it."""
    if not shape.is_up or shape.is_down or not evidence.opened_mints:
        return False
    accounts = evidence.transaction.accounts
    owned = {accounts[position] for position in shape.movement.token_accounts}
    minted = {op.mint for op in evidence.supply if op.kind == "mint_to" and op.target in owned}
    return all(token.mint in minted & evidence.opened_mints for token in shape.movement.tokens)


def _one_way_class(shape: Shape, evidence: Evidence) -> TxClass:
    """Return the class of a movement in one direction, or of none."""
    is_up, is_down = shape.is_up or shape.is_quote_up, shape.is_down or shape.is_quote_down
    if (is_up or is_down) and not evidence.kinds.isdisjoint(_ORDER_KINDS):
        return TxClass.OTHER
    if shape.is_signer and (not is_down or Kind.LAUNCHPAD in evidence.kinds) and evidence.makes_mint():
        return TxClass.CREATE
    if is_up:
        return TxClass.TRANSFER_IN
    if is_down:
        return TxClass.TRANSFER_OUT if shape.is_signer else TxClass.INVOLUNTARY
    return TxClass.OTHER if shape.pays_other_rent else TxClass.NONE
