"""From facts to the ledger: any order of arrival, the same result."""

import random
from collections.abc import Callable, Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.store import Store
from data.store.booking import Booked
from data.store.readings import Source
from engine.facts import Reading, Side, TxClass
from engine.ledger import Basis, Disposal, Episode, Realization
from engine.ledger.valuation import value_of
from engine.units import USDC, WSOL, Address
from tests.builders.facts import (
    FEE,
    HOUR_S,
    SLOT,
    SOL,
    START,
    TOKEN,
    add_rounded,
    address,
    leg,
    mint,
    reading,
    signature,
    sol_candle,
    trade,
    usdc_leg,
)

ALICE = address("alice")
BONK = mint("BONK")
Step = Callable[[Store], object]

DERIVED = ("fold_state", "realization", "episode", "finding")


def test_purchase_and_sale_make_a_realized_amount() -> None:
    """DOMAIN §3: proceeds less cost less the fees of both sides, named by both transactions."""
    with _store([trade("a", "buy", 10, SOL), trade("b", "sell", 10, 3 * SOL, at=60)]) as store:
        (row,) = store.positions.realizations(ALICE)
        assert row.realization == Realization(
            kind=Disposal.SELL,
            episode=1,
            disposed_ref=f"{signature('b')}#0",
            disposed_at=START + 60,
            acquired_ref=f"{signature('a')}#0",
            acquired_at=START,
            basis=Basis.KNOWN,
            quantity=10 * TOKEN,
            cost_lamports=SOL,
            cost_usd_micro=None,
            buy_fee_lamports=FEE,
            buy_fee_usd_micro=None,
            proceeds_lamports=3 * SOL,
            proceeds_usd_micro=None,
            sell_fee_lamports=FEE,
            sell_fee_usd_micro=None,
        )
        assert store.database.rows("SELECT net_lamports, net_usd_micro FROM realized_pnl") == [
            (2 * SOL - 2 * FEE, None)
        ]


def test_booking_twice_does_nothing() -> None:
    """Our rule: booking is idempotent."""
    with _store([trade("a", "buy", 10, SOL)]) as store:
        assert store.booking.book() == Booked(0, 0)
        assert not store.booking.is_pending()


def test_new_trade_goes_on_from_the_stored_state() -> None:
    """DESIGN §3: a live trade folds itself, not the history."""
    with _store([trade("a", "buy", 10, SOL)]) as store:
        store.facts.add_readings([trade("b", "sell", 4, SOL, at=60)], Source.RPC)
        assert store.booking.book() == Booked(1, 1)
        assert store.verification.verify().is_sound


def test_older_trade_replays_its_fold_only() -> None:
    """DESIGN §3: an out-of-order arrival replays just that fold."""
    with _store([trade("b", "sell", 4, SOL, at=60), trade("c", "buy", 1, SOL, of="WIF")]) as store:
        store.facts.add_readings([trade("a", "buy", 10, SOL)], Source.RPC)
        assert store.booking.book() == Booked(1, 2)
        assert [row.realization.basis for row in store.positions.realizations(ALICE)] == [Basis.KNOWN]


def test_trades_of_one_second_replay() -> None:
    """Our rule: only what lies after the last event goes on from its state."""
    with _store([trade("b", "buy", 4, SOL)]) as store:
        store.facts.add_readings([trade("a", "buy", 10, SOL)], Source.RPC)
        assert store.booking.book() == Booked(1, 2)


