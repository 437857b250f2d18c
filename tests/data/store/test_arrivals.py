"""Live readings: kept at once, facts and ledger a moment later, and nobody who looks sees the moment."""

import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from shutil import copy

import duckdb
import pytest

from data.errors import DiskFullError, StoreError
from data.store import Store, journal
from data.store.events import Events, NewEvent, StoredEvent
from data.store.finality import Placement
from data.store.migrations import list_migrations
from data.store.readings import Placed, Source
from data.store.tracks import Track
from engine.facts import Reading
from tests.builders.facts import SOL, address, trade

TABLES = ("effect", "leg", "account_balance", "fold_state", "realization", "episode", "finding", "unfinalized")
EVENTS = "SELECT number, id FROM event ORDER BY number"

LISTED, IN_A_TABLE = 11, 13
"""The last schemas in which the signatures of an arrival are a list, and in which it is a row of a table."""

SOLD = "SELECT count(*) FROM realization"


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
        assert len(store.arrivals.leaving) == 3
        if door == "rows":
            assert store.database.rows(SOLD) == [(3,)]
        else:
            with getattr(store.database, door)() as cursor:
                assert (cursor or store.database.cursor()).execute(SOLD).fetchall() == [(3,)]
        assert len(store.arrivals.leaving) == 0
        assert store.database.rows("SELECT count(DISTINCT batch_id) FROM effect") == [(2,)], "one batch of three"


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
        assert len(store.arrivals.leaving) == 1


@pytest.mark.parametrize("known", ["stored", "waiting"])
def test_what_is_known_is_left_to_the_usual_way(known: str) -> None:
    """Exactly once: a transaction that is stored, or waits to be, is not told again."""
    with _started() as store:
        if known == "waiting":
            assert _take(store, [trade("first", "sell", 1, SOL, at=10)])
        signature = "first" if known == "waiting" else "start"
        assert not _take(store, [trade(signature, "sell", 1, SOL, at=10)])


def test_journal_that_cannot_be_read_is_named_with_the_fix(tmp_path: Path) -> None:
    """Bad input: one clear line says what to do, and the database stays as it is."""
    path = tmp_path / "aura.duckdb"
    _started(path).close()
    (tmp_path / "aura.duckdb.journal").write_bytes(b"of another program" * 100)
    with pytest.raises(StoreError, match=r"journal .*aura\.duckdb\.journal: cannot be read .*; move it away"):
        Store.open(path)
    (tmp_path / "aura.duckdb.journal").unlink()
    with Store.open(path) as store:
        assert store.verification.verify().is_sound


def test_facts_that_were_not_told_yet_are_not_overtaken() -> None:
    """Events come in the order of facts: what somebody else must tell comes first."""
    with _started() as store:
        store.facts.add_readings([trade("untold", "buy", 1, SOL, at=5)], Source.RPC)
        store.booking.book()
        assert not _take(store, [trade("a", "sell", 1, SOL, at=10)])


def test_what_waited_in_a_process_that_was_killed_is_stored_by_the_next(tmp_path: Path) -> None:
    """At least once in, exactly once in the ledger: what was kept stays so."""
    with _started(tmp_path / "aura.duckdb") as store:
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)])
        assert _take(store, [trade("b", "sell", 1, SOL, at=20)])
        path = _as_killed(tmp_path)
    with Store.open(path) as store:
        assert len(store.arrivals.leaving) == 0
        assert store.database.rows(SOLD) == [(2,)]
        assert store.database.mark("emitted_batch") == store.database.mark("last_batch"), "they are told"
        assert store.verification.verify().is_sound


@pytest.mark.parametrize("moves", ["advance", "save"])
def test_no_cursor_moves_past_what_a_power_cut_takes(tmp_path: Path, moves: str) -> None:
    """No gap: the journal does not wait for the disk, so what it holds is fact before a cursor passes it."""
    with _started(tmp_path / "aura.duckdb") as store:
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)])
        track = Track(address("alice"), head_signature="later", head_slot=10**9)
        if moves == "advance":
            store.tracks.advance(track, [], 0)
        else:
            store.tracks.save([track])
        path = _as_killed(tmp_path)
        for file in path.parent.glob("*.journal*"):
            file.unlink()
    with Store.open(path) as store:
        assert store.database.rows("SELECT head_signature FROM wallet_track") == [("later",)]
        assert store.database.rows(SOLD) == [(1,)]


