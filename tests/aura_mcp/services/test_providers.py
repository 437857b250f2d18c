"""The way to every provider, as it is set."""

import anyio
import pytest

from aura_mcp.errors import AuraError
from aura_mcp.services.boundary import reported
from aura_mcp.services.providers import Providers, config_of
from data.providers import Pace, Paces, State, list_providers
from data.providers.helius import PROVIDER as HELIUS
from data.providers.solana_rpc import PROVIDER as SOLANA
from data.store import Store
from data.store.usage import Usage
from tests.fakes.chain import Chain
from tests.fakes.helius import HELIUS as HELIUS_NAME
from tests.fakes.helius import Helius as Account
from tests.fakes.upstream import Provider, Upstream
from tests.virtual_time import HandClock

PLANTED = "planted-key-0123456789abcdef"


def test_without_any_key_what_needs_none_works_and_the_rest_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spec: no key, everything that needs none works; what would improve is said with the variable's name."""
    chain = Chain()
    with Upstream(chain) as upstream:
        monkeypatch.setenv("AURA_SOLANA_RPC_URL", upstream.url())

        async def scene() -> int:
            providers = Providers(HandClock())
            try:
                assert providers.helius is None
                return await providers.node.finalized_slot()
            finally:
                await providers.aclose()

        assert anyio.run(scene) == chain.finalized_slot
    providers = Providers(HandClock())
    assert {name for name, _ in providers.missing_keys()} >= {"HELIUS_API_KEY"}
    assert all(benefit for _, benefit in providers.missing_keys())


def test_every_provider_is_shown_even_if_it_was_never_asked() -> None:
    """Our rule: status lists all of them; one without its key is off."""
    healths = {health.name: health.state for health in Providers(HandClock()).health()}
    assert set(healths) == {spec.name for spec in list_providers()}
    assert (healths["solana_rpc"], healths["helius"]) == (State.IDLE, State.OFF)


def test_credits_are_remembered_when_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spec: credit accounting per month, over processes; a lower limit than the plan's can be set."""
    chain = Chain()
    account = Account(chain)
    monkeypatch.setenv("HELIUS_API_KEY", account.key)
    monkeypatch.setenv("AURA_HELIUS_CREDIT_LIMIT", "150")
    with (
        Store.open(None) as store,
        Upstream(chain, providers={HELIUS_NAME: Provider(account.name_of, account.answer)}) as upstream,
    ):
        monkeypatch.setenv("AURA_HELIUS_URL", upstream.url(HELIUS_NAME))

        async def scene() -> list[State]:
            states: list[State] = []
            for _ in range(2):
                providers = Providers(HandClock(), Usage(store.database, HandClock()))
                assert providers.helius is not None
                with reported():
                    await providers.helius.webhooks()
                states.append(providers.api(HELIUS).health.state)
                await providers.aclose()
            return states

        with pytest.raises(AuraError, match="the 150 credits of this month are used up"):
            anyio.run(scene)
        assert account.credits == 100
        assert store.database.rows("SELECT provider, credits FROM provider_usage") == [("helius", 100)]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"CALLS": "80"}, Paces(together=Pace(200, 10.0), each=Pace(80, 10.0))),
        ({"PERIOD_S": "1"}, Paces(together=Pace(100, 1.0), each=Pace(40, 1.0))),
        ({"CALLS": "4", "PERIOD_S": "1"}, Paces(together=Pace(10, 1.0), each=Pace(4, 1.0))),
    ],
    ids=["none", "calls", "period", "both"],
)
def test_limits_of_ones_own_node_replace_the_public_ones(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: Paces | None
) -> None:
    """Spec: AURA_SOLANA_RPC_CALLS and AURA_SOLANA_RPC_PERIOD_S."""
    for name, value in environment.items():
        monkeypatch.setenv(f"AURA_SOLANA_RPC_{name}", value)
    assert config_of(SOLANA).paces == expected


def test_nothing_is_asked_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spec: AURA_OFFLINE."""
    with Upstream(Chain()) as upstream:
        monkeypatch.setenv("AURA_SOLANA_RPC_URL", upstream.url())
        providers = Providers(HandClock(), is_offline=True)
        with pytest.raises(AuraError, match="AURA_OFFLINE is set"), reported():
            anyio.run(providers.node.finalized_slot)
        assert upstream.calls == []
    assert {health.state for health in providers.health()} == {State.OFF}


def test_what_is_set_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spec: keys never appear; addresses hold some."""
    monkeypatch.setenv("HELIUS_API_KEY", PLANTED)
    monkeypatch.setenv("AURA_HELIUS_URL", f"https://proxy.example/{PLANTED}")
    assert PLANTED not in repr((config_of(HELIUS), Providers(HandClock()).health()))
