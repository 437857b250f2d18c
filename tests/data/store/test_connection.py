"""Opening, locking and refusing database files."""

import itertools
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest

from data.errors import DatabaseFormatError, DatabaseLockedError, DiskFullError, StoreError
from data.store import Store
from data.store.duckdb_errors import translated
from data.store.memory import Memory
from data.store.migrations import list_migrations
from tests.aura_mcp.hub.processes import mounted
from tests.builders.facts import row
from tests.missing import missing

MUCH = 3_000
LIMIT = "SELECT current_setting('memory_limit')"
HUNGRY = "SELECT length(string_agg(repeat(i::VARCHAR, 20), '')) > 0 FROM range(400000) AS r(i)"
HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
FILL = """
import resource, sys
from pathlib import Path
from data.errors import DiskFullError
from data.importer import import_paths
from data.store import Store

with Store.open(Path(sys.argv[1])) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
    try:
        import_paths(store, [Path(sys.argv[2])])
    except DiskFullError as error:
        print(error, flush=True)
"""


def test_a_second_opening_finds_what_the_first_stored(tmp_path: Path) -> None:
    """Our rule: the schema is applied once."""
    path = tmp_path / "aura.duckdb"
    with Store.open(path) as store, store.database.write() as cursor:
        cursor.execute("INSERT INTO entity_member VALUES ('a', 'b')")
    with Store.open(path) as store:
        assert store.wallets.members() == {"a": "b"}
        versions = store.database.rows("SELECT version FROM schema_version ORDER BY version")
        assert versions == [(step.version,) for step in list_migrations()]


def test_new_file_leaves_nothing_beside_it(tmp_path: Path) -> None:
    """Our rule: a database appears under its name only when it is complete."""
    with Store.open(tmp_path / "aura.duckdb"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["aura.duckdb"]


def test_locked_database_names_the_process_that_has_it(tmp_path: Path) -> None:
    """DuckDB: one process opens a file read-write; its message names the other one."""
    path = tmp_path / "aura.duckdb"
    Store.open(path).close()
    with _held(path) as pid, pytest.raises(DatabaseLockedError) as caught:
        Store.open(path)
    assert caught.value.pid == pid
    assert (
        str(caught.value) == f"database {path}: another process (PID {pid}) has it open; use that one, or stop it first"
    )


@pytest.mark.parametrize("content", [b"", b"hello, I am no database\n" * 400, b"\x00" * 5000])
def test_file_that_is_no_database_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    """Our rule: one clear line, and the file stays as it was."""
    path = tmp_path / "aura.duckdb"
    path.write_bytes(content)
    with pytest.raises(DatabaseFormatError, match="not a database") as caught:
        Store.open(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_damaged_database_is_refused_in_one_line(tmp_path: Path) -> None:
    """Our rule: damage is an error of ours, never a crash or an empty ledger."""
    path = tmp_path / "aura.duckdb"
    Store.open(path).close()
    content = bytearray(path.read_bytes())
    content[4096:8192] = bytes(4096)
    content[8192:12288] = bytes(4096)
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        Store.open(path)
    assert "\n" not in str(caught.value)


def test_newer_schema_asks_for_an_update(tmp_path: Path) -> None:
    """Our rule: a newer database is not touched."""
    path = tmp_path / "aura.duckdb"
    with Store.open(path) as store, store.database.write() as cursor:
        cursor.execute("INSERT INTO schema_version VALUES (9999, 'from the future')")
    with pytest.raises(DatabaseFormatError, match="has schema version 9999, this program knows up to"):
        Store.open(path)


def test_database_of_another_program_is_refused(tmp_path: Path) -> None:
    """Our rule: tables of others stay alone."""
    path = tmp_path / "other.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE theirs (a INTEGER)")
    with pytest.raises(DatabaseFormatError, match="tables of another program"):
        Store.open(path)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    """Our rule: the store makes files, not folders."""
    with pytest.raises(StoreError, match="does not exist; create it first"):
        Store.open(tmp_path / "nowhere" / "aura.duckdb")


def test_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    """Our rule: one clear line."""
    with pytest.raises(StoreError, match="database"):
        Store.open(tmp_path)


@pytest.mark.parametrize(
    "statement",
    ["SELECT * FROM read_csv('/etc/hosts')", "SET threads = 1", "SET enable_external_access = true", "ATTACH 'x.db'"],
)
def test_settings_and_files_are_sealed(statement: str) -> None:
    """notes/duckdb: external access off and the configuration locked once set up."""
    with Store.open(None) as store, pytest.raises(StoreError):
        store.database.rows(statement)


def test_failed_transaction_leaves_nothing() -> None:
    """Our rule: all of a transaction or nothing."""
    with Store.open(None) as store:
        with pytest.raises(StoreError):
            _write_and_fail(store)
        assert store.wallets.members() == {}
        store.database.rows("SELECT 1")


def test_closed_database_says_so_and_closes_twice() -> None:
    """Our rule: an error of ours, in one line."""
    store = Store.open(None)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="is closed"):
        store.database.rows("SELECT 1")


