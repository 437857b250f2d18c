"""SQL of strangers: what may run, what is refused before it runs, and what stops it."""

# A query reads best on one line.
# ruff: noqa: E501

from collections.abc import Generator
from pathlib import Path

import pytest

from data.store import Store
from data.store.sandbox import CELL_CHARS, QueryError, QueryResult, Sandbox

RELATIONS = ("candle", "realized_pnl", "trade", "wallet")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Generator[Store]:
    """Return an empty store in a file: what is refused there needs no facts."""
    with Store.open(tmp_path_factory.mktemp("sandbox") / "x.duckdb") as found:
        yield found


def run(store: Store, sql: str, *, rows: int = 5, timeout_s: float = 5.0) -> QueryResult:
    """Run a query in a sandbox over a few relations."""
    return Sandbox(store.database, RELATIONS).run(sql, max_rows=rows, timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT 1 AS a", (("1",),)),
        ("FROM wallet", ()),
        ("VALUES (1), (2)", (("1",), ("2",))),
        ("SELECT 1; -- the end", (("1",),)),
        ("/* first */ SELECT 'a;b'", (("a;b",),)),
        ("WITH t AS (SELECT 1 AS a) SELECT a FROM t", (("1",),)),
        ("WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t WHERE a < 3) SELECT sum(a) FROM t", (("6",),)),
        ("SELECT n FROM range(3) AS r(n) ORDER BY n DESC", (("2",), ("1",), ("0",))),
        ("SELECT * FROM unnest([1, 2])", (("1",), ("2",))),
        ("SELECT 1 AS a, 2 AS a", (("1", "2"),)),
        ("SELECT count(*) FROM trade AS t JOIN realized_pnl AS r ON r.mint = t.mint", (("0",),)),
        ("SELECT NULL, true, [1, 2], {'a': 1}, DATE '2026-01-01', 1.50", ((None, "true", "[1, 2]", "{'a': 1}", "2026-01-01", "1.50"),)),
        ("SELECT 170141183460469231731687303715884105727::HUGEINT", (("170141183460469231731687303715884105727",),)),
        ("SELECT 2 - 1 * 3 - 4 / 2 % 3, NOT true OR true, -2 ** 2", (("-3.0", "true", "4.0"),)),
        ("SELECT CASE WHEN 1 IN (SELECT 1) THEN 'in' END", (("in",),)),
        ("SELECT sum(n) FILTER (n > 1) OVER (ORDER BY n) FROM range(3) AS r(n) QUALIFY row_number() OVER () = 3", (("2",),)),
        ("SELECT 'it''s' || chr(10) || '\"quoted\"'", (("it's\n\"quoted\"",),)),
    ],
)  # fmt: skip
def test_select_runs_as_it_reads(store: Store, sql: str, rows: tuple[tuple[str | None, ...], ...]) -> None:
    """Our rule: what is checked is what runs, and it means what was written."""
    direct = store.database.rows(sql)
    found = run(store, sql)
    assert found.rows == rows
    assert len(direct) == len(rows)
    assert not found.has_more


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "SELECT 1; SELECT 2",
        "INSERT INTO wallet VALUES ('a', 'b', 'c', true, false)",
        "UPDATE wallet SET nickname = 'x'",
        "DELETE FROM wallet",
        "CREATE TABLE x (a INT)",
        "CREATE VIEW v AS SELECT 1",
        "DROP TABLE wallet",
        "ALTER TABLE wallet ADD COLUMN x INT",
        "TRUNCATE wallet",
        "ATTACH 'x.db'",
        "COPY wallet TO 'x.csv'",
        "EXPORT DATABASE 'x'",
        "IMPORT DATABASE 'x'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET threads = 1",
        "RESET threads",
        "PRAGMA version",
        "CALL pragma_version()",
        "BEGIN",
        "CHECKPOINT",
        "VACUUM",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "USE main",
        "DESCRIBE wallet",
        "SUMMARIZE wallet",
        "SHOW TABLES",
        "SELECT $1",
        "SELECT ?",
        "SELECT * FROM meta",
        "SELECT * FROM main.wallet",
        "SELECT * FROM memory.main.wallet",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM duckdb_tables",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM pragma_database_list()",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM parquet_scan('x')",
        "SELECT * FROM glob('*')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM 'https://example.org/x.csv'",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM query_table('meta')",
        "SELECT * FROM test_all_types()",
        "SELECT getenv('HOME')",
        "SELECT current_setting('memory_limit')",
        "SELECT list_transform([1], lambda x: getenv('HOME'))",
        "SELECT (SELECT max(value) FROM meta)",
        "SELECT * FROM wallet WHERE address IN (FROM meta SELECT key)",
        "SELECT * FROM wallet UNION ALL SELECT * FROM refold",
        "WITH t AS (SELECT * FROM meta) SELECT * FROM t",
        "WITH meta AS (SELECT 1 AS value) SELECT * FROM meta",
        "SELECT * FROM meta WHERE 1 IN (WITH meta AS (SELECT 1) SELECT * FROM meta)",
        "SELECT * FROM range(2) AS r(n), LATERAL (SELECT * FROM meta)",
        "SELECT repeat('x', 4000000000)",
        "SELECT rpad('x', 4000000000, 'y')",
        "SELECT list_sum(range(0, 2000000000))",
        "SELECT * FROM unnest(generate_series(1, 2000000000))",
        "SELECT n FROM range(2) AS r(n) WHERE length(Repeat(n::VARCHAR, 4000000000)) > 0",
        "SELECT nothing FROM wallet",
        "SELECT",
        "SELECT " + "abs(" * 900 + "1" + ")" * 900,
        "SELECT 1" + " " * 10_000,
    ],
)
def test_anything_else_is_refused(store: Store, sql: str) -> None:
    """Spec: notes/duckdb.md: one parsed SELECT; no files, no settings, no extensions, no other relations."""
    with pytest.raises(QueryError) as caught:
        run(store, sql)
    assert "\n" not in str(caught.value)
    assert store.database.rows("SELECT count(*) FROM wallet") == [(0,)]