def test_what_became_facts_before_a_kill_is_not_stored_again(tmp_path: Path) -> None:
    """Exactly once: what became facts is in the journal for a while."""
    with _started(tmp_path / "aura.duckdb") as store:
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)], told="one")
        store.database.catch_up()
        assert _take(store, [trade("b", "sell", 1, SOL, at=20)], told="two")
        path = _as_killed(tmp_path)
    with Store.open(path) as store:
        assert store.database.rows(SOLD) == [(2,)]
        assert store.database.rows(EVENTS) == [(1, "one"), (2, "two")]
        assert _take(store, [trade("c", "sell", 1, SOL, at=30)], told="three")
        assert store.database.rows(EVENTS)[2:] == [(3, "three")]
        assert store.verification.verify().is_sound


def test_journal_that_cannot_take_turns_keeps_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Our rule: a file that cannot be made is one line in the log; what is kept goes on in the one that is there."""
    monkeypatch.setattr(journal, "FULL_BYTES", 1)
    with _started(tmp_path / "aura.duckdb") as store:
        (tmp_path / "aura.duckdb.journal2").mkdir()
        for n in range(3):
            assert _take(store, [trade(f"t{n}", "sell", 1, SOL, at=10 + n)])
            store.arrivals.tidy()
        assert [record.getMessage()[:26] for record in caplog.records] == ["the journal grows for now:"]
        (tmp_path / "aura.duckdb.journal2").rmdir()
        store.arrivals.tidy()
        assert (tmp_path / "aura.duckdb.journal2").is_file()
        assert store.database.rows(SOLD) == [(3,)]
    assert [file.name for file in tmp_path.iterdir()] == ["aura.duckdb"]


def test_what_waited_in_two_files_is_stored_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least once in, exactly once in the ledger: also when the one file had just taken over from the other."""
    monkeypatch.setattr(journal, "FULL_BYTES", 1)
    with _started(tmp_path / "aura.duckdb") as store:
        for n in range(4):
            assert _take(store, [trade(f"t{n}", "sell", 1, SOL, at=10 + n)], told=f"t{n}")
            if n == 1:
                store.database.catch_up()
            store.arrivals.tidy()
        path = _as_killed(tmp_path)
    with Store.open(path) as store:
        assert store.database.rows(EVENTS) == [(1, "t0"), (2, "t1"), (3, "t2"), (4, "t3")]
        assert store.database.rows(SOLD) == [(4,)]
        assert store.verification.verify().is_sound
        assert [file.name for file in path.parent.glob("*.journal*")] == []


