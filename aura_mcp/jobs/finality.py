"""Ask what became of transactions that were only confirmed: final, moved, or taken back."""

from typing import Final

import msgspec

from aura_mcp.jobs._spec import JobSpec
from aura_mcp.live import Live
from aura_mcp.services.jobs import Outcome, Request
from aura_mcp.services.steps import Progress


async def run(live: Live, _request: Request, _progress: Progress) -> Outcome:
    """Ask once."""
    done = await live.tracking.advance_finality()
    summary = msgspec.to_builtins(done)
    return Outcome(summary=summary, failures=tuple(summary.pop("problems")))


JOB: Final = JobSpec(name="finality", title="Finality of trades", interval="finality_interval_s", run=run)
