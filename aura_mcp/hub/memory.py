"""Bound what this process may take from the machine, and how often it looks for garbage.

The database keeps its own buffers within its limit; what it takes beside them, for one huge value of a query, it takes
from the system without a limit, and the system ends whoever asks for too much: the hub, with everybody's sessions.
"""

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

HEADROOM_MB: Final = 1024
"""What a hub may take beside the database's memory: code, sessions, frames, threads."""

_COLLECT_AFTER: Final = (25_000, 20, 20)


@contextmanager
def calm_collector() -> Generator[None]:
    """Look for cycles of objects seldom within the block, and not among those that are there already: they stay.

    The rows behind one answer are tens of thousands of tuples without cycles. By default each answer would have all
    objects of the process looked through, for longer than it takes to compute it.
    """
    gc.collect()
    gc.freeze()
    before = gc.get_threshold()
    gc.set_threshold(*_COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        # Libraries complain at the exit of the process about what was never let go.
        gc.unfreeze()


def bound_memory(database_mb: int) -> None:
    """Let an allocation beyond the database's memory and HEADROOM_MB fail, as an error of the call that wanted it.

    Only Linux counts what a process really may write to; elsewhere nothing happens. A lower bound is kept.
    """
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - Windows has none

    wanted = (database_mb + HEADROOM_MB) << 20
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bounds = [limit for limit in (wanted, soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(bounds), hard))
