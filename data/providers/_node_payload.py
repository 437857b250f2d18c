"""The shapes of what a Solana node answers, and the values they become.

Reference: https://solana.com/docs/rpc. Unknown fields are ignored and numbers may come as text; what cannot be what it
claims to be, like an amount below zero or an address that is none, is a ValueError. Not responsible for asking.
"""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw, Struct
from solders.signature import Signature as SoldersSignature

from data.providers.chain import AccountState, LogHint, SignatureInfo, Status, TokenAccount, TokenAmount
from engine.address import parse_address
from engine.reading.tokens import TOKEN_PROGRAMS
from engine.units import U64_MAX, Address, Mint, Signature

_FINALIZED: Final = "finalized"

Slot = Annotated[int, Meta(ge=0, le=2**53)]
Lamports = Annotated[int, Meta(ge=0)]
Decimals = Annotated[int, Meta(ge=0, le=255)]


class Context(Struct):
    """As of when an answer is true."""

    slot: Slot


class _Amount(Struct):
    amount: int
    decimals: Decimals


class _TokenInfo(Struct, rename="camel"):
    mint: str
    owner: str
    token_amount: _Amount
    state: str = ""


class _Parsed(Struct):
    type: str = ""
    info: Raw = Raw()


class _ParsedData(Struct):
    parsed: _Parsed | str


class Account(Struct):
    """An account as `jsonParsed` tells it; other accounts than those of tokens may stay text."""

    lamports: Lamports
    owner: str
    data: _ParsedData | list[str] | str


class Accounts(Struct):
    """The answer of `getMultipleAccounts`."""

    context: Context
    value: list[Account | None]


class _Keyed(Struct):
    pubkey: str
    account: Account


class OwnedAccounts(Struct):
    """The answer of `getTokenAccountsByOwner`."""

    context: Context
    value: list[_Keyed]


class ListedSignature(Struct, rename="camel"):
    """An entry of `getSignaturesForAddress`."""

    signature: str
    slot: Slot
    err: object = None
    block_time: Slot | None = None
    confirmation_status: str | None = None


class _Status(Struct, rename="camel"):
    slot: Slot
    err: object = None
    confirmation_status: str | None = None


class Statuses(Struct):
    """The answer of `getSignatureStatuses`."""

    context: Context
    value: list[_Status | None]


class _Named(Struct):
    signatures: list[str]


class _Transaction(Struct):
    transaction: _Named | list[str] | str
    slot: Slot


class _LogValue(Struct):
    signature: str


class _LogResult(Struct):
    context: Context
    value: _LogValue


class LogParams(Struct):
    """What a `logsNotification` carries."""

    subscription: int
    result: _LogResult


class SocketMessage(Struct):
    """A message of the WebSocket: the answer to a subscription, or a notification."""

    id: int | None = None
    method: str = ""
    result: Raw = Raw()
    params: Raw = Raw()
    error: object = None


_TOKEN_INFO: Final = msgspec.json.Decoder(_TokenInfo, strict=False)
_TRANSACTION: Final = msgspec.json.Decoder(_Transaction | None, strict=False)


def account_states(addresses: Sequence[Address], answer: Accounts) -> tuple[int, dict[Address, AccountState | None]]:
    """Return the slot of an answer and the state of each address asked for, None for one without an account.

    Raises:
        ValueError: it is about more or fewer accounts; an amount or an address cannot be one.
    """
    if len(answer.value) != len(addresses):
        raise ValueError("the answer is about another number of accounts")
    pairs = zip(addresses, answer.value, strict=True)
    return answer.context.slot, {address: _account_state(address, account) for address, account in pairs}


def token_accounts(answer: OwnedAccounts) -> tuple[int, list[TokenAccount]]:
    """Return the slot of an answer and its token accounts; what the node did not parse is refused, not left out.

    Raises:
        ValueError: an account is none of a token, or an amount or an address cannot be one.
    """
    found: list[TokenAccount] = []
    for keyed in answer.value:
        info = _token_info(keyed.account)
        if info is None:
            raise ValueError("an account is not that of a token")
        address, decimals = parse_address(keyed.pubkey), info.token_amount.decimals
        found.append(TokenAccount(address, _mint(info.mint), _raw(info), decimals, info.state == "frozen"))
    return answer.context.slot, found


def signature_infos(listed: list[ListedSignature]) -> list[SignatureInfo]:
    """Return the entries, each once, newest slot first; entries of one slot keep the order of the node.

    Raises:
        ValueError: a signature cannot be one.
    """
    infos = [
        SignatureInfo(
            parse_signature(entry.signature),
            entry.slot,
            entry.block_time,
            entry.err is not None,
            entry.confirmation_status == _FINALIZED,
        )
        for entry in listed
    ]
    once = {info.signature: info for info in infos}
    return sorted(once.values(), key=lambda info: -info.slot)


def transaction_text(signature: str, result: Raw) -> bytes | None:
    """Return the text of a `getTransaction` result, None when there is no such transaction.

    Raises:
        ValueError: it is another transaction than the one asked for.
    """
    found = _TRANSACTION.decode(result)
    if found is None:
        return None
    if isinstance(found.transaction, _Named) and found.transaction.signatures[:1] != [signature]:
        raise ValueError("the answer is about another transaction")
    return bytes(result)


def statuses(count: int, answer: Statuses) -> tuple[int, list[Status | None]]:
    """Return the slot of an answer and where transactions stand, in the order they were asked for.

    Raises:
        ValueError: the answer is about more or fewer than `count`.
    """
    if len(answer.value) != count:
        raise ValueError("the answer is about another number of transactions")
    found = [
        None
        if status is None
        else Status(status.slot, status.confirmation_status == _FINALIZED, status.err is not None)
        for status in answer.value
    ]
    return answer.context.slot, found


def log_hint(params: LogParams, mentioned: Address) -> LogHint:
    """Return what a notification hints at.

    Raises:
        ValueError: a signature cannot be one.
    """
    return LogHint(parse_signature(params.result.value.signature), params.result.context.slot, mentioned)


def parse_signature(text: str) -> Signature:
    """Return `text` as a signature: base58 of 64 bytes.

    Raises:
        ValueError: it is none.
    """
    SoldersSignature.from_string(text)
    return Signature(text)


def _account_state(address: Address, account: Account | None) -> AccountState | None:
    if account is None:
        return None
    info = _token_info(account)
    token = None if info is None else TokenAmount(_mint(info.mint), parse_address(info.owner), _raw(info))
    return AccountState(address, account.lamports, parse_address(account.owner), token)


def _token_info(account: Account) -> _TokenInfo | None:
    data = account.data
    if account.owner not in TOKEN_PROGRAMS or not isinstance(data, _ParsedData) or isinstance(data.parsed, str):
        return None
    return _TOKEN_INFO.decode(data.parsed.info) if data.parsed.type == "account" else None


def _mint(text: str) -> Mint:
    return Mint(parse_address(text))


def _raw(info: _TokenInfo) -> int:
    amount_raw = info.token_amount.amount
    if not 0 <= amount_raw <= U64_MAX:
        raise ValueError("an amount is out of range")
    return amount_raw
