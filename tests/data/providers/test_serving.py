"""Who is asked for what of the market, and what is said when somebody fails."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

import anyio
import httpx
import pytest

from data.clock import FixedClock
from data.errors import ProviderError
from data.providers import ApiKey, Capability, Http, ProviderConfig, ProviderSpec, list_providers
from data.providers.serving import PREFERENCE, Serving
from engine.units import USDC, WSOL
from tests.builders import market_bodies as bodies
from tests.builders.facts import address
from tests.builders.market import MEME, SEEN_AT
from tests.builders.market_bodies import body

T = TypeVar("T")
METHODS = {
    Capability.PRICE: "prices",
    Capability.POOLS: "pools",
    Capability.TOKEN_INFO: "token_info",
    Capability.CANDLES: "candles",
    Capability.TRADES: "trades",
    Capability.SAFETY: "safety",
    Capability.QUOTE: "quote",
}


@dataclass
class Upstream:
    """Answers of every provider by its name: JSON, or a status to refuse with."""

    answers: dict[str, Any] = field(default_factory=dict[str, Any])
    asked: list[str] = field(default_factory=list[str])

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer as the provider whose host is asked."""
        name = request.url.host
        self.asked.append(name)
        answer = self.answers.get(name, 500)
        if isinstance(answer, int):
            return httpx.Response(answer, text="{}")
        return httpx.Response(200, content=body(answer), headers={"content-type": "application/json"})


def serve(upstream: Upstream, work: Callable[[Serving], Awaitable[T]], *, key: bool = False) -> T:
    """Return what comes of asking everybody, without retries."""

    async def run() -> T:
        async with Http(FixedClock(SEEN_AT), httpx.MockTransport(upstream)) as http:

            def api_of(spec: ProviderSpec) -> Any:  # noqa: ANN401 - a way to a provider
                config = ProviderConfig(
                    base_url=f"https://{spec.name}",
                    api_key=ApiKey("a-key") if key and spec.key_name else None,
                    attempts=1,
                    pause_after=1,
                )
                return http.api(spec, config)

            return await work(Serving.open(api_of))

    return anyio.run(run)


def test_every_capability_of_a_provider_is_a_method_of_its_client() -> None:
    """Our rule: what a provider declares it can be asked for."""
    clients: dict[str, Any] = {}

    async def remember(serving: Serving) -> None:
        clients.update({client.api.spec.name: client for client in serving._clients})  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    serve(Upstream(), remember)
    declared = {spec.name: spec.capabilities & METHODS.keys() for spec in list_providers()}
    assert set(clients) == {name for name, able in declared.items() if able}
    for name, client in clients.items():
        assert all(callable(getattr(client, METHODS[capability])) for capability in declared[name])
    assert set(PREFERENCE) == set(METHODS)


def test_best_provider_is_asked_alone_while_it_answers() -> None:
    """Our rule: one call where one is enough, and the result says by whom."""
    upstream = Upstream({"dexscreener": [bodies.dexscreener_pair()]})
    served = serve(upstream, lambda serving: serving.prices([MEME]))
    assert (served.source, served.failed, upstream.asked) == ("dexscreener", (), ["dexscreener"])
    assert served.value[MEME].price_usd == Decimal("0.01")


def test_next_provider_answers_when_the_best_fails_and_the_failure_is_told() -> None:
    """Our rule: fallback, with one line of what failed before."""
    upstream = Upstream({"dexscreener": 503, "jupiter": {MEME: bodies.jupiter_price()}})
    served = serve(upstream, lambda serving: serving.prices([MEME]))
    assert (served.source, served.value[MEME].source) == ("jupiter", "jupiter")
    assert len(served.failed) == 1
    assert "DexScreener" in served.failed[0]


def test_mints_that_one_does_not_know_are_asked_of_the_next() -> None:
    """Our rule: each price names its own source."""
    upstream = Upstream({"dexscreener": [bodies.dexscreener_pair()], "jupiter": {WSOL: bodies.jupiter_price()}})
    served = serve(upstream, lambda serving: serving.prices([MEME, WSOL]))
    assert {mint: price.source for mint, price in served.value.items()} == {MEME: "dexscreener", WSOL: "jupiter"}
    assert upstream.asked == ["dexscreener", "jupiter"]


