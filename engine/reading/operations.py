"""Read the System and token program instructions that say where lamports and tokens went.

Not responsible for any other program: what those did is read from balances.
Layouts: the System program's `SystemInstruction` (bincode, u32 tag) and the token program's `TokenInstruction`
(u8 tag) of the Solana programs' own sources; Token-2022 shares the tags up to 24 and adds 26 for fee extensions.
"""

import re
from collections.abc import Collection
from typing import Final, NamedTuple, cast

import msgspec
from msgspec.json import Decoder
from solders.pubkey import Pubkey

from engine.errors import ReadError
from engine.reading.base58 import decode_base58
from engine.reading.payload import DuplicateKeyError, refuse_duplicate_keys
from engine.transaction import Instruction, Transaction
from engine.units import Address

SYSTEM_PROGRAM: Final = "11111111111111111111111111111111"
TOKEN_PROGRAM: Final = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
TOKEN_2022_PROGRAM: Final = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
TOKEN_PROGRAMS: Final = frozenset({TOKEN_PROGRAM, TOKEN_2022_PROGRAM})
STAKE_PROGRAM: Final = "Stake11111111111111111111111111111111111111"
_SAYS_MOVEMENT: Final = re.compile(rb'"(?:transfer|createAccount|allocate|assign|mintTo|burn|initializeMint)')
_STAKE_BYTES: Final = bytes(Pubkey.from_string(STAKE_PROGRAM))
SIGNATURE_PROGRAMS: Final = frozenset(
    {
        "Ed25519SigVerify111111111111111111111111111",
        "KeccakSecp256k11111111111111111111111111111",
        "Secp256r1SigVerify1111111111111111111111111",
    }
)
"""Native programs that verify further signatures, each charged like a transaction signature."""


class LamportOp(NamedTuple):
    """A System instruction. `kind` is transfer, create, allocate or assign.

    `is_stake` marks the creation of an account for the Stake program.
    """

    kind: str
    source: str
    target: str
    lamports: int
    is_stake: bool = False


class TokenOp(NamedTuple):
    """A token instruction. `kind` is transfer, mint_to, burn or initialize_mint; amounts in base units.

    `source` and `target` are token accounts; `mint` is empty for a plain transfer, which does not name it.
    """

    kind: str
    source: str
    target: str
    mint: str
    amount_raw: int
    authority: str


class _Parsed(msgspec.Struct, gc=False):
    """An instruction that the node decoded."""

    type: str
    info: dict[str, object]


_PARSED: Final = Decoder(_Parsed)


def lamport_operations(transaction: Transaction, positions: Collection[int]) -> list[LamportOp]:
    """Return the System transfers and account creations that name one of these accounts, in order of execution.

    What the node parsed itself is always among them.

    Raises:
        ReadError: an instruction's data or accounts are not legible.
    """
    found = [
        _system(ix, transaction)
        for ix in transaction.instructions
        if ix.program == SYSTEM_PROGRAM and (ix.parsed or not frozenset(ix.accounts[:3]).isdisjoint(positions))
    ]
    return [op for op in found if op is not None]


def token_operations(transaction: Transaction, positions: Collection[int] | None = None) -> list[TokenOp]:
    """Return the transfers, mints, burns and mint creations of both token programs, in order of execution.

    With `positions`, only those that name one of these accounts, or that the node parsed itself.

    Raises:
        ReadError: an instruction's data or accounts are not legible.
    """
    found = [
        _token(ix, transaction)
        for ix in transaction.instructions
        if ix.program in TOKEN_PROGRAMS
        and (positions is None or ix.parsed or not frozenset(ix.accounts[:3]).isdisjoint(positions))
    ]
    return [op for op in found if op is not None]


def moves_both_ways(transaction: Transaction, positions: Collection[int]) -> bool:
    """Return whether tokens may have both left and reached these accounts, judged without decoding any data.

    A False is certain; a True needs `token_operations` to be sure.
    """
    has_sent = has_received = False
    for _, _, program, accounts, _, parsed in transaction.instructions:
        if program in TOKEN_PROGRAMS:
            if parsed:
                return True
            if len(accounts) >= 3:
                has_sent = has_sent or accounts[0] in positions
                has_received = has_received or accounts[1] in positions or accounts[2] in positions
    return has_sent and has_received


def account_events(ix: Instruction, accounts: list[Address]) -> list[tuple[int, Address]]:
    """Return the token account that an instruction opens or closes, by position, with its owner; mostly none.

    Raises:
        ReadError: the instruction's data is not legible.
    """
    data = instruction_data(ix)
    named = [position for position in ix.accounts if position < len(accounts)]
    if not data or len(named) != len(ix.accounts) or not named:
        return []
    if data[0] in (1, 9) and len(named) >= 3:
        return [(named[0], accounts[named[2]])]
    if data[0] in (16, 18) and len(data) >= 33:
        return [(named[0], Address(str(Pubkey.from_bytes(data[1:33]))))]
    return []


def verified_signatures(transaction: Transaction) -> int:
    """Return how many signatures the native verification programs were asked to check (first byte of the data)."""
    found = [instruction_data(ix) for ix in transaction.instructions if ix.program in SIGNATURE_PROGRAMS]
    return sum(data[0] for data in found if data)


def instruction_data(ix: Instruction) -> bytes:
    """Return the data of an instruction as bytes.

    Raises:
        ReadError: the text is not base58.
    """
    if isinstance(ix.encoded, bytes):
        return ix.encoded
    try:
        return decode_base58(ix.encoded)
    except ValueError as error:
        raise ReadError(f"the data of an instruction of {ix.program} cannot be read: {error}") from error


