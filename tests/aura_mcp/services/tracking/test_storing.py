"""The writer: a live batch is told at once, and what comes beside it does not make those after it wait."""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copy
from typing import ParamSpec, TypeVar

import pytest

from aura_mcp.services.events import EventConfig, EventKind, Events
from aura_mcp.services.tracking import Tracking, TrackingConfig
from aura_mcp.services.tracking.fetching import Fetcher
from aura_mcp.services.tracking.hinting import Hints
from aura_mcp.services.tracking.history import History
from aura_mcp.services.tracking.storing import Answer, Run, Storing
from data.store import Store
from data.store.events import StoredEvent
from data.store.pending import NOBODY, Due, Origin, Wanted
from data.store.readings import Placed, Source
from engine.reading import read_transaction
from tests.aura_mcp.services.tracking._following import Following, following, run
from tests.builders.facts import signature
from tests.builders.transactions import SOL_UNIT, address
from tests.fakes.chain import Executed
from tests.fakes.trading import buy

P = ParamSpec("P")
T = TypeVar("T")

TOKENS = 1_000_000
PATIENCE_S = 60
"""After that long a test goes on, and fails."""
WAITING = "SELECT signature, tries FROM pending"


@contextmanager
def _storing(path: Path | None = None) -> Generator[tuple[Following, Storing, Events]]:
    with following("ann", "bob", path=path) as f:
        events = Events(f.store, f.clock, EventConfig())
        yield f, Storing(f.store, f.clock, TrackingConfig(), events), events


def test_live_batch_is_told_before_it_becomes_facts() -> None:
    """Spec: fed after commit, and what is kept at once is enough for that."""
    with _storing() as (f, storing, events):
        assert storing.store([_answer(f, "ann")], Run(is_live=True))
        assert (len(f.store.arrivals.leaving), _told(events)) == (1, [address("ann")])


def test_what_the_node_does_not_know_makes_nobody_else_wait() -> None:
    """Anybody may push a signature that does not exist: those beside it and after it are as quick as before."""
    with _storing() as (f, storing, events):
        f.store.pending.add([Wanted(signature("forged"), NOBODY, None, Origin.WEBHOOK)], f.clock.epoch_s())
        unknown = Answer(_due(signature("forged")), None, None)
        storing.store([_answer(f, "ann"), unknown], Run(is_live=True))
        assert len(f.store.arrivals.leaving) == 1
        storing.store([unknown], Run(is_live=True))
        storing.store([_answer(f, "bob")], Run(is_live=True))
        assert len(f.store.arrivals.leaving) == 2
        assert _told(events) == [address("ann"), address("bob")]
        assert f.rows(WAITING) == [(signature("forged"), 1)]


@pytest.mark.parametrize("is_swept", [False, True], ids=["told", "told, then listed"])
def test_what_a_power_cut_takes_is_fetched_again(tmp_path: Path, *, is_swept: bool) -> None:
    """No gap, no double: what was kept without waiting for the disk is behind no cursor."""
    with _storing(tmp_path / "aura.duckdb") as (f, storing, _):
        before = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        f.chain.finalize()
        run(f.tracking.sweep())
        taken = _answer(f, "ann")
        f.chain.finalize()
        storing.store([taken], Run(is_live=True))
        if is_swept:
            run(f.tracking.sweep())
        cut = tmp_path / "cut"
        cut.mkdir()
        for name in ("aura.duckdb", "aura.duckdb.wal"):
            copy(tmp_path / name, cut)
        with Store.open(cut / "aura.duckdb") as store:
            assert len(_stored(store)) == (2 if is_swept else 1)
            run(Tracking(store, f.node, f.clock).sweep())
            assert _stored(store) == {before.signature, taken.due.signature}
            assert store.verification.verify().is_sound


def test_facts_that_came_another_way_are_told_first() -> None:
    """Events come in the order of facts, and one detour is not the way of all that follow."""
    with _storing() as (f, storing, events):
        _import(f, buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT))
        assert storing.store([_answer(f, "bob")], Run(is_live=True))
        assert len(f.store.arrivals.leaving) == 1
        assert _told(events) == [address("ann"), address("bob")]
        assert f.store.verification.verify().is_sound


def test_same_facts_are_told_once_whoever_tells_them() -> None:
    """Spec: each exactly once."""
    with _storing() as (f, storing, events):
        _import(f, buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT))
        storing.store([_answer(f, "bob")], Run(is_live=True))
        f.store.database.catch_up()
        assert events.emit() == ()
        assert len(_told(events)) == 2


