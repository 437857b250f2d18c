"""Set up all providers at once, and say to their clients where they are.

Not responsible for what any of them answers.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from data.providers import ApiKey, Pace, Paces, ProviderConfig
from tests.fakes.chain import Chain
from tests.fakes.faults import Faults
from tests.fakes.helius import HELIUS, Helius
from tests.fakes.limits import UNLIMITED, Limits
from tests.fakes.market import Market
from tests.fakes.market_servers import market_providers
from tests.fakes.upstream import SOLANA, Provider, Upstream

BIRDEYE_KEY: Final = "birdeye-test-key"
JUPITER_KEY: Final = "jupiter-test-key"
NO_LIMITS: Final[Mapping[str, Limits]] = {SOLANA: UNLIMITED, HELIUS: UNLIMITED}


@dataclass(frozen=True)
class Stand:
    """Every provider, running."""

    chain: Chain
    helius: Helius
    market: Market
    upstream: Upstream

    def config(self, provider: str, *, attempts: int = 1, timeout_s: float = 5.0) -> ProviderConfig:
        """Return what leads a client to a provider, without retries unless asked for."""
        keys = {HELIUS: self.helius.key, "birdeye": BIRDEYE_KEY, "jupiter": JUPITER_KEY}
        url = self.upstream.url(provider)
        return ProviderConfig(
            base_url=url,
            rpc_url=url,
            socket_url=self.upstream.ws_url(provider),
            api_key=ApiKey(keys[provider]) if provider in keys else None,
            attempts=attempts,
            timeout_s=timeout_s,
            paces=Paces(together=Pace(1_000, 1.0)),
            backoff_s=0.01,
            pause_after=1_000_000,
        )


@contextmanager
def stand(
    chain: Chain,
    *,
    faults: Faults | None = None,
    limits: Mapping[str, Limits] | None = None,
    market: Market | None = None,
    has_paid_plan: bool = False,
) -> Generator[Stand]:
    """Run every provider for the block, by default without limits; `has_paid_plan` is about Helius."""
    helius = Helius(chain, has_paid_plan=has_paid_plan)
    market = market or Market(now=lambda: chain.time_of(chain.slot))
    providers = {HELIUS: Provider(helius.name_of, helius.answer), **market_providers(market, birdeye_key=BIRDEYE_KEY)}
    with Upstream(
        chain, faults=faults, limits=NO_LIMITS if limits is None else limits, providers=providers
    ) as upstream:
        yield Stand(chain, helius, market, upstream)
