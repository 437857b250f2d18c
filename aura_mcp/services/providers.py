"""Open the way to providers as the user set them, and say how each is doing.

Not responsible for what is asked of them, or for which of several is asked.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeVar

import anyio

from aura_mcp.provider_settings import ProviderSettings
from data.clock import Clock
from data.errors import StoreError
from data.providers import Api, ApiKey, Health, Http, Pace, Paces, ProviderConfig, ProviderSpec, list_providers
from data.providers import helius as helius_module
from data.providers import solana_rpc as solana_rpc_module
from data.providers.exchange import Sender
from data.providers.helius import Helius
from data.providers.solana_rpc import SolanaRpc
from data.store.usage import Usage

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Network(NamedTuple):
    """What stands for the world: who sends (None: over HTTP), and how to wait."""

    sender: Sender | None = None
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep


THE_INTERNET: Final = Network()


class Providers:
    """Every provider, each opened when it is first asked for. Used and closed in one event loop.

    `network` is there to record what comes or to replay what came.
    """

    def __init__(
        self,
        clock: Clock,
        usage: Usage | None = None,
        *,
        is_offline: bool = False,
        network: Network = THE_INTERNET,
    ) -> None:
        self._usage = usage
        self._is_offline = is_offline
        self._http = Http(clock, sender=network.sender, meter=usage, sleep=network.sleep)
        self._apis: dict[str, Api] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def api(self, spec: ProviderSpec) -> Api:
        """Return the way to a provider; the same one every time.

        Raises:
            SettingsError: a variable about it is out of its range.
        """
        if spec.name not in self._apis:
            self._apis[spec.name] = self._http.api(spec, config_of(spec, is_offline=self._is_offline))
        return self._apis[spec.name]

    @cached_property
    def node(self) -> SolanaRpc:
        """The Solana node that carries the load: the public one, unless another is set."""
        return solana_rpc_module.connect(self.api(solana_rpc_module.PROVIDER))

    @cached_property
    def helius(self) -> Helius | None:
        """Helius, None without its key."""
        api = self.api(helius_module.PROVIDER)
        return helius_module.connect(api) if api.has_key else None

    async def charge_events(self, events: int) -> None:
        """Count what Helius takes for events of webhooks, so that its calls and they stay below one limit.

        Raises:
            StoreError: it cannot be written down.
        """
        await self.api(helius_module.PROVIDER).charge(events * helius_module.EVENT_COST)

    def health(self) -> list[Health]:
        """Return how every provider is doing, by name, with those that were never asked."""
        return [self.api(spec).health for spec in list_providers()]

    def missing_keys(self) -> list[tuple[str, str]]:
        """Return each variable of a key that is not set, and what it would improve."""
        specs = [spec for spec in list_providers() if spec.key_name is not None and not self.api(spec).has_key]
        return [(str(spec.key_name).upper(), spec.key_benefit) for spec in specs]

    @contextmanager
    def served(self) -> Generator[None]:
        """Let other threads ask in the running event loop for the block."""
        self._loop = asyncio.get_running_loop()
        try:
            yield
        finally:
            self._loop = None

    def ask(self, question: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what a question brings, from a thread: in the loop that is served, else in one of its own."""
        if self._loop is not None:
            return asyncio.run_coroutine_threadsafe(question(), self._loop).result()
        return anyio.run(self._ask_and_close, question)

    async def _ask_and_close(self, question: Callable[[], Coroutine[Any, Any, T]]) -> T:
        try:
            return await question()
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the connections and write down what was spent."""
        await self._http.aclose()
        if self._usage is not None:
            try:
                self._usage.save()
            except StoreError as error:
                # What was written ahead stays: more than was spent.
                logger.warning("credits_not_saved", extra={"fields": {"reason": str(error)}})


def config_of(spec: ProviderSpec, *, is_offline: bool = False) -> ProviderConfig:
    """Return what the environment says about a provider.

    Raises:
        SettingsError: a variable is out of its range.
    """
    settings = ProviderSettings.load(spec.name, spec.key_name)
    key = None if settings.api_key is None else ApiKey(settings.api_key.get_secret_value())
    url, rpc_url, socket_url = (
        None if address is None else address.get_secret_value()
        for address in (settings.url, settings.rpc_url, settings.socket_url)
    )
    return ProviderConfig(
        base_url=url,
        rpc_url=rpc_url,
        socket_url=socket_url,
        api_key=key,
        paces=_paces(spec, settings, has_key=key is not None),
        credit_limit=settings.credit_limit,
        timeout_s=settings.timeout_s,
        attempts=settings.attempts,
        batch=settings.batch,
        patience_s=settings.patience_s,
        backoff_s=settings.backoff_s,
        pause_s=settings.pause_s,
        is_offline=is_offline,
    )


def _paces(spec: ProviderSpec, settings: ProviderSettings, *, has_key: bool) -> Paces | None:
    if settings.calls is None and settings.period_s is None:
        return None
    paces = (spec.keyed_paces if has_key else None) or spec.paces
    return paces.scaled(Pace(settings.calls or paces.usual.calls, settings.period_s or paces.usual.period_s))
