"""Bring what is followed up to date now: which jobs that takes, and what they have come to.

Not responsible for running them (`jobs`).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from aura_mcp.errors import AuraError
from aura_mcp.services.jobs import Cause, Jobs, Request, Run, RunState
from aura_mcp.services.questions import What
from engine.text import quote_text

JOBS: Final[Mapping[What, tuple[str, ...]]] = {
    What.WALLETS: ("wallets",),
    What.PRICES: ("prices",),
    What.ALL: ("wallets", "prices"),
}

MAX_DAYS: Final = 3_653

_AGE: Final = re.compile(r"([0-9]{1,6})([hdw])")
_UNITS_S: Final[Mapping[str, int]] = {"h": 3_600, "d": 86_400, "w": 604_800}
_FORMS: Final = "give an age such as 12h, 7d or 2w, or a time such as 2026-01-31"


async def start_refresh(jobs: Jobs, what: What, cause: Cause, since: str | None = None) -> list[Run]:
    """Start what is not running yet and return the runs, at once; `since` as in `parse_since`.

    Raises:
        AuraError: no jobs run in this process, or `since` means nothing; says why.
    """
    request = Request(since=None if since is None else parse_since(since, jobs.now()))
    return [await jobs.start(name, cause, request) for name in JOBS[what]]


def parse_since(text: str, now: datetime) -> datetime:
    """Return the moment that an age (12h, 7d, 2w) or a time (2026-01-31, in UTC where it names no zone) means.

    Raises:
        AuraError: it means neither, or nothing between ten years ago and now.
    """
    age = _AGE.fullmatch(text)
    try:
        if age is not None:
            moment = now - timedelta(seconds=int(age[1]) * _UNITS_S[age[2]])
        else:
            found = datetime.fromisoformat(text)
            moment = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise AuraError(f"since {quote_text(text)} is no moment; {_FORMS}") from error
    if not now - timedelta(days=MAX_DAYS) <= moment <= now:
        raise AuraError(f"since {quote_text(text)} is not within the last ten years; {_FORMS}")
    return moment


def is_complete(runs: Sequence[Run]) -> bool:
    """Return whether everything that could be fetched was."""
    return all(run.state is RunState.DONE and not run.failures for run in runs)


def run_document(run: Run) -> dict[str, Any]:
    """Return a run as results show it: `id` for its number, and nothing that is not known or over."""
    document: dict[str, Any] = {
        "id": run.number,
        "job": run.job,
        "state": run.state.value,
        "cause": run.cause.value,
        "started_at": run.started_at,
    }
    if run.finished_at is not None:
        document["finished_at"] = run.finished_at
    if run.is_running and run.step:
        document |= {"step": run.step, "done": run.done, "total": run.total}
    if run.summary:
        document["summary"] = msgspec.to_builtins(run.summary)
    if run.failures:
        document["failures"] = list(run.failures)
    return document
