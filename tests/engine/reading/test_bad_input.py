"""Input that is no transaction, or a broken one: one ReadError each, one line that says what, where and what to do."""

# Messages are asserted whole, however long the line.
# ruff: noqa: E501

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from inline_snapshot import snapshot

from engine.errors import ReadError
from engine.reading import read_helius, read_transaction
from engine.units import Address
from tests.builders.encodings import as_base64, as_helius, as_json, as_json_parsed, as_version_1, text
from tests.builders.transactions import SOL_UNIT, buys, moves, tips, transaction

Json = dict[str, Any]
LONGEST_MESSAGE = 400
TEN_MB = 10 * 2**20
BUILT = transaction(
    buys("A", "MEME", 5, SOL_UNIT),
    moves("A", "B", "OTHER", 3),
    tips("A", 7),
    has={"pool": {"MEME": 9}, "A": {"MEME": 0, "OTHER": 3}, "B": {"OTHER": 0}},
)


def message_of(raw: bytes, read: Callable[[bytes], object] = read_transaction) -> str:
    """Return the one line that refuses `raw`; it is printable, short, and no secret of the decoder."""
    with pytest.raises(ReadError) as caught:
        read(raw)
    line = str(caught.value)
    assert line.isprintable()
    assert len(line) <= LONGEST_MESSAGE
    return line


def changed(change: Callable[[Json], object], encode: Callable[..., Json] = as_json) -> bytes:
    """Return a result after `change` was done to it."""
    value = encode(BUILT)
    change(value)
    return text(value)


def put(path: str, value: object) -> Callable[[Json], None]:
    """Return a change that puts a value at a path such as `meta.fee`; `...` deletes what is there."""

    def change(whole: Json) -> None:
        found: Any = whole
        *above, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in above:
            found = found[part]
        if value is ...:
            del found[last]
        else:
            found[last] = value

    return change


def test_what_is_no_json_object_is_refused() -> None:
    """Issue: empty files, binary files, truncated JSON, deep nesting, 10 MB strings."""
    whole = text(as_json(BUILT))
    cases = {
        "empty": b"",
        "blank": b" \r\n\t",
        "truncated": whole[:700],
        "binary": bytes(range(256)),
        "not UTF-8": whole.replace(b"legacy", b"leg\xffcy"),
        "list": b"[" + whole + b"]",
        "number": b"17",
        "deep": b'{"a":' * 100_000,
        "deep list": b"[" * 100_000,
        "10 MB string": b'"' + b"x" * TEN_MB + b'"',
        "10 MB key": b'{"' + b"k" * TEN_MB + b'":1}',
        "another object": b'{"name":"x"}',
        "two objects": whole + whole,
    }
    assert {name: message_of(raw) for name, raw in cases.items()} == snapshot(
        {
            "empty": "the text is empty; fetch the transaction again with getTransaction",
            "blank": "the text is empty; fetch the transaction again with getTransaction",
            "truncated": "not a transaction that can be read: Input data was truncated; fetch the transaction again with getTransaction",
            "binary": "not a transaction that can be read: JSON is malformed: invalid character (byte 0); fetch the transaction again with getTransaction",
            "not UTF-8": "not a transaction that can be read: 'utf-8' codec can't decode byte 0xff in position 3: invalid start byte; fetch the transaction again with getTransaction",
            "list": "not a transaction that can be read: Expected `object`, got `array`; fetch the transaction again with getTransaction",
            "number": "not a transaction that can be read: Expected `object`, got `int`; fetch the transaction again with getTransaction",
            "deep": "not a transaction that can be read: maximum recursion depth exceeded while deserializing an object; fetch the transaction again with getTransaction",
            "deep list": "not a transaction that can be read: Expected `object`, got `array`; fetch the transaction again with getTransaction",
            "10 MB string": "not a transaction that can be read: Expected `object`, got `str`; fetch the transaction again with getTransaction",
            "10 MB key": "not a transaction that can be read: Object missing required field `transaction`; fetch the transaction again with getTransaction",
            "another object": "not a transaction that can be read: Object missing required field `transaction`; fetch the transaction again with getTransaction",
            "two objects": "not a transaction that can be read: JSON is malformed: trailing characters (byte 4092); fetch the transaction again with getTransaction",
        }
    )


