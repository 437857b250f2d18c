"""Parse a `getTransaction` result in any encoding and version into a `Transaction`.

Encodings json, jsonParsed, base64 and base58; versions legacy, 0 and 1.
Not responsible for what the transaction means, or for a block's or a provider's other shapes.
"""

from base64 import b64decode
from typing import Final, NamedTuple, cast

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.json import Decoder

from engine.errors import ReadError
from engine.reading.base58 import decode_base58
from engine.reading.operations import TOKEN_2022_PROGRAM
from engine.reading.payload import (
    AccountKey,
    CompiledInstruction,
    DuplicateKeyError,
    Result,
    SignedMessage,
    TokenBalance,
    count_colons,
    refuse_duplicate_keys,
)
from engine.reading.wire import WireInstruction, parse_packet
from engine.transaction import Instruction, TokenChange, Transaction
from engine.units import U64_MAX, Address, Signature


class _Envelope(Struct):
    """A JSON-RPC answer around the result."""

    result: Raw = Raw()
    error: Raw = Raw()


_RESULT: Final = Decoder(Result)
_ENVELOPE: Final = Decoder(_Envelope)
_VERSIONS: Final = frozenset({"legacy", 0, 1, None, UNSET})
_NULL: Final = Raw(b"null")
_MAX_POSITION: Final = 2**53
_MAX_DECIMALS: Final = 255
_REFETCH: Final = "fetch the transaction again with getTransaction"


class _Message(NamedTuple):
    signatures: list[str]
    signer_count: int
    accounts: list[Address]
    instructions: list[CompiledInstruction] | list[WireInstruction]


def parse_rpc(text: bytes) -> Transaction:
    """Return the transaction that a `getTransaction` result holds, bare or inside its JSON-RPC envelope.

    Raises:
        ReadError: no such transaction, or one that cannot be understood; names the field.
    """
    try:
        result = _decode(text)
        message = _message_of(result)
    except (msgspec.DecodeError, DuplicateKeyError, RecursionError, UnicodeDecodeError) as error:
        raise ReadError(f"not a transaction that can be read: {error}; {_REFETCH}") from error
    try:
        return _assemble(result, message)
    except ReadError as error:
        error.signature = message.signatures[0]
        raise


def _decode(text: bytes) -> Result:
    try:
        result = _RESULT.decode(text)
    except msgspec.ValidationError:
        envelope = _ENVELOPE.decode(text)
        if len(envelope.error):
            raise ReadError(f"the node answered with an error: {bytes(envelope.error)[:200]!r}") from None
        if not len(envelope.result):
            raise
        if envelope.result == _NULL:
            raise ReadError("the node did not find the transaction: 'result' is null; ask another node") from None
        text = bytes(envelope.result)
        result = _RESULT.decode(text)
    refuse_duplicate_keys(text, count_colons(result))
    return result


def _message_of(result: Result) -> _Message:
    version = result.version
    if version not in _VERSIONS:
        raise ReadError(f"unknown transaction version {version!r}: legacy, 0 and 1 are known; update AURA")
    transaction = result.transaction
    if isinstance(transaction, SignedMessage):
        message = _read_signed(transaction)
    else:
        packet = parse_packet(_packet_bytes(transaction))
        message = _Message(packet.signatures, packet.signer_count, packet.accounts, packet.instructions)
    if not message.signatures:
        raise ReadError(f"'signatures' is empty: a transaction has at least one; {_REFETCH}")
    return message


def _read_signed(transaction: SignedMessage) -> _Message:
    message = transaction.message
    keys = message.account_keys
    types = set(map(type, keys))
    if message.header is not UNSET and types == {str}:
        return _Message(
            transaction.signatures,
            message.header.num_required_signatures,
            cast("list[Address]", keys),
            message.instructions,
        )
    if types != {AccountKey}:
        raise ReadError(f"'accountKeys' mixes addresses and objects, is empty, or 'header' is missing; {_REFETCH}")
    parsed = cast("list[AccountKey]", keys)
    signer_count = sum([key.signer for key in parsed])
    return _Message(transaction.signatures, signer_count, [Address(key.pubkey) for key in parsed], message.instructions)


def _packet_bytes(transaction: list[str] | str) -> bytes:
    if isinstance(transaction, str):
        transaction = [transaction, "base58"]
    if len(transaction) != 2 or transaction[1] not in ("base64", "base58"):  # noqa: PLR2004 - text and its encoding
        raise ReadError(
            f"'transaction' is encoded as {transaction[1:]!r}: base64, base58, json or jsonParsed are known"
        )
    text, encoding = transaction
    try:
        return b64decode(text, validate=True) if encoding == "base64" else decode_base58(text)
    except ValueError as error:
        raise ReadError(f"'transaction' is not {encoding}: {error}; {_REFETCH}") from error


def _assemble(result: Result, message: _Message) -> Transaction:
    meta = result.meta
    pre, post = meta.pre_balances, meta.post_balances
    accounts = message.accounts
    if len(accounts) < len(pre) and meta.loaded_addresses:
        # Some files list the loaded addresses among the keys already; then they are not added twice.
        accounts = [
            *accounts,
            *map(Address, meta.loaded_addresses.writable),
            *map(Address, meta.loaded_addresses.readonly),
        ]
    if not len(accounts) == len(pre) == len(post):
        raise ReadError(f"{len(accounts)} accounts, {len(pre)} pre- and {len(post)} postBalances: they must be as many")
    if not 0 < message.signer_count <= len(accounts):
        raise ReadError(f"{message.signer_count} signers among {len(accounts)} accounts; {_REFETCH}")
    _check_lamports("fee", [meta.fee])
    _check_lamports("preBalances", pre)
    _check_lamports("postBalances", post)
    return Transaction(
        Signature(message.signatures[0]),
        _position("slot", result.slot),
        _position("blockTime", result.block_time),
        _position("transactionIndex", result.transaction_index)
        if result.transaction_index is not UNSET
        else _position("indexWithinBlock", result.index_within_block),
        meta.err != _NULL,
        meta.fee,
        len(message.signatures),
        message.signer_count,
        accounts,
        pre,
        post,
        _token_changes(meta.pre_token_balances, meta.post_token_balances, len(accounts)),
        True,  # noqa: FBT003 - has_balances
        _instructions(message.instructions, result, accounts),
        (),
    )


