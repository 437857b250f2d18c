"""What could hurt holders: told by a provider on this machine, kept, and never guessed."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeVar

import anyio

from aura_mcp.services.safety import AGAIN_S, FRESH_S, OFFLINE, SafetyChecks
from data.clock import FixedClock
from data.providers import Api, Http, ProviderSpec
from data.providers.serving import Serving
from data.store import Store
from data.store.safety import Frozen
from engine.units import Address
from tests.aura_mcp.services.tracking._following import following, run
from tests.builders.facts import START, mint
from tests.builders.transactions import SOL_UNIT, address
from tests.fakes.chain import Chain
from tests.fakes.faults import Fault, Faults
from tests.fakes.market import Market, Token
from tests.fakes.stand import Stand, stand
from tests.fakes.trading import buy

MEME = mint("MEME")
T = TypeVar("T")


def checked(store: Store, everything: Stand, talk: Callable[[Callable[[int], SafetyChecks]], Awaitable[T]]) -> T:
    """Let a conversation happen with checks as of a moment, over providers that stand here."""

    async def main() -> T:
        async with Http(FixedClock(START)) as http:

            def api_of(spec: ProviderSpec) -> Api:
                return http.api(spec, everything.config(spec.name, attempts=1))

            serving = Serving.open(api_of)
            return await talk(lambda at: SafetyChecks(store, lambda: serving, FixedClock(at)))

    return anyio.run(main)


def test_what_a_provider_tells_is_kept_for_hours_and_asked_once() -> None:
    """Our rule: asking is cheap: one call, then what is kept, with its age."""
    market = Market(now=lambda: START)
    market.list_token(Token(mint=MEME, price_usd=Decimal(1), risk=40))
    with Store.open(None) as store, stand(Chain(), market=market) as everything:

        async def talk(at: Callable[[int], SafetyChecks]) -> None:
            first = await at(START).check(MEME)
            assert first.reason is None
            assert first.line is not None
            assert (first.line.source, first.line.age_s, first.line.provider_score) == ("rugcheck", 0, 40)
            assert first.line.dangers == ()
            assert "is_pausable" in first.line.not_known
            assert first.line.untrusted_warnings == ("Low liquidity",)
            later = at(START + FRESH_S - 1)
            again = await later.check(MEME)
            assert again.line is not None
            assert again.line.age_s == FRESH_S - 1
            assert again == later.known(MEME)
            assert everything.upstream.count(provider="rugcheck") == 1

        checked(store, everything, talk)


def test_nobody_tells_is_unknown_with_the_reason_and_not_asked_again_at_once() -> None:
    """Our rule: unknown is not safe, and a provider in trouble is left alone."""
    faults = Faults()
    for provider in ("rugcheck", "jupiter", "birdeye"):
        faults.plan(Fault.SERVER_ERROR, provider=provider)
    market = Market(now=lambda: START)
    market.list_token(Token(mint=MEME, price_usd=Decimal(1)))
    with Store.open(None) as store, stand(Chain(), market=market, faults=faults) as everything:

        async def talk(at: Callable[[int], SafetyChecks]) -> None:
            checks = at(START)
            found = await checks.check(MEME)
            assert found.line is None
            assert found.reason is not None
            asked = everything.upstream.count()
            assert await checks.check(MEME) == found
            assert everything.upstream.count() == asked

        checked(store, everything, talk)
        assert AGAIN_S < FRESH_S


def test_offline_is_unknown_with_the_reason() -> None:
    """Issue: offline nothing is asked, and the answer says so."""
    with Store.open(None) as store:
        checks = SafetyChecks(store, None, FixedClock(START))
        found = anyio.run(checks.check, MEME)
        assert (found.line, found.reason) == (None, OFFLINE)


def test_frozen_account_is_seen_by_reconciliation_until_it_thaws() -> None:
    """DOMAIN §3: what is frozen cannot be sold; the chain says which accounts are."""
    with following("ann") as f:
        buy(f.chain, "ann", "BONK", 10, SOL_UNIT)
        f.chain.finalize()
        run(f.tracking.sweep())
        f.node.frozen.add("BONK")
        run(f.tracking.reconcile())
        assert set(f.store.safety.frozen(address("ann"))) == {address("BONK")}
        assert f.store.safety.frozen(address("bob")) == ()
        f.node.frozen.clear()
        run(f.tracking.reconcile([address("ann")]))
        assert f.store.safety.frozen(address("ann")) == ()


def test_frozen_accounts_of_one_wallet_leave_those_of_others() -> None:
    """Our rule: a look at one wallet says nothing of another; an entity has those of all its wallets."""
    with Store.open(None) as store:
        store.wallets.assign(Address(address("ann")), "mine")
        store.safety.keep_frozen(address("ann"), [Frozen("a", "M1")], START)
        store.safety.keep_frozen(address("bob"), [Frozen("b", "M2")], START)
        store.safety.keep_frozen(address("bob"), [], START)
        assert set(store.safety.frozen("mine")) == {"M1"}
        assert store.safety.frozen(address("bob")) == ()