def test_answers_without_a_transaction_are_refused() -> None:
    """JSON-RPC: an answer may hold an error, or null for what the node does not know."""
    cases = {
        "error": b'{"jsonrpc":"2.0","error":{"code":-32015,"message":"Transaction version (0) is not supported"},"id":1}',
        "unknown": b'{"jsonrpc":"2.0","result":null,"id":1}',
        "control characters": b'{"error":"\x1b[31m\\u202e\xe2\x80\xae"}',
        "empty": b'{"jsonrpc":"2.0","id":1}',
        "in an answer": b'{"result":{"meta":null}}',
    }
    assert {name: message_of(raw) for name, raw in cases.items()} == snapshot(
        {
            "error": 'the node answered with an error: \'{"code":-32015,"message":"Transaction version (0) is not supported"}\'; fetch the transaction again with getTransaction',
            "unknown": "the node did not find the transaction: 'result' is null; ask another node",
            "control characters": "not a transaction that can be read: JSON is malformed: invalid character (byte 10); fetch the transaction again with getTransaction",
            "empty": "not a transaction that can be read: Object missing required field `transaction`; fetch the transaction again with getTransaction",
            "in an answer": "not a transaction that can be read: Expected `object`, got `null` - at `$.meta`; fetch the transaction again with getTransaction",
        }
    )


def test_missing_and_null_parts_are_refused() -> None:
    """Issue: missing meta, null lists."""
    paths = (
        "meta",
        "transaction",
        "transaction.message",
        "transaction.signatures",
        "transaction.message.header",
        "transaction.message.instructions.0.data",
        "meta.err",
        "meta.fee",
        "meta.preBalances",
        "meta.innerInstructions",
        "meta.postTokenBalances",
        "meta.preTokenBalances.0.owner",
        "meta.preTokenBalances.0.uiTokenAmount",
    )
    found = {f"no {path}": message_of(changed(put(path, ...))) for path in paths}
    found |= {f"null {path}": message_of(changed(put(path, None))) for path in paths if path != "meta.err"}
    assert found == snapshot(
        {
            "no meta": "not a transaction that can be read: Object missing required field `meta`; fetch the transaction again with getTransaction",
            "no transaction": "not a transaction that can be read: Object missing required field `transaction`; fetch the transaction again with getTransaction",
            "no transaction.message": "not a transaction that can be read: Object missing required field `message` - at `$.transaction`; fetch the transaction again with getTransaction",
            "no transaction.signatures": "not a transaction that can be read: Object missing required field `signatures` - at `$.transaction`; fetch the transaction again with getTransaction",
            "no transaction.message.header": "'accountKeys' mixes addresses and objects, is empty, or 'header' is missing; fetch the transaction again with getTransaction",
            "no transaction.message.instructions.0.data": "an instruction of '6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P' has no 'accounts' or no 'data'; fetch the transaction again with getTransaction",
            "no meta.err": "not a transaction that can be read: Object missing required field `err` - at `$.meta`; fetch the transaction again with getTransaction",
            "no meta.fee": "not a transaction that can be read: Object missing required field `fee` - at `$.meta`; fetch the transaction again with getTransaction",
            "no meta.preBalances": "not a transaction that can be read: Object missing required field `preBalances` - at `$.meta`; fetch the transaction again with getTransaction",
            "no meta.innerInstructions": "not a transaction that can be read: Object missing required field `innerInstructions` - at `$.meta`; fetch the transaction again with getTransaction",
            "no meta.postTokenBalances": "not a transaction that can be read: Object missing required field `postTokenBalances` - at `$.meta`; fetch the transaction again with getTransaction",
            "no meta.preTokenBalances.0.owner": "not a transaction that can be read: Object missing required field `owner` - at `$.meta.preTokenBalances[0]`; fetch the transaction again with getTransaction",
            "no meta.preTokenBalances.0.uiTokenAmount": "not a transaction that can be read: Object missing required field `uiTokenAmount` - at `$.meta.preTokenBalances[0]`; fetch the transaction again with getTransaction",
            "null meta": "not a transaction that can be read: Expected `object`, got `null` - at `$.meta`; fetch the transaction again with getTransaction",
            "null transaction": "not a transaction that can be read: Expected `str | object | array`, got `null` - at `$.transaction`; fetch the transaction again with getTransaction",
            "null transaction.message": "not a transaction that can be read: Expected `object`, got `null` - at `$.transaction.message`; fetch the transaction again with getTransaction",
            "null transaction.signatures": "not a transaction that can be read: Expected `array`, got `null` - at `$.transaction.signatures`; fetch the transaction again with getTransaction",
            "null transaction.message.header": "not a transaction that can be read: Expected `object`, got `null` - at `$.transaction.message.header`; fetch the transaction again with getTransaction",
            "null transaction.message.instructions.0.data": "not a transaction that can be read: Expected `str`, got `null` - at `$.transaction.message.instructions[0].data`; fetch the transaction again with getTransaction",
            "null meta.fee": "not a transaction that can be read: Expected `int`, got `null` - at `$.meta.fee`; fetch the transaction again with getTransaction",
            "null meta.preBalances": "not a transaction that can be read: Expected `array`, got `null` - at `$.meta.preBalances`; fetch the transaction again with getTransaction",
            "null meta.innerInstructions": "not a transaction that can be read: Expected `array`, got `null` - at `$.meta.innerInstructions`; fetch the transaction again with getTransaction",
            "null meta.postTokenBalances": "not a transaction that can be read: Expected `array`, got `null` - at `$.meta.postTokenBalances`; fetch the transaction again with getTransaction",
            "null meta.preTokenBalances.0.owner": "not a transaction that can be read: Expected `str`, got `null` - at `$.meta.preTokenBalances[0].owner`; fetch the transaction again with getTransaction",
            "null meta.preTokenBalances.0.uiTokenAmount": "not a transaction that can be read: Expected `object`, got `null` - at `$.meta.preTokenBalances[0].uiTokenAmount`; fetch the transaction again with getTransaction",
        }
    )


