"""Pair the token balances before and after a transaction, account by account.

Not responsible for whose they are to whom (`engine.reading.movement`) or whether they add up (`.conservation`).
"""

from collections.abc import Sequence
from typing import Final

from engine.errors import ReadError
from engine.reading.payload import FullBalance, LenientBalance
from engine.reading.tokens import TOKEN_2022_PROGRAM
from engine.text import quote_text
from engine.transaction import TokenChange
from engine.units import U64_MAX

_U64_DIGITS: Final = 20
_REFETCH: Final = "fetch the transaction again with getTransaction"

_Balances = Sequence[FullBalance] | Sequence[LenientBalance]


def token_changes(before: _Balances, after: _Balances, account_count: int) -> list[TokenChange]:
    """Return one change for each token account, two for one that was closed and opened again for another mint.

    Raises:
        ReadError: a balance is no amount, or contradicts another.
    """
    later = {balance.account_index: balance for balance in after}
    if len(later) != len(after) or len({balance.account_index for balance in before}) != len(before):
        raise ReadError(f"token balances name one account twice; {_REFETCH}")
    changes: list[TokenChange] = []
    scales: dict[str, int] = {}
    for pre in before:
        position, mint, held = pre.account_index, pre.mint, pre.ui_token_amount
        scale = held.decimals
        post = later.get(position)
        if post is not None and post.mint == mint:
            del later[position]
            owner_after, post_raw = post.owner, _amount(post)
            if post.ui_token_amount.decimals != scale:
                raise _two_scales(mint)
        else:
            owner_after, post_raw = None, 0
        if scales.setdefault(mint, scale) != scale:
            raise _two_scales(mint)
        is_token_2022 = pre.program_id == TOKEN_2022_PROGRAM
        changes.append(
            TokenChange(position, mint, scale, pre.owner, owner_after, _amount(pre), post_raw, is_token_2022)
        )
    for post in later.values():
        mint, scale = post.mint, post.ui_token_amount.decimals
        if scales.setdefault(mint, scale) != scale:
            raise _two_scales(mint)
        is_token_2022 = post.program_id == TOKEN_2022_PROGRAM
        changes.append(TokenChange(post.account_index, mint, scale, None, post.owner, 0, _amount(post), is_token_2022))
    if changes and max([change.position for change in changes]) >= account_count:
        raise ReadError(f"token balances name an account beyond the {account_count} there are; {_REFETCH}")
    return changes


def _two_scales(mint: str) -> ReadError:
    return ReadError(f"mint {quote_text(mint)} has two numbers of decimals; {_REFETCH}")


def _amount(balance: FullBalance | LenientBalance) -> int:
    text = balance.ui_token_amount.amount
    # 20 digits hold every u64; the length is checked first because int() of megabytes takes minutes.
    if len(text) <= _U64_DIGITS and text.isdigit() and text.isascii() and (amount := int(text)) <= U64_MAX:
        return amount
    raise ReadError(
        f"token amount {quote_text(text)} of mint {quote_text(balance.mint)}: expected 0 to 2^64 - 1 as digits"
    )
