"""Booking what was just stored from memory: the same ledger as any other way, whatever comes in between."""

import random

import pytest

from data.store import Store, recalled
from data.store.facts import Added
from data.store.finality import Placement
from data.store.readings import Source
from engine.facts import Reading, Side, TxClass
from tests.builders.facts import SLOT, SOL, START, TOKEN, add_rounded, address, leg, reading, sol_candle, trade

WALLETS = ("alice", "bob", "carol")
TOKENS = ("BONK", "WIF")
MANY = 250
"""More than are written row by row."""


class _BrokenError(Exception):
    pass


@pytest.mark.parametrize("seed", range(8))
def test_small_batches_in_any_order_with_rollbacks_are_a_replay(seed: int) -> None:
    """DOMAIN §3: what is remembered never shows; out-of-order facts, reversals, candles, members too."""
    chance = random.Random(seed)
    at_once = 0
    with Store.open(None) as store:
        store.facts.add_candles([sol_candle("100", hour=hour) for hour in range(-3, 3)])
        store.booking.book()
        readings = [_reading(chance, number) for number in range(60)]
        waiting = sorted(readings, key=lambda found: (found.block_time or 0) + chance.choice([0, 0, 0, 20]))
        while waiting:
            size = chance.randrange(1, 4)
            batch, waiting = waiting[:size], waiting[size:]
            if chance.random() < 0.2:
                with pytest.raises(_BrokenError):
                    _book(store, batch, is_broken=True)
            at_once += _book(store, batch) is not None
            if chance.random() < 0.2:
                _disturb(chance, store)
        assert store.verification.verify().differences == ()
        assert at_once > 10
        _same_as_booked_at_once(store)


def test_fold_that_goes_on_is_not_read_again() -> None:
    """Our rule: a live trade costs what is new; other writes make the booking look again."""
    with Store.open(None) as store:
        store.facts.add_readings([trade("first", "buy", 1, SOL)], Source.RPC)
        store.booking.book()
        assert _book(store, [trade("a", "buy", 1, SOL, at=10)]) is not None
        version = store.database.version
        assert _book(store, [trade("b", "sell", 1, SOL, at=20)]) is not None
        assert store.database.version == version, "what others remember stays true"
        store.wallets.assign(address("alice"), address("somebody"))
        assert store.database.version > version
        assert _book(store, [trade("c", "sell", 1, SOL, at=30)]) is None, "marked folds start over: not at once"
        store.booking.book()
        assert store.verification.verify().is_sound


def test_many_folds_are_booked_at_once_too() -> None:
    """Our rule: after a pause of the disk there is more to book, and what others remember stays true."""
    with Store.open(None) as store:
        store.facts.add_readings([trade("first", "buy", 1, SOL)], Source.RPC)
        store.booking.book()
        version = store.database.version
        bought = [trade(f"b{n}", "buy", 2, SOL, of=f"T{n}", at=10 + n) for n in range(MANY)]
        sold = [trade(f"s{n}", "sell", 1, SOL, of=f"T{n}", at=500 + n) for n in range(MANY)]
        assert _book(store, bought) is not None
        assert _book(store, [*sold, trade("new", "buy", 1, SOL, of="NEW", at=999)]) is not None
        assert store.database.version == version
        assert store.verification.verify().is_sound
        _same_as_booked_at_once(store)


def test_fold_that_is_forgotten_while_it_is_asked_for_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """DOMAIN §3: with more folds than are remembered each of them still is there once."""
    monkeypatch.setattr(recalled, "REMEMBERED", 2)
    with Store.open(None) as store:
        store.facts.add_readings([trade(name, "buy", 9, SOL, of=name) for name in ("A", "B", "C")], Source.RPC)
        store.booking.book()
        for at, tokens in enumerate(["A", "B", "AC", "ABC", "B", "CA"]):
            batch = [trade(f"{token}{at}", "sell", 1, SOL, of=token, at=10 + at) for token in tokens]
            assert _book(store, batch) is not None
        assert store.database.rows("SELECT count(*) FROM fold_state") == [(3,)]
        _same_as_booked_at_once(store)


def test_what_is_stored_already_is_left_to_the_usual_booking() -> None:
    """Our rule: only signatures that nobody knows are booked from memory."""
    with Store.open(None) as store:
        store.facts.add_readings([trade("first", "buy", 1, SOL)], Source.RPC)
        store.booking.book()
        with store.database.write():
            added = store.facts.add([trade("first", "buy", 1, SOL)], Source.RPC)
            assert not added.is_fresh
            assert store.booking.book_added(added) is None


def _book(store: Store, batch: list[Reading], *, is_broken: bool = False) -> object:
    with store.database.write():
        added: Added = store.facts.add(batch, Source.RPC)
        store.finality.place_found([], [], added)
        booked = store.booking.book_added(added)
        if is_broken:
            raise _BrokenError
    if booked is None:
        store.booking.book()
    return booked


def _disturb(chance: random.Random, store: Store) -> None:
    kind = chance.choice(["candle", "member", "rows", "reverse", "helius"])
    if kind == "candle":
        store.facts.add_candles([sol_candle(str(chance.randrange(50, 200)), hour=chance.randrange(-3, 4))])
    elif kind == "member":
        store.wallets.assign(address(chance.choice(WALLETS)), address(chance.choice(WALLETS)))
    elif kind == "rows":
        add_rounded(store, ("BUY", 3, SOL, chance.randrange(60)), wallet=chance.choice(WALLETS))
    elif kind == "helius":
        store.facts.add_readings([_reading(chance, chance.randrange(60))], Source.HELIUS)
    else:
        rows = store.database.rows("SELECT slot, signature FROM effect WHERE slot IS NOT NULL ORDER BY signature")
        store.finality.reverse([Placement(*row) for row in rows[:1] if chance.random() < 0.3], START)
    if chance.random() < 0.5:
        store.booking.book()


def _same_as_booked_at_once(store: Store) -> None:
    tables = ("fold_state", "realization", "episode", "finding")
    before = [store.database.rows(f"FROM {table} ORDER BY ALL") for table in tables]
    store.booking.rebuild()
    assert [store.database.rows(f"FROM {table} ORDER BY ALL") for table in tables] == before


def _reading(chance: random.Random, number: int) -> Reading:
    wallet, token, at = chance.choice(WALLETS), chance.choice(TOKENS), number + chance.choice([0, 0, -5])
    side = chance.choice([Side.BUY, Side.SELL, Side.IN, Side.OUT])
    tx_class = TxClass(side.value) if side in (Side.BUY, Side.SELL) else TxClass(f"TRANSFER_{side.value}")
    before, amount = chance.randrange(5) * TOKEN, chance.randrange(1, 5) * TOKEN
    balances = [(f"{wallet}/{token}", token, before, before + amount)] if chance.random() < 0.5 else []
    return reading(
        f"t{number}",
        tx_class=tx_class,
        legs=[leg(side, amount, chance.choice([None, SOL]), of=token)],
        wallet=wallet,
        at=START + at,
        slot=SLOT + at,
        index=chance.choice([None, 0, 1]),
        balances=balances,
    )