def test_wrong_types_and_amounts_are_refused() -> None:
    """Issue: wrong types, 1e400, negative and > u64 amounts."""
    second = as_json(BUILT)["meta"]["postTokenBalances"][1]["accountIndex"]
    amount, balance = "meta.postTokenBalances.0.uiTokenAmount.amount", "meta.postBalances.0"
    values: dict[str, tuple[str, object]] = {
        "text fee": ("meta.fee", "5000"),
        "negative fee": ("meta.fee", -5000),
        "negative lamports": (balance, -1),
        "too many lamports": (balance, 2**64),
        "fraction": (balance, 0.5),
        "very long number": (balance, 10**4_000),
        "true": (balance, True),
        "negative amount": (amount, "-5"),
        "too large an amount": (amount, str(2**64)),
        "amount as a number": (amount, 5),
        "amount in words": (amount, "five\n\x1b[31m"),
        "amount in other digits": (amount, "٣"),
        "amount with a sign": (amount, "+5"),
        "empty amount": (amount, ""),
        "10 MB amount": (amount, "7" * TEN_MB),
        "decimals": ("meta.postTokenBalances.0.uiTokenAmount.decimals", 256),
        "different decimals": ("meta.postTokenBalances.0.uiTokenAmount.decimals", 5),
        "account index": ("meta.postTokenBalances.0.accountIndex", 99),
        "account twice": ("meta.postTokenBalances.0.accountIndex", second),
        "err": ("meta.err", False),
        "slot": ("slot", -1),
        "large slot": ("slot", 2**60),
        "block time": ("blockTime", "now"),
    }
    found = {name: message_of(changed(put(path, value))) for name, (path, value) in values.items()}
    found["1e400"] = message_of(text(as_json(BUILT)).replace(b'"fee":5000', b'"fee":1e400'))
    assert found == snapshot(
        {
            "text fee": "not a transaction that can be read: Expected `int`, got `str` - at `$.meta.fee`; fetch the transaction again with getTransaction",
            "negative fee": "not a transaction that can be read: Expected `int` >= 0 - at `$.meta.fee`; fetch the transaction again with getTransaction",
            "negative lamports": "not a transaction that can be read: Expected `int` >= 0 - at `$.meta.postBalances[0]`; fetch the transaction again with getTransaction",
            "too many lamports": "the balances or the fee are more than 2^64 - 1 lamports; the file was altered or cut; fetch the transaction again",
            "fraction": "not a transaction that can be read: Expected `int`, got `float` - at `$.meta.postBalances[0]`; fetch the transaction again with getTransaction",
            "very long number": "the balances or the fee are more than 2^64 - 1 lamports; the file was altered or cut; fetch the transaction again",
            "true": "not a transaction that can be read: Expected `int`, got `bool` - at `$.meta.postBalances[0]`; fetch the transaction again with getTransaction",
            "negative amount": "token amount '-5' of mint 'GEyE6R1b51535CP1LkHL9qn8JRz6BuTD7G31VpmDccGM': expected 0 to 2^64 - 1 as digits",
            "too large an amount": "token amount '18446744073709551616' of mint 'GEyE6R1b51535CP1LkHL9qn8JRz6BuTD7G31VpmDccGM': expected 0 to 2^64 - 1 as digits",
            "amount as a number": "not a transaction that can be read: Expected `str`, got `int` - at `$.meta.postTokenBalances[0].uiTokenAmount.amount`; fetch the transaction again with getTransaction",
            "amount in words": "token amount 'five\\n\\x1b[31m' of mint 'GEyE6R1b51535CP1LkHL9qn8JRz6BuTD7G31VpmDccGM': expected 0 to 2^64 - 1 as digits",
            "amount in other digits": "token amount '\\u0663' of mint 'GEyE6R1b51535CP1LkHL9qn8JRz6BuTD7G31VpmDccGM': expected 0 to 2^64 - 1 as digits",
            "amount with a sign": "token amount '+5' of mint 'GEyE6R1b51535CP1LkHL9qn8JRz6BuTD7G31VpmDccGM': expected 0 to 2^64 - 1 as digits",
            "empty amount": "token amount '' of mint 'GEyE6R1b51535CP1LkHL9qn8JRz6BuTD7G31VpmDccGM': expected 0 to 2^64 - 1 as digits",
            "10 MB amount": "token amount '7777777777777777777777777777777777777777777777777777777777777777'… (10485760 characters) of mint 'GEyE6R1b51535CP1LkHL9qn8JRz6BuTD7G31VpmDccGM': expected 0 to 2^64 - 1 as digits",
            "decimals": "not a transaction that can be read: Expected `int` <= 255 - at `$.meta.postTokenBalances[0].uiTokenAmount.decimals`; fetch the transaction again with getTransaction",
            "different decimals": "mint 'GEyE6R1b51535CP1LkHL9qn8JRz6BuTD7G31VpmDccGM' has two numbers of decimals; fetch the transaction again with getTransaction",
            "account index": "token balances name an account beyond the 14 there are; fetch the transaction again with getTransaction",
            "account twice": "token balances name one account twice; fetch the transaction again with getTransaction",
            "err": "'err' is neither null nor an error; fetch the transaction again with getTransaction",
            "slot": "not a transaction that can be read: Expected `int` >= 0 - at `$.slot`; fetch the transaction again with getTransaction",
            "large slot": "not a transaction that can be read: Expected `int` <= 9007199254740992 - at `$.slot`; fetch the transaction again with getTransaction",
            "block time": "not a transaction that can be read: Expected `int | null`, got `str` - at `$.blockTime`; fetch the transaction again with getTransaction",
            "1e400": "not a transaction that can be read: Number out of range - at `$.meta.fee`; fetch the transaction again with getTransaction",
        }
    )


