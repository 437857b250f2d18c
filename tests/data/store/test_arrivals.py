"""Live readings: durable at once, facts and ledger a moment later, and nobody who looks sees the moment."""

import random
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from data.errors import DiskFullError
from data.store import Store
from data.store.events import Events, NewEvent
from data.store.facts import Added, Facts
from data.store.finality import Placement
from data.store.migrations import list_migrations
from data.store.readings import Source
from engine.facts import Reading
from tests.builders.facts import SOL, address, trade

TABLES = ("effect", "leg", "account_balance", "fold_state", "realization", "episode", "finding", "unfinalized")
ARRIVED = "SELECT count(*) FROM arrival"
LISTED = 11
"""The last schema in which the signatures of an arrival are a list."""

PATIENCE_S = 60
"""After that long a test goes on, and fails."""

SOLD = "SELECT count(*) FROM realization"


class _BrokenError(Exception):
    pass


def test_live_batches_become_the_facts_and_the_ledger_that_they_would_have_been() -> None:
    """Our rule: waiting changes when something is written, never what."""
    chance = random.Random(7)
    readings = [trade(f"t{n}", chance.choice(["buy", "sell"]), 1 + n % 3, SOL, at=10 + n) for n in range(30)]
    with _started() as live, _started() as usual:
        for reading in readings:
            assert _take(live, [reading])
            if chance.random() < 0.2:
                live.database.catch_up()
            usual.facts.add_readings([reading], Source.RPC)
            usual.booking.book()
        usual.finality.watch([_placement(reading) for reading in readings])
        for table in TABLES:
            assert _rows(live, table) == _rows(usual, table), table
        assert live.verification.verify().is_sound


@pytest.mark.parametrize("door", ["rows", "second_cursor", "write", "writing"])
def test_whoever_reads_or_writes_finds_facts_and_a_ledger(door: str) -> None:
    """Our rule: no answer is behind what was told."""
    with _started() as store:
        for n in range(3):
            assert _take(store, [trade(f"t{n}", "sell", 1, SOL, at=10 + n)])
        with store.database.write(keeps_version=True) as cursor:
            assert cursor.execute(ARRIVED).fetchall() == [(3,)]
        if door == "rows":
            assert store.database.rows(SOLD) == [(3,)]
        else:
            with getattr(store.database, door)() as cursor:
                assert (cursor or store.database.cursor()).execute(SOLD).fetchall() == [(3,)]
        assert store.database.rows(ARRIVED) == [(0,)]
        assert store.database.rows("SELECT count(DISTINCT batch_id) FROM effect") == [(2,)], "one batch of three"


