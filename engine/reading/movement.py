"""Net what one owner gained and lost in a transaction, from balances alone.

Not responsible for why it moved (`engine.reading.classify`) or what it cost (`engine.reading.fees`).
"""

from typing import NamedTuple

from engine.facts import AccountBalance
from engine.transaction import Transaction
from engine.units import QUOTE_MINTS, STABLE_MINTS, WSOL, Address, Mint


class TokenDelta(NamedTuple):
    """The net change of one non-quote mint for the owner, signed, in base units."""

    mint: Mint
    amount_raw: int
    decimals: int


class Movement(NamedTuple):
    """Everything one owner gained (+) and lost (-), before costs are taken out.

    `rent_lamports` is what was locked in (+) or refunded from (-) the owner's own token accounts:
    lamports less wrapped SOL, so it is exact whatever the rent of the day was.
    `token_accounts` are the owner's accounts, by position in the transaction.
    """

    native_lamports: int
    wsol_lamports: int
    rent_lamports: int
    tokens: tuple[TokenDelta, ...]
    stables: tuple[tuple[Mint, int], ...]
    balances: tuple[AccountBalance, ...]
    token_accounts: frozenset[int]


def movement_of(transaction: Transaction, owner: Address) -> Movement:
    """Return the net movement of `owner`; all zero and empty when the transaction does not touch it."""
    pre_lamports, post_lamports, accounts = transaction.pre_lamports, transaction.post_lamports, transaction.accounts
    native = 0
    if owner in accounts:
        position = accounts.index(owner)
        native = post_lamports[position] - pre_lamports[position]
    deltas: dict[Mint, int] = {}
    decimals: dict[Mint, int] = {}
    balances: list[AccountBalance] = []
    token_accounts: list[int] = []
    rent = 0
    for token in transaction.tokens:
        index, mint, places, before, after, pre_raw, post_raw, _ = token
        if owner not in (before, after):
            continue
        pre, post = pre_raw if before == owner else 0, post_raw if after == owner else 0
        token_accounts.append(index)
        deltas[mint] = deltas.get(mint, 0) + post - pre
        decimals[mint] = places
        if before is None or after is None or before == after:
            # A handed-over account takes its rent along: that is the new owner's gain, not a refund.
            rent += post_lamports[index] - pre_lamports[index] - (post - pre if mint == WSOL else 0)
        if mint not in QUOTE_MINTS and transaction.has_balances:
            balances.append(AccountBalance(accounts[index], mint, pre, post))
    return Movement(
        native_lamports=native,
        wsol_lamports=deltas.get(WSOL, 0),
        rent_lamports=rent,
        tokens=tuple(
            [
                TokenDelta(mint, delta, decimals[mint])
                for mint, delta in deltas.items()
                if delta and mint not in QUOTE_MINTS
            ]
        ),
        stables=tuple([(mint, delta) for mint, delta in deltas.items() if delta and mint in STABLE_MINTS]),
        balances=tuple(balances),
        token_accounts=frozenset(token_accounts),
    )
