"""Booking what is near: the same ledger as through the views, whatever arrives in whatever order."""

import random
from collections.abc import Callable

import pytest

from data.store import Store
from data.store.chunks import Span
from data.store.finality import Placement
from data.store.identity import place_key
from data.store.near import MOST_ROWS, TooMuchError, event_kind, read_near
from data.store.readings import Source
from engine.facts import Reading, Side, TxClass
from engine.ledger import EventKind
from engine.units import USDC, WSOL
from tests.builders.facts import (
    SLOT,
    SOL,
    START,
    TOKEN,
    add_rounded,
    address,
    leg,
    reading,
    sol_candle,
    trade,
)

WALLETS = ("alice", "bob", "carol")
TOKENS = ("BONK", "WIF")
KINDS = ("trade", "trade", "trade", "observed", "rows", "helius", "twin", "candle", "member", "reverse")


def test_event_kinds_are_those_of_the_schema() -> None:
    """One rule, told twice: the macro of the schema and the function."""
    with Store.open(None) as store:
        for tx_class in TxClass:
            for side in Side:
                ((kind,),) = store.database.rows("SELECT event_kind(?, ?)", [tx_class.value, side.value])
                assert event_kind(tx_class.value, side.value) is EventKind(kind)


def test_place_keys_are_those_of_the_schema() -> None:
    """One rule, told twice: the migration fills `fact_place` in SQL."""
    with Store.open(None) as store:
        ((key,),) = store.database.rows("SELECT md5_number_lower(?)", ["ownermint"])
        assert place_key("owner", "mint") == key


@pytest.mark.parametrize("seed", range(12))
def test_any_arrival_booked_step_by_step_is_a_replay(seed: int) -> None:
    """DOMAIN §3: any order of arrival gives the same ledger; reversals, prices, members and trade rows included."""
    chance = random.Random(seed)
    with Store.open(None) as store:
        steps = [_step(chance, number) for number in range(40)]
        for step in chance.sample(steps, len(steps)):
            step(store)
            if chance.random() < 0.8:
                store.booking.book()
        assert store.verification.verify().differences == ()


def test_wide_span_is_left_to_the_views() -> None:
    """Our rule: what is much is read at once."""
    with Store.open(None) as store:
        store.facts.add_readings([trade("a", "buy", 1, SOL)], Source.RPC)
        store.booking.book()
        store.facts.add_readings([trade(f"t{n}", "buy", 1, SOL, at=n) for n in range(MOST_ROWS + 1)], Source.RPC)
        with pytest.raises(TooMuchError):
            read_near(store.database.cursor(), Span(1, 2), store.booking.recalled)
        store.booking.book()
        assert store.verification.verify().is_sound


def _step(chance: random.Random, number: int) -> Callable[[Store], object]:
    at, wallet, token = chance.randrange(30), chance.choice(WALLETS), chance.choice(TOKENS)
    name = f"t{number}"
    kind = chance.choice(
        ["trade", "trade", "trade", "observed", "rows", "helius", "twin", "candle", "member", "reverse"]
    )
    if kind == "candle":
        return lambda store: store.facts.add_candles([sol_candle(str(100 + number), hour=number % 5 - 3)])
    if kind == "member":
        return lambda store: store.wallets.assign(address(wallet), address(chance.choice(WALLETS)))
    if kind == "rows":
        return lambda store: add_rounded(
            store, (chance.choice(["BUY", "SELL"]), 3, SOL, at), wallet=wallet, signed=chance.choice([None, f"t{at}"])
        )
    if kind == "reverse":
        return _reverse
    source = Source.HELIUS if kind == "helius" else Source.RPC
    found = _reading(chance, f"t{at}" if kind == "twin" else name, at, wallet, token, is_observed=kind == "observed")
    return lambda store: store.facts.add_readings([found], source)


def _reverse(store: Store) -> None:
    rows = store.database.rows("SELECT slot, signature FROM effect WHERE slot IS NOT NULL ORDER BY signature LIMIT 2")
    store.finality.reverse([Placement(*row) for row in rows[-1:]], START)


def _reading(chance: random.Random, name: str, at: int, wallet: str, token: str, *, is_observed: bool) -> Reading:
    side = chance.choice([Side.BUY, Side.SELL, Side.IN, Side.OUT])
    tx_class = TxClass(side.value) if side in (Side.BUY, Side.SELL) else TxClass(f"TRANSFER_{side.value}")
    before = chance.randrange(5) * TOKEN
    amount = chance.randrange(1, 5) * TOKEN
    balances = [(f"{wallet}/{token}", token, before, before + amount)] if chance.random() < 0.7 else []
    paid = leg(side, amount, chance.choice([None, SOL]), of=token, quote=chance.choice([WSOL, USDC]))
    return reading(
        name,
        tx_class=TxClass.NONE if is_observed else tx_class,
        legs=[] if is_observed else [paid],
        wallet=wallet,
        at=START + at,
        slot=chance.choice([SLOT + at, SLOT + at, None]),
        index=chance.choice([None, 0, 1]),
        balances=balances,
    )
