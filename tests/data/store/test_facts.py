"""Storing facts: once each, in any order, whole batches."""

from decimal import Decimal

import pytest

from data.errors import StoreError
from data.store import Store
from data.store.arrow import FEW_ROWS, Type, from_rows, registered
from data.store.facts import ROUNDED_COLUMNS, Outcome
from data.store.readings import Source
from engine.facts import Reading, Side, TxClass
from engine.units import U64_MAX
from tests.builders.facts import FEE, SLOT, SOL, START, TOKEN, add_rounded, address, leg, reading, sol_candle


def test_reading_is_stored_once() -> None:
    """Identity: (signature, owner)."""
    with Store.open(None) as store:
        first = store.facts.add_readings([reading("a"), reading("b")], Source.RPC)
        again = store.facts.add_readings([reading("b"), reading("c")], Source.RPC)
        assert first == [Outcome.NEW, Outcome.NEW]
        assert again == [Outcome.DUPLICATE, Outcome.NEW]
        assert store.database.rows("SELECT count(*) FROM leg") == [(3,)]


def test_reading_twice_in_one_batch_is_stored_once() -> None:
    """Our rule: a batch is deduplicated, the second is counted as a duplicate."""
    with Store.open(None) as store:
        assert store.facts.add_readings([reading("a"), reading("a")], Source.RPC) == [Outcome.NEW, Outcome.DUPLICATE]


def test_two_owners_of_one_transaction_are_two_facts() -> None:
    """DOMAIN §2: one row per signer with a moved balance, never summed."""
    with Store.open(None) as store:
        both = [reading("a", wallet="alice"), reading("a", wallet="bob")]
        assert store.facts.add_readings(both, Source.RPC) == [Outcome.NEW, Outcome.NEW]


def test_reading_without_slot_and_time_is_refused() -> None:
    """DOMAIN §2: no slot and no time → rejected with the reason."""
    with Store.open(None) as store:
        (reason,) = store.facts.add_readings([reading("a", slot=None, at=None)], Source.RPC)
        assert reason == "no slot and no block time: its place in the order is unknown"
        assert store.database.rows("SELECT count(*) FROM effect") == [(0,)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (reading("a", legs=[leg(Side.BUY, U64_MAX + 1, SOL)]), "amount out of range"),
        (reading("a", legs=[leg(Side.BUY, 0, SOL)]), "amount out of range"),
        (reading("a", legs=[leg(Side.BUY, -5, SOL)]), "amount out of range"),
        (reading("a", legs=[leg(Side.BUY, 5, -SOL)]), "quote or lamports out of range"),
        (reading("a", fee=2**63), "quote or lamports out of range"),
        (reading("a", balances=[("account", "BONK", -1, 0)]), "balance out of range"),
        (reading("a", balances=[("account", "BONK", 0, U64_MAX + 1)]), "balance out of range"),
        (reading("a", at=5), "block time out of range"),
        (reading("a", slot=-1), "slot out of range"),
    ],
)
def test_amount_that_cannot_be_is_refused(bad: Reading, reason: str) -> None:
    """Spec: negative amounts and amounts above u64 cannot get in."""
    with Store.open(None) as store:
        assert store.facts.add_readings([bad, reading("good")], Source.RPC) == [reason, Outcome.NEW]


def test_largest_amount_of_the_chain_is_stored_exactly() -> None:
    """Raw amounts are u64; none passes through a float."""
    with Store.open(None) as store:
        store.facts.add_readings([reading("a", legs=[leg(Side.BUY, U64_MAX, SOL)])], Source.RPC)
        assert store.database.rows("SELECT amount_raw FROM leg") == [(U64_MAX,)]


@pytest.mark.parametrize("is_time_first", [True, False])
def test_missing_block_time_is_filled_by_the_same_transaction(*, is_time_first: bool) -> None:
    """Our rule: what one source leaves out another fills in; the order of arrival changes nothing."""
    with Store.open(None) as store:
        both = [reading("a"), reading("a", at=None, index=None)]
        for one in both if is_time_first else reversed(both):
            store.facts.add_readings([one], Source.RPC)
            store.booking.book()
        (row,) = store.database.rows("SELECT block_time, order_time, index_in_block, order_uncertain FROM leg")
        assert row == (START, START, 0, False)
        assert store.verification.verify().is_sound


def test_missing_block_time_is_filled_within_one_batch() -> None:
    """Our rule: a batch is no different from two imports."""
    with Store.open(None) as store:
        store.facts.add_readings([reading("a", at=None), reading("a")], Source.RPC)
        assert store.database.rows("SELECT block_time, order_time FROM leg") == [(START, START)]


def test_time_of_a_slot_is_estimated_and_marked() -> None:
    """Our rule: a slot alone gives an order, flagged as uncertain."""
    with Store.open(None) as store:
        store.facts.add_readings([reading("a", at=None, slot=310_595_492)], Source.RPC)
        assert store.database.rows("SELECT order_time, block_time, order_uncertain FROM leg") == [
            (1_735_422_260, None, True)
        ]


def test_other_reading_of_the_same_transaction_goes_to_quarantine() -> None:
    """Our rule: the first reading stays, the contradiction is kept for a person to look at."""
    with Store.open(None) as store:
        store.facts.add_readings([reading("a")], Source.RPC)
        other = reading("a", legs=[leg(Side.SELL, TOKEN, SOL)], tx_class=TxClass.SELL)
        assert store.facts.add_readings([other], Source.RPC) == [Outcome.CONFLICT]
        assert store.database.rows("SELECT side FROM leg") == [("BUY",)]
        assert store.database.rows("SELECT owner, reason FROM quarantine") == [
            (address("alice"), "conflicting_reading")
        ]


