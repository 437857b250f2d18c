"""History of new wallets through Helius: fewer calls, the same facts, and the node where it fails."""

import pytest

from aura_mcp.services.tracking import Tracking, TrackingConfig
from aura_mcp.services.tracking.history import AGAIN_S, PAGE
from data.errors import ProviderError
from data.providers.helius import TransactionsPage
from engine.units import Address
from tests.aura_mcp.services.tracking._following import Following, follow, following, run
from tests.builders.transactions import SOL_UNIT
from tests.fakes.chain import Chain
from tests.fakes.trading import buy, send_sol

TRADES = 130
MONTH_S = 31 * 86_400
ROWS = (
    "SELECT * EXCLUDE (batch_id) FROM effect ORDER BY ALL",
    "SELECT * EXCLUDE (batch_id) FROM leg ORDER BY ALL",
    "SELECT * EXCLUDE (batch_id) FROM account_balance ORDER BY ALL",
)


class Teller:
    """Tells whole transactions of the chain in pages, oldest first; fails as it is told to."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.calls = 0
        self.failure: ProviderError | None = None

    async def transactions_of(
        self, address: Address, *, token: str | None = None, min_slot: int | None = None
    ) -> TransactionsPage:
        """Return a page."""
        self.calls += 1
        if self.failure is not None:
            raise self.failure
        found = self.chain.signatures(address, slot=self.chain.finalized_slot, limit=1_000_000)[::-1]
        found = [done for done in found if done.slot >= (min_slot or 0)]
        start = int(token or 0)
        end = start + PAGE
        return TransactionsPage([done.json for done in found[start:end]], str(end) if end < len(found) else None)


def lived(f: Following, name: str = "ann") -> None:
    """Let somebody trade."""
    for number in range(TRADES):
        buy(f.chain, name, "BONK", 1_000 + number, SOL_UNIT // 100)
        f.chain.advance(1)
    f.chain.finalize()


def followed(f: Following, teller: Teller | None) -> Tracking:
    """Return a following that asks a teller first."""
    return Tracking(f.store, f.node, f.clock, TrackingConfig(backfill_days=90), teller=teller)


def test_history_comes_a_hundred_a_call_and_is_the_same() -> None:
    """Issue: Helius for the history; exactness is that of the node."""
    with following("ann") as plain, following("ann") as f:
        lived(plain)
        lived(f)
        run(plain.tracking.sweep())
        teller = Teller(f.chain)
        assert run(followed(f, teller).sweep()).fetched.new == TRADES
        assert (teller.calls, f.node.calls["getTransaction"]) == (2, 0)
        for rows in ROWS:
            assert f.rows(rows) == plain.rows(rows)
        assert f.store.verification.verify().is_sound


def test_few_transactions_are_not_worth_the_credits() -> None:
    """Our rule: a call for a hundred costs as much for one."""
    with following("ann") as f:
        f.chain.fund("eve")
        send_sol(f.chain, "eve", "ann", SOL_UNIT)
        f.chain.finalize()
        teller = Teller(f.chain)
        assert run(followed(f, teller).sweep()).fetched.new == 1
        assert (teller.calls, f.node.calls["getTransaction"]) == (0, 1)


@pytest.mark.parametrize(
    ("retryable", "later_s", "calls"), [(False, AGAIN_S, 0), (False, MONTH_S, 2), (True, AGAIN_S, 2)]
)
def test_node_tells_what_helius_does_not(retryable: bool, later_s: int, calls: int) -> None:  # noqa: FBT001 - a case
    """Our rule: who refuses is asked again next month, who is in trouble after some minutes; nothing is lost."""
    with following("ann") as f:
        f.chain.fund("bob")
        lived(f)
        lived(f, "bob")
        teller = Teller(f.chain)
        teller.failure = ProviderError("no", provider="helius", retryable=retryable)
        tracking = followed(f, teller)
        assert run(tracking.sweep()).fetched.new == TRADES
        assert teller.calls == 1
        teller.failure = None
        f.clock.ahead_s += later_s
        follow(f.store, "bob")
        assert run(tracking.sweep()).fetched.new == TRADES
        assert teller.calls == 1 + calls
