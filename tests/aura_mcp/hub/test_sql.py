"""SQL of strangers at the real hub: whatever a query does, its session, the hub and the database go on."""

import re
import sys
from pathlib import Path
from typing import Final

import pytest

from aura_mcp.bridge import Places
from tests.aura_mcp.hub.processes import bridge, environment_of, events_of, info_of

QUERIES: Final = {
    "writes": ("INSERT INTO wallet VALUES ('a', 'b', 'c', true, false)", "exactly one SELECT"),
    "attaches": ("ATTACH 'other.db'", "exactly one SELECT"),
    "writes a file": ("COPY (SELECT 1) TO 'x.csv'", "exactly one SELECT"),
    "exports": ("EXPORT DATABASE 'x'", "exactly one SELECT"),
    "sets": ("SET memory_limit = '64GB'", "exactly one SELECT"),
    "loads": ("LOAD httpfs", "exactly one SELECT"),
    "pragma": ("PRAGMA database_list", "exactly one SELECT"),
    "reads a file": ("SELECT * FROM read_text('/etc/passwd')", "not available"),
    "reads the environment": ("SELECT getenv('HOME')", "not available"),
    "two statements": ("SELECT 1; DROP TABLE leg", "exactly one SELECT"),
    "a value that doubles": (
        "WITH RECURSIVE t AS (SELECT 'xxxxxx' AS s UNION ALL SELECT s || s FROM t) SELECT max(length(s)) FROM t",
        "needs more memory|took longer",
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process")
def test_hub_outlives_every_query(places: Places) -> None:
    """Spec: bad SQL is a ToolError and the hub stays healthy: same process, same session, nothing written."""
    with bridge(environment_of(Path(places.home), memory_limit_mb="256")) as talk:
        talk.greet().call("first", "query_sql", sql="SELECT count(*) FROM wallet")
        first = talk.receive()["result"]["structuredContent"]["rows"]
        pid = info_of(places).pid
        for name, (sql, says) in QUERIES.items():
            result = talk.call(name, "query_sql", sql=sql).receive()["result"]
            assert result["isError"], name
            assert re.search(says, result["content"][0]["text"]), name
            again = talk.call("again", "query_sql", sql="SELECT count(*) FROM wallet").receive()["result"]
            assert again["structuredContent"]["rows"] == first, name
        assert info_of(places).pid == pid
        found = talk.call("status", "system_status").receive()["result"]
        assert found["structuredContent"]["hub"]["sessions"] == 1
    assert events_of(places) == ["hub_started"]
    assert {path.suffix for path in Path(places.home).iterdir()} <= {"", ".duckdb", ".wal"}