@pytest.mark.parametrize(
    ("tx_class", "side", "held", "parked"),
    [
        (TxClass.TRANSFER_OUT, Side.OUT, 6, 0),
        (TxClass.INVOLUNTARY, Side.OUT, 6, 0),
        (TxClass.LP_ADD, Side.OUT, 6, 4),
        (TxClass.LEND, Side.OUT, 6, 4),
        (TxClass.STAKE, Side.OUT, 6, 4),
        (TxClass.OTHER, Side.OUT, 6, 4),
        (TxClass.TRANSFER_IN, Side.IN, 14, 0),
        (TxClass.LP_REMOVE, Side.IN, 14, 0),
        (TxClass.ARB, Side.BUY, 14, 0),
        (TxClass.ARB, Side.SELL, 6, 0),
        (TxClass.BUY, Side.BUY, 14, 0),
        (TxClass.SWAP, Side.SELL, 6, 0),
    ],
)
def test_every_class_moves_the_holding_its_way(tx_class: TxClass, side: Side, held: int, parked: int) -> None:
    """DOMAIN §2 and §3: trades buy and sell, transfers move, pools and lending park."""
    moved = reading("m", tx_class=tx_class, legs=[leg(side, 4 * TOKEN)], at=START + 60, slot=SLOT + 60)
    with _store([trade("a", "buy", 10, SOL), moved]) as store:
        state = store.positions.states(ALICE)[BONK]
        assert state.holding == held * TOKEN
        assert sum(lot.left for lot in state.parked) == parked * TOKEN
        assert store.verification.verify().is_sound


def test_seized_tokens_are_a_loss() -> None:
    """DOMAIN §3: INVOLUNTARY is a disposal for nothing."""
    seized = reading("s", tx_class=TxClass.INVOLUNTARY, legs=[leg(Side.OUT, 10 * TOKEN)], at=START + 60, slot=SLOT + 60)
    with _store([trade("a", "buy", 10, SOL), seized]) as store:
        assert store.database.rows("SELECT kind, net_lamports FROM realized_pnl") == [("BURN", -SOL - FEE)]


def test_round_trip_in_one_transaction_stays_outside_of_profit() -> None:
    """DOMAIN §2: ARB is outside the win rate."""
    legs = [leg(Side.BUY, 5 * TOKEN, SOL), leg(Side.SELL, 5 * TOKEN, SOL)]
    with _store([reading("a", tx_class=TxClass.ARB, legs=legs)]) as store:
        assert store.positions.realizations() == []
        assert store.positions.states(ALICE)[BONK].holding == 0


def test_value_is_the_last_candle_completed_before_the_trade() -> None:
    """DOMAIN §3: worked: 2 SOL at $71.5 are 143,000,000 micro-USD."""
    with Store.open(None) as store:
        store.facts.add_candles([sol_candle("71.5"), sol_candle("999", hour=0)])
        store.facts.add_readings([trade("a", "buy", 10, 2 * SOL, at=5)], Source.RPC)
        rows = store.database.rows("SELECT value_usd_micro, fee_usd_micro, price_source, price_age_s FROM trade")
        assert rows == [(143_000_000, 358, "geckoterminal", 5)]


def test_value_is_unknown_without_a_fresh_candle() -> None:
    """DOMAIN §3: no price → null, never 0; our rule: a price is used for one day."""
    with Store.open(None) as store:
        store.facts.add_candles([sol_candle("71.5", hour=-26)])
        store.facts.add_readings([trade("a", "buy", 10, SOL), reading("b", at=None)], Source.RPC)
        rows = store.database.rows("SELECT value_lamports, value_usd_micro, price_source FROM trade")
        assert rows == [(SOL, None, None)] * 2


def test_stable_quote_is_worth_a_dollar_and_its_lamports_at_the_price() -> None:
    """DOMAIN §3: USDC = 1, source `peg`. Worked: $100 at $80 are 1.25 SOL."""
    with Store.open(None) as store:
        store.facts.add_candles([sol_candle("80")])
        store.facts.add_readings([reading("a", legs=[usdc_leg(Side.BUY, TOKEN, 100 * 10**6)])], Source.RPC)
        rows = store.database.rows("SELECT value_lamports, value_usd_micro, price_source, price_age_s FROM trade")
        assert rows == [(1_250_000_000, 100 * 10**6, "peg", 0)]


