"""No gap, no double: whatever goes wrong between the chain and the hub, both end with the same facts and ledger."""

import random
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from aura_mcp.live import Live
from data.clock import SystemClock
from tests.e2e.live._application import follow, settings_of
from tests.e2e.live._hub import SECRET, LiveHub, until
from tests.fakes.chain import Chain
from tests.fakes.faults import ROUGH, Faults
from tests.fakes.limits import UNLIMITED, Limits, Rule
from tests.fakes.script import Script, Shares
from tests.fakes.stand import Stand, stand
from tests.fakes.webhooks import Courier

HOUR_S: Final = 3_600
OK: Final = 200
MOST_CYCLES: Final = 10
"""Whole cycles until an undisturbed life is known: what names no wallet is found by comparing."""
FAULTS: Final = {"solana_rpc_attempts": "4", "solana_rpc_patience_s": "3"}


@dataclass(frozen=True, kw_only=True)
class Life:
    """How much happens, and how often the hub is killed; a round of so many slots lasts about `round_s` here."""

    wallets: int
    before: int
    rounds: int
    transactions: int
    slots: int
    round_s: float
    kills: int
    period_s: float
    bound_s: float


SHORT: Final = Life(
    wallets=30, before=4, rounds=16, transactions=10, slots=3, round_s=0.25, kills=3, period_s=0.25, bound_s=180.0
)
# 9,000 slots are an hour of the chain. It passes in a fifth of its time, and so do the 10 s of the node's limits.
HOUR: Final = Life(
    wallets=174, before=20, rounds=750, transactions=8, slots=12, round_s=0.96, kills=30, period_s=2.0, bound_s=900.0
)


@contextmanager
def place(life: Life, started_at: int, *, is_disturbed: bool) -> Generator[tuple[Stand, Script]]:
    """Give a chain with its script and the providers that tell it."""
    chain = Chain(time=started_at)
    script = Script(chain, wallets=life.wallets, seed=11, is_disturbed=is_disturbed, shares=Shares(doomed=0.04))
    public = Limits(total=Rule(100, life.period_s), each=Rule(40, life.period_s))
    limits = {"solana_rpc": public if is_disturbed else UNLIMITED, "helius": UNLIMITED}
    for _ in range(life.before):
        script.live(life.transactions, slots=4)
    with stand(chain, faults=Faults(seed=5), limits=limits) as everything:
        yield everything, script


def live_disturbed(life: Life, hub: LiveHub, everything: Stand, script: Script) -> None:
    """Let the script happen under faults, pushes that come twice or never, and kills at random moments."""
    tick, choice = threading.Event(), random.Random(7)
    kills = set(choice.sample(range(1, life.rounds), life.kills))
    webhook = {"webhookURL": hub.webhook_url, "authHeader": SECRET, "webhookType": "enhanced"}
    everything.helius.webhooks["a"] = {**webhook, "accountAddresses": script.addresses}
    everything.upstream.faults.set_rates(ROUGH)
    with Courier(everything.helius, everything.chain, double=0.1, lose=0.1, swap=0.1) as courier:
        for number in range(life.rounds):
            script.live(life.transactions, slots=life.slots)
            tick.wait(choice.uniform(0, 2 * life.round_s))
            if number in kills:
                hub.kill()
                tick.wait(life.round_s)
                hub.start()
            if number % 10 == 9:
                everything.upstream.drop_sockets()
        script.settle()
    everything.upstream.faults.set_rates({})
    # A test of disturbances is worth what they were.
    assert sum(everything.upstream.faults.counts.values()) > life.rounds
    assert sum(OK in delivery.statuses for delivery in courier.deliveries) > life.rounds
    assert any(delivery.statuses[0] != OK for delivery in courier.deliveries)
    assert script.dropped


def disturbed_export(life: Life, home: Path, started_at: int) -> tuple[bytes, set[str]]:
    """Live a disturbed life beside a hub; return what it stored, and the signatures that there are."""
    settings = {"solana_rpc_calls": "40", "solana_rpc_period_s": str(life.period_s), **FAULTS}
    with place(life, started_at, is_disturbed=True) as (everything, script):
        with LiveHub(home, everything, script.addresses, logs="1", **settings) as hub:
            live_disturbed(life, hub, everything, script)
            signatures = {done.signature for done in everything.chain.executed()}
            hub.await_quiet(life.wallets, bound_s=life.bound_s)
            # Nor is anything waited for in vain that vanished before it was fetched.
            until(lambda: hub.is_complete(life.wallets), life.bound_s)
            hub.stop()
        hub.run("verify")
        return hub.export(), signatures


def calm_export(life: Life, home: Path, started_at: int) -> tuple[bytes, set[str]]:
    """Live the same life undisturbed, then follow it at once, in this process, from nothing to the end."""
    with place(life, started_at, is_disturbed=False) as (everything, script):
        for _ in range(life.rounds):
            script.live(life.transactions, slots=life.slots)
        script.settle()
        hub = LiveHub(home, everything, script.addresses)

        async def work(live: Live) -> bool:
            tracking = live.tracking
            for _ in range(MOST_CYCLES):
                done, compared = await tracking.refresh(), await tracking.reconcile(script.addresses)
                assert done.is_complete
                if not (done.sweep.listed or done.repair.listed or done.finality.waiting or compared.drifting):
                    return True
            return False

        assert follow(settings_of(everything, home), (), work)
        return hub.export(), {done.signature for done in everything.chain.executed()}


def check(life: Life, folder: Path) -> None:
    """Compare a disturbed life with the undisturbed one."""
    started_at = SystemClock().epoch_s() // HOUR_S * HOUR_S - 2 * HOUR_S
    disturbed, signatures = disturbed_export(life, folder / "disturbed", started_at)
    calm, expected = calm_export(life, folder / "calm", started_at)
    assert signatures == expected
    missing = [signature for signature in sorted(expected) if signature.encode() not in disturbed]
    assert missing == []
    assert set(disturbed.splitlines()) ^ set(calm.splitlines()) == set()
    assert disturbed == calm


@pytest.mark.timeout(600)
def test_a_disturbed_hub_stores_what_an_undisturbed_one_does(tmp_path: Path) -> None:
    """Spec: faults, forks, pushes that repeat, `kill -9`: the canonical export is the same, byte for byte."""
    check(SHORT, tmp_path)


@pytest.mark.soak
@pytest.mark.timeout(7_200)
def test_an_hour_of_174_wallets_leaves_no_gap_and_no_double(tmp_path: Path) -> None:
    """Spec: the same over an hour of the chain with six thousand transactions and thirty kills."""
    check(HOUR, tmp_path)
