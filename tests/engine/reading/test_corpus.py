"""Recorded transactions (`../shared/data`): every row of the truth table, exactly, and other providers' recordings."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey
from solders.signature import Signature

from engine.facts import Reading, Role, TxClass
from engine.reading import QUARANTINE_ISSUES, read_helius, read_transaction
from engine.reading.wire import parse_packet
from engine.units import Address

Json = dict[str, Any]
ROWS = 111


def rows(corpus: Path) -> list[Json]:
    """Return the rows of the truth table: what each transaction did to each signer and receiver."""
    found: list[Json] = json.loads((corpus / "raw_tx_expected.json").read_text("utf-8"))
    return found


def differences(row: Json, reading: Reading) -> Iterator[tuple[str, object, object]]:
    """Yield what a reading says otherwise than its row, by the rule at the end of the truth table."""
    quotes = {None if row["quote"] is None else row["quote"]["amount_raw"], row["quote_alt"].get("B_ex_relay_tips")}
    found: dict[str, tuple[object, object]] = {
        "role": (reading.role.value, row["role"]),
        "legs": (
            sorted((leg.side.value, leg.mint, str(leg.amount_raw), leg.decimals) for leg in reading.legs),
            sorted((leg["side"], leg["mint"], leg["amount_raw"], leg["decimals"]) for leg in row["legs"]),
        ),
        "quote mint": (reading.quote and reading.quote.mint, row["quote"] and row["quote"]["mint"]),
        "tip": (
            reading.tip_lamports,
            row["jito_tip_lamports"] + sum(tip["lamports"] for tip in row["relay_tips"]),
        ),
        "venue_fee": (reading.venue_fee_raw, None if row["venue_fee_raw"] is None else int(row["venue_fee_raw"])),
    }
    for name in ("base_fee", "priority_fee", "rent", "other_rent", "native_delta", "wsol_delta"):
        found[name] = (getattr(reading, f"{name}_lamports"), row[f"{name}_lamports"])
    for name, (is_, should_be) in found.items():
        if is_ != should_be:
            yield name, is_, should_be
    if reading.tx_class.value not in (row["class"], *row["accept"]):
        yield "class", reading.tx_class.value, row["class"]
    if (None if reading.quote is None else str(reading.quote.amount_raw)) not in quotes:
        yield "quote", reading.quote, quotes


def test_all_rows_of_the_truth_table_are_exact(corpus: Path) -> None:
    """Issue: on all 79 of `raw_tx` (111 rows) class, side, mint, raw amount, fees, tips and rent equal the table."""
    table = rows(corpus)
    wrong: list[tuple[object, ...]] = []
    for row in table:
        (reading,) = read_transaction((corpus / "raw_tx" / row["file"]).read_bytes(), [Address(row["wallet"])])
        wrong += [(row["file"], row["role"], *difference) for difference in differences(row, reading)]
    assert wrong == []
    assert len(table) == ROWS


def test_default_owners_are_the_signers_of_the_table(corpus: Path) -> None:
    """DOMAIN §2.2: one row per signer with a moved balance; fresh keypairs that co-sign get none."""
    expected: dict[str, set[str]] = {}
    for row in rows(corpus):
        expected.setdefault(row["file"], set()).update([row["wallet"]] if row["role"] != "receiver" else [])
    for name, wallets in expected.items():
        readings = read_transaction((corpus / "raw_tx" / name).read_bytes())
        assert {reading.wallet for reading in readings} == wallets, name
        assert [reading.role for reading in readings].count(Role.FEE_PAYER) == 1


def test_recorded_transactions_are_sound(corpus: Path) -> None:
    """DOMAIN §2: the identity binds every signer; nothing recorded contradicts its venue's events or its balances."""
    for path in sorted((corpus / "raw_tx").glob("*.json")):
        for reading in read_transaction(path.read_bytes()):
            assert not [issue for issue in reading.issues if issue.startswith(QUARANTINE_ISSUES)], path.name
            assert reading.native_delta_lamports + reading.wsol_delta_lamports == (
                reading.sol_flow_lamports
                - reading.base_fee_lamports
                - reading.priority_fee_lamports
                - reading.tip_lamports
                - reading.rent_lamports
                - reading.other_rent_lamports
            )


