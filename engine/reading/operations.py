"""Read the System and token program instructions that say where lamports and tokens went.

Not responsible for any other program: what those did is read from balances.
Layouts: the System program's `SystemInstruction` (bincode, u32 tag) and the token program's `TokenInstruction`
(u8 tag) of the Solana programs' own sources; Token-2022 shares the tags up to 24 and adds 26 for fee extensions.
"""

from collections.abc import Collection
from typing import Final, NamedTuple

from engine.errors import ReadError
from engine.transaction import Instruction, ParsedInstruction, Transaction

SYSTEM_PROGRAM: Final = "11111111111111111111111111111111"
TOKEN_PROGRAM: Final = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
TOKEN_2022_PROGRAM: Final = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
TOKEN_PROGRAMS: Final = frozenset({TOKEN_PROGRAM, TOKEN_2022_PROGRAM})
STAKE_PROGRAM: Final = "Stake11111111111111111111111111111111111111"
SIGNATURE_PROGRAMS: Final = frozenset(
    {
        "Ed25519SigVerify111111111111111111111111111",
        "KeccakSecp256k11111111111111111111111111111",
        "Secp256r1SigVerify1111111111111111111111111",
    }
)
"""Native programs that verify further signatures, each charged like a transaction signature."""


class LamportOp(NamedTuple):
    """A System instruction. `kind` is transfer, create, allocate or assign; `owner` is the new owning program."""

    kind: str
    source: str
    target: str
    lamports: int
    owner: str
    root: int


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
    root: int


def lamport_operations(transaction: Transaction) -> list[LamportOp]:
    """Return the transfers and account creations of the System program, in order of execution.

    Raises:
        ReadError: an instruction's data is not base58.
    """
    instructions = transaction.instructions((SYSTEM_PROGRAM,))
    return [op for op in map(_system, _decoded(instructions)) if op is not None]


def token_operations(transaction: Transaction, touching: Collection[str] | None = None) -> list[TokenOp]:
    """Return the transfers, mints, burns and mint creations of both token programs, in order of execution.

    With `touching`, only those that name one of these accounts (or that the node parsed itself).

    Raises:
        ReadError: an instruction's data is not base58.
    """
    instructions = [
        ix
        for ix in transaction.instructions(TOKEN_PROGRAMS)
        if touching is None or ix.parsed is not None or any(account in touching for account in ix.accounts)
    ]
    return [op for op in map(_token, _decoded(instructions)) if op is not None]


def verified_signatures(transaction: Transaction) -> int:
    """Return how many signatures the native verification programs were asked to check (first byte of the data)."""
    instructions = _decoded(transaction.instructions(SIGNATURE_PROGRAMS))
    return sum(ix.data[0] for ix in instructions if ix.data)


def _decoded(instructions: list[Instruction]) -> list[Instruction]:
    """Return the instructions with their data as bytes."""
    try:
        return [ix._replace(encoded=ix.data) for ix in instructions]
    except ValueError as error:
        raise ReadError(f"an instruction cannot be read: {error}") from error


def _u64(data: bytes, start: int) -> int:
    return int.from_bytes(data[start : start + 8], "little")


_CREATE, _ASSIGN, _TRANSFER, _CREATE_SEED, _ALLOCATE, _ALLOCATE_SEED, _ASSIGN_SEED, _TRANSFER_SEED = (
    0, 1, 2, 3, 8, 9, 10, 11,
)  # fmt: skip


def _system(ix: Instruction) -> LamportOp | None:
    if ix.parsed is not None:
        return _system_parsed(ix.parsed, ix.root)
    data, accounts = ix.data, ix.accounts
    if len(data) < 4 or not accounts:
        return None
    tag = int.from_bytes(data[:4], "little")
    if tag in (_TRANSFER, _TRANSFER_SEED) and len(data) >= 12 and len(accounts) >= 2:
        return LamportOp("transfer", accounts[0], accounts[-1], _u64(data, 4), "", ix.root)
    if tag == _CREATE and len(data) >= 52 and len(accounts) >= 2:
        return LamportOp("create", accounts[0], accounts[1], _u64(data, 4), _program(data[20:52]), ix.root)
    if tag == _CREATE_SEED and len(data) >= 44 and len(accounts) >= 2:
        start = 44 + _u64(data, 36)
        owner = _program(data[start + 16 : start + 48])
        return LamportOp("create", accounts[0], accounts[1], _u64(data, start), owner, ix.root)
    if tag in (_ALLOCATE, _ALLOCATE_SEED):
        return LamportOp("allocate", "", accounts[0], 0, "", ix.root)
    if tag in (_ASSIGN, _ASSIGN_SEED):
        return LamportOp("assign", "", accounts[0], 0, "", ix.root)
    return None


