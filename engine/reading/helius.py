"""Parse a Helius enhanced transaction into a `Transaction`, from its balance changes alone.

Helius' own reading (`type`, `events`, `tokenTransfers`) misses venues and rounds amounts, so it is not used: only
`accountData`, the instructions and the fee are. Reference: Helius' OpenAPI `EnhancedTransaction` (2026-01).
Balances before and after are not told, only changes, and neither are co-signers.
Not responsible for raw webhooks: those hold `getTransaction` results (`engine.reading.rpc`).
"""

from typing import Final

import msgspec
from msgspec import Struct
from msgspec.json import Decoder

from engine.errors import ReadError
from engine.reading.duplicates import DuplicateKeyError, look_for_duplicate_keys
from engine.reading.payload import AnyAddress, AnyMint, Decimals, Position
from engine.reading.tokens import TOKEN_PROGRAMS, operations_of
from engine.text import quote_text
from engine.transaction import Instruction, PlainInstruction, TokenChange, Transaction, group_by_program
from engine.units import U64_MAX, WSOL, Address, Signature

FEE_DERIVED: Final = "fee_derived_from_balances"
SIGNERS_UNKNOWN: Final = "signers_unknown"


class _RawAmount(Struct, rename="camel"):
    token_amount: str
    decimals: Decimals


class _TokenChange(Struct, rename="camel"):
    user_account: AnyAddress
    token_account: AnyAddress
    mint: AnyMint
    raw_token_amount: _RawAmount


class _AccountData(Struct, rename="camel"):
    account: AnyAddress
    native_balance_change: int
    token_balance_changes: list[_TokenChange] | None = None


class _Instruction(Struct, rename="camel"):
    program_id: AnyAddress
    accounts: list[AnyAddress]
    data: str = ""
    inner_instructions: list["_Instruction"] = []


class _Enhanced(Struct, rename="camel"):
    signature: str
    account_data: list[_AccountData]
    slot: Position | None = None
    timestamp: Position | None = None
    block_time: Position | None = None
    fee: int | None = None
    fee_payer: str | None = None
    transaction_error: object = None
    instructions: list[_Instruction] = []


_ENHANCED: Final = Decoder(_Enhanced)
_REFETCH: Final = "ask Helius for it again"
_U64_DIGITS: Final = 20


def parse_helius(text: bytes) -> Transaction:
    """Return the transaction that one enhanced transaction object tells of.

    Raises:
        ReadError: no such object, or one that contradicts itself; names the field.
    """
    if not text or text.isspace():
        raise ReadError(f"the text is empty; {_REFETCH}")
    try:
        enhanced = _ENHANCED.decode(text)
        look_for_duplicate_keys(text)
    except (msgspec.DecodeError, DuplicateKeyError, RecursionError, UnicodeDecodeError) as error:
        raise ReadError(f"not an enhanced transaction that can be read: {error}; {_REFETCH}") from error
    try:
        return _assemble(enhanced)
    except ReadError as error:
        error.signature = enhanced.signature
        raise


def _assemble(enhanced: _Enhanced) -> Transaction:
    changes = _fee_payer_first(enhanced)
    listed = [entry.account for entry in changes]
    lamports = [entry.native_balance_change for entry in changes]
    fee = -sum(lamports) if enhanced.fee is None else enhanced.fee
    if not 0 <= fee <= U64_MAX or max(map(abs, lamports)) > U64_MAX:
        raise ReadError(f"'fee' or 'nativeBalanceChange' is not 0 to 2^64 - 1 lamports; {_REFETCH}")
    if len(set(listed)) != len(listed):
        raise ReadError(f"'accountData' names an account twice; {_REFETCH}")
    # An account that instructions name and 'accountData' does not did not change.
    accounts = [*dict.fromkeys([*listed, *_named_accounts(enhanced.instructions)])]
    lamports += [0] * (len(accounts) - len(listed))
    positions = {address: position for position, address in enumerate(accounts)}
    instructions = _instructions(enhanced.instructions, positions)
    tokens = [_token_change(change, positions) for entry in changes for change in entry.token_balance_changes or ()]
    _check_tokens(tokens)
    tokens += _silent_accounts(instructions, accounts, positions, {token.position for token in tokens})
    return Transaction(
        signature=Signature(enhanced.signature),
        slot=enhanced.slot,
        block_time=enhanced.timestamp or enhanced.block_time,
        index_in_block=None,
        is_failed=enhanced.transaction_error is not None,
        fee_lamports=fee,
        signature_count=1,
        signer_count=1,
        accounts=accounts,
        pre_lamports=[0] * len(accounts),
        post_lamports=lamports,
        tokens=tokens,
        has_balances=False,
        instructions=instructions,
        by_program=group_by_program(instructions),
        notes=(SIGNERS_UNKNOWN, *((FEE_DERIVED,) if enhanced.fee is None else ())),
    )


