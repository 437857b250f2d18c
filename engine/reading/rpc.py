"""Parse a `getTransaction` result in any encoding and version into a `Transaction`.

Encodings json, jsonParsed, base64 and base58; versions legacy, 0 and 1. Field reference: the Solana RPC
documentation of `getTransaction` (https://solana.com/docs/rpc/http/gettransaction).
Not responsible for what the transaction means, or for a block's or a provider's other shapes.
"""

import functools
from collections.abc import Collection
from base64 import b64decode
from typing import Final, NamedTuple, TypeVar

import msgspec
from msgspec import Raw, Struct
from msgspec.json import Decoder

from engine.errors import ReadError
from engine.reading.base58 import decode_base58
from engine.reading.json_keys import DuplicateKeyError, RawObject, check_key_count, decode_object
from engine.reading.operations import TOKEN_2022_PROGRAM
from engine.reading.wire import WireInstruction, parse_packet
from engine.transaction import Instruction, ParsedInstruction, TokenChange, Transaction
from engine.units import U64_MAX, Address, Mint, Signature


T = TypeVar("T")


class _UiAmount(Struct, gc=False, rename="camel"):
    amount: str
    decimals: int
    ui_amount: Raw = Raw()
    ui_amount_string: str | None = None


class _TokenBalance(Struct, gc=False, rename="camel"):
    account_index: int
    mint: str
    ui_token_amount: _UiAmount
    owner: str | None = None
    program_id: str | None = None


class _Instruction(Struct, gc=False, rename="camel"):
    program_id_index: int = -1
    accounts: list[int | str] = []
    data: str = ""
    stack_height: Raw = Raw()
    program_id: str = ""
    parsed: Raw = Raw()
    program: str = ""


class _Inner(Struct, gc=False, rename="camel"):
    index: int
    instructions: list[_Instruction]


class _Key(Struct, gc=False, rename="camel"):
    pubkey: str
    signer: bool
    source: str = ""


class _Loaded(Struct, gc=False, rename="camel"):
    writable: list[str]
    readonly: list[str]


class _Header(Struct, gc=False, rename="camel"):
    num_required_signatures: int


class _Parsed(Struct, gc=False, rename="camel"):
    type: str
    info: dict[str, object] = {}


_INTEGERS: Final = Decoder(list[int])
_INTEGER: Final = Decoder(int)
_OPTIONAL_INTEGER: Final = Decoder(int | None)
_STRINGS: Final = Decoder(list[str])
_TOKENS: Final = Decoder(list[_TokenBalance])
_KEYS: Final = Decoder(list[str | _Key])
_OUTER: Final = Decoder(list[_Instruction])
_INNER: Final = Decoder(list[_Inner])
_LOADED: Final = Decoder(_Loaded | None)
_HEADER: Final = Decoder(_Header)
_VERSION: Final = Decoder(int | str | None)
_PARSED: Final = Decoder(_Parsed)
_ENCODED: Final = Decoder(list[str])
_TEXT: Final = Decoder(str)

_VERSIONS: Final = frozenset({"legacy", 0, 1, None})
_NULL: Final = Raw(b"null")
_MAX_POSITION: Final = 2**53
_MAX_DECIMALS: Final = 255
_U64_DIGITS: Final = 20
_REFETCH: Final = "fetch the transaction again with getTransaction"

_Compiled = list[tuple[int, bool, _Instruction | WireInstruction]]


class _Message(NamedTuple):
    signatures: list[str]
    signer_count: int
    accounts: list[Address]
    instructions: list[_Instruction] | list[WireInstruction]


def parse_rpc(text: bytes) -> Transaction:
    """Return the transaction that a `getTransaction` result holds, bare or inside its JSON-RPC envelope.

    Raises:
        ReadError: no such transaction, or one that cannot be understood; names the field.
    """
    try:
        return parse_rpc_object(decode_object(text.strip()))
    except (msgspec.DecodeError, DuplicateKeyError, RecursionError, UnicodeDecodeError) as error:
        raise ReadError(f"not a transaction: {error}") from error


def parse_rpc_object(top: RawObject) -> Transaction:
    """Return the transaction of an already opened `getTransaction` result (see `parse_rpc`)."""
    if "transaction" not in top and "result" in top:
        top = decode_object(_present(top, "result", "the node did not find the transaction"))
    version = _VERSION.decode(top.get("version", _NULL))
    if version not in _VERSIONS:
        raise ReadError(f"unknown transaction version {version!r}: legacy, 0 and 1 are known")
    message = _parse_transaction(_present(top, "transaction", _REFETCH))
    try:
        return _assemble(top, message)
    except ReadError as error:
        error.signature = message.signatures[0]
        raise
    except (msgspec.DecodeError, DuplicateKeyError) as error:
        raise ReadError(str(error), message.signatures[0]) from error


def _present(members: RawObject, key: str, advice: str) -> Raw:
    value = members.get(key, _NULL)
    if value == _NULL:
        state = "is null" if key in members else "is missing"
        raise ReadError(f"{key!r} {state}: {advice}")
    return value