def test_balances_have_no_order() -> None:
    """Our rule: the same balances in another order are the same reading."""
    accounts = [("one", "BONK", 0, 5), ("two", "BONK", 3, 8)]
    with Store.open(None) as store:
        store.facts.add_readings([reading("a", balances=accounts)], Source.RPC)
        again = store.facts.add_readings([reading("a", balances=reversed(accounts))], Source.RPC)
        assert again == [Outcome.DUPLICATE]


def test_fees_of_a_trade_go_to_one_leg() -> None:
    """DOMAIN §2: network fees of a swap go to the SELL leg; none is lost and none is doubled."""
    sold = [leg(Side.BUY, TOKEN, of="WIF"), leg(Side.SELL, TOKEN)]
    moved = [leg(Side.IN, TOKEN)]
    with Store.open(None) as store:
        store.facts.add_readings(
            [
                reading("swap", tx_class=TxClass.SWAP, legs=sold, tip=7),
                reading("buys", legs=[leg(Side.BUY, TOKEN), leg(Side.BUY, TOKEN, of="WIF")]),
                reading("gift", tx_class=TxClass.TRANSFER_IN, legs=moved),
            ],
            Source.RPC,
        )
        rows = store.database.rows("SELECT class, side, leg_no, fee_lamports FROM leg ORDER BY class, leg_no")
        assert rows == [
            ("BUY", "BUY", 0, FEE),
            ("BUY", "BUY", 1, 0),
            ("SWAP", "BUY", 0, 0),
            ("SWAP", "SELL", 1, FEE + 7),
            ("TRANSFER_IN", "IN", 0, 0),
        ]


def test_costs_besides_trades_are_summed_by_entity() -> None:
    """DOMAIN §3: failed transactions' fees and rent are the entity's costs, in no episode."""
    with Store.open(None) as store:
        store.facts.add_readings(
            [
                reading("buy", rent=2_039_280),
                reading("failed", tx_class=TxClass.FAILED, legs=[], fee=9_000),
                reading("gift", tx_class=TxClass.TRANSFER_IN, legs=[leg(Side.IN, TOKEN)]),
            ],
            Source.RPC,
        )
        costs = store.positions.costs(address("alice"))[address("alice")]
        assert costs[1:] == (3, 1, 9_000, FEE, FEE, 2_039_280, 0)


def test_rounded_rows_are_counted_new_and_duplicate_exactly() -> None:
    """Our rule: counts are exact, also where a batch holds a row twice."""
    with Store.open(None) as store:
        assert add_rounded(store, ("BUY", 5, SOL, 0), ("BUY", 6, SOL, 1)) == (2, 0)
        assert add_rounded(store, ("BUY", 6, SOL, 1), ("BUY", 7, SOL, 2), ("BUY", 7, SOL, 2)) == (1, 2)


def test_out_of_range_number_raises_and_nothing_is_stored() -> None:
    """Our rule: the column types refuse what the chain cannot hold, in few rows and in many."""
    columns = {"amount_raw": ROUNDED_COLUMNS["amount_raw"]}
    with pytest.raises(OverflowError):
        from_rows(columns, [(-1,)] * (FEW_ROWS + 1))
    with Store.open(None) as store:
        with pytest.raises(StoreError, match="-1"):
            store.facts.add_rounded(from_rows(columns, [(-1,)]), 1)
        assert store.database.rows("SELECT count(*) FROM leg") == [(0,)]


def test_few_rows_hold_what_many_do() -> None:
    """Our rule: how many rows there are does not change what is stored."""
    values = {
        Type.BIGINT: -(2**63),
        Type.UBIGINT: 2**64 - 1,
        Type.INTEGER: -(2**31),
        Type.UTINYINT: 255,
        Type.BOOLEAN: True,
        Type.VARCHAR: "träge 'quoted'",
        Type.VARCHARS: ["a", "b"],
        Type.BLOB: b"\x00\xff",
        Type.HUGEINT: 2**100,
        Type.PRICE: Decimal("1.000000000000000000000001"),
        Type.VOLUME: Decimal("12345678901234567890.000000000001"),
    }
    columns = {kind.name.lower(): kind for kind in values}
    row, nothing = tuple(values.values()), (None,) * len(values)
    with Store.open(None) as store, store.database.second_cursor() as cursor:
        for count in (1, FEW_ROWS):
            with registered(cursor, "incoming", from_rows(columns, [row, *[nothing] * count])):
                found = cursor.execute("FROM incoming ORDER BY ALL NULLS LAST LIMIT 2").fetchall()
            assert found == [row, nothing]


def test_candles_are_stored_once() -> None:
    """Identity: mint, time, interval, source, pool."""
    with Store.open(None) as store:
        assert store.facts.add_candles([sol_candle("70"), sol_candle("71", hour=0)]) == (2, 0)
        assert store.facts.add_candles([sol_candle("70"), sol_candle("72", hour=1)]) == (1, 1)


def test_slot_and_time_lead_the_key() -> None:
    """notes/duckdb: keys that lead with the slot let zone maps prune an upsert."""
    with Store.open(None) as store:
        store.facts.add_readings([reading("a"), reading("b", slot=None)], Source.RPC)
        assert store.database.rows("SELECT cluster_key FROM effect ORDER BY ALL") == [(SLOT,), (START,)]