def test_messages_that_contradict_themselves_are_refused() -> None:
    """Our rule: what names too many, too few or the same twice was put together wrongly."""
    first = BUILT.accounts[0]
    changes: dict[str, Callable[[Json], object]] = {
        "no signature": put("transaction.signatures", []),
        "two signatures": put("transaction.signatures", [BUILT.signature, BUILT.signature]),
        "signature": put("transaction.signatures", ["\x1b[2Jabc" * 99]),
        "signers": put("transaction.message.header.numRequiredSignatures", 0),
        "account twice": put("transaction.message.accountKeys.1", first),
        "fewer balances": put("meta.preBalances", [1, 2]),
        "program": put("transaction.message.instructions.0.programIdIndex", 99),
        "negative program": put("transaction.message.instructions.0.programIdIndex", -1),
        "inner": put("meta.innerInstructions.0.index", 7),
        "account of a tip": put("transaction.message.instructions.2.accounts.0", 77),
        "data of a tip": put("transaction.message.instructions.2.data", "0OIl"),
        "version": put("version", 2),
        "version in words": put("version", "x" * TEN_MB),
        "mixed keys": put("transaction.message.accountKeys.1", {"pubkey": "x", "signer": False}),
        "status": put("meta.status", {"Err": "x"}),
        "mint": lambda value: [
            balance.update(mint="no mint\x07")
            for side in ("pre", "post")
            for balance in value["meta"][f"{side}TokenBalances"]
        ],
    }
    found = {name: message_of(changed(change)) for name, change in changes.items()}
    found["signers behind"] = message_of(
        changed(put("transaction.message.accountKeys.0.signer", value=False), as_json_parsed)
    )
    found["signer behind"] = message_of(
        changed(put("transaction.message.accountKeys.3.signer", value=True), as_json_parsed)
    )
    found["wallet"] = message_of(text(as_json(BUILT)), lambda raw: read_transaction(raw, [Address("not\nan address")]))
    assert found == snapshot(
        {
            "no signature": "'signatures' is empty: a transaction has at least one; fetch the transaction again with getTransaction",
            "two signatures": "2 signatures for 1 signers; fetch the transaction again with getTransaction",
            "signature": "'\\x1b[2Jabc\\x1b[2Jabc\\x1b[2Jabc\\x1b[2Jabc\\x1b[2Jabc\\x1b[2Jabc\\x1b[2Jabc\\x1b[2Jabc\\x1b[2Jabc\\x1b'… (693 characters) is no signature: base58 of 64 bytes; fetch the transaction again with getTransaction",
            "signers": "1 signatures for 0 signers; fetch the transaction again with getTransaction",
            "account twice": "one account is listed twice; fetch the transaction again with getTransaction",
            "fewer balances": "14 accounts, 2 pre- and 14 postBalances: they must be as many",
            "program": "an instruction calls a program beyond the 14 accounts; fetch the transaction again with getTransaction",
            "negative program": "not a transaction that can be read: Expected `int` >= 0 - at `$.transaction.message.instructions[0].programIdIndex`; fetch the transaction again with getTransaction",
            "inner": "inner instructions belong to none of the 3 outer ones, or come twice; fetch the transaction again with getTransaction",
            "account of a tip": "an instruction of '11111111111111111111111111111111' names an account beyond the 14 there are",
            "data of a tip": "the data of an instruction of '11111111111111111111111111111111' cannot be read: character 1 of '0OIl' is not base58",
            "version": "unknown transaction version '2': legacy, 0 and 1 are known; update AURA",
            "version in words": "unknown transaction version 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'… (10485760 characters): legacy, 0 and 1 are known; update AURA",
            "mixed keys": "not a transaction that can be read: Expected `str` of length >= 32 - at `$.transaction.message.accountKeys[1].pubkey`; fetch the transaction again with getTransaction",
            "status": "'err' and 'status' do not agree on whether the transaction failed; fetch the transaction again with getTransaction",
            "mint": "not a transaction that can be read: Expected `str` of length >= 32 - at `$.meta.preTokenBalances[0].mint`; fetch the transaction again with getTransaction",
            "signers behind": "1 signatures for 0 signers; fetch the transaction again with getTransaction",
            "signer behind": "'accountKeys' has a signer behind an account that did not sign; fetch the transaction again with getTransaction",
            "wallet": "not a Solana address: 'not\\nan address' has U+000A at position 4 (white space; remove it); name another wallet, or fetch the transaction again",
        }
    )


