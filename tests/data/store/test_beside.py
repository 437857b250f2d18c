"""What is told while the database is busy: nobody who tells waits, nobody who asks is behind, nothing is lost."""

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from data.store import Store, journal
from data.store.events import Events, NewEvent, StoredEvent
from data.store.facts import Added, Facts
from data.store.finality import Placement
from data.store.pending import NOBODY, Origin, Wanted
from data.store.readings import Placed, Source
from data.store.wallets import Wallet
from engine.facts import Reading
from tests.builders.facts import SOL, address, signature, trade

SOLD = "SELECT count(*) FROM realization"
TOLD = "SELECT number FROM event ORDER BY number"
TRADES = 60
PATIENCE_S = 60
"""After that long a test goes on, and fails."""


class _Held:
    """A step of deferred work that stands still until it may go on."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.goes_on = threading.Event()
        self._has_begun = threading.Event()
        self._thread = threading.Thread(target=store.database.catch_up_a_step)
        add = Facts.add

        def held(facts: Facts, readings: Sequence[Reading], source: Source) -> Added:
            if threading.current_thread() is self._thread:
                self._has_begun.set()
                self.goes_on.wait(PATIENCE_S)
            return add(facts, readings, source)

        monkeypatch.setattr(Facts, "add", held)

    def begin(self) -> None:
        self._thread.start()
        assert self._has_begun.wait(PATIENCE_S)

    def goes(self) -> bool:
        return self._thread.is_alive()

    def end(self) -> None:
        self.goes_on.set()
        self._thread.join(PATIENCE_S)
        assert not self.goes()


def test_nobody_who_tells_waits_for_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fast: facts, ledger and checkpoints take their time while what comes meanwhile is told."""
    with _started(tmp_path / "aura.duckdb") as store:
        step = _Held(store, monkeypatch)
        assert _take(store, "a", 10)
        step.begin()
        assert _take(store, "b", 20)
        assert not _take(store, "a", 10), "it is on its way"
        assert step.goes()
        assert Events(store.database).last_number() == 2
        step.end()
        assert store.database.rows(SOLD) == [(2,)]
        assert store.database.rows(TOLD) == [(1,), (2,)]
        assert store.verification.verify().is_sound


def test_who_asks_during_a_step_waits_for_what_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: no answer is behind what was told."""
    with _started(tmp_path / "aura.duckdb") as store:
        step = _Held(store, monkeypatch)
        assert _take(store, "a", 10)
        step.begin()
        assert _take(store, "b", 20)
        go = store.database.catch_up_a_step

        def asked() -> bool:
            step.goes_on.set()
            return go()

        monkeypatch.setattr(store.database, "catch_up_a_step", asked)
        assert store.database.rows(SOLD) == [(2,)]
        step.end()


def test_numbers_that_were_told_during_a_step_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers rise by one and are never used again, whatever is committed in between."""
    with _started(tmp_path / "aura.duckdb") as store:
        step = _Held(store, monkeypatch)
        assert _take(store, "a", 10)
        step.begin()
        assert _take(store, "b", 20)
        step.end()
        assert [event.number for event in Events(store.database).add([NewEvent("c", "job", 0, None, None, "{}")])] == [
            3
        ]
        assert store.database.rows(TOLD) == [(1,), (2,), (3,)]


def test_nobody_who_passes_on_what_was_told_waits_for_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fast: whether there is more to tell is known without the ledger, also after others have written."""
    with _started(tmp_path / "aura.duckdb") as store:
        step, events = _Held(store, monkeypatch), Events(store.database)
        store.wallets.assign(address("bob"), address("alice"))
        store.booking.book()
        events.add([], store.database.mark("last_batch"))
        assert _take(store, "a", 10)
        step.begin()
        assert (events.last_number(), events.emitted_batch() - events.booked_batch()) == (1, 0)
        assert step.goes()
        step.end()


def test_who_is_followed_is_known_during_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fast: what comes is read for the wallets that are followed, whoever wrote what in between."""
    with _started(tmp_path / "aura.duckdb") as store:
        step = _Held(store, monkeypatch)
        store.wallets.add([Wallet(address("alice"), None, "user", is_tracked=True, is_program_derived=False)])
        assert _take(store, "a", 10)
        step.begin()
        assert store.wallets.tracked() == [address("alice")]
        assert step.goes()
        step.end()


@pytest.mark.parametrize("door", ["write", "writing"])
def test_nothing_is_written_to_the_database_beside_it(door: str) -> None:
    """Who is beside the database never waits for who writes: else both might wait for ever."""
    with (
        _started(None) as store,
        store.database.beside(),
        pytest.raises(RuntimeError, match="nothing can be written"),
        getattr(store.database, door)(),
    ):
        pass


def test_all_that_many_do_at_once_is_there_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly once: one tells, one steps, one reads, one writes, one queues and one tidies, in whatever order."""
    monkeypatch.setattr(journal, "FULL_BYTES", 20_000)
    path = tmp_path / "aura.duckdb"
    with _started(path) as store:
        told: list[str] = []
        behind: list[str] = []

        def read() -> None:
            before = len(told)
            ((sold,),) = store.database.rows(SOLD)
            if sold < before:
                behind.append(f"{sold} of {before}")

        def write() -> None:
            store.wallets.assign(address("bob"), address("alice"))
            store.booking.book()

        def queue() -> None:
            with store.database.write(keeps_version=True):
                with store.database.undisturbed():
                    wanted = Wanted(signature("later"), NOBODY, None, Origin.POLL)
                store.pending.add([wanted], 0)

        with _over_and_over(store.database.catch_up_a_step, read, write, queue, store.arrivals.tidy):
            for n in range(TRADES):
                # While others write, facts may be there that are not told yet.
                while not _take(store, f"t{n}", 10 + n):
                    pass
                told.append(f"t{n}")
        assert behind == []
        assert store.database.rows(SOLD) == [(TRADES,)]
        assert store.database.rows(TOLD) == [(number,) for number in range(1, TRADES + 1)]
        assert [due.signature for due in store.pending.due(0, 10)] == [signature("later")]
        assert store.verification.verify().is_sound
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@contextmanager
def _over_and_over(*works: Callable[[], object]) -> Generator[None]:
    """Do each over and over during the block, in a thread of its own."""
    is_over = threading.Event()

    def again(work: Callable[[], object]) -> None:
        while not is_over.is_set():
            work()

    with ThreadPoolExecutor(len(works)) as pool:
        doing = [pool.submit(again, work) for work in works]
        try:
            yield
        finally:
            is_over.set()
        for done in doing:
            done.result(PATIENCE_S)


def _started(path: Path | None) -> Store:
    store = Store.open(path)
    store.facts.add_readings([trade("start", "buy", 100, SOL)], Source.RPC)
    store.booking.book()
    with store.database.write():
        store.database.set_mark("emitted_batch", store.database.mark("last_batch"))
    return store


def _take(store: Store, name: str, at: int) -> bool:
    reading = trade(name, "sell", 1, SOL, at=at)
    assert reading.slot is not None

    def tell(_: Sequence[Placed]) -> list[StoredEvent]:
        return Events(store.database).announce([NewEvent(name, "job", 0, None, None, "{}")])

    with store.database.beside():
        return store.arrivals.take([reading], [Placement(reading.slot, reading.signature)], [], tell)