def _field(decoder: Decoder[T], members: RawObject, key: str) -> T:
    try:
        return decoder.decode(_present(members, key, _REFETCH))
    except msgspec.DecodeError as error:
        raise ReadError(f"{key!r} cannot be read: {error}") from error


def _first_byte(raw: Raw) -> bytes:
    return bytes(memoryview(raw)[:1])


def _parse_transaction(raw: Raw) -> _Message:
    first = _first_byte(raw)
    if first == b"{":
        return _parse_json(decode_object(raw))
    text, encoding = _ENCODED.decode(raw) if first == b"[" else (_TEXT.decode(raw), "base58")
    try:
        packet = b64decode(text, validate=True) if encoding == "base64" else decode_base58(text)
    except ValueError as error:
        raise ReadError(f"'transaction' is not {encoding}: {error}") from error
    parsed = parse_packet(packet)
    return _Message(parsed.signatures, parsed.signer_count, parsed.accounts, parsed.instructions)


def _parse_json(transaction: RawObject) -> _Message:
    signatures = _field(_STRINGS, transaction, "signatures")
    if not signatures:
        raise ReadError("'signatures' is empty: a transaction has at least one")
    message = decode_object(_present(transaction, "message", _REFETCH))
    keys = _field(_KEYS, message, "accountKeys")
    instructions = _field(_OUTER, message, "instructions")
    check_key_count(message["instructions"], _count_keys(instructions))
    if keys and isinstance(keys[0], _Key):
        parsed = [key for key in keys if isinstance(key, _Key)]
        return _Message(
            signatures, sum(key.signer for key in parsed), [Address(k.pubkey) for k in parsed], instructions
        )
    header = _field(_HEADER, message, "header")
    accounts = [Address(key) for key in keys if isinstance(key, str)]
    return _Message(signatures, header.num_required_signatures, accounts, instructions)


def _count_keys(instructions: list[_Instruction]) -> int:
    """Return how many keys instructions in compiled form have; a parsed form never matches and is looked at whole."""
    return sum([3 + (len(ix.stack_height) > 0) for ix in instructions])


def _assemble(top: RawObject, message: _Message) -> Transaction:
    meta = decode_object(_present(top, "meta", f"balances are unknown; {_REFETCH}"))
    pre, post = _lamports(meta, "preBalances"), _lamports(meta, "postBalances")
    accounts = message.accounts
    if len(accounts) < len(pre):
        loaded = _LOADED.decode(meta.get("loadedAddresses", _NULL))
        if loaded is not None:
            accounts = [*accounts, *map(Address, loaded.writable), *map(Address, loaded.readonly)]
    if not len(accounts) == len(pre) == len(post):
        raise ReadError(f"{len(accounts)} accounts, {len(pre)} pre- and {len(post)} postBalances: they must be as many")
    if not 0 < message.signer_count <= len(accounts):
        raise ReadError(f"{message.signer_count} signers among {len(accounts)} accounts")
    fee = _field(_INTEGER, meta, "fee")
    if not 0 <= fee <= U64_MAX:
        raise ReadError(f"'fee' is {fee}: lamports are 0 to 2^64 - 1")
    inner = _field(_INNER, meta, "innerInstructions")
    check_key_count(
        meta["innerInstructions"], 2 * len(inner) + sum([_count_keys(group.instructions) for group in inner])
    )
    compiled = _order(message.instructions, inner)
    return Transaction(
        signature=Signature(message.signatures[0]),
        slot=_optional_integer(top, "slot"),
        block_time=_optional_integer(top, "blockTime"),
        index_in_block=_optional_integer(top, "transactionIndex", "indexWithinBlock"),
        is_failed=_is_failed(meta),
        fee_lamports=fee,
        signature_count=len(message.signatures),
        signer_count=message.signer_count,
        accounts=accounts,
        pre_lamports=pre,
        post_lamports=post,
        tokens=_token_changes(meta, len(accounts)),
        has_balances=True,
        programs=_programs(compiled, accounts),
        instructions=functools.partial(_expand, compiled, accounts),
        notes=(),
    )


def _lamports(meta: RawObject, key: str) -> list[int]:
    balances = _field(_INTEGERS, meta, key)
    if balances and not (min(balances) >= 0 and max(balances) <= U64_MAX):
        raise ReadError(f"{key!r} holds {min(balances)} to {max(balances)}: lamports are 0 to 2^64 - 1")
    return balances


def _optional_integer(top: RawObject, *keys: str) -> int | None:
    for key in keys:
        value = _OPTIONAL_INTEGER.decode(top.get(key, _NULL))
        if value is not None:
            if not 0 <= value < _MAX_POSITION:
                raise ReadError(f"{key!r} is {value}: expected 0 to 2^53")
            return value
    return None


def _is_failed(meta: RawObject) -> bool:
    if "err" not in meta:
        raise ReadError(f"'err' is missing: whether the transaction succeeded is unknown; {_REFETCH}")
    return meta["err"] != _NULL


