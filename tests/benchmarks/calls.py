"""Measure a sweep of 174 busy wallets at the public node's limits against the time that the call plan takes at least.

The node is here and enforces the limits: 40 calls of a method in 10 s, 100 in all. The floor is what nobody could
beat: with n calls of a method, the last one leaves when its window begins.
Not responsible for asserting: the suite counts calls, times are printed.
"""

import math
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Final

from aura_mcp.live import Live
from tests.builders.transactions import address
from tests.e2e.live._application import follow, settings_of
from tests.e2e.live.test_call_plan import TRADES, WALLETS, trade, traded
from tests.fakes.limits import Rule
from tests.fakes.stand import Stand

EACH: Final = Rule(40, 10.0)
TOGETHER: Final = 100


def measure() -> dict[str, float]:
    """Return seconds of a quiet and a busy sweep, their calls, and the ratios to the plan."""
    with tempfile.TemporaryDirectory() as folder, traded(EACH) as everything:
        settings = settings_of(everything, Path(folder) / "home", EACH)
        return follow(settings, [address(wallet) for wallet in WALLETS], lambda live: _measure(live, everything))


async def _measure(live: Live, everything: Stand) -> dict[str, float]:
    upstream = everything.upstream
    await live.tracking.sweep()
    upstream.calls.clear()
    quiet_s = await _timed(live)
    quiet_calls = len(upstream.calls)
    trade(everything.chain, TRADES)
    upstream.calls.clear()
    busy_s = await _timed(live)
    counts = upstream.counts()
    planned = quiet_calls + len(WALLETS) + TRADES * len(WALLETS)
    floor_s = max(_floor_s(max(counts.values()), EACH.calls), _floor_s(sum(counts.values()), TOGETHER))
    return {
        "quiet_calls": quiet_calls,
        "quiet_s": quiet_s,
        "busy_calls": len(upstream.calls),
        "busy_calls_to_plan_ratio": len(upstream.calls) / planned,
        "busy_s": busy_s,
        "busy_floor_s": floor_s,
        "busy_to_floor_ratio": busy_s / floor_s,
        "answers_429": upstream.count(status=429),
    }


async def _timed(live: Live) -> float:
    began = perf_counter()
    done = await live.tracking.sweep()
    if not done.is_complete:
        raise RuntimeError(f"the sweep is not complete: {done.problems or done.fetched.problems}")
    return perf_counter() - began


def _floor_s(calls: int, in_a_window: int) -> float:
    return (math.ceil(calls / in_a_window) - 1) * EACH.period_s
