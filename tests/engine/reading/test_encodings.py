"""One transaction, however it is written down: every encoding, version and provider tells the same."""

import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from engine.facts import Reading, TxClass
from engine.reading import read_helius, read_transaction
from engine.units import Address
from tests.builders.encodings import as_base64, as_helius, as_json, as_json_parsed, as_version_1, base58, text
from tests.builders.transactions import (
    PUMP_FUN,
    SOL_UNIT,
    Built,
    address,
    buys,
    calls,
    closes,
    creates,
    makes_mint,
    mints,
    moves,
    opens,
    sells,
    tips,
    transaction,
    wraps,
)
from tests.engine.reading.strategies import OWNERS, transactions

Json = dict[str, Any]
WALLETS = [Address(address(name)) for name in (*OWNERS, "pool", "a stranger")]
ENCODINGS: dict[str, Callable[[Built], Json]] = {
    "json with loaded addresses": lambda built: as_json(built, loaded=2),
    "jsonParsed": as_json_parsed,
    "base64 legacy": as_base64,
    "base64 version 0 with loaded addresses": lambda built: as_base64(built, loaded=1),
    "version 1": as_version_1,
}


def creation() -> Built:
    """Return a creation with a buy, a tip and a sale through a temporary account: most rules at once."""
    made = (makes_mint("MEME", "A"), opens("curve", "MEME", by="A"), mints("MEME", "curve", 10**15))
    return transaction(
        calls(PUMP_FUN, *made, creates("state", "A", 1_231_920, PUMP_FUN)),
        opens("A", "MEME"),
        buys("A", "OTHER", 70, 5_000),
        calls(PUMP_FUN, moves("curve", "A", "MEME", 5_000)),
        opens("A", "SOL"),
        wraps("A", SOL_UNIT),
        closes("A", "SOL"),
        sells("B", "OTHER", 5, 900),
        tips("A", 1_234),
        cosigners=["B"],
        fresh=["MEME"],
        has={"pool": {"OTHER": 1_000, "lamports": 10**9}, "A": {"OTHER": 0}, "B": {"OTHER": 5}},
        fee=15_777,
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_reads_the_same(encoding: str) -> None:
    """Issue: json, jsonParsed, base64; legacy, 0 and 1; what the packet lacks comes from `meta`."""
    built = creation()
    assert read_transaction(text(ENCODINGS[encoding](built))) == read_transaction(text(as_json(built)))


@given(built=transactions())
def test_encodings_agree_on_any_transaction(built: Built) -> None:
    """Our rule: no number depends on how a node was asked."""
    expected = read_transaction(text(as_json(built)), WALLETS)
    for encode in ENCODINGS.values():
        assert read_transaction(text(encode(built)), WALLETS) == expected


def test_base58_packet_and_envelope_read_the_same() -> None:
    """RPC documentation: base58 is the old default encoding; an answer comes inside a JSON-RPC envelope."""
    built = creation()
    expected = read_transaction(text(as_json(built)))
    packed = as_base64(built)
    packed["transaction"] = [base58(b64decode(packed["transaction"][0])), "base58"]
    assert read_transaction(text(packed)) == expected
    envelope = {"jsonrpc": "2.0", "id": 1, "result": as_json(built)}
    assert read_transaction(text(envelope)) == expected
    assert read_transaction(json.dumps(as_json(built), indent=2).encode()) == expected


def test_keys_that_already_contain_the_loaded_addresses_are_not_counted_twice() -> None:
    """Truth table: some files list the loaded addresses among `accountKeys` already."""
    built = creation()
    value = as_json(built)
    value["meta"]["loadedAddresses"]["writable"] = value["transaction"]["message"]["accountKeys"][-2:]
    assert read_transaction(text(value)) == read_transaction(text(as_json(built)))


def test_older_answers_without_optional_fields_read_the_same() -> None:
    """RPC history: `stackHeight`, `status`, `programId` and `uiAmountString` came later; `version` only on request."""
    value = as_json(creation())
    expected = read_transaction(text(value))
    meta = value["meta"]
    del meta["status"], meta["computeUnitsConsumed"], meta["rewards"], meta["logMessages"], value["version"]
    for balance in (*meta["preTokenBalances"], *meta["postTokenBalances"]):
        del balance["programId"], balance["uiTokenAmount"]["uiAmountString"]
    for group in meta["innerInstructions"]:
        for instruction in group["instructions"]:
            del instruction["stackHeight"]
    for instruction in value["transaction"]["message"]["instructions"]:
        instruction["stackHeight"] = None
    assert read_transaction(text(value)) == expected


def test_place_in_time_is_read_where_the_source_tells_it() -> None:
    """DOMAIN §2, order: slot, index in block; unknown is None with an issue, never 0."""
    value = as_json(creation())
    value["transactionIndex"] = 0
    reading = read_transaction(text(value))[0]
    assert (reading.slot, reading.block_time, reading.index_in_block) == (300_000_000, 1_760_000_000, 0)
    del value["slot"]
    value["blockTime"] = None
    reading = read_transaction(text(value))[0]
    assert (reading.slot, reading.block_time) == (None, None)
    assert {"slot_unknown", "block_time_unknown"} <= set(reading.issues)


def comparable(reading: Reading) -> tuple[object, ...]:
    """Return what balance changes alone can tell: no balances, and the priority fee may hide a second signature."""
    return (
        reading.signature,
        reading.wallet,
        reading.tx_class,
        reading.legs,
        reading.quote,
        reading.sol_flow_lamports,
        reading.base_fee_lamports + reading.priority_fee_lamports,
        reading.tip_lamports,
        reading.rent_lamports,
        reading.other_rent_lamports,
        reading.native_delta_lamports,
        reading.wsol_delta_lamports,
        reading.venues,
    )


@given(built=transactions())
def test_helius_tells_the_same_of_the_fee_payer(built: Built) -> None:
    """Issue: Helius enhanced transactions, from their balance changes; they know no other signer."""
    (expected,) = read_transaction(text(as_json(built)), WALLETS[:1])
    if built.before.tokens.keys() & built.after.tokens.keys() and any(
        built.before.tokens[at].owner != built.after.tokens[at].owner
        for at in built.before.tokens.keys() & built.after.tokens.keys()
    ):
        return  # A change of owner is not told there.
    (reading,) = read_helius(text(as_helius(built)), WALLETS[:1])
    assert comparable(reading) == comparable(expected)
    assert reading.balances == ()
    assert "signers_unknown" in reading.issues


def test_helius_without_a_fee_derives_it() -> None:
    """Helius' older bodies name neither fee nor payer: the first account pays what all accounts lost together."""
    value = as_helius(
        transaction(buys("A", "MEME", 5, SOL_UNIT), has={"pool": {"MEME": 9}, "A": {"MEME": 0}}, fee=5_300)
    )
    expected = read_helius(text(value))[0]
    del value["fee"], value["feePayer"]
    reading = read_helius(text(value))[0]
    assert comparable(reading) == comparable(expected)
    assert (reading.base_fee_lamports, reading.priority_fee_lamports) == (5_000, 300)
    assert "fee_derived_from_balances" in reading.issues


def test_failed_helius_transaction_has_its_fee_only() -> None:
    """DOMAIN §2: FAILED: fees only."""
    built = transaction(tips("A", 9), is_failed=True)
    assert read_helius(text(as_helius(built)))[0].tx_class is TxClass.FAILED


def test_bundle_of_several_signers_has_a_row_each() -> None:
    """DOMAIN §2.2: never summed, never all to the fee payer; a fresh keypair gets none, nor who did not move."""
    built = transaction(
        makes_mint("MEME", "A"),
        opens("B", "OTHER"),
        buys("B", "OTHER", 70, 5_000),
        buys("C", "OTHER", 80, 6_000),
        cosigners=["B", "C", "idle"],
        fresh=["MEME"],
        has={"pool": {"OTHER": 1_000}, "C": {"OTHER": 0}},
    )
    readings = read_transaction(text(as_json(built)))
    assert [reading.wallet for reading in readings] == [address("A"), address("B"), address("C")]
    assert [reading.role.value for reading in readings] == ["fee_payer", "cosigner", "cosigner"]
    assert [reading.base_fee_lamports for reading in readings] == [25_000, 0, 0]
    assert [reading.quote and reading.quote.amount_raw for reading in readings] == [None, -5_000, -6_000]


def test_named_wallets_are_read_in_their_order_and_once() -> None:
    """Our rule: `wallets` replaces the default; a wallet that has no part in it reads as nothing."""
    text_ = text(
        as_json(transaction(sells("A", "MEME", 5, 900), has={"A": {"MEME": 5}, "pool": {"MEME": 0, "lamports": 10**9}}))
    )
    pool, payer, absent = Address(address("pool")), Address(address("A")), Address(address("nobody"))
    readings = read_transaction(text_, [pool, payer, pool, absent])
    assert [reading.wallet for reading in readings] == [pool, payer, absent]
    assert (readings[2].tx_class, readings[2].legs, readings[2].native_delta_lamports) == (TxClass.NONE, (), 0)


def test_followed_wallets_are_added_where_they_take_part() -> None:
    """Our rule: `also` adds to the signers those of the followed wallets that are in the transaction."""
    text_ = text(as_json(transaction(moves("A", "B", "MEME", 5), has={"A": {"MEME": 5}, "B": {"MEME": 0}})))
    followed = [Address(address(name)) for name in ("nobody", "B", "A")]
    assert [reading.wallet for reading in read_transaction(text_, also=followed)] == [followed[2], followed[1]]
    assert [reading.wallet for reading in read_transaction(text_)] == [followed[2]]
