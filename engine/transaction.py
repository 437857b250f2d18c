"""A transaction as the chain reports it, whatever provider or encoding it came from.

Not responsible for parsing (`engine.reading.rpc`, `engine.reading.helius`) or for meaning (`engine.reading`).
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from engine.units import Address, Mint, Signature


class TokenChange(NamedTuple):
    """One token account in a transaction: its owner and balance before and after, in base units.

    `position` is the account's place among the transaction's accounts.
    `owner_before` is None for an account that did not exist (or held no token) before,
    `owner_after` for one that was closed; the balance on that side is 0.
    """

    position: int
    mint: Mint
    decimals: int
    owner_before: Address | None
    owner_after: Address | None
    pre_raw: int
    post_raw: int
    is_token_2022: bool


class Instruction(Protocol):
    """One instruction, outer or inner, hardly opened: most are never looked at.

    `height` is 1 for an outer instruction, one more with each call, None for an inner one whose depth is not told.
    `accounts` are positions among the transaction's accounts. `encoded` is the data as it came: bytes, or base58 text.
    `parsed` is what the node decoded itself (jsonParsed, System and token programs), None otherwise;
    accounts and data are empty then.
    """

    @property
    def height(self) -> int | None:
        """How deep the call is."""
        ...

    @property
    def program(self) -> Address:
        """Which program was called."""
        ...

    @property
    def accounts(self) -> Sequence[int]:
        """What it was given, by position."""
        ...

    @property
    def encoded(self) -> bytes | str:
        """Its data as it came."""
        ...

    @property
    def parsed(self) -> object:
        """What the node made of it."""
        ...


class PlainInstruction(NamedTuple):
    """An `Instruction` put together from a source that spells it differently."""

    height: int | None
    program: Address
    accounts: Sequence[int]
    encoded: bytes | str
    parsed: object


class Transaction(NamedTuple):
    """One executed transaction with what it changed.

    `accounts` are all account keys in the order of the lamport balances, each once; the first `signer_count` signed
    and the first of all paid the fee.
    `has_balances` is False when the source reports changes only (Helius): `pre_lamports` are 0 then
    and `post_lamports` are the changes.
    `instructions` are in order of execution, each outer one before those it called; `by_program` are the same,
    each program's in order.
    """

    signature: Signature
    slot: int | None
    block_time: int | None
    index_in_block: int | None
    is_failed: bool
    fee_lamports: int
    signature_count: int
    signer_count: int
    accounts: list[Address]
    pre_lamports: list[int]
    post_lamports: list[int]
    tokens: list[TokenChange]
    has_balances: bool
    instructions: list[Instruction]
    by_program: dict[Address, list[Instruction]]
    notes: tuple[str, ...]


def group_by_program(instructions: list[Instruction]) -> dict[Address, list[Instruction]]:
    """Return the instructions of each program, programs and instructions in order of execution."""
    groups: dict[Address, list[Instruction]] = {}
    for ix in instructions:
        group = groups.get(ix.program)
        if group is None:
            groups[ix.program] = [ix]
        else:
            group.append(ix)
    return groups
