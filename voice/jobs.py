"""Tell when a job is over that a tool has started and that went on after the answer.

Not responsible for what a job does; its line claims no figures.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from voice.tools import Desk

STATUS: Final = "job_status"
WAIT_S: Final = 50
"""How long the hub may hold a question back until the job is over."""

_RUNNING: Final = "running"


def runs_in(data: object) -> list[Mapping[str, Any]]:
    """Return the runs of jobs that a result lists, each with `id`, `job` and `state`."""
    runs: object = cast("Mapping[str, object]", data).get("runs") if isinstance(data, Mapping) else None
    if not isinstance(runs, Sequence) or isinstance(runs, str):
        return []
    rows = [cast("Mapping[str, Any]", row) for row in cast("Sequence[object]", runs) if isinstance(row, Mapping)]
    return [row for row in rows if isinstance(row.get("id"), int) and isinstance(row.get("job"), str)]


def under_way(data: object) -> list[int]:
    """Return the numbers of the runs in a result that are not over."""
    return [run["id"] for run in runs_in(data) if run.get("state") == _RUNNING]


async def end_of(desk: Desk, numbers: Sequence[int]) -> str | None:
    """Wait until all runs are over and return the line that tells so; None where nobody can say any more."""
    ended: list[Mapping[str, Any]] = []
    for number in numbers:
        while True:
            result = await desk.call(STATUS, {"id": number, "wait_s": WAIT_S})
            runs = runs_in(result.data)
            if result.is_error or not runs:
                return None
            if runs[0].get("state") != _RUNNING:
                ended.append(runs[0])
                break
    return told(ended)


def told(runs: Sequence[Mapping[str, Any]]) -> str:
    """Return the line for runs that are over.

    >>> told([{"job": "wallets", "state": "done"}, {"job": "prices", "state": "done"}])
    'The wallets and prices jobs are done.'
    """
    failed = [str(run["job"]) for run in runs if run.get("state") == "failed"]
    done = [str(run["job"]) for run in runs if run.get("state") != "failed"]
    lines = [f"The {_jobs(done)} done."] if done else []
    lines += [f"The {_jobs(failed).rpartition(' ')[0]} failed; ask me for the reason."] if failed else []
    return " ".join(lines)


def _jobs(names: Sequence[str]) -> str:
    return f"{' and '.join(names)} {'job is' if len(names) == 1 else 'jobs are'}"
