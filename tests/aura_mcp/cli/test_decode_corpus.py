"""`aura decode` against transactions that were read by hand."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.aura_mcp.cli.conftest import Aura

SAME: Final = (
    "signature",
    "wallet",
    "role",
    "base_fee_lamports",
    "priority_fee_lamports",
    "rent_lamports",
    "other_rent_lamports",
    "native_delta_lamports",
    "wsol_delta_lamports",
)
BY_HAND: Final[dict[tuple[str, str], frozenset[str]]] = {}
"""Fields of a (file, wallet) in which the table is wrong, shown from the balances; none is known."""


def rows_of(corpus: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the expected rows by signature and wallet."""
    rows = json.loads((corpus / "raw_tx_expected.json").read_bytes())
    return {(row["signature"], row["wallet"]): row for row in rows}


def differences(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, tuple[object, object]]:
    """Return the fields that differ under the rule at the end of the truth table."""
    tips = expected["jito_tip_lamports"] + sum(tip["lamports"] for tip in expected["relay_tips"])
    quotes = [expected["quote"]]
    if expected["quote"] is not None and "B_ex_relay_tips" in expected["quote_alt"]:
        quotes.append({**expected["quote"], "amount_raw": expected["quote_alt"]["B_ex_relay_tips"]})
    checks = {name: (found[name], expected[name]) for name in SAME}
    checks["tip_lamports"] = (found["tip_lamports"], tips)
    checks["legs"] = (sorted(map(str, map(ordered, found["legs"]))), sorted(map(str, map(ordered, expected["legs"]))))
    wrong = {name: pair for name, pair in checks.items() if pair[0] != pair[1]}
    if found["class"] not in [expected["class"], *expected["accept"]]:
        wrong["class"] = (found["class"], expected["class"])
    if found["quote"] not in quotes:
        wrong["quote"] = (found["quote"], quotes)
    if moved(found) != found["native_delta_lamports"] + found["wsol_delta_lamports"]:
        wrong["identity"] = (moved(found), found["native_delta_lamports"] + found["wsol_delta_lamports"])
    return wrong


def ordered(leg: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return a leg with its fields in one order."""
    return sorted(leg.items())


def moved(found: dict[str, Any]) -> int:
    """Return what the columns of a row say the balance changed by."""
    costs = ("base_fee_lamports", "priority_fee_lamports", "tip_lamports", "rent_lamports", "other_rent_lamports")
    return found["sol_flow_lamports"] - sum(found[name] for name in costs)


@pytest.mark.corpus
def test_every_signer_of_the_corpus_reads_as_by_hand(aura: Aura, corpus: Path) -> None:
    """Spec: "Exact": all signers' rows of the 79 transactions, in one call as a user makes it."""
    expected = {key: row for key, row in rows_of(corpus).items() if row["role"] != "receiver"}
    done = aura("decode", *sorted((corpus / "raw_tx").glob("*.json")), "--json")
    found = {(entry["signature"], entry["wallet"]): entry for entry in json.loads(done.out)}
    assert (done.code, done.err) == (0, "")
    assert found.keys() == expected.keys()
    wrong = {key: differences(found[key], row) for key, row in expected.items()}
    assert {key: fields for key, fields in wrong.items() if fields} == {}


@pytest.mark.corpus
def test_every_receiver_of_the_corpus_reads_as_by_hand(aura: Aura, corpus: Path) -> None:
    """Spec: "Exact": the rows of those who did not sign, asked for with `--wallet`."""
    wrong: dict[str, object] = {}
    for row in rows_of(corpus).values():
        if row["role"] == "receiver":
            done = aura("decode", corpus / "raw_tx" / row["file"], "--wallet", row["wallet"], "--json")
            (found,) = json.loads(done.out)
            if differing := differences(found, row):
                wrong[f"{row['file']} {row['wallet']}"] = differing
    assert wrong == {}


@pytest.mark.corpus
def test_transaction_without_its_outcome_is_one_clear_line(aura: Aura, corpus: Path) -> None:
    """Spec: "Bad input": a version-1 transaction without meta."""
    done = aura("decode", corpus / "tx_v1_mainnet.json")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)


@pytest.mark.corpus
@pytest.mark.parametrize("folder", ["enhanced_mixed_wallets", "enhanced_swaps_one_wallet"])
def test_helius_transactions_are_decoded(aura: Aura, corpus: Path, folder: str) -> None:
    """Spec: Helius enhanced transactions are read from their balance changes."""
    done = aura("decode", *sorted((corpus / "helius" / folder).glob("*.json")), "--json")
    found = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert any(entry["legs"] for entry in found)
