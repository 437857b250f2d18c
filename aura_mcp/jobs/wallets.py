"""Bring followed wallets up to date: what moved, gaps, and what became final."""

from typing import Final

from aura_mcp.jobs._outcomes import counts_of, failures_of
from aura_mcp.jobs._spec import JobSpec
from aura_mcp.live import Live
from aura_mcp.services.jobs import Outcome, Request
from aura_mcp.services.steps import Progress


async def run(live: Live, request: Request, progress: Progress) -> Outcome:
    """Do one whole cycle."""
    since_s = None if request.since is None else int(request.since.timestamp())
    done = await live.tracking.refresh(progress, since_s=since_s)
    sweep, repair, finality = done.sweep, done.repair, done.finality
    fetched = (sweep.fetched, repair.fetched)
    return Outcome(
        summary={
            "wallets": sweep.wallets,
            "asked": sweep.asked,
            "listed": sweep.listed + repair.listed,
            **counts_of(fetched),
            "finalized": finality.finalized,
            "reversed": finality.reversed,
            "open_gaps": repair.open,
        },
        failures=failures_of(fetched, sweep.problems, repair.problems, finality.problems),
    )


JOB: Final = JobSpec(name="wallets", title="Sweep of followed wallets", interval="wallets_interval_s", run=run)