def test_packets_that_cannot_be_read_are_refused() -> None:
    """Issue: unknown versions, a version 1 transaction without meta, truncated packets."""
    version_1 = as_version_1(BUILT)["transaction"][0]
    changes: dict[str, tuple[Callable[..., Json], str, object]] = {
        "no meta": (as_version_1, "meta", ...),
        "null meta": (as_version_1, "meta", None),
        "encoding": (as_base64, "transaction.1", "base64+zstd\n"),
        "no encoding": (as_base64, "transaction", ["AAAA"]),
        "nothing": (as_base64, "transaction", []),
        "not base64": (as_base64, "transaction.0", "%%%"),
        "not base58": (as_base64, "transaction", "0OIl"),
        "no packet": (as_base64, "transaction.0", ""),
        "truncated packet": (as_base64, "transaction.0", as_base64(BUILT)["transaction"][0][:40]),
        "random packet": (as_base64, "transaction.0", b64encode(bytes(range(200))).decode()),
        "truncated version 1": (as_version_1, "transaction.0", version_1[:200]),
        "longer version 1": (as_version_1, "transaction.0", version_1[:-4] + "AAAAAAAA"),
        "version 2": (as_version_1, "transaction.0", "gg" + version_1[2:]),
    }
    found = {name: message_of(changed(put(path, value), encode)) for name, (encode, path, value) in changes.items()}
    assert found == snapshot(
        {
            "no meta": "not a transaction that can be read: Object missing required field `meta`; fetch the transaction again with getTransaction",
            "null meta": "not a transaction that can be read: Expected `object`, got `null` - at `$.meta`; fetch the transaction again with getTransaction",
            "encoding": "'transaction' is encoded as 'base64+zstd\\n': base64, base58, json or jsonParsed are known; fetch the transaction again with getTransaction",
            "no encoding": "'transaction' is encoded as nothing: base64, base58, json or jsonParsed are known; fetch the transaction again with getTransaction",
            "nothing": "'transaction' is encoded as nothing: base64, base58, json or jsonParsed are known; fetch the transaction again with getTransaction",
            "not base64": "'transaction' is not base64: Only base64 data is allowed; fetch the transaction again with getTransaction",
            "not base58": "'transaction' is not base58: character 1 of '0OIl' is not base58; fetch the transaction again with getTransaction",
            "no packet": "packet of 0 bytes is no legacy, v0 or v1 transaction: Attempting to read 1 bytes; fetch the transaction again with getTransaction",
            "truncated packet": "packet of 30 bytes is no legacy, v0 or v1 transaction: Attempting to read 64 bytes; fetch the transaction again with getTransaction",
            "random packet": "packet of 200 bytes is no legacy, v0 or v1 transaction: Sequence length would overflow length encoding scheme: u16::MAX; fetch the transaction again with getTransaction",
            "truncated version 1": "version 1 packet ends after 150 bytes, 170 needed; fetch the transaction again with getTransaction",
            "longer version 1": "version 1 packet has 4 bytes after its signatures; fetch the transaction again with getTransaction",
            "version 2": "packet of 605 bytes is no legacy, v0 or v1 transaction: Custom error: invalid transaction discriminator; fetch the transaction again with getTransaction",
        }
    )


