"""Separate what a transaction cost its owner beside the trade: network fees, tips and rent of others' accounts.

Not responsible for venue and terminal fees: those are part of what the trade cost and stay in the quote.
"""

from collections.abc import Sequence
from typing import NamedTuple

from engine.reading.operations import SIGNATURE_PROGRAMS, LamportOp, verified_signatures
from engine.reading.tips import TIP_ACCOUNTS
from engine.transaction import Transaction
from engine.units import BASE_FEE_LAMPORTS, WSOL, Address


class NetworkFee(NamedTuple):
    """The two parts of `meta.fee`, in lamports; only the fee payer pays them."""

    base_lamports: int
    priority_lamports: int


def network_fee(transaction: Transaction) -> NetworkFee:
    """Return the base fee (5000 lamports for each signature verified) and what was paid on top of it."""
    signatures = transaction.signature_count
    if not SIGNATURE_PROGRAMS.isdisjoint(transaction.accounts):
        signatures += verified_signatures(transaction)
    base = min(signatures * BASE_FEE_LAMPORTS, transaction.fee_lamports)
    return NetworkFee(base, transaction.fee_lamports - base)


def tip_positions(transaction: Transaction) -> list[int]:
    """Return where known tip accounts stand among the accounts; mostly nowhere."""
    if TIP_ACCOUNTS.isdisjoint(transaction.accounts):
        return []
    return [position for position, address in enumerate(transaction.accounts) if address in TIP_ACCOUNTS]


def tip_of(operations: Sequence[LamportOp], owner: Address) -> int:
    """Return the lamports `owner` transferred to known tip accounts (Jito and the relays), at any depth."""
    return sum(op.lamports for op in operations if op.source == owner and op.target in TIP_ACCOUNTS)


def created_accounts(transaction: Transaction) -> tuple[int, ...]:
    """Return the positions of accounts that held nothing before and something after."""
    if 0 not in transaction.pre_lamports:
        return ()
    return tuple(
        [
            position
            for position, (pre, post) in enumerate(
                zip(transaction.pre_lamports, transaction.post_lamports, strict=True)
            )
            if post > 0 and pre == 0
        ]
    )


def other_rent_of(
    transaction: Transaction,
    operations: Sequence[LamportOp],
    owner: Address,
    candidates: Sequence[int],
) -> int:
    """Return the lamports `owner` put into new accounts that are not its own token accounts.

    Only what an account received up to its creation counts: a bonding curve gets its rent first and the price of
    the first buy later. Stake accounts are deposits, not rent; wrapped SOL is money, not rent.
    """
    accounts = transaction.accounts
    open_positions: dict[str, int] = {accounts[position]: position for position in candidates}
    funded: dict[str, int] = {}
    created: set[str] = set()
    for op in operations:
        if op.target not in open_positions:
            continue
        if op.kind == "transfer":
            if op.source == owner and op.target not in created:
                funded[op.target] = funded.get(op.target, 0) + op.lamports
        elif not op.is_stake:
            created.add(op.target)
            if op.source == owner:
                funded[op.target] = funded.get(op.target, 0) + op.lamports
    wrapped = {token.position: token.post_raw for token in transaction.tokens if token.mint == WSOL}
    total = 0
    for address in created & funded.keys():
        position = open_positions[address]
        held = transaction.post_lamports[position] - wrapped.get(position, 0)
        total += min(funded[address], held) if position in wrapped else funded[address]
    return total
