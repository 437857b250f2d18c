"""Bring prices of what followed wallets hold, and candles of SOL, up to date."""

from typing import Final

import msgspec

from aura_mcp.jobs._spec import JobSpec
from aura_mcp.live import Live
from aura_mcp.services.jobs import Outcome, Request
from aura_mcp.services.steps import Progress


async def run(live: Live, _request: Request, progress: Progress) -> Outcome:
    """Ask for what is due."""
    done = await live.application.prices.refresh(progress)
    summary = msgspec.to_builtins(done)
    del summary["failures"]
    return Outcome(summary=summary, failures=done.failures)


JOB: Final = JobSpec(name="prices", title="Prices of what is held", interval="prices_interval_s", run=run)