def test_provider_that_needs_a_key_is_not_asked_without_one() -> None:
    """Our rule: no key, no call; with it, it is asked."""
    answers = {"geckoterminal": 500, "birdeye": bodies.birdeye({"items": []})}
    without, with_key = Upstream(dict(answers)), Upstream(dict(answers))
    with pytest.raises(ProviderError, match="nobody tells candles: GeckoTerminal"):
        serve(without, lambda serving: serving.candles(WSOL, "pool", 60, 0, 600))
    assert without.asked == ["geckoterminal"]
    served = serve(with_key, lambda serving: serving.candles(WSOL, "pool", 60, 0, 600), key=True)
    assert (served.source, served.value) == ("birdeye", [])


def test_provider_that_is_paused_is_asked_last() -> None:
    """Our rule: whoever can be asked at once comes first."""
    upstream = Upstream({"dexscreener": 500, "jupiter": {MEME: bodies.jupiter_price()}})

    async def twice(serving: Serving) -> str:
        await serving.prices([MEME])
        return (await serving.prices([MEME])).source

    assert serve(upstream, twice) == "jupiter"
    assert upstream.asked == ["dexscreener", "jupiter", "jupiter"]


def test_nobody_left_names_every_reason_in_one_line() -> None:
    """Our rule: an error says what, who, and why."""
    with pytest.raises(ProviderError) as caught:
        serve(Upstream({"rugcheck": 400, "jupiter": []}), lambda serving: serving.safety(MEME))
    assert str(caught.value).startswith("nobody tells safety: RugCheck")
    assert "Jupiter tokens: the mint is unknown to it" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_pools_of_a_failed_batch_are_asked_of_the_next_provider_and_unknown_ones_are_not() -> None:
    """Our rule: a token without pools has none; asking everybody again would only cost calls."""
    upstream = Upstream({"dexscreener": [bodies.dexscreener_pair()]})
    served = serve(upstream, lambda serving: serving.pools([MEME, USDC]))
    assert (set(served.value), upstream.asked) == ({MEME}, ["dexscreener"])
    failing = Upstream({"geckoterminal": bodies.geckoterminal_tokens(pools=[bodies.geckoterminal_pool()])})
    served = serve(failing, lambda serving: serving.pools([MEME]))
    assert (set(served.value), served.source) == ({MEME}, "geckoterminal")


def test_full_answer_of_dexscreener_is_asked_again_for_what_it_left_out() -> None:
    """DexScreener: an answer holds about 30 pairs, whoever is asked for."""
    full = [bodies.dexscreener_pair(pairAddress=address(f"pool {number}")) for number in range(30)]
    upstream = Upstream({"dexscreener": full})
    served = serve(upstream, lambda serving: serving.pools([MEME, WSOL]))
    assert (len(served.value[MEME]), WSOL in served.value) == (30, False)
    assert upstream.asked == ["dexscreener", "dexscreener"]


def test_other_capabilities_say_by_whom() -> None:
    """Our rule: names, trades, safety and quotes alike."""
    upstream = Upstream(
        {
            "jupiter": [bodies.jupiter_token()],
            "geckoterminal": {"data": [bodies.geckoterminal_trade()]},
            "rugcheck": bodies.rugcheck_report(),
        }
    )
    assert serve(upstream, lambda serving: serving.token_info([MEME])).source == "jupiter"
    assert serve(upstream, lambda serving: serving.trades("pool")).source == "geckoterminal"
    assert serve(upstream, lambda serving: serving.safety(MEME)).source == "rugcheck"
    quoting = Upstream({"jupiter": bodies.jupiter_order()})
    assert serve(quoting, lambda serving: serving.quote(MEME, WSOL, 10**9)).value.out_raw == 90_000_000
