"""Recognize liquidity deposits and withdrawals, which no balance tells apart from trades.

An LP deposit may hand out an LP token, a position NFT or nothing at all, so the instruction decides.
Anchor programs name an instruction by sha256("global:<name>")[:8], so one list of names serves every venue.
Not responsible for instructions of programs that are not trading venues or farms.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from engine.facts import TxClass
from engine.reading.kinds import POOL_KINDS
from engine.reading.operations import instruction_data
from engine.reading.programs import PROGRAMS
from engine.transaction import Instruction

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


def _discriminator(name: str) -> bytes:
    return hashlib.sha256(f"global:{name}".encode()).digest()[:8]


_CLASS_BY_DISCRIMINATOR: Final = {
    **{_discriminator(name): TxClass.LP_ADD for name in _ADD},
    **{_discriminator(name): TxClass.LP_REMOVE for name in _REMOVE},
}
_CLASS_BY_TAG: Final = {
    # Raydium AMM v4 `AmmInstruction`: initialize2 1, deposit 3, withdraw 4.
    "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8": {
        1: TxClass.LP_ADD,
        3: TxClass.LP_ADD,
        4: TxClass.LP_REMOVE,
    },
    # SPL token-swap (Orca v2): deposit all 2, withdraw all 3, deposit one 4, withdraw one 5.
    "9W959DqEETiGZocYWCQPaJ6sBmUzgfxXfqGeTEdp3aQP": {
        2: TxClass.LP_ADD,
        3: TxClass.LP_REMOVE,
        4: TxClass.LP_ADD,
        5: TxClass.LP_REMOVE,
    },
}


def liquidity_class(instructions: Iterable[Instruction]) -> TxClass | None:
    """Return LP_ADD or LP_REMOVE when a pool program was told to move liquidity, else None.

    A withdrawal anywhere makes it LP_REMOVE: closing a position and opening the next one returns what was parked.
    """
    found: set[TxClass] = set()
    for ix in instructions:
        program = PROGRAMS.get(ix.program)
        if program is None or program.kind not in POOL_KINDS or not (data := instruction_data(ix)):
            continue
        by_tag = _CLASS_BY_TAG.get(ix.program)
        tx_class = by_tag.get(data[0]) if by_tag is not None else _CLASS_BY_DISCRIMINATOR.get(data[:8])
        if tx_class is not None:
            found.add(tx_class)
    if TxClass.LP_REMOVE in found:
        return TxClass.LP_REMOVE
    return TxClass.LP_ADD if found else None
