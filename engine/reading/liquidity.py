"""Recognize liquidity deposits and withdrawals, which no balance tells apart from trades.

An LP deposit may hand out an LP token, a position NFT or nothing at all. Known instructions decide first; Anchor
programs name one by sha256("global:<name>")[:8], so one list of names serves every venue. Where the instruction is
not known, what was minted to the owner or burned from it does (`receipt_class`).
Not responsible for instructions of programs that are not trading venues or farms.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from engine.facts import TxClass
from engine.reading.calls import outside_routes
from engine.reading.instructions import instruction_data
from engine.reading.movement import Movement, TokenDelta
from engine.reading.tokens import TokenOp
from engine.transaction import Instruction, Transaction
from engine.units import Address

# fmt: off
_ADD: Final = (
    "add_balance_liquidity", "add_imbalance_liquidity", "add_liquidity", "add_liquidity2",
    "add_liquidity_by_strategy", "add_liquidity_by_strategy2", "add_liquidity_by_strategy_one_side",
    "add_liquidity_by_weight", "add_liquidity_by_weight2", "add_liquidity_one_side",
    "add_liquidity_one_side_precise", "add_liquidity_one_side_precise2", "bootstrap_liquidity",
    "create_position", "deposit", "deposit_all_token_types", "increase_liquidity",
    "increase_liquidity_by_token_amounts_v2", "increase_liquidity_v2", "initialize_position",
    "initialize_position2", "initialize_position_pda", "initialize_pool", "initialize_pool_with_dynamic_config",
    "initialize_customizable_pool", "initialize_permissionless_pool",
    "initialize_permissionless_pool_with_fee_tier", "open_bundled_position", "open_position",
    "open_position_v2", "open_position_with_metadata", "open_position_with_token22_nft",
    "open_position_with_token_extensions",
)
# fmt: on
# fmt: off
_REMOVE: Final = (
    "claim_fee", "claim_fee2", "claim_position_fee", "claim_reward", "claim_reward2", "close_bundled_position",
    "close_position", "close_position2", "close_position_if_empty", "close_position_with_token_extensions",
    "collect_fees", "collect_fees_v2", "collect_reward", "collect_reward_v2", "decrease_liquidity",
    "decrease_liquidity_v2", "remove_all_liquidity", "remove_balance_liquidity", "remove_liquidity",
    "remove_liquidity2", "remove_liquidity_by_range", "remove_liquidity_by_range2",
    "remove_liquidity_single_side", "withdraw",
)
# fmt: on


_EITHER: Final = ("rebalance_liquidity", "reposition_liquidity_v2")


def _discriminator(name: str) -> bytes:
    return hashlib.sha256(f"global:{name}".encode()).digest()[:8]


_ADD_OR_REMOVE: Final = frozenset({TxClass.LP_ADD, TxClass.LP_REMOVE})
_CLASSES_BY_DISCRIMINATOR: Final = {
    **{_discriminator(name): frozenset({TxClass.LP_ADD}) for name in _ADD},
    **{_discriminator(name): frozenset({TxClass.LP_REMOVE}) for name in _REMOVE},
    **{_discriminator(name): _ADD_OR_REMOVE for name in _EITHER},
}
_RAYDIUM_TAGS: Final = {1: TxClass.LP_ADD, 3: TxClass.LP_ADD, 4: TxClass.LP_REMOVE}
"""Raydium's `AmmInstruction`: initialize2 1, deposit 3, withdraw 4."""

_TOKEN_SWAP_TAGS: Final = {2: TxClass.LP_ADD, 3: TxClass.LP_REMOVE, 4: TxClass.LP_ADD, 5: TxClass.LP_REMOVE}
"""SPL token-swap: deposit all 2, withdraw all 3, deposit one 4, withdraw one 5."""

_SABER_TAGS: Final = {2: TxClass.LP_ADD, 3: TxClass.LP_REMOVE, 4: TxClass.LP_REMOVE}
"""Saber's stable-swap: deposit 2, withdraw 3, withdraw one 4."""

_CLASS_BY_TAG: Final = {
    "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8": _RAYDIUM_TAGS,
    "9W959DqEETiGZocYWCQPaJ6sBmUzgfxXfqGeTEdp3aQP": _TOKEN_SWAP_TAGS,
    "DjVE6JNiYqPL2QXyCUUh8rNjHrbz9hXHNYt99MQ59qw1": _TOKEN_SWAP_TAGS,
    "SwaPpA9LAaLfeLi3a68M4DjnLqgtticKg6CnyNwgAC8": _TOKEN_SWAP_TAGS,
    "SSwpkEEcbUqx4vtoEByFjSkhKdCT862DNVb52nZg1UZ": _SABER_TAGS,
}
NO_CLASS: Final[frozenset[TxClass]] = frozenset()
_SEVERAL: Final = 2
_FEWEST_ACCOUNTS: Final = 3
"""A pool, its vaults and its owner are more; an event of the program names one account."""


def liquidity_told(transaction: Transaction, pools: Sequence[Address]) -> frozenset[TxClass]:
    """Return LP_ADD and LP_REMOVE as far as `pools` were told to move liquidity, not as a step of a trade."""
    told = [
        (ix, classes)
        for pool in pools
        for ix in transaction.by_program[pool]
        if len(ix.accounts) > _FEWEST_ACCOUNTS and (classes := _classes_of(ix))
    ]
    if not told:
        return frozenset()
    asked = {id(ix) for ix in outside_routes(transaction.instructions)}
    return frozenset([tx_class for ix, classes in told if id(ix) in asked for tx_class in classes])


def liquidity_class(told: frozenset[TxClass], *, is_given: bool, is_received: bool) -> TxClass | None:
    """Return which of the classes told is the owner's: LP_ADD needs something given, LP_REMOVE something received.

    A withdrawal anywhere makes it LP_REMOVE: closing a position and opening the next one returns what was parked.
    """
    if TxClass.LP_REMOVE in told and is_received:
        return TxClass.LP_REMOVE
    return TxClass.LP_ADD if TxClass.LP_ADD in told and is_given else None


def _classes_of(ix: Instruction) -> frozenset[TxClass]:
    data = instruction_data(ix)
    by_tag = _CLASS_BY_TAG.get(ix.program)
    if by_tag is None or not data:
        return _CLASSES_BY_DISCRIMINATOR.get(data[:8], NO_CLASS)
    return frozenset([by_tag[data[0]]]) if data[0] in by_tag else NO_CLASS


def receipt_class(
    movement: Movement, owned: frozenset[str], operations: Sequence[TokenOp], *, given: int, received: int
) -> TxClass | None:
    """Return LP_ADD when a pool minted its token to the owner for several assets, LP_REMOVE for the way back, or None.

    `given` and `received` are how many assets the owner parted with and got, `owned` its token accounts.
    A position is a token of its own: the one unit there is, minted or burned here, stands for any number of assets.
    """
    minted = {op.mint for op in operations if op.kind == "mint_to" and op.target in owned}
    burned = {op.mint for op in operations if op.kind == "burn" and op.source in owned}
    for token in movement.tokens:
        needed = 1 if is_unique(token) else _SEVERAL
        if token.amount_raw > 0 and token.mint in minted and given >= needed:
            return TxClass.LP_ADD
        if token.amount_raw < 0 and token.mint in burned and received >= needed:
            return TxClass.LP_REMOVE
    return None


def is_unique(token: TokenDelta) -> bool:
    """Return whether one unit of a token without decimals moved: an NFT, or a position."""
    return token.decimals == 0 and abs(token.amount_raw) == 1