def test_facts_that_were_not_told_are_told_after_what_was_left(tmp_path: Path) -> None:
    """Each exactly once: entries that are facts already say nothing of facts that came another way since."""
    with _started(tmp_path / "aura.duckdb") as store:
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)])
        store.database.catch_up()
        store.facts.add_readings([trade("b", "sell", 1, SOL, at=20)], Source.RPC)
        store.booking.book()
        path = _as_killed(tmp_path)
    with Store.open(path) as store:
        assert store.database.mark("last_batch") - store.database.mark("emitted_batch") == 1
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_journal_is_closed_before_anybody_else_may_open_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost between two processes: no journal is removed that the next one has opened."""
    store = _started(tmp_path / "aura.duckdb")
    assert _take(store, [trade("a", "sell", 1, SOL, at=10)])
    there: list[bool] = []
    close = store.database.close

    def closed() -> None:
        there.append((tmp_path / "aura.duckdb.journal").exists())
        close()

    monkeypatch.setattr(store.database, "close", closed)
    store.close()
    assert there == [False]


def test_nothing_is_left_beside_a_file_that_was_closed(tmp_path: Path) -> None:
    """Our rule: whoever copies or moves one file of a hub that was stopped has all of it."""
    with _started(tmp_path / "aura.duckdb") as store:
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)])
        assert (tmp_path / "aura.duckdb.journal").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["aura.duckdb"]
    with Store.open(tmp_path / "aura.duckdb") as store:
        assert store.database.rows(SOLD) == [(1,)]


def test_journal_that_cannot_be_written_is_named_and_takes_nothing(tmp_path: Path) -> None:
    """Bad input: one clear line; what was not kept was not told."""
    with _started(tmp_path / "aura.duckdb") as store:
        (tmp_path / "aura.duckdb.journal").mkdir()
        with pytest.raises(StoreError, match=r"journal .*aura\.duckdb\.journal: unable to open"):
            _take(store, [trade("a", "sell", 1, SOL, at=10)], told="one")
        (tmp_path / "aura.duckdb.journal").rmdir()
        assert (len(store.arrivals.leaving), store.database.mark("last_event")) == (0, 0)
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)], told="one")
        assert store.database.rows(EVENTS) == [(1, "one")]


def test_numbers_of_events_go_on_after_a_kill(tmp_path: Path) -> None:
    """Numbers rise by one and are never used again, also those that were only owed."""
    with _started(tmp_path / "aura.duckdb") as store:
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)], told="one")
        assert _take(store, [trade("b", "sell", 1, SOL, at=20)], told="two")
        assert Events(store.database).last_number() == 2
        path = _as_killed(tmp_path)
    with Store.open(path) as store:
        assert store.database.rows(EVENTS) == [(1, "one"), (2, "two")]
        assert Events(store.database).last_number() == 2
        assert [event.number for event in Events(store.database).add([_event("three")])] == [3]


def test_what_another_version_left_is_fetched_again(tmp_path: Path) -> None:
    """Nothing is lost by an update: the chain still has what the new version cannot read."""
    with _started(tmp_path / "aura.duckdb") as store:
        assert _take(store, [trade("a", "sell", 1, SOL, at=10)], told="one")
        assert _take(store, [trade("b", "sell", 1, SOL, at=20)])
        path = _as_killed(tmp_path)
    with closing(sqlite3.connect(f"{path}.journal")) as kept, kept:
        kept.execute("UPDATE entry SET body = CAST('nonsense' AS BLOB) WHERE number = 1")
    with Store.open(path) as store:
        assert store.database.rows(SOLD) == [(1,)]
        assert [due.signature for due in store.pending.due(0, 10)] == [trade("a", "sell", 1, SOL, at=10).signature]
        assert Events(store.database).last_number() == 1, "a number that was told is not used again"


@pytest.mark.parametrize(("version", "signatures"), [(LISTED, "['one', 'two']"), (IN_A_TABLE, "'one two'")])
def test_what_waits_in_a_file_of_a_schema_before_is_fetched_again(
    tmp_path: Path, version: int, signatures: str
) -> None:
    """Nothing is lost by an update: the chain still has what waited."""
    path = tmp_path / "aura.duckdb"
    with duckdb.connect(str(path)) as before:
        before.execute("CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name VARCHAR NOT NULL)")
        for step in list_migrations():
            if step.version <= version:
                before.execute(step.sql)
                before.execute("INSERT INTO schema_version VALUES (?, ?)", [step.version, step.name])
        before.execute(f"INSERT INTO arrival VALUES (0, {signatures}, 'of another version')")  # noqa: S608 - ours
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


def _take(store: Store, readings: list[Reading], *, told: str | None = None) -> bool:
    def tell(_: Sequence[Placed]) -> list[StoredEvent]:
        return Events(store.database).announce([] if told is None else [_event(told)])

    with store.database.beside():
        return store.arrivals.take(readings, [_placement(reading) for reading in readings], [], tell)


def _as_killed(folder: Path) -> Path:
    """Return a copy of a database that is open, with all files beside it, as a kill would leave them."""
    copies = folder / "killed"
    copies.mkdir()
    for file in folder.glob("aura.duckdb*"):
        copy(file, copies)
    return copies / "aura.duckdb"


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