def test_threads_write_through_their_own_cursors() -> None:
    """notes/duckdb: a cursor for each thread, one writer at a time."""
    with Store.open(None) as store:

        def write(number: int) -> None:
            for step in range(20):
                with store.database.write() as cursor:
                    cursor.execute("INSERT INTO entity_member VALUES (?, 'e')", [f"{number}.{step}"])

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(store.wallets.members()) == 80


def test_work_larger_than_memory_spills_beside_the_database(tmp_path: Path) -> None:
    """Our rule: the sealed configuration still lets DuckDB use its own temporary folder."""
    with Store.open(tmp_path / "aura.duckdb", memory_limit_mb=64) as store, store.database.second_cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE big AS SELECT range AS a, md5(range::VARCHAR) AS b FROM range(2_000_000)")
        assert cursor.execute("SELECT count(DISTINCT b) FROM big").fetchall() == [(2_000_000,)]


def _limit(store: Store) -> str:
    ((value,),) = store.database.rows(LIMIT)
    return str(value)


def test_memory_is_given_back_after_heavy_work(tmp_path: Path) -> None:
    """Our rule: a hub that stays keeps little; what reads or writes much has all of the memory, and nests."""
    with Store.open(tmp_path / "aura.duckdb", memory_limit_mb=512, idle_limit_mb=100) as store:
        assert _limit(store) == "95.3 MiB"
        with store.database.heavy():
            with store.database.heavy():
                assert _limit(store) == "488.2 MiB"
            store.database.take_memory_back()
            assert _limit(store) == "488.2 MiB"
        store.database.take_memory_back()
        assert _limit(store) == "95.3 MiB"
        with pytest.raises(StoreError, match="locked"):
            store.database.rows("SET threads = 8")


def test_small_write_takes_little_memory(tmp_path: Path) -> None:
    """Our rule: what comes in live, every few seconds, does not let the hub grow."""
    with Store.open(tmp_path / "aura.duckdb", memory_limit_mb=512, idle_limit_mb=32) as store:
        with store.database.writing(), store.database.write():
            assert _limit(store) == "68.6 MiB", "what others read with stays theirs"
            with store.database.heavy():
                assert _limit(store) == "488.2 MiB"
                store.database.take_memory_back()
                assert _limit(store) == "488.2 MiB"
            store.database.take_memory_back()
            # The write goes on.
            assert _limit(store) == "68.6 MiB"
        store.database.take_memory_back()
        assert _limit(store) == "30.5 MiB"


def test_nobody_runs_out_of_memory_that_is_taken_back_from_others(tmp_path: Path) -> None:
    """Our rule: what heavy work left is let go when nobody works, and never below what a write was promised."""
    limits: list[str] = []

    def cursor() -> duckdb.DuckDBPyConnection:
        limits.append(root.execute(LIMIT).fetchall()[0][0])
        return root.cursor()

    with duckdb.connect(str(tmp_path / "any.duckdb"), config={"memory_limit": "30MB"}) as root:
        memory = Memory(cursor, most_mb=400, idle_mb=30)
        with memory.lent(40):
            with memory.lent():
                limits.clear()
            memory.take_back()
            assert [*limits, _limit_of(root)] == ["381.4 MiB", "66.7 MiB"]
            limits.clear()
        assert [*limits, _limit_of(root)] == ["66.7 MiB", "16.2 MiB", "66.7 MiB"]
        memory.take_back()
        assert _limit_of(root) == "28.6 MiB"
        memory.close()


