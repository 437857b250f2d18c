"""Check that a transaction adds up: lamports lose exactly the fee, tokens change only by what was minted or burned.

A file that was altered, cut or put together wrongly fails here instead of giving a number.
Not responsible for legal Token-2022 fees, which are told as what was withheld.
"""

from collections.abc import Collection
from typing import Final

from engine.errors import ReadError
from engine.reading.tokens import TokenOp, token_operations
from engine.text import quote_text
from engine.transaction import TokenChange, Transaction
from engine.units import U64_MAX, WSOL, Mint

NOT_CONSERVED: Final = "token_not_conserved"
ACCOUNT_CHANGED: Final = "account_changed_unasked"
WITHHELD: Final = "transfer_fee_withheld"

_HIGHEST_RENT: Final = 50_000_000
"""Lamports that no token account needs to exist; most need 2,039,280."""

_SUPPLY_KINDS: Final = frozenset({"initialize_mint", "mint_to", "burn", "collect"})
_ALTERED: Final = "the file was altered or cut; fetch the transaction again"


def check_lamports(transaction: Transaction) -> None:
    """Refuse a transaction whose lamports do not add up, or that failed and moved something all the same.

    Raises:
        ReadError: names the difference.
    """
    pre, post, fee = transaction.pre_lamports, transaction.post_lamports, transaction.fee_lamports
    before, after = sum(pre), sum(post)
    if max(before, after, fee) > U64_MAX:
        raise ReadError(f"the balances or the fee are more than 2^64 - 1 lamports; {_ALTERED}", transaction.signature)
    if pre[0] < fee and transaction.has_balances:
        raise ReadError(f"the fee payer has {pre[0]} lamports, the fee is {fee}; {_ALTERED}", transaction.signature)
    if after - before != -fee:
        raise ReadError(
            f"lamports do not add up: balances change by {after - before}, the fee is {fee}; {_ALTERED}",
            transaction.signature,
        )
    if transaction.is_failed and transaction.has_balances:
        is_still = post[1:] == pre[1:] and all(
            token.pre_raw == token.post_raw and token.owner_before == token.owner_after for token in transaction.tokens
        )
        if not is_still:
            raise ReadError(f"'err' is set, yet more than the fee moved; {_ALTERED}", transaction.signature)


def token_sums(transaction: Transaction) -> dict[Mint, int]:
    """Return mints whose balances do not cancel over all accounts: supply changed, or a fee was withheld.

    Raises:
        ReadError: an account wraps more SOL than it holds.
    """
    sums: dict[Mint, int] = {}
    for position, mint, _, _, _, pre_raw, post_raw, _ in transaction.tokens:
        if mint == WSOL:
            if transaction.has_balances and (
                pre_raw > transaction.pre_lamports[position] or post_raw > transaction.post_lamports[position]
            ):
                raise ReadError(
                    f"{transaction.accounts[position]} wraps more SOL than it holds; {_ALTERED}", transaction.signature
                )
        elif pre_raw != post_raw:
            sums[mint] = sums.get(mint, 0) + post_raw - pre_raw
    return {mint: total for mint, total in sums.items() if total}


def supply_operations(transaction: Transaction, mints: Collection[Mint]) -> list[TokenOp]:
    """Return the instructions that make one of these mints, mint, burn, or pay out what transfers withheld."""
    if not mints:
        return []
    positions = [position for position, address in enumerate(transaction.accounts) if address in mints]
    found = token_operations(transaction, positions)
    return [op for op in found if op.mint in mints and op.kind in _SUPPLY_KINDS]


def supply_issues(transaction: Transaction, sums: dict[Mint, int], operations: Collection[TokenOp]) -> list[str]:
    """Return an issue for every mint whose sum the instructions do not explain."""
    issues: list[str] = []
    for mint, total in sums.items():
        minted = sum([op.amount_raw for op in operations if op.mint == mint and op.kind == "mint_to"])
        burned = sum([op.amount_raw for op in operations if op.mint == mint and op.kind == "burn"])
        unexplained = total - minted + burned
        if not unexplained or (unexplained > 0 and any(op.mint == mint and op.kind == "collect" for op in operations)):
            continue
        may_withhold = not transaction.has_balances or any(
            token.is_token_2022 for token in transaction.tokens if token.mint == mint
        )
        if unexplained < 0 and may_withhold:
            issues.append(f"{WITHHELD}: {-unexplained} of {quote_text(mint)}")
        else:
            issues.append(f"{NOT_CONSERVED}: {quote_text(mint)} changes by {unexplained} that nothing mints or burns")
    return issues


def account_issues(transaction: Transaction, positions: Collection[int]) -> list[str]:
    """Return an issue for each of these token accounts that changed in a way that opening and closing do not explain.

    Lamports paid into an account of wrapped SOL and not wrapped yet are the common case; a new owner that no
    instruction named, or lamports before an account was opened or after it was closed, are others.
    """
    issues: list[str] = []
    for token in transaction.tokens:
        if token.position not in positions:
            continue
        address = transaction.accounts[token.position]
        if token.owner_before != token.owner_after and token.owner_before and token.owner_after:
            operations = token_operations(transaction, [token.position])
            is_odd = not any(op.kind == "hand_over" and op.source == address for op in operations)
        else:
            is_odd = _has_odd_lamports(token, transaction)
        if is_odd:
            issues.append(f"{ACCOUNT_CHANGED}: {address}")
    return issues


def _has_odd_lamports(token: TokenChange, transaction: Transaction) -> bool:
    before, after = transaction.pre_lamports[token.position], transaction.post_lamports[token.position]
    locked = after - before - (token.post_raw - token.pre_raw if token.mint == WSOL else 0)
    if token.owner_before is None:
        return before != 0 or locked > _HIGHEST_RENT
    return after != 0 if token.owner_after is None else locked != 0
