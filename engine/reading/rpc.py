"""Parse a `getTransaction` result in any encoding and version into a `Transaction`.

Encodings json, jsonParsed, base64 and base58; versions legacy, 0 and 1.
Not responsible for what the transaction means, or for a block's or a provider's other shapes.
"""

from base64 import b64decode
from typing import Final, NamedTuple, cast

import msgspec
from msgspec import UNSET, Raw, Struct
from msgspec.json import Decoder
from solders.signature import Signature as WireSignature

from engine.errors import ReadError
from engine.reading.balances import token_changes
from engine.reading.base58 import decode_base58
from engine.reading.duplicates import (
    DuplicateKeyError,
    count_full_colons,
    count_lenient_colons,
    look_for_duplicate_keys,
    refuse_duplicate_keys,
)
from engine.reading.order import Outer, in_order
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
    SignedMessage,
)
from engine.reading.wire import parse_packet
from engine.text import quote_text
from engine.transaction import Transaction, group_by_program
from engine.units import Address, Signature


class _Envelope(Struct):
    """A JSON-RPC answer around the result."""

    result: Raw = Raw()
    error: Raw = Raw()


_FULL: Final = Decoder(FullResult)
_LENIENT: Final = Decoder(LenientResult)
_ENVELOPE: Final = Decoder(_Envelope)
_BY_POSITION: Final = b'"programIdIndex"'
_VERSIONS: Final = frozenset({"legacy", 0, 1, None, UNSET})
_ERROR_BYTES: Final = 200
_NULL: Final = Raw(b"null")
_REFETCH: Final = "fetch the transaction again with getTransaction"


class _Message(NamedTuple):
    signatures: list[str]
    signer_count: int
    accounts: list[Address]
    instructions: Outer


def parse_rpc(text: bytes) -> Transaction:
    """Return the transaction that a `getTransaction` result holds, bare or inside its JSON-RPC envelope.

    Raises:
        ReadError: no such transaction, or one that cannot be understood; names the field.
    """
    if not text or text.isspace():
        raise ReadError(f"the text is empty; {_REFETCH}")
    try:
        result = _decode(text)
    except (msgspec.DecodeError, DuplicateKeyError, RecursionError, UnicodeDecodeError) as error:
        raise ReadError(f"not a transaction that can be read: {error}; {_REFETCH}") from error
    message = _message_of(result)
    try:
        return _assemble(result, message)
    except ReadError as error:
        error.signature = message.signatures[0]
        raise


def _decode(text: bytes) -> FullResult | LenientResult:
    if _BY_POSITION in text:
        try:
            full = _FULL.decode(text)
        except msgspec.ValidationError:
            pass
        else:
            refuse_duplicate_keys(text, full, count_full_colons(full))
            return full
    try:
        lenient = _LENIENT.decode(text)
    except msgspec.ValidationError:
        return _decode(_open_envelope(text))
    refuse_duplicate_keys(text, lenient, count_lenient_colons(lenient))
    return lenient


def _open_envelope(text: bytes) -> bytes:
    """Return the result inside a JSON-RPC answer.

    Raises:
        ReadError: the answer is an error, or empty.
        ValidationError: the text is no answer; says what it lacks to be a transaction.
    """
    envelope = _ENVELOPE.decode(text)
    if len(envelope.error):
        shown = bytes(envelope.error)[:_ERROR_BYTES].decode(errors="replace")
        raise ReadError(f"the node answered with an error: {shown!a}; {_REFETCH}")
    if not len(envelope.result):
        _LENIENT.decode(text)
    if envelope.result == _NULL:
        raise ReadError("the node did not find the transaction: 'result' is null; ask another node")
    look_for_duplicate_keys(text)
    return bytes(envelope.result)


def _message_of(result: FullResult | LenientResult) -> _Message:
    version = result.version
    if version not in _VERSIONS:
        raise ReadError(
            f"unknown transaction version {quote_text(str(version))}: legacy, 0 and 1 are known; update AURA"
        )
    transaction = result.transaction
    if isinstance(transaction, SignedMessage):
        message = _read_signed(transaction)
    else:
        packet = parse_packet(_packet_bytes(transaction))
        message = _Message(packet.signatures, packet.signer_count, packet.accounts, packet.instructions)
    _check_signatures(message)
    return message


