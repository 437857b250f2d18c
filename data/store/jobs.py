"""Remember the runs of jobs: when, why, with what result.

Not responsible for running them (`aura_mcp.services.jobs`).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from data.store.connection import Database

KEPT: Final = 1_000
"""Runs that are kept: the newest."""

_FINISH: Final = "UPDATE job_run SET state = ?, finished_at = ?, summary = ?, failures = ? WHERE number = ?"
_LATEST: Final = "FROM job_run WHERE number IN (SELECT max(number) FROM job_run WHERE number < ? GROUP BY job)"
_NO_END: Final = 2**63 - 1


class StoredRun(NamedTuple):
    """One run; times in epoch seconds, `summary` a JSON object, `failures` a JSON array of lines."""

    number: int
    job: str
    cause: str
    state: str
    started_at: int
    finished_at: int | None
    summary: str
    failures: str


class JobRuns:
    """The table of runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, job: str, cause: str, started_at: int) -> int:
        """Remember that a run has begun and return its number."""
        with self._database.write() as cursor:
            cursor.execute("UPDATE meta SET value = value + 1 WHERE key = 'last_run'")
            number = int(cursor.execute("SELECT value FROM meta WHERE key = 'last_run'").fetchall()[0][0])
            row = [number, job, cause, "running", started_at, None, "{}", "[]"]
            cursor.execute("INSERT INTO job_run VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            cursor.execute("DELETE FROM job_run WHERE number <= ?", [number - KEPT])
        return number

    def finish(self, number: int, state: str, finished_at: int, *, summary: str, failures: str) -> None:
        """Remember how a run ended."""
        with self._database.write() as cursor:
            cursor.execute(_FINISH, [state, finished_at, summary, failures, number])

    def interrupt(self) -> None:
        """Mark the runs that a process which is gone left running."""
        if self._database.rows("SELECT 1 FROM job_run WHERE state = 'running' LIMIT 1"):
            with self._database.write() as cursor:
                cursor.execute("UPDATE job_run SET state = 'interrupted' WHERE state = 'running'")

    def find(self, number: int) -> StoredRun | None:
        """Return a run, None when there is none of that number, or none any more."""
        found = self._rows("FROM job_run WHERE number = ?", [number])
        return found[0] if found else None

    def newest(self, limit: int) -> list[StoredRun]:
        """Return the newest runs, newest first."""
        return self._rows("FROM job_run ORDER BY number DESC LIMIT ?", [limit])

    def latest_of_each(self, before: int = _NO_END) -> dict[str, StoredRun]:
        """Return the newest run of every job that ever ran, or of those before a run."""
        return {run.job: run for run in self._rows(_LATEST, [before])}

    def _rows(self, sql: str, parameters: Sequence[object] = ()) -> list[StoredRun]:
        return [StoredRun._make(row) for row in self._database.rows(sql, parameters)]
