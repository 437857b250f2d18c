"""The shape of a `getTransaction` result, as far as anything is read from it.

Field reference: the Solana RPC documentation of getTransaction (https://solana.com/docs/rpc/http/gettransaction).
Unknown fields are tolerated; wrong types and missing fields are refused with their path.
Not responsible for what the fields mean (`engine.reading.rpc`).
"""

import json
from typing import Final

from msgspec import UNSET, Raw, Struct, UnsetType


class UiAmount(Struct, gc=False, rename="camel"):
    """A token amount; `amount` is base units as digits."""

    amount: str
    decimals: int
    ui_amount: Raw = Raw()
    ui_amount_string: Raw = Raw()


class TokenBalance(Struct, gc=False, rename="camel"):
    """The balance of one token account on one side of the transaction."""

    account_index: int
    mint: str
    ui_token_amount: UiAmount
    owner: str | UnsetType | None = UNSET
    program_id: str | UnsetType | None = UNSET


class CompiledInstruction(Struct, gc=False, rename="camel"):
    """An instruction: by position (json, base64) or by address, perhaps `parsed` by the node (jsonParsed)."""

    program_id_index: int = -1
    accounts: list[int | str] = []
    data: str = ""
    stack_height: Raw = Raw()
    program_id: str = ""
    parsed: Raw = Raw()
    program: Raw = Raw()


class InnerInstructions(Struct, gc=False, rename="camel"):
    """The instructions that outer instruction number `index` called."""

    index: int
    instructions: list[CompiledInstruction]


class AccountKey(Struct, gc=False, rename="camel"):
    """An account of a jsonParsed message."""

    pubkey: str
    signer: bool
    source: Raw = Raw()
    writable: Raw = Raw()


class LoadedAddresses(Struct, gc=False, rename="camel"):
    """Accounts that came from address lookup tables."""

    writable: list[str]
    readonly: list[str]


class Meta(Struct, gc=False, rename="camel"):
    """What executing the transaction changed."""

    err: Raw
    fee: int
    pre_balances: list[int]
    post_balances: list[int]
    pre_token_balances: list[TokenBalance]
    post_token_balances: list[TokenBalance]
    inner_instructions: list[InnerInstructions]
    loaded_addresses: LoadedAddresses | UnsetType | None = UNSET
    log_messages: Raw = Raw()
    compute_units_consumed: Raw = Raw()
    cost_units: Raw = Raw()
    return_data: Raw = Raw()
    rewards: Raw = Raw()
    status: Raw = Raw()


class Header(Struct, gc=False, rename="camel"):
    """How many of the accounts signed, and which are read-only."""

    num_required_signatures: int
    num_readonly_signed_accounts: int | UnsetType = UNSET
    num_readonly_unsigned_accounts: int | UnsetType = UNSET


class Message(Struct, gc=False, rename="camel"):
    """What was signed."""

    account_keys: list[str | AccountKey]
    instructions: list[CompiledInstruction]
    header: Header | UnsetType = UNSET
    recent_blockhash: Raw = Raw()
    address_table_lookups: Raw = Raw()
    index_to_program_ids: Raw = Raw()


class SignedMessage(Struct, gc=False, rename="camel"):
    """A message with its signatures."""

    signatures: list[str]
    message: Message


class Result(Struct, gc=False, rename="camel"):
    """A `getTransaction` result; base64 and base58 hold the packet as [text, encoding]."""

    transaction: SignedMessage | list[str] | str
    meta: Meta
    slot: int | UnsetType | None = UNSET
    block_time: int | UnsetType | None = UNSET
    version: int | str | UnsetType | None = UNSET
    transaction_index: int | UnsetType | None = UNSET
    index_within_block: int | UnsetType | None = UNSET


class DuplicateKeyError(ValueError):
    """A JSON object names one key twice, so that it says two things about one field."""


_COLON: Final = b":"


def refuse_duplicate_keys(text: bytes, expected_colons: int) -> None:
    """Refuse a JSON text in which a key occurs twice in one object, given how many colons its values account for.

    Decoders keep the last of two amounts without a word. Looking at every object costs five times the decode, so the
    colons are counted first: one follows each key, so when the text holds as many as were decoded, no key was
    dropped. Anything else (unknown fields, a colon in an unexpected string) is looked at closely.

    Raises:
        DuplicateKeyError: the first such key.
    """
    if text.count(_COLON) != expected_colons:
        look_for_duplicate_keys(text)


def look_for_duplicate_keys(text: bytes) -> None:
    """Look at every object of a JSON text and refuse a key that occurs twice.

    Raises:
        DuplicateKeyError: the first such key.
    """
    _UNIQUE.decode(text.decode())


def _unique(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DuplicateKeyError(f"duplicate key {twice[:60]!r}")


_UNIQUE: Final = json.JSONDecoder(object_pairs_hook=_unique)


def count_colons(result: Result) -> int:
    """Return how many colons a result has when it holds what was decoded and nothing else."""
    meta = result.meta
    total = 9 + (
        (result.slot is not UNSET)
        + (result.block_time is not UNSET)
        + (result.version is not UNSET)
        + (result.transaction_index is not UNSET)
        + (result.index_within_block is not UNSET)
    )
    for value in (meta.compute_units_consumed, meta.cost_units):
        total += len(value) > 0
    total += bytes(meta.err).count(_COLON)
    for value in (meta.log_messages, meta.return_data, meta.rewards, meta.status):
        if len(value):
            total += 1 + bytes(value).count(_COLON)
    if meta.loaded_addresses is not UNSET:
        total += 3 if meta.loaded_addresses else 1
    total += _token_keys(meta.pre_token_balances) + _token_keys(meta.post_token_balances)
    for group in meta.inner_instructions:
        total += 2 + _instruction_keys(group.instructions)
    if isinstance(result.transaction, SignedMessage):
        total += 2 + _message_keys(result.transaction.message)
    return total


def _token_keys(balances: list[TokenBalance]) -> int:
    return sum(
        [
            5
            + (len(balance.ui_token_amount.ui_amount) > 0)
            + (len(balance.ui_token_amount.ui_amount_string) > 0)
            + (balance.owner is not UNSET)
            + (balance.program_id is not UNSET)
            for balance in balances
        ]
    )


def _instruction_keys(instructions: list[CompiledInstruction]) -> int:
    return sum(
        [
            3 + (len(ix.stack_height) > 0) + (bytes(ix.parsed).count(_COLON) if ix.program_id else 0)
            for ix in instructions
        ]
    )


def _message_keys(message: Message) -> int:
    total = 2 + (0 if message.header is UNSET else 4) + _instruction_keys(message.instructions)
    for value in (message.recent_blockhash, message.address_table_lookups, message.index_to_program_ids):
        if len(value):
            total += 1 + bytes(value).count(_COLON)
    for key in message.account_keys:
        if isinstance(key, AccountKey):
            total += 2 + (len(key.source) > 0) + (len(key.writable) > 0)
    return total
