"""Compare what followed wallets hold on the chain with their facts, a few wallets at a time."""

from typing import Final

from aura_mcp.jobs._outcomes import counts_of, failures_of
from aura_mcp.jobs._spec import JobSpec
from aura_mcp.live import Live
from aura_mcp.services.jobs import Outcome, Request
from aura_mcp.services.steps import Progress


async def run(live: Live, _request: Request, progress: Progress) -> Outcome:
    """Compare the wallets whose turn it is."""
    done = await live.tracking.reconcile(progress=progress)
    return Outcome(
        summary={
            "wallets": done.wallets,
            "accounts": done.accounts,
            "drifting": done.drifting,
            "unexplained": done.unexplained,
            **counts_of((done.fetched,)),
        },
        failures=failures_of((done.fetched,), done.problems),
    )


JOB: Final = JobSpec(name="reconcile", title="Comparison with the chain", interval="reconcile_interval_s", run=run)
