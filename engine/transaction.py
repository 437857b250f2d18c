"""A transaction as the chain reports it, whatever provider or encoding it came from.

Not responsible for parsing (`engine.reading.rpc`, `engine.reading.helius`) or for meaning (`engine.reading`).
"""

from collections.abc import Callable, Collection
from typing import NamedTuple

from engine.reading.base58 import decode_base58
from engine.units import Address, Mint, Signature


class TokenChange(NamedTuple):
    """One token account in a transaction: its owner and balance before and after, in base units.

    `owner_before` is None for an account that did not exist (or held no token) before,
    `owner_after` for one that was closed; the balance on that side is 0.
    """

    account_index: int
    mint: Mint
    decimals: int
    owner_before: Address | None
    owner_after: Address | None
    pre_raw: int
    post_raw: int
    is_token_2022: bool


class Instruction(NamedTuple):
    """One instruction, outer or inner. `root` is the position of the outer instruction it belongs to.

    `encoded` is the data as it came, bytes or base58 text; `parsed` replaces it and the accounts where the node
    decoded the instruction itself (jsonParsed).
    """

    root: int
    is_outer: bool
    program: Address
    accounts: tuple[Address, ...]
    encoded: bytes | str
    parsed: "ParsedInstruction | None"

    @property
    def data(self) -> bytes:
        """The instruction data; decoding is put off until it is asked for, as most is never looked at.

        Raises:
            ValueError: the text is not base58.
        """
        return self.encoded if isinstance(self.encoded, bytes) else decode_base58(self.encoded)


class ParsedInstruction(NamedTuple):
    """An instruction that the node decoded: its `type` and the fields of `info`."""

    kind: str
    info: dict[str, object]


class Transaction(NamedTuple):
    """One executed transaction with what it changed.

    `accounts` are all account keys in the order of the lamport balances; the first `signer_count` signed
    and the first of all paid the fee.
    `has_balances` is False when the source reports changes only (Helius): `pre_lamports` are 0 then
    and `post_lamports` are the changes.
    `programs` are the programs called, as (position of the outer instruction, is outer, program), in order.
    `instructions` gives those of the programs named (all with None), in order of execution;
    it is a function because most transactions are understood from balances alone.
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
    programs: list[tuple[int, bool, Address]]
    instructions: Callable[[Collection[str] | None], list[Instruction]]
    notes: tuple[str, ...]