def test_packet_of_version_1_from_mainnet_is_read_to_its_last_byte(corpus: Path) -> None:
    """SIMD-0385: signatures stand at the end; that of the first account holds for everything before it."""
    recorded: Json = json.loads((corpus / "tx_v1_mainnet.json").read_text("utf-8"))
    raw = b64decode(recorded["transaction_b64"])
    packet = parse_packet(raw)
    assert (packet.version, packet.signatures, packet.signer_count) == (1, [recorded["signature"]], 1)
    signature = Signature.from_string(packet.signatures[0])
    assert signature.verify(Pubkey.from_string(packet.accounts[0]), raw[:-64])
    assert all(ix.program_index < len(packet.accounts) for ix in packet.instructions)
    assert all(max(ix.accounts, default=0) < len(packet.accounts) for ix in packet.instructions)


def test_transaction_of_version_1_is_read_with_its_balances(corpus: Path) -> None:
    """Issue: `getTransaction` results of version 1; the recording is the packet alone, so its balances are built."""
    recorded: Json = json.loads((corpus / "tx_v1_mainnet.json").read_text("utf-8"))
    packet = parse_packet(b64decode(recorded["transaction_b64"]))
    balances = [10**9] * len(packet.accounts)
    result = {
        "slot": recorded["slot"],
        "version": 1,
        "transaction": [b64encode(b64decode(recorded["transaction_b64"])).decode(), "base64"],
        "meta": {
            "err": None,
            "fee": 5_900,
            "preBalances": balances,
            "postBalances": [10**9 - 5_900, *balances[1:]],
            "preTokenBalances": [],
            "postTokenBalances": [],
            "innerInstructions": [],
        },
    }
    (reading,) = read_transaction(json.dumps(result).encode())
    assert (reading.signature, reading.slot, reading.wallet) == (
        recorded["signature"],
        recorded["slot"],
        packet.accounts[0],
    )
    assert (reading.tx_class, reading.base_fee_lamports, reading.priority_fee_lamports) == (TxClass.NONE, 5_000, 900)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("webhooks/buyDBCWebhookRes.json", TxClass.BUY),
        ("webhooks/sellDBCWebhookRes.json", TxClass.SELL),
        ("webhooks/dammv2BuyRes.json", TxClass.BUY),
        ("webhooks/dammv2SellRes.json", TxClass.SELL),
        ("doc_examples/webhooks__0.json", TxClass.NFT),
    ],
)
def test_recorded_webhook_bodies_are_read(corpus: Path, name: str, expected: TxClass) -> None:
    """Issue: Helius enhanced transactions, from their balance changes."""
    body: Any = json.loads((corpus / "helius" / name).read_text("utf-8"))
    (reading,) = read_helius(json.dumps(body[0] if isinstance(body, list) else body).encode())
    assert reading.tx_class is expected
    assert not [issue for issue in reading.issues if issue.startswith(QUARANTINE_ISSUES)]


def test_recorded_swaps_of_a_wallet_are_trades(corpus: Path) -> None:
    """Helius calls each of these a SWAP; the balances say which side."""
    for folder in ("enhanced_swaps_one_wallet/data.json", "enhanced_mixed_wallets/SampleTxn.json"):
        for entry in json.loads((corpus / "helius" / folder).read_text("utf-8")):
            (reading,) = read_helius(json.dumps(entry).encode())
            assert not [issue for issue in reading.issues if issue.startswith(QUARANTINE_ISSUES)]
            if entry["type"] == "SWAP":
                assert reading.tx_class in (TxClass.BUY, TxClass.SELL, TxClass.SWAP, TxClass.FX)