def _token_changes(meta: RawObject, account_count: int) -> list[TokenChange]:
    before, after = _token_balances(meta, "preTokenBalances"), _token_balances(meta, "postTokenBalances")
    if any(not 0 <= index < account_count for index in (*before, *after)):
        raise ReadError(f"a token balance names an account beyond the {account_count} of the transaction")
    changes: list[TokenChange] = []
    for index, pre in before.items():
        post = after.pop(index, None)
        if post is None:
            changes.append(_change(index, pre, pre.owner, None, _amount(pre), 0))
        elif post.mint == pre.mint:
            changes.append(_change(index, pre, pre.owner, post.owner, _amount(pre), _amount(post)))
        else:
            changes.append(_change(index, pre, pre.owner, None, _amount(pre), 0))
            changes.append(_change(index, post, None, post.owner, 0, _amount(post)))
    changes += [_change(index, post, None, post.owner, 0, _amount(post)) for index, post in after.items()]
    return changes


def _token_balances(meta: RawObject, key: str) -> dict[int, _TokenBalance]:
    balances = _field(_TOKENS, meta, key)
    check_key_count(
        meta[key],
        sum(
            [
                5
                + (balance.owner is not None)
                + (balance.program_id is not None)
                + (balance.ui_token_amount.ui_amount_string is not None)
                + (len(balance.ui_token_amount.ui_amount) > 0)
                for balance in balances
            ]
        ),
    )
    by_account = {balance.account_index: balance for balance in balances}
    if len(by_account) != len(balances):
        raise ReadError(f"{key!r} lists one account twice")
    return by_account


def _amount(balance: _TokenBalance) -> int:
    text = balance.ui_token_amount.amount
    if not (text.isascii() and text.isdigit() and len(text) <= _U64_DIGITS and (amount := int(text)) <= U64_MAX):
        raise ReadError(f"token amount {text[:40]!r} of mint {balance.mint[:44]!r}: expected 0 to 2^64 - 1 as digits")
    return amount


def _change(
    index: int, balance: _TokenBalance, before: str | None, after: str | None, pre_raw: int, post_raw: int
) -> TokenChange:
    decimals = balance.ui_token_amount.decimals
    if balance.owner is None:
        raise ReadError(f"the token account at position {index} has no 'owner': {_REFETCH}")
    if not 0 <= decimals <= _MAX_DECIMALS:
        raise ReadError(f"{decimals} decimals of mint {balance.mint[:44]!r}: expected 0 to 255")
    return TokenChange(
        index,
        Mint(balance.mint),
        decimals,
        None if before is None else Address(before),
        None if after is None else Address(after),
        pre_raw,
        post_raw,
        balance.program_id == TOKEN_2022_PROGRAM,
    )


def _order(outer: list[_Instruction] | list[WireInstruction], inner: list[_Inner]) -> _Compiled:
    nested: dict[int, list[_Instruction]] = {}
    for group in inner:
        if not 0 <= group.index < len(outer):
            raise ReadError(f"inner instructions of number {group.index}, but there are {len(outer)}")
        nested.setdefault(group.index, []).extend(group.instructions)
    ordered: _Compiled = []
    for root, instruction in enumerate(outer):
        ordered.append((root, True, instruction))
        ordered.extend([(root, False, called) for called in nested.get(root, ())])
    return ordered


def _programs(compiled: _Compiled, accounts: list[Address]) -> list[tuple[int, bool, Address]]:
    found: list[tuple[int, bool, Address]] = []
    for root, is_outer, ix in compiled:
        if isinstance(ix, _Instruction) and ix.program_id:
            found.append((root, is_outer, Address(ix.program_id)))
            continue
        index = ix.program_id_index if isinstance(ix, _Instruction) else ix.program_index
        if not 0 <= index < len(accounts):
            raise ReadError(f"an instruction calls the program at position {index} of {len(accounts)} accounts")
        found.append((root, is_outer, accounts[index]))
    return found


def _expand(compiled: _Compiled, accounts: list[Address], wanted: Collection[str] | None) -> list[Instruction]:
    try:
        return [
            _expand_one(ix, accounts, root, is_outer, program)
            for (root, is_outer, ix), (_, _, program) in zip(compiled, _programs(compiled, accounts), strict=True)
            if wanted is None or program in wanted
        ]
    except (IndexError, msgspec.DecodeError) as error:
        raise ReadError(f"an instruction cannot be read: {error}") from error


def _expand_one(
    ix: _Instruction | WireInstruction, accounts: list[Address], root: int, is_outer: bool, program: Address
) -> Instruction:
    if isinstance(ix, WireInstruction):
        return Instruction(root, is_outer, program, tuple([accounts[at] for at in ix.accounts]), ix.data, None)
    if len(ix.parsed):
        # A memo is parsed to a bare string; only objects say anything about money.
        parsed = _PARSED.decode(ix.parsed) if _first_byte(ix.parsed) == b"{" else None
        decoded = None if parsed is None else ParsedInstruction(parsed.type, parsed.info)
        return Instruction(root, is_outer, program, (), b"", decoded)
    named = tuple([accounts[at] if isinstance(at, int) else Address(at) for at in ix.accounts])
    return Instruction(root, is_outer, program, named, ix.data, None)
