"""Write a built transaction the way nodes and providers tell it: json, jsonParsed, base64, version 1, Helius.

Not responsible for what happened in it (`tests.builders.transactions`).
"""

import json
import struct
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Final

from solders.hash import Hash
from solders.instruction import CompiledInstruction
from solders.message import Message, MessageAddressTableLookup, MessageHeader, MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from tests.builders.transactions import SYSTEM, TOKEN, TOKEN_2022, Built, Call, TokenAccount, address

Json = dict[str, Any]
_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BLOCKHASH: Final = Hash(bytes(range(32)))


def as_json(built: Built, *, loaded: int = 0) -> Json:
    """Return the `getTransaction` result in encoding json; the last `loaded` accounts come from lookup tables."""
    keys, writable = _split(built, loaded)
    return {
        "slot": built.slot,
        "blockTime": built.block_time,
        "version": 0 if loaded else "legacy",
        "meta": _meta(built, writable, [_compiled(built, call, at) for call, at in _inner(built)]),
        "transaction": {
            "signatures": _signatures(built),
            "message": {
                "accountKeys": keys,
                "header": _header(built),
                "recentBlockhash": str(_BLOCKHASH),
                "instructions": [_compiled(built, (call, 1), 0)["instruction"] for call in built.calls],
                "addressTableLookups": [],
            },
        },
    }


def as_json_parsed(built: Built) -> Json:
    """Return the same in encoding jsonParsed."""
    keys = [
        {"pubkey": at, "signer": at in built.signers, "source": "transaction", "writable": True}
        for at in built.accounts
    ]
    return {
        "slot": built.slot,
        "blockTime": built.block_time,
        "version": "legacy",
        "meta": _meta(built, [], [{"root": at, "instruction": _parsed(*call)} for call, at in _inner(built)]),
        "transaction": {
            "signatures": _signatures(built),
            "message": {
                "accountKeys": keys,
                "recentBlockhash": str(_BLOCKHASH),
                "instructions": [_parsed(call, 1) for call in built.calls],
            },
        },
    }


def as_base64(built: Built, *, loaded: int = 0) -> Json:
    """Return the same with the packet in base64: legacy, or version 0 when accounts come from lookup tables."""
    keys, writable = _split(built, loaded)
    numbers = (len(built.signers), 0, 0)
    outer = [
        CompiledInstruction(
            built.accounts.index(call.program), call.data, bytes([built.accounts.index(at) for at in call.accounts])
        )
        for call in built.calls
    ]
    pubkeys = [Pubkey.from_string(key) for key in keys]
    if loaded:
        lookups = [MessageAddressTableLookup(Pubkey(bytes(31) + b"\x07"), bytes(range(len(writable))), b"")]
        message = MessageV0(MessageHeader(*numbers), pubkeys, _BLOCKHASH, outer, lookups)
    else:
        message = Message.new_with_compiled_instructions(*numbers, pubkeys, _BLOCKHASH, outer)
    signatures = [Signature.from_string(text) for text in _signatures(built)]
    packet = bytes(VersionedTransaction.populate(message, signatures))
    return _packed(built, packet, writable, 0 if loaded else "legacy")


def as_version_1(built: Built) -> Json:
    """Return the same as a version 1 packet: configuration in a mask, signatures at the end (SIMD-0385)."""
    index = built.accounts.index
    head = bytes([0x81, len(built.signers), 0, 0]) + struct.pack("<I", 0b101) + bytes(_BLOCKHASH)
    head += bytes([len(built.calls), len(built.accounts)])
    keys = b"".join(bytes(Pubkey.from_string(at)) for at in built.accounts)
    config = struct.pack("<II", 200_000, 5)
    headers = b"".join(struct.pack("<BBH", index(c.program), len(c.accounts), len(c.data)) for c in built.calls)
    payloads = b"".join(bytes([index(at) for at in call.accounts]) + call.data for call in built.calls)
    signatures = b"".join(bytes(Signature.from_string(text)) for text in _signatures(built))
    return _packed(built, head + keys + config + headers + payloads + signatures, [], 1)


def as_helius(built: Built) -> Json:
    """Return the same as a Helius enhanced transaction: balance changes, and instructions without depth."""
    return {
        "signature": built.signature,
        "slot": built.slot,
        "timestamp": built.block_time,
        "fee": built.fee,
        "feePayer": built.signers[0],
        "type": "UNKNOWN",
        "transactionError": {"error": "failed"} if built.is_failed else None,
        "accountData": [
            {
                "account": at,
                "nativeBalanceChange": built.after.lamports[at] - built.before.lamports[at],
                "tokenBalanceChanges": _helius_changes(built, at),
            }
            for at in built.accounts
        ],
        "instructions": [
            {**_helius_call(call), "innerInstructions": [_helius_call(inner) for inner, _ in _below(call, 2)]}
            for call in built.calls
        ],
    }


