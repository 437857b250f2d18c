"""Refuse JSON in which an object names one key twice: it says two things about one field.

Decoders keep the last of two amounts without a word. Looking at every object costs five times the decode, so the
colons are counted first: one follows each key, so when the text holds as many as were decoded, no key was dropped.
Anything else (unknown fields, a colon in an unexpected string) is looked at closely.
Not responsible for keys that mean the same under two names.
"""

import json
from typing import Final, cast

from msgspec import UNSET

from engine.reading.payload import (
    AccountKey,
    AnyAddress,
    Effects,
    FullBalance,
    FullInstruction,
    FullResult,
    LenientBalance,
    LenientInstruction,
    LenientResult,
    Message,
    SignedMessage,
)
from engine.text import quote_text

_OK: Final = {"Ok": None}
_CONTAINERS: Final = (dict, list)
_COLON: Final = b":"
_LOG_KEY: Final = b'"logMessages"'
_BALANCE_KEYS: Final = 9
_INSTRUCTION_KEYS: Final = 4


class DuplicateKeyError(ValueError):
    """A JSON object names one key twice."""


def refuse_duplicate_keys(text: bytes, result: FullResult | LenientResult, expected_colons: int) -> None:
    """Refuse a JSON text in which a key occurs twice in one object, given how many colons its values account for.

    The log is the longest part, and full of colons that follow no key: it is left out.

    Raises:
        DuplicateKeyError: the first such key.
    """
    log = bytes(result.meta.log_messages)
    begin = text.find(b"[", text.find(_LOG_KEY)) if log[:1] == b"[" else 0
    end = begin + len(log) if begin else 0
    colons = text.count(_COLON, 0, begin) + text.count(_COLON, end)
    if colons != expected_colons or text[begin:end] != (log if begin else b""):
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
        raise DuplicateKeyError(f"duplicate key {quote_text(twice)}")


def _ignore(_digits: str) -> None:
    """Take the place of numbers: Python refuses to convert very long ones."""


_UNIQUE: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_ignore, parse_float=_ignore)


def count_full_colons(result: FullResult) -> int:
    """Return how many colons a result of the full form has when it holds what was decoded and nothing else."""
    meta = result.meta
    total = _common_colons(result) + _BALANCE_KEYS * (len(meta.pre_token_balances) + len(meta.post_token_balances))
    for group in meta.inner_instructions:
        total += 2 + _INSTRUCTION_KEYS * len(group.instructions)
    if isinstance(result.transaction, SignedMessage):
        message = result.transaction.message
        total += 2 + _message_colons(message) + _INSTRUCTION_KEYS * len(message.instructions)
    return total


def count_lenient_colons(result: LenientResult) -> int:
    """Return the same for a result of the lenient form."""
    meta = result.meta
    total = _common_colons(result)
    total += sum([_balance_keys(balance) for balance in (*meta.pre_token_balances, *meta.post_token_balances)])
    for group in meta.inner_instructions:
        total += 2 + sum(map(_instruction_colons, group.instructions))
    if isinstance(result.transaction, SignedMessage):
        message = result.transaction.message
        total += 2 + _message_colons(message) + sum(map(_instruction_colons, message.instructions))
        for key in message.account_keys:
            if isinstance(key, AccountKey):
                total += 2 + (len(key.source) > 0) + (len(key.writable) > 0)
    return total


def _common_colons(result: FullResult | LenientResult) -> int:
    meta: Effects[FullBalance, FullInstruction] | Effects[LenientBalance, LenientInstruction] = result.meta
    total = (
        9
        + (result.slot is not UNSET)
        + (result.block_time is not UNSET)
        + (result.version is not UNSET)
        + (result.transaction_index is not UNSET)
        + (result.index_within_block is not UNSET)
        + (len(meta.compute_units_consumed) > 0)
        + (len(meta.cost_units) > 0)
    )
    if meta.status is not UNSET:
        total += 2 if meta.status == _OK else 1 + _keys_inside(meta.status)
    for value in (meta.rewards, meta.return_data):
        if value is not UNSET:
            total += 1 + (_keys_inside(value) if value else 0)
    if meta.err is not None:
        total += _keys_inside(meta.err)
    total += len(meta.log_messages) > 0
    if meta.loaded_addresses is not UNSET:
        total += 3 if meta.loaded_addresses else 1
    return total


def _message_colons(
    message: Message[FullInstruction, AnyAddress] | Message[LenientInstruction, AnyAddress | AccountKey],
) -> int:
    """Return the colons of a message without its instructions and account keys."""
    total = 2 + (0 if message.header is UNSET else 4)
    total += (len(message.recent_blockhash) > 0) + (len(message.index_to_program_ids) > 0)
    if message.address_table_lookups is not UNSET:
        total += 1 + sum(map(len, message.address_table_lookups or ()))
    return total


def _balance_keys(balance: LenientBalance) -> int:
    return (
        6
        + (len(balance.ui_token_amount.ui_amount) > 0)
        + (len(balance.ui_token_amount.ui_amount_string) > 0)
        + (balance.program_id is not UNSET)
    )


def _instruction_colons(ix: LenientInstruction) -> int:
    return (
        (ix.program_id_index is not UNSET)
        + (ix.accounts is not UNSET)
        + (ix.encoded is not UNSET)
        + (ix.height is not UNSET)
        + (ix.program_id is not UNSET)
        + (ix.program is not UNSET)
        + (0 if ix.parsed is UNSET else 1 + _keys_inside(ix.parsed))
    )


def _keys_inside(value: object) -> int:
    """Return how many keys all objects in a JSON value have together."""
    if type(value) is dict:
        members, own = cast("dict[str, object]", value).values(), len(cast("dict[str, object]", value))
    elif type(value) is list:
        members, own = cast("list[object]", value), 0
    else:
        return 0
    return own + sum([_keys_inside(member) for member in members if type(member) in _CONTAINERS])
