"""The call plan of `docs.md`: what a sweep of 174 wallets costs, and that a node that counts never has to refuse."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from aura_mcp.live import Live
from data.clock import SystemClock
from tests.builders.transactions import SOL_UNIT, address
from tests.e2e.live._application import follow, settings_of
from tests.fakes.chain import Chain
from tests.fakes.limits import Limits, Rule
from tests.fakes.stand import Stand, stand
from tests.fakes.trading import buy, open_pool
from tests.fakes.upstream import SOLANA

WALLETS: Final = [f"wallet {number}" for number in range(174)]
EACH: Final = Rule(40, 1.0)
"""The public node's limits in a tenth of its time."""
HOUR_S: Final = 3_600
QUIET_CALLS: Final = 6
TRADES: Final = 2


@contextmanager
def traded(each: Rule = EACH) -> Generator[Stand]:
    """Give a node with the public node's limits, `each` of a method, and wallets that have traded before."""
    chain = Chain(time=SystemClock().epoch_s() - HOUR_S)
    open_pool(chain, "MEME", lamports=10**15)
    for wallet in WALLETS:
        chain.fund(wallet)
    trade(chain, 1)
    limits = {SOLANA: Limits(total=Rule(100, each.period_s), each=each)}
    with stand(chain, limits=limits) as everything:
        yield everything


def trade(chain: Chain, times: int) -> None:
    """Let every wallet buy so often, finally."""
    for number in range(times):
        for wallet in WALLETS:
            buy(chain, wallet, "MEME", 1_000_000 + number, SOL_UNIT // 100)
        chain.advance()
    chain.finalize()


@pytest.mark.timeout(180)
def test_sweeps_keep_to_the_call_plan_and_are_never_refused(tmp_path: Path) -> None:
    """Spec: ≤ 6 calls for 174 quiet wallets; ≤ 1.05 × the planned calls for busy ones, and no answer of 429."""
    with traded() as everything:
        upstream = everything.upstream

        async def work(live: Live) -> None:
            first = await live.tracking.sweep()
            assert (first.is_complete, first.fetched.new) == (True, len(WALLETS))
            upstream.calls.clear()
            quiet = await live.tracking.sweep()
            assert (quiet.is_complete, quiet.listed) == (True, 0)
            assert len(upstream.calls) <= QUIET_CALLS, upstream.counts()
            trade(everything.chain, TRADES)
            upstream.calls.clear()
            busy = await live.tracking.sweep()
            assert (busy.is_complete, busy.fetched.new) == (True, TRADES * len(WALLETS))
            planned = QUIET_CALLS + len(WALLETS) + TRADES * len(WALLETS)
            assert len(upstream.calls) <= 1.05 * planned, upstream.counts()

        settings = settings_of(everything, tmp_path / "home", EACH)
        follow(settings, [address(wallet) for wallet in WALLETS], work)
        assert upstream.count(status=429) == 0
