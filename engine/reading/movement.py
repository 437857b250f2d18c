"""Net what one owner gained and lost in a transaction, from balances alone.

Not responsible for why it moved (`engine.reading.classify`) or what it cost (`engine.reading.fees`).
"""

from typing import NamedTuple

from engine.facts import AccountBalance
from engine.transaction import Transaction
from engine.units import STABLE_MINTS, WSOL, Address, Mint


class TokenDelta(NamedTuple):
    """The net change of one mint for the owner, signed, in base units."""

    mint: Mint
    amount_raw: int
    decimals: int


class Movement(NamedTuple):
    """Everything one owner gained (+) and lost (-), before costs are taken out.

    `rent_lamports` is what was locked in (+) or refunded from (-) the owner's own token accounts:
    lamports less wrapped SOL, so it is exact whatever the rent of the day was.
    `tokens` are the non-quote mints with a change, `stables` the quote mints beside SOL.
    `token_accounts` are the owner's accounts with their mints, by position in the transaction.
    `changed_accounts` are those opened, closed or handed over, or whose lamports changed beside the wrapped SOL.
    """

    native_lamports: int
    wsol_lamports: int
    rent_lamports: int
    tokens: list[TokenDelta]
    stables: list[TokenDelta]
    balances: tuple[AccountBalance, ...]
    token_accounts: dict[int, Mint]
    changed_accounts: list[int]


def movement_of(transaction: Transaction, owner: Address) -> Movement:
    """Return the net movement of `owner`; all zero and empty when the transaction does not touch it."""
    pre_lamports, post_lamports, accounts = transaction.pre_lamports, transaction.post_lamports, transaction.accounts
    native = wsol = rent = 0
    if owner in accounts:
        position = accounts.index(owner)
        native = post_lamports[position] - pre_lamports[position]
    deltas: dict[Mint, int] = {}
    decimals: dict[Mint, int] = {}
    balances: list[AccountBalance] = []
    token_accounts: dict[int, Mint] = {}
    checked: list[int] = []
    for index, mint, places, before, after, pre_raw, post_raw, _ in transaction.tokens:
        is_before, is_after = before == owner, after == owner
        if not is_before and not is_after:
            continue
        pre, post = pre_raw if is_before else 0, post_raw if is_after else 0
        delta = post - pre
        # An account closed and opened again for another mint comes twice; its lamports count once.
        locked = 0 if index in token_accounts else post_lamports[index] - pre_lamports[index]
        if mint == WSOL:
            wsol += delta
            locked -= delta
        else:
            deltas[mint] = deltas.get(mint, 0) + delta
            decimals[mint] = places
            if mint not in STABLE_MINTS and transaction.has_balances:
                balances.append(AccountBalance(accounts[index], mint, pre, post))
        token_accounts[index] = mint
        if is_before and is_after:
            rent += locked
            if locked:
                checked.append(index)
        else:
            # A handed-over account takes its rent along: that is the new owner's gain, not a refund.
            rent += locked if before is None or after is None else 0
            checked.append(index)
    tokens = [TokenDelta(mint, delta, decimals[mint]) for mint, delta in deltas.items() if delta]
    stables = [token for token in tokens if token.mint in STABLE_MINTS]
    return Movement(
        native_lamports=native,
        wsol_lamports=wsol,
        rent_lamports=rent,
        tokens=[token for token in tokens if token.mint not in STABLE_MINTS] if stables else tokens,
        stables=stables,
        balances=tuple(balances),
        token_accounts=token_accounts,
        changed_accounts=checked if transaction.has_balances else [],
    )
