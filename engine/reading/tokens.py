"""Read the token program instructions that say where tokens went and which were made or destroyed.

Layout: `TokenInstruction` (u8 tag) of the Solana programs' own sources; Token-2022 shares the tags up to 24 and adds
26 for fees. The p-token program adds 255, a batch: for each instruction u8 accounts, u8 data length, data.
Not responsible for how much reached an account after a Token-2022 fee: balances say.
"""

from collections.abc import Collection
from typing import Final, NamedTuple, cast

from engine.errors import ReadError
from engine.reading.instructions import (
    address_at,
    amount_field,
    instruction_data,
    named_accounts,
    parsed_fields,
    text_field,
    u64_at,
    unreadable,
)
from engine.transaction import Instruction, Transaction
from engine.units import Address

TOKEN_PROGRAM: Final = Address("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022_PROGRAM: Final = Address("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
TOKEN_PROGRAMS: Final = frozenset({TOKEN_PROGRAM, TOKEN_2022_PROGRAM})

_BATCH: Final = 255
_MOST_ACCOUNTS: Final = 15
"""What one instruction can name: source, mint, target, authority and 11 signers of a multisig; more is a batch."""


class TokenOp(NamedTuple):
    """A token instruction.

    `kind` is transfer, mint_to, burn, initialize_mint, open, close, hand_over (to another owner) or collect (what
    transfers withheld). `amount_raw` is in base units, 0 where the instruction does not say.
    `source` and `target` are token accounts; `mint` is empty for a plain transfer, which does not name it.
    `authority` signed for it; of an `open` it is the owner of the new account `target`. A `close` pays `target`.
    """

    kind: str
    source: str
    target: str
    mint: str
    amount_raw: int
    authority: str


def operations_of(ix: Instruction, accounts: list[Address]) -> list[TokenOp]:
    """Return what one instruction of a token program does; nothing when it moves, makes and opens nothing.

    Raises:
        ReadError: the instruction's data or accounts are not legible.
    """
    try:
        if ix.parsed is not None:
            return [op for op in (_parsed(ix),) if op is not None]
        data = instruction_data(ix)
        if data[:1] == bytes([_BATCH]):
            return _batch(data, named_accounts(ix, accounts, len(ix.accounts)))
        op = _operation(data, named_accounts(ix, accounts, 4))
    except ReadError:
        raise
    except ValueError as error:
        raise unreadable(ix) from error
    return [] if op is None else [op]


def token_operations(transaction: Transaction, positions: Collection[int] | None = None) -> list[TokenOp]:
    """Return what the instructions of both token programs do, each program's in order of execution.

    With `positions`, only instructions that name one of these accounts, and all that the node parsed itself.

    Raises:
        ReadError: an instruction's data or accounts are not legible.
    """
    accounts = transaction.accounts
    found = _token_instructions(transaction)
    if positions is not None:
        places = frozenset(positions)
        found = [ix for ix in found if ix.parsed is not None or not places.isdisjoint(ix.accounts)]
    return [op for ix in found for op in operations_of(ix, accounts)]


def moves_both_ways(transaction: Transaction, positions: Collection[int]) -> bool:
    """Return whether tokens may have both left and reached these accounts, judged without decoding any data.

    A False is certain; a True needs `token_operations` to be sure.
    """
    has_sent = has_received = False
    addresses: list[str] = []
    for ix in _token_instructions(transaction):
        accounts = ix.accounts
        if ix.parsed is not None:
            addresses = addresses or [transaction.accounts[position] for position in positions]
            _, info = parsed_fields(ix)
            has_sent = has_sent or info.get("source") in addresses
            has_received = has_received or info.get("destination") in addresses
        elif len(accounts) > _MOST_ACCOUNTS:
            return True
        elif len(accounts) > 2:
            has_sent = has_sent or accounts[0] in positions
            has_received = has_received or accounts[1] in positions or accounts[2] in positions
    return has_sent and has_received


def _token_instructions(transaction: Transaction) -> list[Instruction]:
    """Return the instructions of one token program in order, then those of the other."""
    classic = transaction.by_program.get(TOKEN_PROGRAM)
    newer = transaction.by_program.get(TOKEN_2022_PROGRAM)
    return [*(classic or ()), *newer] if newer else classic or []


def _batch(data: bytes, accounts: list[Address]) -> list[TokenOp]:
    found: list[TokenOp] = []
    at, first = 1, 0
    while at < len(data):
        count, length = data[at : at + 2]
        op = _operation(data[at + 2 : at + 2 + length], accounts[first : first + min(count, 4)])
        if op is not None:
            found.append(op)
        at += 2 + length
        first += count
    return found


def _operation(data: bytes, accounts: list[Address]) -> TokenOp | None:
    tag = data[0] if data else -1
    if tag in (0, 20):
        mint, *_ = accounts
        return TokenOp("initialize_mint", "", "", mint, 0, "")
    if tag in (3, 7, 8, 14, 15):
        a, b, c, *_ = accounts
        amount = u64_at(data, 1)
        if tag == 3:
            return TokenOp("transfer", a, b, "", amount, c)
        return TokenOp("mint_to", "", b, a, amount, c) if tag in (7, 14) else TokenOp("burn", a, "", b, amount, c)
    if tag == 12 or (tag == 26 and data[1:2] == b"\x01"):
        source, mint, target, authority, *_ = accounts
        return TokenOp("transfer", source, target, mint, u64_at(data, 1 if tag == 12 else 2), authority)
    return _account_operation(tag, data, accounts)


def _account_operation(tag: int, data: bytes, accounts: list[Address]) -> TokenOp | None:
    if tag == 9:
        account, target, authority, *_ = accounts
        return TokenOp("close", account, target, "", 0, authority)
    if tag == 1:
        account, mint, owner, *_ = accounts
        return TokenOp("open", "", account, mint, 0, owner)
    if tag in (16, 18):
        account, mint, *_ = accounts
        return TokenOp("open", "", account, mint, 0, address_at(data, 1))
    if tag == 6 and data[1:2] == b"\x02":
        account, authority, *_ = accounts
        return TokenOp("hand_over", account, "", "", 0, authority)
    if tag == 26 and data[1:2] in (b"\x02", b"\x03"):
        mint, target, authority, *_ = accounts
        return TokenOp("collect", "", target, mint, 0, authority)
    return None


def _parsed(ix: Instruction) -> TokenOp | None:
    kind, info = parsed_fields(ix)
    if kind in ("initializeMint", "initializeMint2"):
        return TokenOp("initialize_mint", "", "", text_field(info, "mint"), 0, "")
    if kind in ("transfer", "transferChecked", "transferCheckedWithFee"):
        source, target = text_field(info, "source"), text_field(info, "destination")
        mint = text_field({"mint": "", **info}, "mint")
        authority = text_field(info, "authority", "multisigAuthority")
        return TokenOp("transfer", source, target, mint, _amount(info), authority)
    if kind in ("mintTo", "mintToChecked"):
        authority = text_field(info, "mintAuthority", "multisigMintAuthority")
        return TokenOp("mint_to", "", text_field(info, "account"), text_field(info, "mint"), _amount(info), authority)
    if kind in ("burn", "burnChecked"):
        authority = text_field(info, "authority", "multisigAuthority")
        return TokenOp("burn", text_field(info, "account"), "", text_field(info, "mint"), _amount(info), authority)
    return _parsed_account_operation(kind, info)


def _parsed_account_operation(kind: str, info: dict[str, object]) -> TokenOp | None:
    if kind == "closeAccount":
        account, target = text_field(info, "account"), text_field(info, "destination")
        return TokenOp("close", account, target, "", 0, text_field(info, "owner", "multisigOwner"))
    if kind in ("initializeAccount", "initializeAccount2", "initializeAccount3"):
        account, mint, owner = [text_field(info, key) for key in ("account", "mint", "owner")]
        return TokenOp("open", "", account, mint, 0, owner)
    if kind == "setAuthority" and info.get("authorityType", "accountOwner") == "accountOwner":
        return TokenOp("hand_over", text_field(info, "account"), "", "", 0, "")
    if kind in ("withdrawWithheldTokensFromMint", "withdrawWithheldTokensFromAccounts"):
        return TokenOp("collect", "", text_field(info, "feeRecipient"), text_field(info, "mint"), 0, "")
    return None


def _amount(info: dict[str, object]) -> int:
    nested = info.get("tokenAmount")
    return amount_field(cast("dict[str, object]", nested) if isinstance(nested, dict) else info, "amount")