def test_database_and_core_agree_on_every_value() -> None:
    """Our rule: a number has one definition; where SQL repeats one of the core's, they are compared."""
    chance = random.Random(3)
    cases = [(chance.randrange(10 ** chance.randrange(1, 18)), chance.randrange(1, 10**15)) for _ in range(120)]
    # Halves: the even neighbour wins.
    cases += [(number, 5 * 10**14) for number in range(8)]
    with Store.open(None) as store:
        for quote_raw, price in cases:
            for quote, kind in ((WSOL, 1), (USDC, 2), (BONK, None)):
                found = store.database.rows(
                    "SELECT value_in_lamports(k, q, p), value_in_usd_micro(k, q, p) "
                    "FROM (SELECT ?::INTEGER AS k, ?::UBIGINT AS q, ?::BIGINT AS p)",
                    [kind, quote_raw, price],
                )
                expected = value_of(quote, quote_raw, price)
                assert found == [tuple(value if value is None or value < 2**63 else None for value in expected)]


def test_new_candles_value_what_was_booked_before() -> None:
    """Our rule: a price that arrives late re-values what it touches."""
    with _store([trade("a", "buy", 10, SOL), trade("b", "sell", 10, 2 * SOL, at=60)]) as store:
        store.facts.add_candles([sol_candle("100")])
        store.booking.book()
        assert store.database.rows("SELECT gross_usd_micro FROM realized_pnl") == [(100 * 10**6,)]
        assert store.verification.verify().is_sound


def test_exact_reading_replaces_rounded_rows_in_any_order() -> None:
    """Our rule: trade rows count only where no exact reading of their transaction is known."""
    exact = [trade("a", "buy", 10, SOL + 1)]
    steps: list[Step] = [
        lambda store: add_rounded(store, ("BUY", 9, SOL, 0), signed="a"),
        lambda store: store.facts.add_readings(exact, Source.RPC),
        lambda store: add_rounded(store, ("SELL", 5, SOL, 60), signed="b"),
    ]
    results = _all_orders(steps)
    assert len(set(results)) == 1
    assert results[0][0][0][2] == 10 * TOKEN - 5 * TOKEN


def test_full_balances_replace_an_indexers_changes_in_any_order() -> None:
    """Our rule: of two readings of one transaction the better source counts, whichever came first."""
    steps: list[Step] = [
        lambda store: store.facts.add_readings([trade("a", "buy", 9, SOL)], Source.HELIUS),
        lambda store: store.facts.add_readings([trade("a", "buy", 10, SOL)], Source.RPC),
        lambda store: store.facts.add_readings([trade("b", "sell", 1, SOL, at=9)._replace(slot=None)], Source.RPC),
        lambda store: store.facts.add_readings([trade("b", "sell", 1, SOL, at=9)], Source.RPC),
    ]
    results = _all_orders(steps)
    assert len(set(results)) == 1
    assert results[0][0][0][2] == 9 * TOKEN


def test_failed_transaction_replaces_a_row_that_claims_a_trade() -> None:
    """DOMAIN §2: FAILED: fees only. The fold that the row had made is gone."""
    failed = reading("a", tx_class=TxClass.FAILED, legs=[])
    for is_row_first in (True, False):
        with Store.open(None) as store:
            steps: list[Step] = [
                lambda store: add_rounded(store, ("BUY", 9, SOL, 0), signed="a"),
                lambda store: store.facts.add_readings([failed], Source.RPC),
            ]
            for step in steps if is_row_first else reversed(steps):
                step(store)
                store.booking.book()
            assert store.positions.entities() == []
            assert store.verification.verify().is_sound


def test_moves_between_wallets_of_an_entity_cancel() -> None:
    """DOMAIN §3: moves between an entity's wallets carry basis by themselves."""
    moved = [
        reading("m", tx_class=TxClass.TRANSFER_OUT, legs=[leg(Side.OUT, 10 * TOKEN)], at=START + 9, slot=SLOT + 9),
        reading(
            "m",
            tx_class=TxClass.TRANSFER_IN,
            legs=[leg(Side.IN, 10 * TOKEN)],
            wallet="bob",
            at=START + 9,
            slot=SLOT + 9,
        ),
    ]
    sold = trade("s", "sell", 10, 2 * SOL, wallet="bob", at=60)
    with _store([trade("a", "buy", 10, SOL), *moved, sold]) as store:
        assert [row.realization.basis for row in store.positions.realizations(address("bob"))] == [Basis.UNKNOWN]
        for wallet in ("alice", "bob"):
            store.wallets.assign(address(wallet), "mine")
        store.booking.book()
        assert store.positions.entities() == ["mine"]
        (row,) = store.positions.realizations("mine")
        assert row.realization.basis is Basis.KNOWN
        assert row.realization.acquired_ref.endswith(f"#0@{ALICE}")
        assert store.verification.verify().is_sound
        store.wallets.assign(Address(address("bob")), address("bob"))
        store.booking.book()
        assert set(store.positions.entities()) == {"mine", address("bob")}
        assert store.verification.verify().is_sound