def _limit_of(connection: duckdb.DuckDBPyConnection) -> str:
    return str(connection.execute(LIMIT).fetchall()[0][0])


def test_write_that_had_too_little_memory_has_all_of_it_the_next_time(tmp_path: Path) -> None:
    """Our rule: whoever tries again after one clear line gets through, however large the database has become."""
    with Store.open(tmp_path / "aura.duckdb", memory_limit_mb=1024, idle_limit_mb=32) as store:
        with pytest.raises(StoreError, match="Out of Memory"):
            _hunger(store)
        assert _hunger(store) == 1, "the next one has all of it"
        store.database.take_memory_back()
        assert _limit(store) == "30.5 MiB"


def test_transaction_after_one_that_could_not_be_rolled_back_goes_through(tmp_path: Path) -> None:
    """Our rule: one moment without memory is not the end of all writing."""
    with Store.open(tmp_path / "aura.duckdb") as store:
        short = _ShortOfMemory(store.database.cursor())
        with pytest.raises(StoreError, match="Out of Memory"), store.database.transaction(cast("Any", short)):
            _fail()
        with store.database.transaction(cast("Any", short)):
            pass
        assert short.statements == ["BEGIN", "ROLLBACK", "BEGIN", "ROLLBACK", "BEGIN", "COMMIT"]


def test_database_that_answers_nothing_any_more_is_named_with_the_fix() -> None:
    """Bad luck: one clear line says what to do."""
    with (
        pytest.raises(
            StoreError, match=r"^database x: DuckDB gave up \(\"disk full here\"\); free space and ask again[^\n]*$"
        ),
        translated("x"),
    ):
        raise duckdb.FatalException('FATAL Error: it has been invalidated\nOriginal error: "disk full\nhere"')


class _ShortOfMemory:
    """A cursor that cannot roll back the first time."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self.statements: list[str] = []

    def execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        statement = sql.split(maxsplit=1)[0]
        is_first = statement == "ROLLBACK" and statement not in self.statements
        self.statements.append(statement)
        if is_first:
            raise duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate data of size 2.0 KiB")
        return self._cursor.execute(sql)


def _hunger(store: Store) -> int:
    with store.database.write() as cursor:
        return len(cursor.execute(HUNGRY).fetchall())


def test_work_that_can_be_repeated_has_all_of_the_memory_when_some_is_not_enough(tmp_path: Path) -> None:
    """Our rule: a question about everything starts with some memory, and gives back what it had at once."""
    seen: list[str] = []

    def work() -> bool:
        seen.append(_limit(store))
        (found,) = store.database.cursor().execute(HUNGRY).fetchall()
        return bool(found[0])

    with Store.open(tmp_path / "aura.duckdb", memory_limit_mb=1024, idle_limit_mb=32) as store:
        assert store.database.repeatable(64, work)
        assert seen == ["91.5 MiB", "976.5 MiB"]
        assert _limit(store) == "30.5 MiB"
        with pytest.raises(ValueError, match="other"):
            store.database.repeatable(64, _fail)


def _fail() -> None:
    raise ValueError("other")


def test_question_that_needs_more_than_is_left_gets_all_of_it(tmp_path: Path) -> None:
    """Our rule: who asks does not hear of how little is kept between bookings."""
    with Store.open(tmp_path / "aura.duckdb", memory_limit_mb=1024, idle_limit_mb=32) as store:
        assert store.database.rows(HUNGRY) == [(True,)]


def test_log_is_written_into_the_file_only_where_there_is_room(tmp_path: Path) -> None:
    """Our rule: DuckDB answers nothing any more after a checkpoint that failed half-way."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted(disk, "size=40m") as is_mounted:
        if not is_mounted:
            missing("needs to mount a small disk")
        filling, log = disk / "filling", disk / "aura.duckdb.wal"
        filling.write_bytes(b"x" * 8_000_000)
        with Store.open(disk / "aura.duckdb") as store:
            stored = _write_until_full(store)
            large = log.stat().st_size
            assert store.database.rows("SELECT count(*) FROM entity_member") == [(stored * MUCH,)]
            filling.unlink()
            _write_much(store, stored)
            assert store.database.rows("SELECT count(*) FROM entity_member") == [((stored + 1) * MUCH,)]
        with Store.open(disk / "aura.duckdb") as store:
            assert store.database.rows("SELECT count(*) FROM entity_member") == [((stored + 1) * MUCH,)]
        assert large > 16_000_000


