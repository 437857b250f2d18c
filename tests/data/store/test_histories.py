"""Packed histories: whatever is booked, reversed, regrouped or put together, they tell what the tables say."""

import random

import pytest

from data.store import Store
from data.store import booking as booking_module
from data.store.finality import Placement
from data.store.histories import MOST_ROWS, Histories, crowded_entities, tidy_history
from data.store.history_check import uneven_histories
from data.store.readings import Source
from engine.facts import Side
from tests.builders.facts import SOL, START, add_rounded, address, leg, reading, sol_candle, trade

WALLETS = ("alice", "bob", "carol")
TOKENS = ("BONK", "WIF")


@pytest.mark.parametrize(("seed", "large_bytes"), [(0, 10**9), (1, 600), (2, 1)])
def test_histories_tell_what_the_tables_say(seed: int, large_bytes: int) -> None:
    """Our rule: a report reads one packed row; older facts, prices, groups, reversals and tidying change no number."""
    chance = random.Random(seed)
    with Store.open(None) as store:
        for number in range(60):
            _step(chance, store, number)
            if chance.random() < 0.7:
                store.booking.book()
            if chance.random() < 0.2:
                _tidy(store, most_rows=2, large_bytes=large_bytes)
        store.booking.book()
        assert list(uneven_histories(store.database)) == []
        assert sum(Histories(store.database).of(entity).rows for entity in store.positions.entities()) > 0


def test_tidying_leaves_one_row_of_an_entity() -> None:
    """Our rule: what gathers booking by booking is put together for good."""
    with Store.open(None) as store:
        for number in range(5):
            store.facts.add_readings([trade(f"t{number}", "buy", 1, SOL, at=number)], Source.RPC)
            store.booking.book()
        before = Histories(store.database).of(address("alice"))
        _tidy(store, most_rows=4, large_bytes=10**9)
        assert store.database.rows("SELECT count(*) FROM history") == [(1,)]
        assert Histories(store.database).of(address("alice")) == before


def test_histories_are_put_together_one_at_a_time() -> None:
    """Fast: nobody waits for hundreds of entities, and what others remember stays true."""
    with Store.open(None) as store:
        for number in range(MOST_ROWS + 1):
            both = [trade(f"{wallet}{number}", "buy", 1, SOL, at=number, wallet=wallet) for wallet in ("alice", "bob")]
            store.facts.add_readings(both, Source.RPC)
            store.booking.book()
        version, left = store.database.version, [_rows(store)]
        assert not store.booking.tidy(MOST_ROWS + 2), "not yet"
        assert store.booking.tidy(MOST_ROWS + 1)
        left.append(_rows(store))
        assert not store.booking.tidy(MOST_ROWS + 1)
        left.append(_rows(store))
        assert not store.booking.tidy(1), "all of it is done"
        assert left == [2 * (MOST_ROWS + 1), MOST_ROWS + 2, 2]
        assert store.database.version == version
        assert list(uneven_histories(store.database)) == []


def test_sums_of_more_than_64_bits_are_kept() -> None:
    """Our rule: quantities of large supplies add up to more than an integer of the packing holds."""
    with Store.open(None) as store:
        buys = [reading(f"t{n}", legs=[leg(Side.BUY, 2**63, SOL)], at=START + n) for n in range(3)]
        store.facts.add_readings([*buys, trade("s", "sell", 1, SOL, at=9)], Source.RPC)
        store.booking.book()
        (token,) = Histories(store.database).of(address("alice")).tokens.values()
        assert token.episodes[0].bought_quantity == 3 * 2**63
        assert list(uneven_histories(store.database)) == []


def test_a_booking_that_fails_leaves_neither_ledger_nor_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: one transaction writes both, so a crash between them leaves nothing."""

    def fail(*_: object) -> None:
        raise RuntimeError("stopped in the middle")

    with Store.open(None) as store:
        store.facts.add_readings([trade("a", "buy", 1, SOL)], Source.RPC)
        with monkeypatch.context() as patch:
            patch.setattr(booking_module, "append_histories", fail)
            with pytest.raises(RuntimeError, match="in the middle"):
                store.booking.book()
        assert store.database.rows("SELECT (SELECT count(*) FROM history), (SELECT count(*) FROM fold_state)") == [
            (0, 0)
        ]
        store.booking.book()
        assert list(uneven_histories(store.database)) == []
        assert len(Histories(store.database).of(address("alice")).tokens) == 1


def _tidy(store: Store, *, most_rows: int, large_bytes: int) -> None:
    with store.database.write() as cursor:
        for entity in crowded_entities(cursor, most_rows):
            tidy_history(cursor, entity, large_bytes)


def _rows(store: Store) -> int:
    return int(store.database.rows("SELECT count(*) FROM history")[0][0])


def _step(chance: random.Random, store: Store, number: int) -> None:
    at, wallet, of = chance.randrange(30), chance.choice(WALLETS), chance.choice(TOKENS)
    match chance.choice(["buy", "buy", "sell", "sell", "rows", "candle", "member", "reverse"]):
        case "candle":
            store.facts.add_candles([sol_candle(str(100 + number), hour=number % 5 - 3)])
        case "member":
            store.wallets.assign(address(wallet), address(chance.choice(WALLETS)))
        case "rows":
            add_rounded(store, ("SELL", 3, SOL, at), wallet=wallet)
        case "reverse":
            found = store.database.rows("SELECT slot, signature FROM effect ORDER BY signature LIMIT 1")
            store.finality.reverse([Placement(*row) for row in found], START)
        case side:
            found = trade(f"t{number}", side, chance.randrange(1, 9), SOL, at=at, wallet=wallet, of=of)
            store.facts.add_readings([found], Source.RPC)
