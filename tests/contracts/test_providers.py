"""Every provider that is found declares itself, has a fake, and survives whatever its server sends."""

import importlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest

from data.clock import SystemClock
from data.errors import ProviderError
from data.providers import Http, ProviderSpec, list_providers
from data.store import Store
from data.store.usage import Usage
from engine.errors import ReadError
from tests.builders.transactions import SOL_UNIT
from tests.contracts.provider_calls import CALLS, Ask
from tests.fakes.chain import Chain
from tests.fakes.faults import Fault, Faults
from tests.fakes.malformed import MALFORMED
from tests.fakes.stand import Stand, stand
from tests.fakes.trading import buy, open_pool
from tests.virtual_time import HandClock

SPECS = {spec.name: spec for spec in list_providers()}
ASKED = [(name, call) for name, calls in CALLS.items() for call in calls]
# A status in words that nobody knows is not final, which is safe.
UNDERSTOOD = {("statuses", "addresses that are none"), ("statuses", "endless texts")}


def traded_chain() -> Chain:
    """Return a chain on which alice has bought, finally."""
    chain = Chain()
    chain.fund("alice")
    open_pool(chain, "MEME")
    buy(chain, "alice", "MEME", 5_000_000, SOL_UNIT)
    chain.finalize()
    return chain


def with_client(
    stand_: Stand,
    spec: ProviderSpec,
    work: Callable[[Any], Awaitable[object]],
    *,
    attempts: int = 1,
    usage: Usage | None = None,
    credit_limit: int | None = None,
) -> object:
    """Do work with a client of a provider that stands here."""

    async def run() -> object:
        async with Http(SystemClock(), meter=usage) as http:
            config = replace(stand_.config(spec.name, attempts=attempts), credit_limit=credit_limit)
            api = http.api(spec, config)
            return await work(importlib.import_module(f"data.providers.{spec.name}").connect(api))

    return anyio.run(run)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_a_provider_says_what_it_is(spec: ProviderSpec) -> None:
    """Provenance: STYLE §9: link, limits, what it can do and which key it needs."""
    module = importlib.import_module(f"data.providers.{spec.name}")
    assert "https://" in str(module.__doc__)
    assert spec.docs_url.startswith("https://")
    assert spec.capabilities
    assert spec.paces.together or spec.paces.each
    assert spec.key_benefit or spec.key_name is None
    assert (spec.key_name is None) == (spec.key_header is None and spec.key_parameter is None)
    assert callable(module.connect)


def test_every_provider_has_a_fake_and_calls() -> None:
    """Provenance: STYLE §8: a fake is available for every plug-in."""
    with stand(traded_chain(), has_paid_plan=True) as everything:
        assert {name for name in SPECS if everything.upstream.url(name)} == set(CALLS)


@pytest.mark.parametrize(("name", "call"), ASKED)
def test_a_call_brings_an_answer(name: str, call: str) -> None:
    """Provenance: the documented shapes, as the fakes spell them."""
    ask: Ask = CALLS[name][call]
    with stand(traded_chain(), has_paid_plan=True) as everything:
        with_client(everything, SPECS[name], lambda client: ask(client, everything))
        assert everything.upstream.count(provider=name, status=200) >= 1


@pytest.mark.parametrize(("name", "call"), ASKED)
def test_a_call_is_paid_for_before_it_is_sent(name: str, call: str) -> None:
    """Provenance: issue: credits are never exceeded. A limit of one less than a call costs lets nothing through."""
    ask: Ask = CALLS[name][call]
    with Store.open(None) as store, stand(traded_chain(), has_paid_plan=True) as everything:
        usage = Usage(store.database, SystemClock())
        with_client(everything, SPECS[name], lambda client: ask(client, everything), usage=usage, credit_limit=1_000)
        cost = usage.spent(name)
        # What Helius takes is written down by its fake; `token_accounts` is two calls.
        assert everything.helius.credits == (cost if name == "helius" else 0)
        assert cost >= everything.upstream.count(provider=name) > 0
        sent = len(everything.upstream.calls)
        limit = cost - 1 if everything.upstream.count(provider=name) == 1 else 0
        poor = Usage(store.database, HandClock())
        asked = with_client(
            everything,
            SPECS[name],
            lambda client: outcome(ask(client, everything)),
            usage=poor,
            credit_limit=limit,
        )
        assert "credits of this month are used up" in str(asked)
        assert (len(everything.upstream.calls), poor.spent(name)) == (sent, 0)


@pytest.mark.parametrize(("name", "call"), ASKED)
def test_a_malformed_body_is_an_error_of_ours_or_nothing_at_all(name: str, call: str) -> None:
    """Provenance: our rule; what is not as documented never gets in, and nothing foreign gets out."""
    ask: Ask = CALLS[name][call]
    faults = Faults()

    async def ask_all(client: Any) -> object:  # noqa: ANN401 - each provider has its own
        right = await ask(client, everything)
        for malformed in MALFORMED:
            faults.plan_malformed(malformed, provider=name)
            found = await outcome(ask(client, everything))
            if isinstance(found, Exception):
                assert "\n" not in str(found)
                assert everything.helius.key not in str(found)
            else:
                assert found == right or not found or (call, malformed.name) in UNDERSTOOD, malformed.name
        return None

    with stand(traded_chain(), faults=faults, has_paid_plan=True) as everything:
        with_client(everything, SPECS[name], ask_all)


async def outcome(asked: Awaitable[object]) -> object:
    """Return what comes, or the error of ours."""
    try:
        return await asked
    except (ProviderError, ReadError) as error:
        return error


PASSING = [fault for fault in Fault if fault not in (Fault.STALL, Fault.NULL, Fault.DUPLICATED, Fault.OUT_OF_ORDER)]


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: fault.name)
@pytest.mark.parametrize("name", CALLS)
def test_a_passing_fault_is_asked_again_and_not_noticed(name: str, fault: Fault) -> None:
    """Provenance: our rule; 429, 5xx, broken and unreadable answers are retried."""
    ask: Ask = next(iter(CALLS[name].values()))
    faults = Faults(retry_after_s=0)
    with stand(traded_chain(), faults=faults, has_paid_plan=True) as everything:
        right = with_client(everything, SPECS[name], lambda client: ask(client, everything))
        faults.plan(fault, provider=name)
        assert with_client(everything, SPECS[name], lambda client: ask(client, everything), attempts=3) == right
    assert faults.counts == {fault: 1}