def _named_accounts(outer: list[_Instruction]) -> list[Address]:
    called = [called for ix in outer for called in (ix, *ix.inner_instructions)]
    return [account for ix in called for account in ix.accounts]


def _check_tokens(tokens: list[TokenChange]) -> None:
    """Refuse token changes that say two things about one account or one mint."""
    if len({(token.position, token.mint) for token in tokens}) != len(tokens):
        raise ReadError(f"'tokenBalanceChanges' names an account twice; {_REFETCH}")
    scales = {(token.mint, token.decimals) for token in tokens}
    if len(dict(scales)) != len(scales):
        raise ReadError(f"'tokenBalanceChanges' gives one mint different decimals; {_REFETCH}")


def _fee_payer_first(enhanced: _Enhanced) -> list[_AccountData]:
    """Return the account data with the fee payer's at the front, where the chain keeps it."""
    changes = enhanced.account_data
    if not changes:
        raise ReadError(f"'accountData' is empty: balance changes are unknown; {_REFETCH}")
    payer = enhanced.fee_payer
    if payer is None or changes[0].account == payer:
        return changes
    found = [entry for entry in changes if entry.account == payer]
    if not found:
        raise ReadError(f"'feePayer' {quote_text(payer)} is not in 'accountData'; {_REFETCH}")
    return [*found, *[entry for entry in changes if entry.account != payer]]


def _token_change(change: _TokenChange, positions: dict[Address, int]) -> TokenChange:
    raw = change.raw_token_amount
    digits = raw.token_amount.removeprefix("-")
    if not (len(digits) <= _U64_DIGITS and digits.isascii() and digits.isdigit() and int(digits) <= U64_MAX):
        raise ReadError(
            f"token amount {quote_text(raw.token_amount)} of mint {quote_text(change.mint)}: "
            f"expected at most 2^64 - 1; {_REFETCH}"
        )
    position = positions.get(change.token_account)
    if position is None:
        raise ReadError(f"token account {quote_text(change.token_account)} is not in 'accountData'; {_REFETCH}")
    amount = int(raw.token_amount)
    owner = change.user_account
    return TokenChange(
        position, change.mint, raw.decimals, owner, owner, max(-amount, 0), max(amount, 0), is_token_2022=False
    )


def _instructions(outer: list[_Instruction], positions: dict[Address, int]) -> list[Instruction]:
    ordered: list[Instruction] = []
    for ix in outer:
        for height, called in ((1, ix), *[(None, inner) for inner in ix.inner_instructions]):
            named = [positions[account] for account in called.accounts]
            ordered.append(PlainInstruction(height, called.program_id, named, called.data, None))
    return ordered


def _silent_accounts(
    instructions: list[Instruction], accounts: list[Address], positions: dict[Address, int], told: set[int]
) -> list[TokenChange]:
    """Return token accounts opened or closed while empty: no balance change tells of them, but their rent moved.

    Their mint does not matter as no token moved; wrapped SOL stands in, which is never a position.
    """
    found: dict[int, TokenChange] = {}
    for ix in instructions:
        if ix.program not in TOKEN_PROGRAMS:
            continue
        for op in operations_of(ix, accounts):
            if op.kind in ("open", "close"):
                position, owner = (
                    positions[Address(op.target if op.kind == "open" else op.source)],
                    Address(op.authority),
                )
                if position not in told:
                    found[position] = TokenChange(position, WSOL, 9, owner, owner, 0, 0, is_token_2022=False)
    return list(found.values())
