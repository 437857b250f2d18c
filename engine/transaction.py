"""A transaction as the chain reports it, whatever provider or encoding it came from.

Not responsible for parsing (`engine.reading.rpc`, `engine.reading.helius`) or for meaning (`engine.reading`).
"""

from typing import NamedTuple

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


class Instruction(NamedTuple):
    """One instruction, outer or inner, hardly opened: most are never looked at.

    `root` is the number of the outer instruction it belongs to; `accounts` are positions among the transaction's
    accounts. `encoded` is the data as it came: bytes, or base58 text. `parsed` is the node's own decoding as JSON
    (jsonParsed, System and token programs), empty otherwise; accounts and data are empty then.
    """

    root: int
    is_outer: bool
    program: Address
    accounts: list[int] | bytes
    encoded: bytes | str
    parsed: bytes


class Transaction(NamedTuple):
    """One executed transaction with what it changed.

    `accounts` are all account keys in the order of the lamport balances; the first `signer_count` signed
    and the first of all paid the fee.
    `has_balances` is False when the source reports changes only (Helius): `pre_lamports` are 0 then
    and `post_lamports` are the changes.
    `instructions` are in order of execution, each outer one before those it called.
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
    notes: tuple[str, ...]