def test_balance_without_a_leg_is_observed() -> None:
    """DOMAIN §3: a pre-balance above the ledger creates an `opening` lot, also where nothing was traded."""
    seen = reading("o", tx_class=TxClass.FAILED, legs=[], balances=[("account", "BONK", 7 * TOKEN, 7 * TOKEN)])
    with _store([seen]) as store:
        state = store.positions.states(ALICE)[BONK]
        assert state.totals.opening == 7 * TOKEN
        assert [lot.ref for lot in state.unknown] == [f"{seen.signature}#{BONK}"]


def test_balances_tell_the_order_inside_a_slot() -> None:
    """DOMAIN §2: index unknown → chaining of post and pre balances, then signature."""
    accounts = [(0, 10), (10, 4), (4, 9)]
    steps = [(Side.BUY, 10), (Side.SELL, 6), (Side.BUY, 5)]
    readings = [
        reading(
            name,
            tx_class=TxClass(side.value),
            legs=[leg(side, amount * TOKEN, SOL)],
            index=None,
            balances=[("account", "BONK", before * TOKEN, after * TOKEN)],
        )
        for name, (side, amount), (before, after) in zip("xyz", steps, accounts, strict=True)
    ]
    for seed in range(3):
        shuffled = random.Random(seed).sample(readings, 3)
        with _store(shuffled) as store:
            state = store.positions.states(ALICE)[BONK]
            assert (state.holding, state.gaps, state.totals.opening) == (9 * TOKEN, 0, 0)


def test_break_in_the_balances_is_a_gap() -> None:
    """DOMAIN §3: a pre-balance that does not match the last post-balance is a gap."""
    first = reading("a", legs=[leg(Side.BUY, 10 * TOKEN, SOL)], balances=[("acc", "BONK", 0, 10 * TOKEN)])
    after = [("acc", "BONK", 3 * TOKEN, 4 * TOKEN)]
    later = reading("b", legs=[leg(Side.BUY, TOKEN, SOL)], balances=after, at=START + 9, slot=SLOT + 9)
    with _store([first]) as store:
        store.facts.add_readings([later], Source.RPC)
        store.booking.book()
        assert store.positions.states(ALICE)[BONK].gaps == 1
        assert store.database.rows("SELECT code FROM finding ORDER BY number") == [("gap_out",)]
        assert store.verification.verify().is_sound


def test_two_wallets_of_one_transaction_keep_their_own_balances() -> None:
    """DOMAIN §3: chains of balances belong to single accounts; a transaction names both sides by one signature."""
    kinds = {"alice": (TxClass.TRANSFER_OUT, Side.OUT, (9, 7)), "bob": (TxClass.TRANSFER_IN, Side.IN, (5, 7))}
    moved = [
        reading(
            "m",
            wallet=wallet,
            tx_class=tx_class,
            legs=[leg(side, 2 * TOKEN)],
            balances=[(f"{wallet}'s", "BONK", before * TOKEN, after * TOKEN)],
        )
        for wallet, (tx_class, side, (before, after)) in kinds.items()
    ]
    with _store(moved) as store:
        for wallet in kinds:
            state = store.positions.states(address(wallet))[BONK]
            assert state.accounts == ((address(f"{wallet}'s"), 7 * TOKEN),)
            assert state.holding == 7 * TOKEN


@given(
    kinds=st.lists(
        st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 9), st.integers(0, 3)), min_size=1, max_size=8
    ),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=20)