@pytest.mark.parametrize(
    ("encode", "path"),
    [
        (as_json, path)
        for path in (
            "slot",
            "meta.fee",
            "meta.err",
            "meta.status.Ok",
            "meta.preTokenBalances.0.owner",
            "meta.preTokenBalances.0.uiTokenAmount.amount",
            "meta.preTokenBalances.0.uiTokenAmount.uiAmountString",
            "meta.innerInstructions.0.index",
            "meta.innerInstructions.0.instructions.0.data",
            "meta.innerInstructions.0.instructions.0.stackHeight",
            "meta.loadedAddresses.writable",
            "transaction.signatures",
            "transaction.message.header.numRequiredSignatures",
            "transaction.message.instructions.1.accounts",
        )
    ]
    + [
        (as_json_parsed, path)
        for path in (
            "transaction.message.accountKeys.0.signer",
            "transaction.message.instructions.1.parsed",
            "transaction.message.instructions.1.parsed.type",
            "transaction.message.instructions.1.parsed.info.amount",
            "meta.preTokenBalances.0.mint",
        )
    ]
    + [(as_base64, "meta.preBalances"), (as_version_1, "version")],
    ids=str,
)
def test_a_key_twice_in_one_object_is_refused_at_every_level(encode: Callable[..., Json], path: str) -> None:
    """Our rule: decoders keep the last of two amounts without a word; we refuse to choose."""
    found: Any = encode(BUILT)
    key = path.rpartition(".")[2]
    holder = found
    for part in path.split(".")[:-1]:
        holder = holder[int(part) if part.isdigit() else part]
    holder["TWICE"] = holder[key]
    raw = text(found).replace(b'"TWICE":', f'"{key}":'.encode())
    assert f"duplicate key '{key}'" in message_of(raw)
    assert f"duplicate key '{key}'" in message_of(b'{"jsonrpc":"2.0","result":' + raw + b"}")


