"""A disk that is full for a while: the hub says so, answers what it knows, and goes on when there is room again."""

import json
import resource
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from data.clock import SystemClock
from tests.aura_mcp.hub.processes import info_of
from tests.e2e.live._hub import LiveHub, until
from tests.fakes.chain import Chain
from tests.fakes.script import Script
from tests.fakes.stand import stand

HOUR_S: Final = 3_600
WALLETS: Final = 6
BOUND_S: Final = 120.0
FULL: Final = "the disk is full"


@contextmanager
def no_room(hub: LiveHub) -> Generator[None]:
    """Let no file of the hub grow beyond what its log of the database has: that stands for a full disk."""
    pid = info_of(hub.places).pid
    written = hub.home.joinpath("aura.duckdb.wal").stat().st_size
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (written, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def lines_of(hub: LiveHub) -> list[dict[str, Any]]:
    """Return what the hub's log says, line by line."""
    return [json.loads(line) for line in Path(hub.places.log).read_text("utf-8").splitlines()]


@pytest.mark.timeout(500)
def test_hub_outlives_a_full_disk_and_loses_nothing(tmp_path: Path) -> None:
    """Issue: writes fail with one clear line, reads go on, and once there is room nothing is missing."""
    chain = Chain(time=SystemClock().epoch_s() // HOUR_S * HOUR_S - 2 * HOUR_S)
    script = Script(chain, wallets=WALLETS, seed=3)
    with stand(chain) as everything, LiveHub(tmp_path / "home", everything, script.addresses) as hub:
        script.live(20, slots=3)
        script.settle()
        hub.await_quiet(WALLETS, bound_s=BOUND_S)
        known = hub.call("find_trades", limit=1)["trades"]
        with no_room(hub):
            script.live(20, slots=3)
            script.settle()
            until(lambda: any(FULL in json.dumps(line) for line in lines_of(hub)), BOUND_S)
            assert hub.call("find_trades", limit=1)["trades"] == known
        hub.await_quiet(WALLETS, bound_s=BOUND_S)
        hub.stop()
        told = [line for line in lines_of(hub) if FULL in json.dumps(line)]
        assert told
        assert [line for line in told if "Traceback" in json.dumps(line)] == []
        hub.run("verify")
        stored = hub.export()
    assert [done.signature for done in chain.executed() if done.signature.encode() not in stored] == []
