"""The doctor's question to every provider, against providers that stand on this machine."""

from collections.abc import Generator

import pytest

from aura_mcp.services.reach import Reaching
from data.providers import list_providers
from tests.fakes.chain import Chain
from tests.fakes.faults import Fault, Faults
from tests.fakes.market import Market
from tests.fakes.stand import Stand, stand


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> Generator[Stand]:
    """Return all providers, found by their settings; no key is set."""
    with stand(Chain(), market=Market(), faults=Faults()) as standing:
        for spec in list_providers():
            monkeypatch.setenv(f"AURA_{spec.name.upper()}_URL", standing.upstream.url(spec.name))
            monkeypatch.setenv(f"AURA_{spec.name.upper()}_ATTEMPTS", "1")
        yield standing


def test_each_provider_is_asked_once_and_those_that_need_a_key_are_not(everything: Stand) -> None:
    """Issue: the doctor really asks, one cheap call each."""
    found = {reach.provider: reach for reach in Reaching.alone().look()}
    assert {name for name, reach in found.items() if not reach.is_asked} == {"helius", "birdeye"}
    assert [reach for reach in found.values() if reach.problem is not None and reach.provider != "rugcheck"] == []
    assert everything.upstream.count() == len(found) - 2


def test_provider_that_refuses_is_told_from_one_that_answers(everything: Stand) -> None:
    """Our rule: a host that takes connections is not yet a provider that answers."""
    everything.upstream.faults.plan(Fault.UNAVAILABLE, provider="dexscreener")
    found = {reach.provider: reach.problem for reach in Reaching.alone().look()}
    assert found["jupiter"] is None
    assert found["dexscreener"] is not None
    assert "DexScreener" in found["dexscreener"]


def test_helius_is_asked_with_a_key_for_one_credit(everything: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue: credits are not wasted: the newest slot costs one."""
    monkeypatch.setenv("HELIUS_API_KEY", everything.helius.key)
    monkeypatch.setenv("AURA_HELIUS_RPC_URL", everything.upstream.url("helius"))
    (found,) = [reach for reach in Reaching.alone().look() if reach.provider == "helius"]
    assert (found.is_asked, found.problem) == (True, None)
    assert everything.helius.credits == 1
