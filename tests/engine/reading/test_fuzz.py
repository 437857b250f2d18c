"""Damaged transactions: never an exception but ReadError, never a number that is wrong without a word.

Without a word means: no issue code beyond those of the sound transaction. Such a reading must give the numbers of the
sound one, or the damaged JSON must describe another transaction that is sound in itself: what it says of the owner's
balances is what was read, lamports lose exactly the fee, tips arrived, and no mint's sum over all accounts differs
from the sound one's. The oracle below recomputes all that from the JSON, without the code under test.
"""

import json
import random
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ReadError
from engine.facts import Reading, TxClass
from engine.reading import read_helius, read_transaction
from engine.reading.tips import TIP_ACCOUNTS
from engine.units import QUOTE_MINTS, WSOL
from tests.builders.encodings import as_base64, as_helius, as_json, as_json_parsed, as_version_1
from tests.builders.transactions import Built
from tests.engine.reading.mutations import mutations
from tests.engine.reading.strategies import transactions

Json = dict[str, Any]
MUTATIONS_OF_EACH_FILE = 120
LONGEST_MESSAGE = 400


def read(raw: bytes) -> dict[str, Reading]:
    """Return the readings by wallet; empty when the text is refused, with one short printable line."""
    try:
        return {reading.wallet: reading for reading in read_transaction(raw)}
    except ReadError as error:
        check_message(error)
        return {}


def check_message(error: ReadError) -> None:
    """Check that a refusal is one short printable line."""
    assert str(error).isprintable()
    assert len(str(error)) <= LONGEST_MESSAGE


def numbers(reading: Reading) -> tuple[object, ...]:
    """Return what must not be wrong: class, amounts, costs, balances."""
    return (reading.tx_class, reading.legs, reading.quote, *reading[9:17], reading.balances)


def accounts_of(value: Json) -> list[str]:
    """Return all accounts of a json or jsonParsed result."""
    keys = [key if isinstance(key, str) else key["pubkey"] for key in value["transaction"]["message"]["accountKeys"]]
    loaded: Json = value["meta"].get("loadedAddresses") or {"writable": [], "readonly": []}
    missing = len(value["meta"]["preBalances"]) - len(keys)
    return [*keys, *loaded["writable"], *loaded["readonly"]] if missing else keys


def token_sums(value: Json, owner: str | None = None) -> dict[str, int]:
    """Return what each mint gained over all accounts, or over those of one owner."""
    sums: dict[str, int] = {}
    for sign, side in ((-1, "preTokenBalances"), (1, "postTokenBalances")):
        for balance in value["meta"][side]:
            if owner in (None, balance["owner"]):
                amount = sign * int(balance["uiTokenAmount"]["amount"])
                sums[balance["mint"]] = sums.get(balance["mint"], 0) + amount
    return {mint: amount for mint, amount in sums.items() if amount}


def assert_describes(value: Json, sound: Json, reading: Reading) -> None:
    """Check a reading against the JSON it came from, and that JSON against itself."""
    meta, accounts = value["meta"], accounts_of(value)
    changes = [after - before for before, after in zip(meta["preBalances"], meta["postBalances"], strict=True)]
    by_account = dict(zip(accounts, changes, strict=True))
    assert sum(changes) == -meta["fee"]
    assert reading.native_delta_lamports == by_account[reading.wallet]
    assert (reading.tx_class is TxClass.FAILED) == (meta["err"] is not None)
    own = token_sums(value, reading.wallet)
    assert reading.wsol_delta_lamports == own.get(WSOL, 0)
    legs = {leg.mint: leg.amount_raw * (1 if leg.side in ("BUY", "IN") else -1) for leg in reading.legs}
    assert legs == {mint: amount for mint, amount in own.items() if mint not in QUOTE_MINTS}
    assert reading.tip_lamports <= sum(by_account.get(account, 0) for account in TIP_ACCOUNTS)
    everything, before = token_sums(value), token_sums(sound)
    assert {mint: total for mint, total in everything.items() if mint != WSOL} == {
        mint: before.get(mint) for mint in everything if mint != WSOL
    }
    assert reading.base_fee_lamports + reading.priority_fee_lamports in (0, meta["fee"])
    assert reading.native_delta_lamports + reading.wsol_delta_lamports == (
        reading.sol_flow_lamports
        - reading.base_fee_lamports
        - reading.priority_fee_lamports
        - reading.tip_lamports
        - reading.rent_lamports
        - reading.other_rent_lamports
    )


def assert_never_silently_wrong(raw: bytes, sound: Json, expected: dict[str, Reading]) -> bool:
    """Check what damaged text reads as; return whether it reads without a word."""
    silent = False
    for wallet, reading in read(raw).items():
        known = expected.get(wallet)
        if set(reading.issues) - (set(known.issues) if known else set()):
            continue
        silent = True
        if known is None or numbers(reading) != numbers(known):
            assert_describes(json.loads(raw), sound, reading)
    return silent


def test_damaged_recordings_are_never_silently_wrong(corpus: Path) -> None:
    """Issue: a fuzz test feeds mutated transactions: never a crash, never a wrong silent number."""
    chance = random.Random(2026)
    read_count = silent_count = 0
    for path in sorted((corpus / "raw_tx").glob("*.json")):
        sound: Json = json.loads(path.read_text("utf-8"))
        expected = read(path.read_bytes())
        for raw in mutations(sound, chance, MUTATIONS_OF_EACH_FILE):
            read_count += 1
            if isinstance(sound["transaction"], list):
                read(raw)
            else:
                silent_count += assert_never_silently_wrong(raw, sound, expected)
    assert 0 < silent_count < read_count


@given(built=transactions(), seed=st.integers(0, 2**32))
def test_damaged_descriptions_are_never_silently_wrong(built: Built, seed: int) -> None:
    """The same of transactions that were built: every encoding, every class."""
    chance = random.Random(seed)
    for encode in (as_json, as_json_parsed):
        sound = encode(built)
        expected = read(json.dumps(sound).encode())
        for raw in mutations(sound, chance, 6):
            assert_never_silently_wrong(raw, sound, expected)


@given(built=transactions(), seed=st.integers(0, 2**32))
def test_damaged_packets_and_enhanced_transactions_never_crash(built: Built, seed: int) -> None:
    """Issue: never a crash."""
    chance = random.Random(seed)
    for encode in (as_base64, as_version_1):
        for raw in mutations(encode(built), chance, 4):
            read(raw)
    for raw in mutations(as_helius(built), chance, 6):
        try:
            read_helius(raw)
        except ReadError as error:
            check_message(error)


@given(raw=st.binary(max_size=300))
def test_random_bytes_are_refused(raw: bytes) -> None:
    """Issue: binary files."""
    assert read(raw) == {}
