"""Parse a Helius enhanced transaction into a `Transaction`, from its balance changes alone.

Helius' own reading (`type`, `events`, `tokenTransfers`) misses venues and rounds amounts, so it is not used: only
`accountData`, the instructions and the fee are. Reference: Helius' OpenAPI `EnhancedTransaction` (2026-01).
Balances before and after are not told, only changes, and neither are co-signers.
Not responsible for raw webhooks: those hold `getTransaction` results (`engine.reading.rpc`).
"""

from typing import Final

import msgspec
from msgspec import Raw, Struct
from msgspec.json import Decoder

from engine.errors import ReadError
from engine.reading.operations import TOKEN_PROGRAMS, account_events
from engine.reading.payload import DuplicateKeyError, look_for_duplicate_keys
from engine.transaction import Instruction, TokenChange, Transaction
from engine.units import U64_MAX, WSOL, Address, Mint, Signature

FEE_DERIVED: Final = "fee_derived_from_balances"
SIGNERS_UNKNOWN: Final = "signers_unknown"


class _RawAmount(Struct, rename="camel"):
    token_amount: str
    decimals: int


class _TokenChange(Struct, rename="camel"):
    user_account: str
    token_account: str
    mint: str
    raw_token_amount: _RawAmount


class _AccountData(Struct, rename="camel"):
    account: str
    native_balance_change: int
    token_balance_changes: list[_TokenChange] | None = None


class _Instruction(Struct, rename="camel"):
    program_id: str
    accounts: list[str]
    data: str = ""
    inner_instructions: list["_Instruction"] = []


class _Enhanced(Struct, rename="camel"):
    signature: str
    account_data: list[_AccountData]
    slot: int | None = None
    timestamp: int | None = None
    block_time: int | None = None
    fee: int | None = None
    fee_payer: str | None = None
    transaction_error: Raw = Raw(b"null")
    instructions: list[_Instruction] = []


_ENHANCED: Final = Decoder(_Enhanced)
_MAX_DECIMALS: Final = 255
_U64_DIGITS: Final = 20


def parse_helius(text: bytes) -> Transaction:
    """Return the transaction that one enhanced transaction object tells of.

    Raises:
        ReadError: no such object, or one that contradicts itself; names the field.
    """
    try:
        enhanced = _ENHANCED.decode(text)
        look_for_duplicate_keys(text)
    except (msgspec.DecodeError, DuplicateKeyError, RecursionError, UnicodeDecodeError) as error:
        raise ReadError(f"not an enhanced transaction that can be read: {error}; ask Helius for it again") from error
    try:
        return _assemble(enhanced)
    except ReadError as error:
        error.signature = enhanced.signature
        raise


def _assemble(enhanced: _Enhanced) -> Transaction:
    changes = _fee_payer_first(enhanced)
    accounts = [Address(entry.account) for entry in changes]
    positions = {address: position for position, address in enumerate(accounts)}
    if len(positions) != len(accounts):
        raise ReadError("'accountData' names an account twice")
    lamports = [entry.native_balance_change for entry in changes]
    fee = -sum(lamports) if enhanced.fee is None else enhanced.fee
    if not 0 <= fee <= U64_MAX:
        raise ReadError(f"the fee would be {fee} lamports: 'accountData' is not complete")
    instructions = _instructions(enhanced.instructions, positions)
    tokens = [_token_change(change, positions) for entry in changes for change in entry.token_balance_changes or ()]
    tokens += _silent_accounts(instructions, accounts, {token.position for token in tokens})
    return Transaction(
        signature=Signature(enhanced.signature),
        slot=enhanced.slot,
        block_time=enhanced.timestamp or enhanced.block_time,
        index_in_block=None,
        is_failed=enhanced.transaction_error != Raw(b"null"),
        fee_lamports=fee,
        signature_count=1,
        signer_count=1,
        accounts=accounts,
        pre_lamports=[0] * len(accounts),
        post_lamports=lamports,
        tokens=tokens,
        has_balances=False,
        instructions=instructions,
        notes=(SIGNERS_UNKNOWN, *((FEE_DERIVED,) if enhanced.fee is None else ())),
    )


def _fee_payer_first(enhanced: _Enhanced) -> list[_AccountData]:
    """Return the account data with the fee payer's at the front, where the chain keeps it."""
    changes = enhanced.account_data
    if not changes:
        raise ReadError("'accountData' is empty: balance changes are unknown")
    payer = enhanced.fee_payer
    if payer is None or changes[0].account == payer:
        return changes
    found = [entry for entry in changes if entry.account == payer]
    if not found:
        raise ReadError(f"'feePayer' {payer[:44]!r} is not in 'accountData'")
    return [*found, *[entry for entry in changes if entry.account != payer]]


def _token_change(change: _TokenChange, positions: dict[Address, int]) -> TokenChange:
    raw = change.raw_token_amount
    digits = raw.token_amount.removeprefix("-")
    if not (len(digits) <= _U64_DIGITS and digits.isascii() and digits.isdigit() and int(digits) <= U64_MAX):
        raise ReadError(
            f"token amount {raw.token_amount[:40]!r} of mint {change.mint[:44]!r}: expected at most 2^64 - 1"
        )
    if not 0 <= raw.decimals <= _MAX_DECIMALS:
        raise ReadError(f"mint {change.mint[:44]!r} has {raw.decimals} decimals: expected 0 to 255")
    position = positions.get(Address(change.token_account))
    if position is None:
        raise ReadError(f"token account {change.token_account[:44]!r} is not in 'accountData'")
    amount = int(raw.token_amount)
    owner = Address(change.user_account)
    return TokenChange(
        position, Mint(change.mint), raw.decimals, owner, owner, max(-amount, 0), max(amount, 0), is_token_2022=False
    )


def _instructions(outer: list[_Instruction], positions: dict[Address, int]) -> list[Instruction]:
    ordered: list[Instruction] = []
    for root, ix in enumerate(outer):
        for is_outer, called in ((True, ix), *[(False, inner) for inner in ix.inner_instructions]):
            # An account that is not listed gets a position that is not there either.
            named = [positions.get(Address(account), len(positions)) for account in called.accounts]
            ordered.append(Instruction(root, is_outer, Address(called.program_id), named, called.data, b""))
    return ordered


def _silent_accounts(instructions: list[Instruction], accounts: list[Address], told: set[int]) -> list[TokenChange]:
    """Return token accounts opened or closed while empty: no balance change tells of them, but their rent moved.

    Their mint does not matter as no token moved; wrapped SOL stands in, which is never a position.
    """
    found: dict[int, TokenChange] = {}
    for ix in instructions:
        if ix.program not in TOKEN_PROGRAMS:
            continue
        for position, owner in account_events(ix, accounts):
            if position not in told:
                found[position] = TokenChange(position, WSOL, 9, owner, owner, 0, 0, is_token_2022=False)
    return list(found.values())