def _check_signatures(message: _Message) -> None:
    signatures = message.signatures
    if not signatures:
        raise ReadError(f"'signatures' is empty: a transaction has at least one; {_REFETCH}")
    try:
        WireSignature.from_string(signatures[0])
    except ValueError as error:
        raise ReadError(f"{quote_text(signatures[0])} is no signature: base58 of 64 bytes; {_REFETCH}") from error
    if len(signatures) != message.signer_count:
        raise ReadError(f"{len(signatures)} signatures for {message.signer_count} signers; {_REFETCH}", signatures[0])


_AnySigned = SignedMessage[FullInstruction, AnyAddress] | SignedMessage[LenientInstruction, AnyAddress | AccountKey]


def _read_signed(transaction: _AnySigned) -> _Message:
    message = transaction.message
    keys = message.account_keys
    # The full form has no other keys than texts.
    is_full = message.instructions and isinstance(message.instructions[0], FullInstruction)
    types = {str} if is_full else set(map(type, keys))
    if message.header is not UNSET and types == {str}:
        accounts = cast("list[Address]", keys)
        return _Message(transaction.signatures, message.header.num_required_signatures, accounts, message.instructions)
    if types != {AccountKey}:
        raise ReadError(f"'accountKeys' mixes addresses and objects, is empty, or 'header' is missing; {_REFETCH}")
    parsed = cast("list[AccountKey]", keys)
    signers = [key.signer for key in parsed]
    count = sum(signers)
    if not all(signers[:count]):
        raise ReadError(f"'accountKeys' has a signer behind an account that did not sign; {_REFETCH}")
    return _Message(transaction.signatures, count, [key.pubkey for key in parsed], message.instructions)


def _packet_bytes(transaction: list[str] | str) -> bytes:
    text, *encodings = [transaction, "base58"] if isinstance(transaction, str) else transaction or [""]
    if encodings not in (["base64"], ["base58"]):
        shown = quote_text(encodings[0]) if encodings else "nothing"
        raise ReadError(
            f"'transaction' is encoded as {shown}: base64, base58, json or jsonParsed are known; {_REFETCH}"
        )
    try:
        return b64decode(text, validate=True) if encodings == ["base64"] else decode_base58(text)
    except ValueError as error:
        raise ReadError(f"'transaction' is not {encodings[0]}: {error}; {_REFETCH}") from error


def _assemble(result: FullResult | LenientResult, message: _Message) -> Transaction:
    meta: Effects[FullBalance, FullInstruction] | Effects[LenientBalance, LenientInstruction] = result.meta
    pre, post = meta.pre_balances, meta.post_balances
    accounts = message.accounts
    if len(accounts) < len(pre) and meta.loaded_addresses:
        # Some files list the loaded addresses among the keys already; then they are not added twice.
        loaded = meta.loaded_addresses
        accounts = [*accounts, *loaded.writable, *loaded.readonly]
    if not len(accounts) == len(pre) == len(post):
        raise ReadError(f"{len(accounts)} accounts, {len(pre)} pre- and {len(post)} postBalances: they must be as many")
    if len(set(accounts)) != len(accounts):
        raise ReadError(f"one account is listed twice; {_REFETCH}")
    if not 0 < message.signer_count <= len(accounts):
        raise ReadError(f"{message.signer_count} signers among {len(accounts)} accounts; {_REFETCH}")
    tokens = token_changes(meta.pre_token_balances, meta.post_token_balances, len(accounts))
    index = result.index_within_block if result.transaction_index is UNSET else result.transaction_index
    instructions = in_order(message.instructions, meta.inner_instructions, accounts)
    return Transaction(
        signature=Signature(message.signatures[0]),
        slot=None if result.slot is UNSET else result.slot,
        block_time=None if result.block_time is UNSET else result.block_time,
        index_in_block=None if index is UNSET else index,
        is_failed=_is_failed(meta.err, meta.status),
        fee_lamports=meta.fee,
        signature_count=len(message.signatures),
        signer_count=message.signer_count,
        accounts=accounts,
        pre_lamports=pre,
        post_lamports=post,
        tokens=tokens,
        has_balances=True,
        instructions=instructions,
        by_program=group_by_program(instructions),
        notes=(),
    )


def _is_failed(err: object, status: object) -> bool:
    if err is not None and not isinstance(err, (dict, str)):
        raise ReadError(f"'err' is neither null nor an error; {_REFETCH}")
    is_failed = err is not None
    if isinstance(status, dict) and ("Err" in status) != is_failed:
        raise ReadError(f"'err' and 'status' do not agree on whether the transaction failed; {_REFETCH}")
    return is_failed