def text(value: Json) -> bytes:
    """Return JSON as a node sends it."""
    return json.dumps(value, separators=(",", ":")).encode()


def base58(data: bytes) -> str:
    """Return bytes as base58."""
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def _signatures(built: Built) -> list[str]:
    others = [str(Signature(bytes([number] * 64))) for number in range(1, len(built.signers))]
    return [built.signature, *others]


def _header(built: Built) -> Json:
    return {
        "numRequiredSignatures": len(built.signers),
        "numReadonlySignedAccounts": 0,
        "numReadonlyUnsignedAccounts": 0,
    }


def _split(built: Built, loaded: int) -> tuple[list[str], list[str]]:
    count = len(built.accounts) - loaded
    return list(built.accounts[:count]), list(built.accounts[count:])


def _packed(built: Built, packet: bytes, writable: Sequence[str], version: int | str) -> Json:
    return {
        "slot": built.slot,
        "blockTime": built.block_time,
        "version": version,
        "meta": _meta(built, writable, [_compiled(built, call, at) for call, at in _inner(built)]),
        "transaction": [b64encode(packet).decode(), "base64"],
    }


def _meta(built: Built, writable: Sequence[str], inner: Sequence[Json]) -> Json:
    groups: dict[int, list[Json]] = {}
    for entry in inner:
        groups.setdefault(entry["root"], []).append(entry["instruction"])
    return {
        "err": {"InstructionError": [0, {"Custom": 1}]} if built.is_failed else None,
        "status": {"Err": {"InstructionError": [0, {"Custom": 1}]}} if built.is_failed else {"Ok": None},
        "fee": built.fee,
        "preBalances": [built.before.lamports[at] for at in built.accounts],
        "postBalances": [built.after.lamports[at] for at in built.accounts],
        "preTokenBalances": _balances(built, built.before.tokens),
        "postTokenBalances": _balances(built, built.after.tokens),
        "innerInstructions": [{"index": root, "instructions": found} for root, found in groups.items()],
        "loadedAddresses": {"writable": list(writable), "readonly": []},
        "logMessages": ["Program log: Instruction: Swap", "Program data: dGVzdA=="],
        "computeUnitsConsumed": 12_345,
        "rewards": [],
    }


def _balances(built: Built, tokens: dict[str, TokenAccount]) -> list[Json]:
    found: list[Json] = []
    for position, at in enumerate(built.accounts):
        if (token := tokens.get(at)) is None:
            continue
        decimals = built.decimals.get(token.mint, 6)
        found.append(
            {
                "accountIndex": position,
                "mint": address(token.mint),
                "owner": token.owner,
                "programId": TOKEN_2022 if token.mint in built.newer_mints else TOKEN,
                "uiTokenAmount": {
                    "amount": str(token.amount),
                    "decimals": decimals,
                    "uiAmount": token.amount / 10**decimals,
                    "uiAmountString": str(token.amount / 10**decimals),
                },
            }
        )
    return found


def _below(call: Call, height: int) -> list[tuple[Call, int]]:
    return [entry for inner in call.inner for entry in ((inner, height), *_below(inner, height + 1))]


def _inner(built: Built) -> list[tuple[tuple[Call, int], int]]:
    """Return every inner call with its height, and the number of the outer one it belongs to."""
    return [(entry, root) for root, call in enumerate(built.calls) for entry in _below(call, 2)]


def _compiled(built: Built, entry: tuple[Call, int], root: int) -> Json:
    call, height = entry
    instruction = {
        "programIdIndex": built.accounts.index(call.program),
        "accounts": [built.accounts.index(at) for at in call.accounts],
        "data": base58(call.data),
        "stackHeight": height,
    }
    return {"root": root, "instruction": instruction}


def _parsed(call: Call, height: int) -> Json:
    if call.parsed is None:
        return {
            "programId": call.program,
            "accounts": list(call.accounts),
            "data": base58(call.data),
            "stackHeight": height,
        }
    kind, info = call.parsed
    name = "system" if call.program == SYSTEM else "spl-token"
    return {
        "program": name,
        "programId": call.program,
        "parsed": {"type": kind, "info": info},
        "stackHeight": height,
    }


def _helius_call(call: Call) -> Json:
    return {"programId": call.program, "accounts": list(call.accounts), "data": base58(call.data)}


def _helius_changes(built: Built, at: str) -> list[Json]:
    before, after = built.before.tokens.get(at), built.after.tokens.get(at)
    token = after or before
    if token is None:
        return []
    change = (after.amount if after else 0) - (before.amount if before else 0)
    if not change:
        return []
    return [
        {
            "userAccount": token.owner,
            "tokenAccount": at,
            "mint": address(token.mint),
            "rawTokenAmount": {"tokenAmount": str(change), "decimals": built.decimals.get(token.mint, 6)},
        }
    ]