_PROGRAM_BYTES: Final = {
    bytes.fromhex("06a1d8179137542a983437bdfe2a7ab2557f535c8a78722b68a49dc000000000"): STAKE_PROGRAM,
}


def _program(raw: bytes) -> str:
    return _PROGRAM_BYTES.get(raw, raw.hex())


def _system_parsed(parsed: ParsedInstruction, root: int) -> LamportOp | None:
    kind, info = parsed
    if kind in ("transfer", "transferWithSeed"):
        return LamportOp(
            "transfer", _text(info, "source"), _text(info, "destination"), _int(info, "lamports"), "", root
        )
    if kind in ("createAccount", "createAccountWithSeed"):
        source, target = _text(info, "source"), _text(info, "newAccount")
        return LamportOp("create", source, target, _int(info, "lamports"), _text(info, "owner"), root)
    if kind in ("allocate", "allocateWithSeed"):
        return LamportOp("allocate", "", _text(info, "account"), 0, "", root)
    if kind in ("assign", "assignWithSeed"):
        return LamportOp("assign", "", _text(info, "account"), 0, "", root)
    return None


def _token(ix: Instruction) -> TokenOp | None:
    if ix.parsed is not None:
        return _token_parsed(ix.parsed, ix.root)
    data, accounts, root = ix.data, ix.accounts, ix.root
    if not data or not accounts:
        return None
    tag = data[0]
    if tag in (0, 20):
        return TokenOp("initialize_mint", "", "", accounts[0], 0, "", root)
    if len(accounts) < 3:
        return None
    a, b, c = accounts[:3]
    amount = _u64(data, 1)
    if tag == 3:
        return TokenOp("transfer", a, b, "", amount, c, root)
    if tag in (7, 14):
        return TokenOp("mint_to", "", b, a, amount, c, root)
    if tag in (8, 15):
        return TokenOp("burn", a, "", b, amount, c, root)
    if len(accounts) < 4:
        return None
    if tag == 12:
        return TokenOp("transfer", a, c, b, amount, accounts[3], root)
    if tag == 26 and data[1:2] == b"\x01":
        return TokenOp("transfer", a, c, b, _u64(data, 2), accounts[3], root)
    return None


def _token_parsed(parsed: ParsedInstruction, root: int) -> TokenOp | None:
    kind, info = parsed
    if kind in ("initializeMint", "initializeMint2"):
        return TokenOp("initialize_mint", "", "", _text(info, "mint"), 0, "", root)
    amount = info.get("tokenAmount")
    raw = _int(amount, "amount") if isinstance(amount, dict) else _int(info, "amount")  # pyright: ignore[reportUnknownArgumentType]
    authority = _text(info, "authority") or _text(info, "multisigAuthority") or _text(info, "mintAuthority")
    if kind in ("transfer", "transferChecked", "transferCheckedWithFee"):
        source, target = _text(info, "source"), _text(info, "destination")
        return TokenOp("transfer", source, target, _text(info, "mint"), raw, authority, root)
    if kind in ("mintTo", "mintToChecked"):
        return TokenOp("mint_to", "", _text(info, "account"), _text(info, "mint"), raw, authority, root)
    if kind in ("burn", "burnChecked"):
        return TokenOp("burn", _text(info, "account"), "", _text(info, "mint"), raw, authority, root)
    return None


def _text(info: dict[str, object], key: str) -> str:
    value = info.get(key)
    return value if isinstance(value, str) else ""


def _int(info: dict[str, object], key: str) -> int:
    value = info.get(key)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) else 0
