"""Read the System instructions that say where lamports went and which accounts were made.

Layout: the System program's `SystemInstruction` (bincode, u32 tag) of the Solana programs' own sources.
Not responsible for lamports that programs move among their own accounts: balances show those.
"""

from collections.abc import Collection
from typing import Final, NamedTuple

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

SYSTEM_PROGRAM: Final = Address("11111111111111111111111111111111")


_OTHER_KINDS: Final = frozenset(
    {"advanceNonce", "withdrawFromNonce", "initializeNonce", "authorizeNonce", "upgradeNonce"}
)
"""What is left of the System program in jsonParsed; nonce accounts are not looked into."""


class LamportOp(NamedTuple):
    """A System instruction. `kind` is transfer, create (with money or by allocating), assign or unknown.

    `program` owns the account from then on, empty where the instruction does not say; it names an unknown kind.
    """

    kind: str
    source: str
    target: str
    lamports: int
    program: str


def lamport_operations(transaction: Transaction, positions: Collection[int]) -> list[LamportOp]:
    """Return the System transfers and account creations that name one of these accounts, in order of execution.

    What the node parsed itself is always among them.

    Raises:
        ReadError: an instruction's data or accounts are not legible.
    """
    wanted = frozenset(positions)
    found: list[LamportOp] = []
    for ix in transaction.by_program.get(SYSTEM_PROGRAM, ()):
        if ix.parsed is not None or not wanted.isdisjoint(ix.accounts[:3]):
            try:
                op = _parsed(ix) if ix.parsed is not None else _operation(ix, transaction)
            except ReadError:
                raise
            except ValueError as error:
                raise unreadable(ix) from error
            if op is not None:
                found.append(op)
    return found


def _operation(ix: Instruction, transaction: Transaction) -> LamportOp | None:
    data, named = instruction_data(ix), named_accounts(ix, transaction.accounts, 3)
    tag = int.from_bytes(data[:4], "little")
    if tag == 2:
        source, target, *_ = named
        return LamportOp("transfer", source, target, u64_at(data, 4), "")
    if tag == 11:
        source, _, target = named
        return LamportOp("transfer", source, target, u64_at(data, 4), "")
    if tag == 0:
        source, target, *_ = named
        return _create(source, target, u64_at(data, 4), u64_at(data, 12), address_at(data, 20))
    if tag == 3:
        source, target, *_ = named
        start = 44 + u64_at(data, 36)
        return _create(source, target, u64_at(data, start), u64_at(data, start + 8), address_at(data, start + 16))
    if tag == 13:
        # The new account may have lamports already: who adds to them comes second, if anybody does.
        target, source, *_ = *named, ""
        return _create(source, target, u64_at(data, 4), u64_at(data, 12), address_at(data, 20))
    if tag in (1, 8, 9, 10):
        target, *_ = named
        program = "" if tag == 8 else address_at(data, -32)
        return LamportOp("create" if tag in (8, 9) else "assign", "", target, 0, program)
    return LamportOp("unknown", "", "", 0, str(tag)) if tag > 13 or len(data) < 4 else None


def _parsed(ix: Instruction) -> LamportOp | None:
    kind, info = parsed_fields(ix)
    if kind in ("transfer", "transferWithSeed"):
        source, target = text_field(info, "source"), text_field(info, "destination")
        return LamportOp("transfer", source, target, amount_field(info, "lamports"), "")
    if kind in ("createAccount", "createAccountWithSeed", "createAccountAllowPrefund"):
        source, target, program = [text_field(info, key) for key in ("source", "newAccount", "owner")]
        return _create(source, target, amount_field(info, "lamports"), amount_field(info, "space"), program)
    if kind in ("allocate", "allocateWithSeed"):
        return LamportOp("create", "", text_field(info, "account"), 0, text_field({"owner": "", **info}, "owner"))
    if kind in ("assign", "assignWithSeed"):
        return LamportOp("assign", "", text_field(info, "account"), 0, text_field(info, "owner"))
    return None if kind in _OTHER_KINDS else LamportOp("unknown", "", "", 0, kind)


def _create(source: str, target: str, lamports: int, space: int, program: str) -> LamportOp:
    """Return the creation of an account; one without data that stays the System program's is a wallet paid."""
    if lamports and not source:
        raise ValueError("lamports of nobody")
    is_wallet = space == 0 and program == SYSTEM_PROGRAM
    return LamportOp("transfer" if is_wallet else "create", source, target, lamports, "" if is_wallet else program)
