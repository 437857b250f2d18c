"""Work that never ends goes on after it failed: at once after a mishap, patiently where it fails again and again."""

import anyio
import pytest

from aura_mcp.errors import AuraError
from aura_mcp.services.keeping import RETRY_S, keep_going

TRIES = 9


class _EnoughError(Exception):
    pass


def test_work_is_tried_again_soon_and_less_often_as_it_goes_on_failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: one mishap costs a moment, a lasting one costs no log file; what went well in between counts."""
    waits: list[float] = []
    now_s = 0.0

    async def sleep(wait_s: float) -> None:
        waits.append(wait_s)
        if len(waits) == TRIES:
            raise _EnoughError

    async def work() -> None:
        nonlocal now_s
        if len(waits) == TRIES - 1:
            now_s += 2 * RETRY_S
        raise AuraError("no luck")

    monkeypatch.setattr("aura_mcp.services.keeping.anyio.sleep", sleep)
    monkeypatch.setattr("aura_mcp.services.keeping.anyio.current_time", lambda: now_s)
    with pytest.raises(_EnoughError):
        anyio.run(keep_going, "work", work)
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 0.1]