def _u64(data: bytes, start: int) -> int:
    return int.from_bytes(data[start : start + 8], "little")


def _named(ix: Instruction, transaction: Transaction) -> list[str]:
    try:
        return [transaction.accounts[position] for position in ix.accounts[:4]]
    except (IndexError, TypeError) as error:
        raise ReadError(f"an instruction of {ix.program} names an account that is not there: {error}") from error


def _system(ix: Instruction, transaction: Transaction) -> LamportOp | None:
    if ix.parsed:
        return _system_parsed(ix.parsed)
    data, accounts = instruction_data(ix), _named(ix, transaction)
    if len(data) < 4 or not accounts:
        return None
    tag = int.from_bytes(data[:4], "little")
    if tag in (8, 9):
        return LamportOp("allocate", "", accounts[0], 0)
    if tag in (1, 10):
        return LamportOp("assign", "", accounts[0], 0)
    if len(data) < 12 or len(accounts) < 2:
        return None
    if tag == 2:
        return LamportOp("transfer", accounts[0], accounts[1], _u64(data, 4))
    if tag == 11 and len(accounts) > 2:
        return LamportOp("transfer", accounts[0], accounts[2], _u64(data, 4))
    if tag == 0 and len(data) >= 52:
        return LamportOp("create", accounts[0], accounts[1], _u64(data, 4), data[20:52] == _STAKE_BYTES)
    if tag == 3 and len(data) >= 44 and len(data) >= (start := 44 + _u64(data, 36)) + 48:
        return LamportOp(
            "create", accounts[0], accounts[1], _u64(data, start), data[start + 16 : start + 48] == _STAKE_BYTES
        )
    return None


def _open(parsed: bytes) -> tuple[str, dict[str, object]]:
    """Return the type and the fields of an instruction that the node decoded; nothing when it moves nothing."""
    if not _SAYS_MOVEMENT.search(parsed):
        return "", {}
    try:
        value = _PARSED.decode(parsed)
        nested = [cast("dict[str, object]", field) for field in value.info.values() if isinstance(field, dict)]
        refuse_duplicate_keys(parsed, 2 + len(value.info) + sum([len(field) for field in nested]))
    except (msgspec.DecodeError, DuplicateKeyError) as error:
        raise ReadError(f"an instruction parsed by the node cannot be read: {error}") from error
    return value.type, value.info


def _system_parsed(parsed: bytes) -> LamportOp | None:
    kind, info = _open(parsed)
    if kind in ("transfer", "transferWithSeed"):
        return LamportOp("transfer", _text(info, "source"), _text(info, "destination"), _int(info, "lamports"))
    if kind in ("createAccount", "createAccountWithSeed"):
        source, target = _text(info, "source"), _text(info, "newAccount")
        return LamportOp("create", source, target, _int(info, "lamports"), _text(info, "owner") == STAKE_PROGRAM)
    if kind in ("allocate", "allocateWithSeed"):
        return LamportOp("allocate", "", _text(info, "account"), 0)
    if kind in ("assign", "assignWithSeed"):
        return LamportOp("assign", "", _text(info, "account"), 0)
    return None


def _token(ix: Instruction, transaction: Transaction) -> TokenOp | None:
    if ix.parsed:
        return _token_parsed(ix.parsed)
    data, accounts = instruction_data(ix), _named(ix, transaction)
    if not data or not accounts:
        return None
    tag = data[0]
    if tag in (0, 20):
        return TokenOp("initialize_mint", "", "", accounts[0], 0, "")
    if tag in (3, 7, 8, 14, 15) and len(accounts) >= 3:
        a, b, c = accounts[:3]
        amount = _u64(data, 1)
        if tag == 3:
            return TokenOp("transfer", a, b, "", amount, c)
        return TokenOp("mint_to", "", b, a, amount, c) if tag in (7, 14) else TokenOp("burn", a, "", b, amount, c)
    is_with_fee = tag == 26 and data[1:2] == b"\x01"
    if (tag == 12 or is_with_fee) and len(accounts) >= 4:
        source, mint, target, authority = accounts[:4]
        return TokenOp("transfer", source, target, mint, _u64(data, 2 if is_with_fee else 1), authority)
    return None


def _token_parsed(parsed: bytes) -> TokenOp | None:
    kind, info = _open(parsed)
    mint = _text(info, "mint")
    if kind in ("initializeMint", "initializeMint2"):
        return TokenOp("initialize_mint", "", "", mint, 0, "")
    amount = _amount(info)
    authority = _text(info, "authority") or _text(info, "multisigAuthority") or _text(info, "mintAuthority")
    if kind in ("transfer", "transferChecked", "transferCheckedWithFee"):
        return TokenOp("transfer", _text(info, "source"), _text(info, "destination"), mint, amount, authority)
    if kind in ("mintTo", "mintToChecked"):
        return TokenOp("mint_to", "", _text(info, "account"), mint, amount, authority)
    if kind in ("burn", "burnChecked"):
        return TokenOp("burn", _text(info, "account"), "", mint, amount, authority)
    return None


def _amount(info: dict[str, object]) -> int:
    nested = info.get("tokenAmount")
    return _int(cast("dict[str, object]", nested) if isinstance(nested, dict) else info, "amount")


def _text(info: dict[str, object], key: str) -> str:
    value = info.get(key)
    return value if isinstance(value, str) else ""


def _int(info: dict[str, object], key: str) -> int:
    value = info.get(key)
    if isinstance(value, str) and len(value) <= 20 and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and value >= 0 else 0