def test_log_does_not_grow_where_there_is_room(tmp_path: Path) -> None:
    """Our rule: what a start has to read again stays small."""
    log = tmp_path / "aura.duckdb.wal"
    with Store.open(tmp_path / "aura.duckdb") as store:
        sizes: list[int] = []
        for number in range(90):
            _write_much(store, number)
            sizes.append(log.stat().st_size if log.exists() else 0)
        assert max(sizes) < 9_000_000
        assert sizes[-1] < max(sizes)


def _write_much(store: Store, number: int) -> None:
    with store.database.write() as cursor:
        sql = "INSERT INTO entity_member SELECT ? || 'w' || i, md5(i::VARCHAR) || md5(i || 'x') FROM range(?) AS r(i)"
        cursor.execute(sql, [number, MUCH])


def _write_until_full(store: Store) -> int:
    for number in itertools.count():
        try:
            _write_much(store, number)
        except DiskFullError:
            return number
    raise AssertionError


def test_full_disk_is_one_clear_line_and_nothing_is_half_written(tmp_path: Path) -> None:
    """Spec: a full disk ends the import, whole batches stay. A limit on file sizes stands for the disk."""
    database, rows = tmp_path / "aura.duckdb", tmp_path / "rows.jsonl"
    rows.write_bytes(b"\n".join(_many_rows(60_000)))
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(database), str(rows)], check=False, capture_output=True, text=True
    )
    assert done.stdout == f"database {database}: the disk is full, nothing was half-written; free space and run again\n"
    with Store.open(database) as store:
        ((count,),) = store.database.rows("SELECT count(*) FROM leg")
        assert count % 20_000 == 0
        assert store.verification.verify().is_sound


def _write_and_fail(store: Store) -> None:
    with store.database.write() as cursor:
        cursor.execute("INSERT INTO entity_member VALUES ('a', 'b')")
        cursor.execute("SELECT * FROM no_such_table")


@contextmanager
def _held(path: Path) -> Generator[int]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "open\n"
        yield process.pid
        process.stdin.close()
        process.wait()


def _many_rows(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield row(tokens=f"{number + 1}.5", at=number)


def test_heavy_writing_has_all_of_the_memory(tmp_path: Path) -> None:
    """Our rule: what is left between bookings bounds what rests, not what is stored."""
    with Store.open(tmp_path / "aura.duckdb", memory_limit_mb=512, idle_limit_mb=32) as store:
        with store.database.heavy(), store.database.write() as cursor:
            ((length,),) = cursor.execute("SELECT len(list(range)) FROM range(8_000_000)").fetchall()
        assert length == 8_000_000


def test_questions_that_meet_at_the_limit_are_all_answered(tmp_path: Path) -> None:
    """Our rule: what is left between bookings may make a question slower, and fails none."""
    question = "SELECT len(list(md5(range::VARCHAR))) FROM range(300_000)"
    with (
        Store.open(tmp_path / "aura.duckdb", memory_limit_mb=1024, idle_limit_mb=32) as store,
        ThreadPoolExecutor(6) as threads,
    ):
        answers = list(threads.map(store.database.rows, [question] * 30))
        assert answers == [[(300_000,)]] * 30