def test_any_order_and_any_duplicates_give_the_same_ledger(kinds: list[tuple[str, int, int]], seed: int) -> None:
    """DOMAIN §3, laws: duplicates and any arrival order give the same ledger."""
    chance = random.Random(seed)
    readings = [
        trade(str(number), side, tokens, tokens * SOL, at=at) for number, (side, tokens, at) in enumerate(kinds)
    ]
    mixed = [*readings, *chance.choices(readings, k=chance.randrange(4))]
    chance.shuffle(mixed)
    with _store(readings) as expected, Store.open(None) as store:
        while mixed:
            size = chance.randint(1, len(mixed))
            store.facts.add_readings(mixed[:size], Source.RPC)
            store.booking.book()
            del mixed[:size]
        assert _ledger(store) == _ledger(expected)


def test_rows_of_an_entity_lie_side_by_side() -> None:
    """Our rule: a report reads one entity; what a booking wrote of it is found in one place."""
    wallets, mints = ("alice", "bob", "carol"), ("BONK", "CAT", "DOG")
    facts = [
        trade(f"{side}{wallet}{of}", side, 5, SOL, wallet=wallet, of=of, at=at)
        for at, side in enumerate(("buy", "sell"))
        for of in mints
        for wallet in wallets
    ]
    with _store(facts) as store:
        for sql in (
            "SELECT entity FROM realization ORDER BY rowid",
            "SELECT entity FROM episode ORDER BY rowid",
            "SELECT entity FROM fold_state ORDER BY rowid",
        ):
            written = [row[0] for row in store.database.rows(sql)]
            assert written == sorted(written)
            assert len(written) == len(wallets) * len(mints)


def test_buckets_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: a large history is folded in pieces with the same result."""
    chance = random.Random(7)
    rows = [(chance.choice(["BUY", "SELL"]), chance.randrange(1, 99), chance.randrange(SOL), at) for at in range(300)]
    with Store.open(None) as one, Store.open(None) as many:
        for store in (one, many):
            for number in range(30):
                add_rounded(store, *rows[number * 10 : number * 10 + 10], wallet=f"w{number}")
        one.booking.book()
        monkeypatch.setattr("data.store.work.BUCKET_EVENTS", 7)
        monkeypatch.setattr("data.store.work.find_work.__defaults__", (7,))
        many.booking.book()
        assert _ledger(one) == _ledger(many)


def test_progress_reaches_its_total() -> None:
    """Our rule: long work can show a bar."""
    seen: list[tuple[int, int]] = []
    with Store.open(None) as store:
        store.facts.add_readings([trade("a", "buy", 1, SOL), trade("b", "buy", 1, SOL, at=HOUR_S)], Source.RPC)
        store.booking.book(lambda done, total: seen.append((done, total)))
    assert seen == [(2, 2)]


def test_columns_are_the_fields_of_the_core() -> None:
    """Our rule: derived tables hold the core's own rows, so a new field needs a migration."""
    with Store.open(None) as store:
        columns = {
            table: [
                row[0]
                for row in store.database.rows(
                    "SELECT column_name FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [table]
                )
            ]
            for table in ("realization", "episode")
        }
    assert columns["realization"] == ["entity", "mint", "number", *Realization._fields]
    assert columns["episode"] == ["entity", "mint", *Episode._fields]


def _store(readings: Sequence[Reading]) -> Store:
    store = Store.open(None)
    store.facts.add_readings(readings, Source.RPC)
    store.booking.book()
    return store


def _ledger(store: Store) -> tuple[tuple[tuple[object, ...], ...], ...]:
    tables = ("SELECT entity, mint, holding_raw, state FROM fold_state", *(f"FROM {name}" for name in DERIVED[1:]))
    return tuple(tuple(store.database.rows(f"{table} ORDER BY ALL")) for table in tables)


def _all_orders(steps: Sequence[Step]) -> list[tuple[tuple[tuple[object, ...], ...], ...]]:
    results: list[tuple[tuple[tuple[object, ...], ...], ...]] = []
    for seed in range(2 * len(steps)):
        order: Iterable[Step] = random.Random(seed).sample(list(steps), len(steps))
        with Store.open(None) as store:
            for step in order:
                step(store)
                if seed % 2:
                    store.booking.book()
            store.booking.book()
            assert store.verification.verify().is_sound
            results.append(_ledger(store))
    return results