def test_rows_and_cells_are_capped(store: Store) -> None:
    """Our rule: neither many rows nor one huge cell leaves the database."""
    found = run(store, "SELECT n, string_agg('x') OVER () AS long FROM range(1000) AS r(n)", rows=3)
    assert found.columns == ("n", "long")
    assert found.types == ("BIGINT", "VARCHAR")
    assert found.rows == tuple((str(n), ("x," * CELL_CHARS)[:CELL_CHARS]) for n in range(3))
    assert found.has_more


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM range(100000000000)",
        "WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t) SELECT count(*) FROM t",
        "SELECT max(hash(a.range, b.range)) FROM range(1000000) AS a, range(1000000) AS b",
    ],
)
def test_long_query_is_interrupted(store: Store, sql: str) -> None:
    """Spec: notes/duckdb.md: a time cap with interrupt; the next query is not hit by it."""
    with pytest.raises(QueryError, match=r"took longer than 0\.2 s and was stopped"):
        run(store, sql, timeout_s=0.2)
    assert run(store, "SELECT 1").rows == (("1",),)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT length(string_agg(n::VARCHAR || 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')) FROM range(1000000000) AS r(n)",
        "SELECT count(DISTINCT (a.range, b.range)) FROM range(100000) AS a, range(100000) AS b",
    ],
)  # fmt: skip
def test_query_has_no_more_memory_than_it_may_use(tmp_path: Path, sql: str) -> None:
    """Our rule: a query that needs more says so, or is stopped while it spills; the next one runs."""
    with Store.open(tmp_path / "x.duckdb", memory_limit_mb=128) as small:
        with pytest.raises(QueryError, match=r"needs more memory than it may use|took longer than 1 s"):
            run(small, sql, timeout_s=1.0)
        assert run(small, "SELECT 1").rows == (("1",),)


def test_sandbox_names_columns_of_its_relations(store: Store, tmp_path: Path) -> None:
    """Our rule: what may be asked is documented from the database itself."""
    assert not list(tmp_path.iterdir())
    columns = dict(Sandbox(store.database, RELATIONS).describe("wallet"))
    assert columns["address"] == "VARCHAR"
    assert columns["is_tracked"] == "BOOLEAN"