def test_who_asks_during_a_step_waits_for_what_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: no answer is behind what was told, whatever is being written at the moment."""
    has_begun, goes_on = threading.Event(), threading.Event()
    with _started(tmp_path / "aura.duckdb") as store:
        step, add = store.database.catch_up_a_step, Facts.add
        stepping = threading.Thread(target=step)

        def held(facts: Facts, readings: Sequence[Reading], source: Source) -> Added:
            if threading.current_thread() is stepping:
                has_begun.set()
                goes_on.wait(PATIENCE_S)
            return add(facts, readings, source)

        def asked() -> bool:
            goes_on.set()
            return step()

        monkeypatch.setattr(Facts, "add", held)
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)])
        stepping.start()
        assert has_begun.wait(PATIENCE_S)
        monkeypatch.setattr(store.database, "catch_up_a_step", asked)
        assert store.database.rows(SOLD) == [(1,)]
        stepping.join(PATIENCE_S)
        assert store.verification.verify().is_sound


def test_live_batches_go_on_between_facts_and_their_booking() -> None:
    """Our rule: no step is longer than it must be, and what comes in between is stored with what comes after."""
    with _started() as store:
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)])
        assert store.database.catch_up_a_step(), "facts are there, the ledger is not"
        assert _take(store, [trade("b", "sell", 1, SOL, at=20)])
        assert not _take(store, [trade("a", "sell", 1, SOL, at=10)]), "the first one is known meanwhile"
        assert store.database.rows(SOLD) == [(2,)]
        assert not store.database.catch_up_a_step()
        assert store.verification.verify().is_sound


def test_first_trade_of_a_wallet_goes_on_with_what_its_entity_holds() -> None:
    """DOMAIN §3: one entity has one fold for a token, whichever of its wallets trades it first."""
    with _started() as store:
        store.wallets.assign(address("bob"), address("alice"))
        store.booking.book()
        assert _take(store, [trade("b", "sell", 1, SOL, at=10, wallet="bob")])
        folds = store.database.rows("SELECT events FROM fold_state")
        assert folds == [(2,)]
        assert store.verification.verify().is_sound


def test_who_needs_no_ledger_waits_for_none() -> None:
    """Our rule: what does not depend on facts is read and written beside them."""
    with _started() as store:
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)])
        assert store.pending.due(0, 10) == []
        assert store.database.rows(ARRIVED, needs_ledger=False) == [(1,)]


@pytest.mark.parametrize("known", ["stored", "waiting"])
def test_what_is_known_is_left_to_the_usual_way(known: str) -> None:
    """Exactly once: a transaction that is stored, or waits to be, is not told again."""
    with _started() as store:
        if known == "waiting":
            assert _take(store, [trade("first", "sell", 1, SOL, at=10)])
        signature = "first" if known == "waiting" else "start"
        assert not _take(store, [trade(signature, "sell", 1, SOL, at=10)])


def test_what_was_rolled_back_never_arrived() -> None:
    """One transaction with what it tells: all of it, or nothing."""
    with _started() as store:
        with pytest.raises(_BrokenError):
            _take(store, [trade("a", "sell", 1, SOL, at=10)], is_broken=True)
        assert store.database.rows(SOLD) == [(0,)]
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)])
        assert store.database.rows(SOLD) == [(1,)]


def test_facts_that_were_not_told_yet_are_not_overtaken() -> None:
    """Events come in the order of facts: what somebody else must tell comes first."""
    with _started() as store:
        store.facts.add_readings([trade("untold", "buy", 1, SOL, at=5)], Source.RPC)
        store.booking.book()
        assert not _take(store, [trade("a", "sell", 1, SOL, at=10)])


def test_what_waited_in_a_process_that_was_killed_is_stored_by_the_next(tmp_path: Path) -> None:
    """At least once in, exactly once in the ledger: what was durable stays so."""
    path = tmp_path / "aura.duckdb"
    with closing(_started(path)) as store:
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)])
        assert _take(store, [trade("b", "sell", 1, SOL, at=20)])
    with Store.open(path) as store:
        assert store.database.rows(ARRIVED) == [(0,)]
        assert store.database.rows(SOLD) == [(2,)]
        assert store.database.mark("emitted_batch") == store.database.mark("last_batch"), "they are told"
        assert store.verification.verify().is_sound


def test_numbers_of_events_go_on_after_a_kill(tmp_path: Path) -> None:
    """Numbers rise by one and are never used again, also those that were only owed."""
    path = tmp_path / "aura.duckdb"
    with closing(_started(path)) as store, store.database.write(keeps_version=True):
        assert store.arrivals.take([trade("a", "sell", 1, SOL, at=10)], []) is not None
        told = Events(store.database).add([_event("one"), _event("two")], is_new=True)
        assert [event.number for event in told] == [1, 2]
    with Store.open(path) as store:
        assert Events(store.database).last_number() == 2
        assert [event.number for event in Events(store.database).add([_event("three")])] == [3]


def test_what_another_version_left_is_fetched_again(tmp_path: Path) -> None:
    """Nothing is lost by an update: the chain still has what the new version cannot read."""
    path = tmp_path / "aura.duckdb"
    with closing(_started(path)) as store:
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)])
        assert _take(store, [trade("b", "sell", 1, SOL, at=20)])
        with store.database.write(keeps_version=True) as cursor:
            cursor.execute("UPDATE arrival SET body = 'nonsense' WHERE number = 0")
    with Store.open(path) as store:
        assert store.database.rows(SOLD) == [(1,)]
        assert [due.signature for due in store.pending.due(0, 10)] == [trade("a", "sell", 1, SOL, at=10).signature]


def test_what_waits_in_a_file_of_the_schema_before_is_still_known(tmp_path: Path) -> None:
    """Nothing is lost by an update: signatures that waited as a list wait as a text."""
    path = tmp_path / "aura.duckdb"
    with duckdb.connect(str(path)) as before:
        before.execute("CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name VARCHAR NOT NULL)")
        for step in list_migrations():
            if step.version <= LISTED:
                before.execute(step.sql)
                before.execute("INSERT INTO schema_version VALUES (?, ?)", [step.version, step.name])
        before.execute("INSERT INTO arrival VALUES (0, ['one', 'two'], 'of another version')")
    with Store.open(path) as store:
        assert sorted(due.signature for due in store.pending.due(0, 10)) == ["one", "two"]


def test_storing_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: on a full disk there are still answers, and what waits is stored when there is room."""
    with _started() as store:
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)])
        with monkeypatch.context() as patch:
            patch.setattr(store.database, "insert", _disk_is_full)
            assert store.database.rows(SOLD) == [(0,)]
            with pytest.raises(DiskFullError, match="full"):
                store.database.catch_up()
        assert store.database.rows(SOLD) == [(1,)]
        assert store.verification.verify().is_sound


def test_fold_that_starts_over_keeps_nothing_of_before() -> None:
    """Out of order: a live trade that lies before others replays its fold, findings and results included."""
    with _started() as store:
        for name, at, amount in (("late", 30, 20), ("later", 40, 1), ("early", 10, 2)):
            assert _take(store, [trade(name, "sell", amount, SOL, at=at)])
            store.database.catch_up()
        assert store.verification.verify().is_sound


def _started(path: Path | None = None) -> Store:
    store = Store.open(path)
    store.facts.add_readings([trade("start", "buy", 9, SOL)], Source.RPC)
    store.booking.book()
    with store.database.write():
        store.database.set_mark("emitted_batch", store.database.mark("last_batch"))
    return store


def _take(store: Store, readings: list[Reading], *, is_broken: bool = False) -> bool:
    with store.database.write(keeps_version=True):
        placed = store.arrivals.take(readings, [_placement(reading) for reading in readings])
        if is_broken:
            raise _BrokenError
    return placed is not None


def _rows(store: Store, table: str) -> list[tuple[object, ...]]:
    # In which batch a fact came is no part of it.
    columns = "COLUMNS(lambda name: name <> 'batch_id')"
    return store.database.rows(f"SELECT {columns} FROM {table} ORDER BY ALL")  # noqa: S608 - names of ours


def _event(name: str) -> NewEvent:
    return NewEvent(name, "job", 0, None, None, "{}")


def _placement(reading: Reading) -> Placement:
    assert reading.slot is not None
    return Placement(reading.slot, reading.signature)


def _disk_is_full(*_: object) -> Callable[[], None]:
    raise DiskFullError("the disk is full")
