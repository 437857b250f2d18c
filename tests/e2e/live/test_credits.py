"""Credits: Helius brings the history of new wallets as exactly as the node, and no month's limit is ever exceeded."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import anyio
import pytest

from aura_mcp.live import Live
from aura_mcp.services.tracking.history import WORTH_IT
from data.clock import SystemClock
from data.providers.helius import PROVIDER
from data.providers.solana_rpc import PROVIDER as NODE
from data.store import Store
from data.store.usage import Usage
from data.store.wallets import Wallet
from tests.builders.transactions import SOL_UNIT, address
from tests.e2e.live._application import follow, settings_of
from tests.e2e.live._hub import SECRET, LiveHub, until
from tests.fakes.chain import Chain
from tests.fakes.faults import Fault
from tests.fakes.helius import HELIUS
from tests.fakes.stand import Stand, stand
from tests.fakes.trading import buy, open_pool
from tests.fakes.upstream import SOLANA
from tests.fakes.webhooks import Courier

HOUR_S: Final = 3_600
BOUND_S: Final = 30.0
PAGES: Final = 2
"""Calls for the history of a wallet."""
TRADES: Final = 110
A_CALL: Final = 100
"""Credits of a call for a hundred transactions."""
NAMES: Final = ("alice", "bob")
FACTS: Final = (
    "SELECT * EXCLUDE (batch_id) FROM effect ORDER BY ALL",
    "SELECT * EXCLUDE (batch_id) FROM leg ORDER BY ALL",
    "SELECT * EXCLUDE (batch_id) FROM account_balance ORDER BY ALL",
)
TROUBLE: Final = (
    (Fault.LIMITED, Fault.LIMITED_SECONDS, Fault.LIMITED_DATE, Fault.LIMITED_IN_BODY),
    (Fault.SERVER_ERROR, Fault.BAD_GATEWAY, Fault.UNAVAILABLE, Fault.RESET),
    (Fault.HTML_PAGE, Fault.EMPTY, Fault.HALF, Fault.NULL),
    (Fault.STALL, Fault.WRONG_TYPE),
    (Fault.DUPLICATED,),
    (Fault.OUT_OF_ORDER,),
)
"""What goes wrong in the history of one wallet after the other, and is mended within the attempts of a call."""

MONTH: Final = 1_000_000
ALMOST: Final = MONTH - 250
PUSHED: Final = 20


class Brought(NamedTuple):
    """What following brought, and how the provider in question is doing."""

    facts: list[list[tuple[Any, ...]]]
    spent: int
    last_error: str | None


@contextmanager
def traded(*names: str, trades: int = TRADES, has_paid_plan: bool = True) -> Generator[Stand]:
    """Give wallets that have traded, and the providers that know it."""
    chain = Chain(time=SystemClock().epoch_s() - HOUR_S)
    open_pool(chain, "MEME", lamports=10**15)
    for name in names:
        chain.fund(name)
    for number in range(trades):
        for name in names:
            buy(chain, name, "MEME", 1_000_000 + number, SOL_UNIT // 100)
        chain.advance()
    chain.finalize()
    with stand(chain, has_paid_plan=has_paid_plan) as everything:
        yield everything


def bring(everything: Stand, home: Path, names: Sequence[str] = NAMES, **settings: str) -> Brought:
    """Follow wallets with a key of Helius, one after the other, and return what came."""
    url = everything.upstream.url(HELIUS)
    helius = {"url": url, "rpc_url": url, "calls": "1000", "backoff_s": "0.01", "timeout_s": "2", **settings}
    variables = {f"AURA_HELIUS_{name.upper()}": value for name, value in helius.items()}

    async def work(live: Live) -> Brought:
        store = live.application.store
        for name in names:
            store.wallets.add([followed(name)])
            assert (await live.tracking.sweep()).is_complete
        assert store.verification.verify().is_sound
        health = live.application.providers.api(PROVIDER).health
        return Brought(
            [store.database.rows(facts) for facts in FACTS], health.credits_this_month or 0, health.last_error
        )

    key = {"HELIUS_API_KEY": everything.helius.key}
    return follow({**settings_of(everything, home), **key, **variables}, (), work)


def followed(name: str) -> Wallet:
    """Return a wallet to be followed."""
    return Wallet(address(name), name, "test", is_tracked=True, is_program_derived=False)


def plain(everything: Stand, home: Path, names: Sequence[str] = NAMES) -> list[list[tuple[Any, ...]]]:
    """Return the facts that the node alone brings."""
    brought = bring(everything, home, names, credit_limit="0")
    assert everything.upstream.count(provider=HELIUS) == 0
    everything.upstream.calls.clear()
    return brought.facts


def test_history_comes_from_helius_page_by_page_and_is_that_of_the_node(tmp_path: Path) -> None:
    """Issue: Helius for the history, where the plan has it; a hundred transactions for a hundred credits."""
    with traded(*NAMES) as everything:
        expected = plain(everything, tmp_path / "plain")
        brought = bring(everything, tmp_path / "home")
        assert brought.facts == expected
        assert everything.upstream.counts(HELIUS) == {"getTransactionsForAddress": PAGES * len(NAMES)}
        assert everything.upstream.count("getTransaction") == 0
        assert brought.spent == everything.helius.credits == PAGES * len(NAMES) * A_CALL


def test_a_plan_that_refuses_is_asked_once(tmp_path: Path) -> None:
    """Issue: where the plan has it; the free one does not, and the node brings everything."""
    with traded(*NAMES, has_paid_plan=False) as everything:
        expected = plain(everything, tmp_path / "plain")
        brought = bring(everything, tmp_path / "home")
        assert brought.facts == expected
        assert everything.upstream.counts(HELIUS) == {"getTransactionsForAddress": 1}
        assert everything.upstream.count("getTransaction") == TRADES * len(NAMES)
        assert brought.spent == everything.helius.credits == A_CALL
        assert "HTTP 403" in (brought.last_error or "")


def test_credits_that_are_used_up_leave_the_rest_to_the_node(tmp_path: Path) -> None:
    """Issue: credits are never exceeded, whichever process spent them, and the ledger is the same."""
    with traded(*NAMES) as everything:
        expected = plain(everything, tmp_path / "plain")
        # Enough for the first wallet and half of the second.
        brought = bring(everything, tmp_path / "home", credit_limit="399")
        assert brought.facts == expected
        assert brought.spent == everything.helius.credits == 3 * A_CALL
        assert "the 399 credits of this month are used up" in (brought.last_error or "")
        assert everything.upstream.count("getTransaction") == TRADES - A_CALL
        again = bring(everything, tmp_path / "home", [*NAMES, "carol"], credit_limit="399")
        assert again.spent == everything.helius.credits == 3 * A_CALL


def test_trouble_of_helius_changes_nothing_but_what_it_costs(tmp_path: Path) -> None:
    """Issue: 429 with and without headers, 5xx, half bodies, pages, timeouts; each attempt is paid for."""
    names = [f"wallet {number}" for number in range(len(TROUBLE))]
    with traded(*names, trades=WORTH_IT) as everything:
        expected = plain(everything, tmp_path / "plain", names)
        brought: list[Brought] = []
        for name, faults in zip(names, TROUBLE, strict=True):
            for fault in faults:
                everything.upstream.faults.plan(fault, provider=HELIUS)
            brought.append(bring(everything, tmp_path / "home", [name]))
            assert everything.upstream.count("getTransaction") == 0
        assert brought[-1].facts == expected
        assert everything.upstream.faults.counts == dict.fromkeys((fault for faults in TROUBLE for fault in faults), 1)
        assert brought[-1].spent == everything.upstream.count(provider=HELIUS) * A_CALL
        assert everything.helius.credits <= brought[-1].spent


def test_helius_in_trouble_for_long_is_left_alone(tmp_path: Path) -> None:
    """Our rule: after as many attempts as are set the node brings everything, and the next wallet does not ask."""
    with traded(*NAMES) as everything:
        expected = plain(everything, tmp_path / "plain")
        everything.upstream.faults.plan(Fault.BAD_GATEWAY, provider=HELIUS, times=99)
        brought = bring(everything, tmp_path / "home", attempts="3")
        assert brought.facts == expected
        assert everything.upstream.count(provider=HELIUS) == 3
        assert (brought.spent, everything.helius.credits) == (3 * A_CALL, 0)


def test_a_node_with_a_limit_is_asked_no_more_than_it_allows(tmp_path: Path) -> None:
    """Issue: every limit holds; what could not be asked is a problem of the sweep, and nothing is set aside."""
    with traded(*NAMES) as everything:

        async def work(live: Live) -> None:
            done = await live.tracking.refresh()
            assert not done.is_complete
            assert any("the 555 credits of this month are used up" in line for line in done.sweep.fetched.problems)
            assert done.sweep.fetched.quarantined == 0
            health = live.application.providers.api(NODE).health
            assert health.credits_this_month is not None
            assert 545 <= health.credits_this_month <= 555

        settings = {**settings_of(everything, tmp_path / "home"), "AURA_SOLANA_RPC_CREDIT_LIMIT": "555"}
        follow(settings, [address(name) for name in NAMES], work)
        costs = {"getTransaction": 10, "getSignaturesForAddress": 10}
        assert sum(costs.get(method, 1) * n for method, n in everything.upstream.counts(SOLANA).items()) <= 555


@pytest.mark.timeout(180)
def test_a_month_is_never_exceeded_by_calls_pushes_commands_and_crashes_together(tmp_path: Path) -> None:
    """Issue: Helius' free 1M a month: what its own books say never passes it, and nothing is missing in ours."""
    home, names = tmp_path / "home", ("alice", "bob", "carol")
    with traded(*names, trades=WORTH_IT) as everything:
        helius = everything.helius
        keys = {"helius_api_key": helius.key, "helius_calls": "1000", "solana_rpc_calls": "1000"}
        hub = LiveHub(home, everything, [address("alice"), address("bob")], **keys)
        spend_before(home, ALMOST)
        with hub:
            until(lambda: trades_of(hub) == 2 * WORTH_IT, BOUND_S)
            push(everything, hub, "alice")
            until(lambda: trades_of(hub) == 2 * WORTH_IT + PUSHED, BOUND_S)
            assert helius.credits == 2 * A_CALL + PUSHED
            assert state_of(hub)["credits_this_month"] == ALMOST + helius.credits
            assert "credits of this month are used up" in hub.refused("webhooks", "list")
            hub.kill()
            with Store.open(home / "aura.duckdb") as store:
                store.wallets.add([followed("carol")])
            hub.start()
            until(lambda: trades_of(hub) == 3 * WORTH_IT + PUSHED, BOUND_S)
            state = state_of(hub)
            assert (state["state"], state["credits_this_month"], state["credit_limit"]) == ("limited", MONTH, MONTH)
        assert helius.credits == 2 * A_CALL + PUSHED
        assert ALMOST + helius.credits <= MONTH


def spend_before(home: Path, amount: int) -> None:
    """Write down that so many credits were spent this month."""
    with Store.open(home / "aura.duckdb") as store:
        usage = Usage(store.database, SystemClock())
        assert anyio.run(usage.spend, HELIUS, amount, MONTH)
        usage.save()


def push(everything: Stand, hub: LiveHub, name: str) -> None:
    """Let somebody trade, and Helius push it."""
    webhook = {"webhookURL": hub.webhook_url, "authHeader": SECRET, "webhookType": "raw"}
    everything.helius.webhooks["a"] = {**webhook, "accountAddresses": [address(name)]}
    with Courier(everything.helius, everything.chain):
        for number in range(PUSHED):
            buy(everything.chain, name, "MEME", 5_000_000 + number, SOL_UNIT // 100)
            everything.chain.advance()


def trades_of(hub: LiveHub) -> int:
    """Return how many trades are booked."""
    return int(hub.call("query_sql", sql="SELECT count(*) FROM trade")["rows"][0][0])


def state_of(hub: LiveHub) -> dict[str, Any]:
    """Return how Helius is doing."""
    (found,) = (entry for entry in hub.call("system_status")["live"]["providers"] if entry["name"] == HELIUS)
    return dict(found)
