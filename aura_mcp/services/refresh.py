"""Bring what is followed up to date now: which jobs that takes, and what they have come to.

Not responsible for running them (`jobs`).
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from aura_mcp.services.jobs import Cause, Jobs, Request, Run, RunState


class What(StrEnum):
    """What can be brought up to date."""

    WALLETS = "wallets"
    PRICES = "prices"
    ALL = "all"


JOBS: Final[Mapping[What, tuple[str, ...]]] = {
    What.WALLETS: ("wallets",),
    What.PRICES: ("prices",),
    What.ALL: ("wallets", "prices"),
}


async def start_refresh(jobs: Jobs, what: What, cause: Cause, request: Request) -> list[Run]:
    """Start what is not running yet and return the runs, at once.

    Raises:
        AuraError: no jobs run in this process; says why.
    """
    return [await jobs.start(name, cause, request) for name in JOBS[what]]


def is_complete(runs: Sequence[Run]) -> bool:
    """Return whether everything that could be fetched was."""
    return all(run.state is RunState.DONE and not run.failures for run in runs)
