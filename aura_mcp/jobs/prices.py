"""Bring prices of what followed wallets hold, and those of SOL, up to date."""

from typing import Final

from aura_mcp.jobs._spec import JobSpec
from aura_mcp.live import Live
from aura_mcp.services.jobs import Outcome, Request
from aura_mcp.services.steps import Progress


async def run(live: Live, _request: Request, progress: Progress) -> Outcome:
    """Do one refresh."""
    done = await live.application.prices.refresh(progress)
    return Outcome(
        summary={
            "held": done.held,
            "asked": done.asked,
            "priced": done.priced,
            "unpriced": done.unpriced,
            "quotes": done.quotes,
            "names": done.names,
            "candles": done.candles,
            "sources": dict(done.sources),
            "notes": list(done.notes),
        },
        failures=done.failures,
    )


JOB: Final = JobSpec(name="prices", title="Prices of what is held", interval="prices_interval_s", run=run)