def _check_lamports(name: str, balances: list[int]) -> None:
    if min(balances) < 0 or max(balances) > U64_MAX:
        worst = min(balances) if min(balances) < 0 else max(balances)
        raise ReadError(f"{name!r} holds {worst}: lamports are 0 to 2^64 - 1; {_REFETCH}")


def _position(name: str, value: int | UnsetType | None) -> int | None:
    if value is None or value is UNSET:
        return None
    if not 0 <= value < _MAX_POSITION:
        raise ReadError(f"{name!r} is {value}: expected 0 to 2^53; {_REFETCH}")
    return value


def _token_changes(before: list[TokenBalance], after: list[TokenBalance], account_count: int) -> list[TokenChange]:
    later = {balance.account_index: balance for balance in after}
    earlier = {balance.account_index for balance in before}
    if len(later) != len(after) or len(earlier) != len(before):
        raise ReadError(f"token balances name one account twice; {_REFETCH}")
    if any(not 0 <= position < account_count for position in (*earlier, *later)):
        raise ReadError(f"token balances name an account beyond the {account_count} there are; {_REFETCH}")
    changes: list[TokenChange] = []
    for pre in before:
        post = later.get(pre.account_index)
        if post is not None and post.mint == pre.mint:
            changes.append(_change(pre, _owner(pre), _owner(post), _amount(pre), _amount(post)))
            del later[pre.account_index]
        else:
            changes.append(_change(pre, _owner(pre), None, _amount(pre), 0))
    changes += [_change(post, None, _owner(post), 0, _amount(post)) for post in later.values()]
    return changes


def _change(known: TokenBalance, before: str | None, after: str | None, pre_raw: int, post_raw: int) -> TokenChange:
    decimals = known.ui_token_amount.decimals
    if not 0 <= decimals <= _MAX_DECIMALS:
        raise ReadError(f"mint {known.mint[:44]!r} has {decimals} decimals: expected 0 to 255; {_REFETCH}")
    is_token_2022 = known.program_id == TOKEN_2022_PROGRAM
    # tuple.__new__ costs a third of a NamedTuple's own constructor, and this is done some 20 times a transaction;
    # its type leaves the elements open.
    return tuple.__new__(  # pyright: ignore[reportUnknownMemberType]
        TokenChange, (known.account_index, known.mint, decimals, before, after, pre_raw, post_raw, is_token_2022)
    )


def _owner(balance: TokenBalance) -> str:
    if not balance.owner:
        raise ReadError(f"a token balance of mint {balance.mint[:44]!r} has no 'owner'; {_REFETCH}")
    return balance.owner


def _amount(balance: TokenBalance) -> int:
    text = balance.ui_token_amount.amount
    # 20 digits hold every u64; the length is checked first because int() of megabytes takes minutes.
    if len(text) <= 20 and text.isdigit() and text.isascii() and (amount := int(text)) <= U64_MAX:  # noqa: PLR2004
        return amount
    raise ReadError(f"token amount {text[:40]!r} of mint {balance.mint[:44]!r}: expected 0 to 2^64 - 1 as digits")


def _instructions(
    outer: list[CompiledInstruction] | list[WireInstruction], result: Result, accounts: list[Address]
) -> list[Instruction]:
    inner: dict[int, list[CompiledInstruction]] = {}
    for group in result.meta.inner_instructions:
        if not 0 <= group.index < len(outer):
            raise ReadError(f"inner instructions belong to number {group.index} of {len(outer)}; {_REFETCH}")
        inner.setdefault(group.index, []).extend(group.instructions)
    ordered: list[Instruction] = []
    try:
        for root, ix in enumerate(outer):
            if isinstance(ix, WireInstruction):
                ordered.append(Instruction(root, True, accounts[ix.program_index], ix.accounts, ix.data, b""))  # noqa: FBT003
            else:
                _append(ordered, [ix], accounts, root, is_outer=True)
            if root in inner:
                _append(ordered, inner[root], accounts, root, is_outer=False)
    except IndexError as error:
        raise ReadError(f"an instruction calls a program beyond the {len(accounts)} accounts; {_REFETCH}") from error
    return ordered


def _append(
    ordered: list[Instruction], found: list[CompiledInstruction], accounts: list[Address], root: int, *, is_outer: bool
) -> None:
    """Append instructions in the one form they have from here on."""
    for ix in found:
        index = ix.program_id_index
        if index >= 0:
            # tuple.__new__ as above.
            values = (root, is_outer, accounts[index], ix.accounts, ix.data, b"")
            ordered.append(tuple.__new__(Instruction, values))  # pyright: ignore[reportUnknownMemberType]
        elif ix.program_id:
            # By address: an account that is not there gets a position that is not there either.
            named = [accounts.index(Address(str(at))) if at in accounts else len(accounts) for at in ix.accounts]
            ordered.append(Instruction(root, is_outer, Address(ix.program_id), named, ix.data, bytes(ix.parsed)))
        else:
            raise ReadError(f"an instruction names no program; {_REFETCH}")
