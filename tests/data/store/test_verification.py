"""`verify` finds what does not follow from the facts."""

from collections.abc import Iterator

import pytest

from data.store import Store
from data.store.readings import Source
from tests.builders.facts import SOL, address, mint, sol_candle, trade

ALICE = address("alice")
BONK = mint("BONK")


@pytest.fixture
def store() -> Iterator[Store]:
    """Yield a small ledger: two positions, one of them sold in two parts."""
    with Store.open(None) as opened:
        opened.facts.add_candles([sol_candle("71.5")])
        trades = [
            trade("a", "buy", 10, SOL),
            trade("b", "sell", 4, SOL, at=60),
            trade("c", "sell", 9, SOL, at=90),
            trade("d", "buy", 5, SOL, of="WIF", at=95),
        ]
        opened.facts.add_readings(trades, Source.RPC)
        opened.booking.book()
        yield opened


def test_sound_ledger_has_no_differences(store: Store) -> None:
    """Spec: `aura verify` passes on what the booking wrote."""
    verified = store.verification.verify()
    assert verified.is_sound
    assert (verified.folds, verified.realizations) == (2, 3)


@pytest.mark.parametrize(
    ("tampering", "table", "column"),
    [
        ("UPDATE realization SET proceeds_lamports = 1 WHERE number = 1", "realization", "proceeds_lamports"),
        ("UPDATE realization SET basis = 'known' WHERE basis = 'unknown'", "realization", "basis"),
        ("DELETE FROM realization WHERE number = 0", "realization", "rows"),
        ("INSERT INTO realization FROM realization WHERE number = 0", "realization", "rows"),
        ("UPDATE episode SET sells = 9", "episode", "sells"),
        ("UPDATE episode SET cost_usd_micro = NULL", "episode", "cost_usd_micro"),
        ("DELETE FROM finding", "finding", "rows"),
        ("UPDATE fold_state SET holding_raw = 1", "fold_state", "holding_raw"),
        ("UPDATE fold_state SET state = replace(state, '\"gaps\":0', '\"gaps\":1')", "fold_state", "state"),
        ("DELETE FROM fold_state", "fold_state", "rows"),
        ("UPDATE leg SET amount_raw = amount_raw + 1 WHERE side = 'BUY'", "fold_state", "state"),
        ("UPDATE candle SET close_usd = 70", "realization", "cost_usd_micro"),
    ],
)  # fmt: skip
def test_tampered_row_is_named(store: Store, tampering: str, table: str, column: str) -> None:
    """Spec: the first differences, row by row and column by column."""
    with store.database.write() as cursor:
        cursor.execute(tampering)
    verified = store.verification.verify()
    assert (table, column) in {(difference.table, difference.column) for difference in verified.differences}
    assert {difference.entity for difference in verified.differences} == {ALICE}


def test_lots_that_do_not_add_up_are_named(store: Store) -> None:
    """DOMAIN §3: the totals are the holding, and the holding is the lots."""
    with store.database.write() as cursor:
        cursor.execute("UPDATE fold_state SET state = replace(state, '5000000,5000000,', '5000000,4000000,')")
    columns = {(difference.mint, difference.column) for difference in store.verification.verify().differences}
    assert (mint("WIF"), "lots") in columns


def test_rebuild_repairs_what_was_tampered_with(store: Store) -> None:
    """DESIGN §3: replaying the facts rebuilds it byte for byte."""
    with store.database.write() as cursor:
        cursor.execute("DELETE FROM realization")
        cursor.execute("UPDATE fold_state SET gaps = 3")
    store.booking.rebuild()
    assert store.verification.verify().is_sound


def test_verification_books_what_is_pending_first(store: Store) -> None:
    """Our rule: facts that were imported a moment ago are no difference."""
    store.facts.add_readings([trade("e", "sell", 5, SOL, of="WIF", at=200)], Source.RPC)
    assert store.verification.verify().is_sound
    assert not store.booking.is_pending()


def test_verification_leaves_no_trace(store: Store) -> None:
    """Our rule: a check changes nothing."""
    store.verification.verify()
    tables = store.database.rows("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'replayed%'")
    assert tables == []