def test_what_is_queued_after_it_was_taken_leaves_the_queue() -> None:
    """No gap: what is listed while its transaction waits is not fetched twice at once, nor kept for ever."""
    with _storing() as (f, storing, _):
        fetcher = _fetcher(f, storing)
        taken = _answer(f, "ann")
        storing.store([taken], Run(is_live=True))
        _queue(f, taken.due.signature)
        assert run(fetcher.run()).transactions == 0, "it is on its way"
        f.store.database.catch_up()
        done = run(fetcher.run())
        assert (done.transactions, done.duplicate) == (1, 1)
        assert f.rows(WAITING) == []


def test_hint_that_is_queued_while_its_facts_are_taken_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fast: under load hints are queued and facts taken at the same time, and known facts take a longer way."""
    with _storing() as (f, storing, events):
        hints = Hints(f.store, f.clock, _fetcher(f, storing), storing)
        taken = _answer(f, "ann")
        hinting = threading.Thread(target=lambda: run(hints.add([taken.due.signature], Origin.WEBHOOK)))
        is_there = threading.Event()
        for holder, name in ((f.store.pending, "add"), (f.store.database, "undisturbed")):
            monkeypatch.setattr(holder, name, _noticed(getattr(holder, name), is_there))
        tell = events.tell

        def tell_meanwhile(placed: Sequence[Placed]) -> list[StoredEvent]:
            hinting.start()
            assert is_there.wait(PATIENCE_S)
            return tell(placed)

        monkeypatch.setattr(events, "tell", tell_meanwhile)
        storing.store([taken], Run(is_live=True))
        hinting.join(PATIENCE_S)
        f.store.database.catch_up()
        assert run(_fetcher(f, storing).run()).transactions == 0
        assert f.rows(WAITING) == []


def test_what_waits_is_not_in_the_way_of_what_is_due() -> None:
    """Fast: the queue is read past what leaves it by itself, of a live batch that goes into no ledger, too."""
    with _storing() as (f, storing, _):
        f.chain.fund("eve")
        fetcher = _fetcher(f, storing, store_batch=1)
        taken, other = _answer(f, "ann"), _answer(f, "eve")
        storing.will_queue(_queue(f, taken.due.signature, other.due.signature))
        storing.store([taken, other], Run(is_live=True))
        _queue(f, buy(f.chain, "bob", "BONK", TOKENS, SOL_UNIT).signature)
        assert f.store.arrivals.leaving == {taken.due.signature, other.due.signature}
        done = run(fetcher.run())
        assert (done.transactions, done.new) == (1, 1)
        assert f.rows(WAITING) == []


def _noticed(call: Callable[P, T], is_there: threading.Event) -> Callable[P, T]:
    """Return a call that tells when another thread comes to it."""
    mine = threading.current_thread()

    def noticed(*args: P.args, **kwargs: P.kwargs) -> T:
        if threading.current_thread() is not mine:
            is_there.set()
        return call(*args, **kwargs)

    return noticed


def _stored(store: Store) -> set[str]:
    return {signature for (signature,) in store.database.rows("SELECT signature FROM effect")}


def _fetcher(f: Following, storing: Storing, store_batch: int = 64) -> Fetcher:
    config = TrackingConfig(store_batch=store_batch)
    return Fetcher(f.store, f.node, f.clock, config, History(None, f.clock), storing, lambda: None)


def _queue(f: Following, *names: str) -> tuple[str, ...]:
    f.store.pending.add([Wanted(name, NOBODY, None, Origin.POLL) for name in names], f.clock.epoch_s())
    return names


def _answer(f: Following, name: str) -> Answer:
    sent = buy(f.chain, name, "BONK", TOKENS, SOL_UNIT)
    return Answer(_due(sent.signature), sent.json, None)


def _due(name: str) -> Due:
    return Due(name, None, is_finalized=False, tries=0, queued_at=0, origin=Origin.WEBHOOK)


def _import(f: Following, sent: Executed) -> None:
    wallets = frozenset(f.store.wallets.tracked())
    f.store.facts.add_readings(read_transaction(sent.json, None, wallets), Source.RPC)
    f.store.booking.book()


def _told(events: Events) -> list[str | None]:
    return [event.wallet for event in events.after(0, 10) if event.kind is EventKind.WALLET_UPDATE]
