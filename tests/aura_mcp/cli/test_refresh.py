"""`aura refresh` over real sockets: alone and through a running hub, against a simulated chain."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.aura_mcp.cli.conftest import Aura
from tests.aura_mcp.hub.processes import environment_of, home_of_hubs, hub
from tests.builders.transactions import address
from tests.fakes.chain import SOL_UNIT, Chain
from tests.fakes.faults import Faults
from tests.fakes.trading import buy, open_pool, sell
from tests.fakes.upstream import Upstream


@pytest.fixture
def chain() -> Chain:
    """Return a chain on which alice bought and sold."""
    chain = Chain()
    open_pool(chain, "MEME")
    chain.fund("alice")
    buy(chain, "alice", "MEME", 5_000_000, 2 * SOL_UNIT)
    chain.advance()
    sell(chain, "alice", "MEME", 1_000_000, SOL_UNIT)
    chain.advance()
    chain.finalize()
    return chain


@pytest.fixture
def upstream(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> Generator[Upstream]:
    """Return a node of that chain, and let AURA ask it."""
    with Upstream(chain, faults=Faults()) as upstream:
        monkeypatch.setenv("AURA_OFFLINE", "0")
        monkeypatch.setenv("AURA_SOLANA_RPC_URL", upstream.url())
        monkeypatch.setenv("AURA_SOLANA_RPC_BACKOFF_S", "0.01")
        monkeypatch.setenv("AURA_BACKFILL_DAYS", "3650")
        # Nobody but the test asks for runs.
        for job in ("WALLETS", "PRICES", "FINALITY", "RECONCILE"):
            monkeypatch.setenv(f"AURA_{job}_INTERVAL_S", "0")
        yield upstream


@pytest.fixture
def followed(aura: Aura, tmp_path: Path) -> None:
    """Follow alice."""
    path = tmp_path / "wallets.csv"
    path.write_text(f"address,nickname\n{address('alice')},Alice\n", encoding="utf-8")
    assert aura("import", path).code == 0


def refreshed(aura: Aura, *arguments: str) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """Refresh wallets and return the exit code, the document and its one run."""
    outcome = aura("refresh", "wallets", "--json", *arguments)
    document = json.loads(outcome.out)
    (run,) = document["runs"]
    return outcome.code, document, run


@pytest.mark.usefixtures("followed")
def test_refresh_alone_brings_everything(aura: Aura, upstream: Upstream) -> None:
    """Spec: one cycle without a hub; JSON summary; exit code 0 when everything that could be fetched was."""
    code, document, run = refreshed(aura)
    assert (code, document["is_complete"], run["state"], run["cause"]) == (0, True, "done", "command")
    assert (run["summary"]["wallets"], run["summary"]["new"]) == (1, 2)
    assert len(json.loads(aura("trades", "Alice", "--json").out)["trades"]) == 2

    code, _, run = refreshed(aura)
    assert (code, run["summary"]["new"]) == (0, 0)
    assert upstream.count(status=429) == 0
    assert aura("refresh", "wallets").out.startswith("wallets: done (1 followed")
    refused = aura("refresh", "--since", "yesterday")
    assert (refused.code, "since 'yesterday' is no moment; give an age such as 12h" in refused.err) == (1, True)


@pytest.mark.usefixtures("followed")
def test_refresh_says_what_could_not_be_fetched(
    aura: Aura, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spec: exit code 1 otherwise, with reasons."""
    monkeypatch.setenv("AURA_SOLANA_RPC_ATTEMPTS", "1")
    upstream.shut()
    code, document, run = refreshed(aura)
    assert (code, document["is_complete"], run["state"]) == (1, False, "failed")
    assert any("Solana RPC" in failure for failure in run["failures"])
    assert "  ! balances: Solana RPC" in aura("refresh", "wallets").out


@pytest.mark.usefixtures("followed")
def test_refresh_goes_through_a_running_hub(aura: Aura, upstream: Upstream, own_home: Path) -> None:
    """Spec: uses a running hub: the same command, while the hub holds the database."""
    assert upstream.count() == 0
    with home_of_hubs(own_home), hub(environment_of(own_home)):
        code, document, run = refreshed(aura, "--since", "52w")
        assert (code, document["is_complete"], run["cause"], run["summary"]["new"]) == (0, True, "tool", 2)
        refused = aura("refresh", "wallets", "--since", "yesterday")
        assert (refused.code, refused.out) == (1, "")
        assert "since 'yesterday' is no moment; give an age such as 12h" in refused.err


def test_refresh_is_refused_offline(aura: Aura) -> None:
    """Our rule: AURA_OFFLINE means nobody is asked, and the refusal names it."""
    assert aura("init").code == 0
    refused = aura("refresh")
    assert (refused.code, "AURA_OFFLINE is set" in refused.err) == (1, True)