def test_a_missing_key_does_not_hide_one_that_comes_twice() -> None:
    """Known gap of counting: one colon less and one more must not cancel."""
    for missing in ("transaction.message.instructions.1.stackHeight", "meta.preTokenBalances.0.programId"):
        raw = changed(put(missing, ...)).replace(b'"fee":5000', b'"fee":5000,"fee":5000')
        assert "duplicate key 'fee'" in message_of(raw)
    raw = changed(put("meta.logMessages", ["Program log: a: b"])).replace(b'"fee":5000', b'"fee":5000,"fee":5000')
    assert "duplicate key 'fee'" in message_of(raw)


def test_duplicate_keys_of_an_answer_are_refused() -> None:
    """Our rule: an answer with two results has none."""
    raw = text(as_json(BUILT))
    assert "duplicate key 'result'" in message_of(b'{"result":' + raw + b',"result":' + raw + b"}")


def test_bad_helius_transactions_are_refused() -> None:
    """Issue: Helius enhanced transactions, from their balance changes; the same rules."""
    token = "accountData.{}.tokenBalanceChanges.0.rawTokenAmount.{}"
    place = next(n for n, entry in enumerate(as_helius(BUILT)["accountData"]) if entry["tokenBalanceChanges"])
    values: dict[str, tuple[str, object]] = {
        "no accountData": ("accountData", ...),
        "empty accountData": ("accountData", []),
        "null accountData": ("accountData", None),
        "no signature": ("signature", ...),
        "payer": ("feePayer", "nobody\n"),
        "fee": ("fee", -1),
        "amount": (token.format(place, "tokenAmount"), "1e9"),
        "minus": (token.format(place, "tokenAmount"), "--1"),
        "large amount": (token.format(place, "tokenAmount"), str(2**64)),
        "decimals": (token.format(place, "decimals"), 256),
        "account": (f"accountData.{place}.tokenBalanceChanges.0.tokenAccount", "elsewhere"),
        "account twice": ("accountData.1.account", BUILT.accounts[0]),
        "lamports": ("accountData.0.nativeBalanceChange", 2**70),
        "lamports do not add up": ("accountData.0.nativeBalanceChange", 5),
        "data": ("instructions.2.data", "0OIl"),
    }
    found = {
        name: message_of(changed(put(path, value), as_helius), read_helius) for name, (path, value) in values.items()
    }
    raw = text(as_helius(BUILT))
    found["empty"] = message_of(b"", read_helius)
    found["duplicate key"] = message_of(raw.replace(b'"fee":5000', b'"fee":5000,"fee":1'), read_helius)
    found["a list"] = message_of(b"[" + raw + b"]", read_helius)
    found["deep"] = message_of(b'{"a":' * 100_000, read_helius)
    assert found == snapshot(
        {
            "no accountData": "not an enhanced transaction that can be read: Object missing required field `accountData`; ask Helius for it again",
            "empty accountData": "'accountData' is empty: balance changes are unknown; ask Helius for it again",
            "null accountData": "not an enhanced transaction that can be read: Expected `array`, got `null` - at `$.accountData`; ask Helius for it again",
            "no signature": "not an enhanced transaction that can be read: Object missing required field `signature`; ask Helius for it again",
            "payer": "'feePayer' 'nobody\\n' is not in 'accountData'; ask Helius for it again",
            "fee": "'fee' or 'nativeBalanceChange' is not 0 to 2^64 - 1 lamports; ask Helius for it again",
            "amount": "token amount '1e9' of mint 'GEyE6R1b51535CP1LkHL9qn8JRz6BuTD7G31VpmDccGM': expected at most 2^64 - 1; ask Helius for it again",
            "minus": "token amount '--1' of mint 'GEyE6R1b51535CP1LkHL9qn8JRz6BuTD7G31VpmDccGM': expected at most 2^64 - 1; ask Helius for it again",
            "large amount": "token amount '18446744073709551616' of mint 'GEyE6R1b51535CP1LkHL9qn8JRz6BuTD7G31VpmDccGM': expected at most 2^64 - 1; ask Helius for it again",
            "decimals": "not an enhanced transaction that can be read: Expected `int` <= 255 - at `$.accountData[7].tokenBalanceChanges[0].rawTokenAmount.decimals`; ask Helius for it again",
            "account": "not an enhanced transaction that can be read: Expected `str` of length >= 32 - at `$.accountData[7].tokenBalanceChanges[0].tokenAccount`; ask Helius for it again",
            "account twice": "'accountData' names an account twice; ask Helius for it again",
            "lamports": "'fee' or 'nativeBalanceChange' is not 0 to 2^64 - 1 lamports; ask Helius for it again",
            "lamports do not add up": "lamports do not add up: balances change by 1000000012, the fee is 5000; the file was altered or cut; fetch the transaction again",
            "data": "the data of an instruction of '11111111111111111111111111111111' cannot be read: character 1 of '0OIl' is not base58",
            "empty": "the text is empty; ask Helius for it again",
            "duplicate key": "not an enhanced transaction that can be read: duplicate key 'fee'; ask Helius for it again",
            "a list": "not an enhanced transaction that can be read: Expected `object`, got `array`; ask Helius for it again",
            "deep": "not an enhanced transaction that can be read: maximum recursion depth exceeded while deserializing an object; ask Helius for it again",
        }
    )


def test_signature_is_named_where_it_was_legible() -> None:
    """DOMAIN §2: malformed input is a typed issue with the signature."""
    for encode in (as_json, as_json_parsed, as_base64, as_version_1):
        with pytest.raises(ReadError) as caught:
            read_transaction(changed(put("meta.postBalances.0", 0), encode))
        assert caught.value.signature == BUILT.signature
    with pytest.raises(ReadError) as caught:
        read_helius(changed(put("accountData.0.nativeBalanceChange", 5), as_helius))
    assert caught.value.signature == BUILT.signature


def test_unknown_fields_are_tolerated() -> None:
    """Our rule: nodes add fields; what is not read cannot be wrong."""
    value = as_json(BUILT)
    expected = read_transaction(text(value))
    value["meta"]["someday"] = {"a": [1, {"b": "c:d"}]}
    value["meta"]["preTokenBalances"][0]["someday"] = 1
    assert read_transaction(json.dumps(value).encode()) == expected
    huge = text(as_json(BUILT)).replace(b'"fee":', b'"someday":' + b"9" * 6_000 + b',"fee":')
    assert read_transaction(huge) == expected
