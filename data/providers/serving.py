"""Ask the best provider that can tell, the next one when it fails, and say who told and what failed before.

A provider that nothing will be sent to for now comes after those that can be asked; one that lacks its key is never
asked. Not responsible for limits and retries (`api`), or for what is worth asking.
"""

import importlib
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Generic, Protocol, TypeVar, cast

from data.errors import ProviderError
from data.providers.api import Api
from data.providers.spec import Capability, ProviderSpec, list_providers
from engine.market import Pool, PoolTrade, PriceCandle, Safety, SpotPrice, SwapQuote, TokenInfo
from engine.units import Mint

PREFERENCE: Final[Mapping[Capability, Sequence[str]]] = {
    Capability.PRICE: ("dexscreener", "jupiter", "geckoterminal", "birdeye"),
    Capability.POOLS: ("dexscreener", "geckoterminal"),
    Capability.TOKEN_INFO: ("jupiter", "geckoterminal", "dexscreener"),
    Capability.CANDLES: ("geckoterminal", "birdeye"),
    Capability.TRADES: ("geckoterminal",),
    Capability.SAFETY: ("rugcheck", "jupiter", "birdeye"),
    Capability.QUOTE: ("jupiter",),
}
"""Who is asked first: by what a call brings, and how many there may be. Others follow by name."""

NOBODY: Final = "market"

T = TypeVar("T")
C = TypeVar("C", bound="Client")


@dataclass(frozen=True, slots=True)
class Served(Generic[T]):
    """What was told, by whom, and one line for everybody who failed before."""

    value: T
    source: str
    failed: tuple[str, ...] = ()


class Client(Protocol):
    """Any provider's client."""

    api: Api


class Batched(Client, Protocol):
    """A client that is asked for up to `batch` mints at once."""

    @property
    def batch(self) -> int:
        """Most mints in a call."""
        ...


class TellsPrices(Batched, Protocol):
    """Can tell prices."""

    async def prices(self, mints: Sequence[Mint]) -> dict[Mint, SpotPrice]:
        """Return the prices that are known."""
        ...


class TellsPools(Batched, Protocol):
    """Can tell pools."""

    async def pools(self, mints: Sequence[Mint]) -> dict[Mint, tuple[Pool, ...]]:
        """Return the pools that are known."""
        ...


class TellsInfo(Batched, Protocol):
    """Can tell names."""

    async def token_info(self, mints: Sequence[Mint]) -> dict[Mint, TokenInfo]:
        """Return what is known of tokens."""
        ...


class TellsCandles(Client, Protocol):
    """Can tell candles."""

    async def candles(self, mint: Mint, pool: str, interval_s: int, since: int, until: int) -> list[PriceCandle]:
        """Return the latest candles that open in [since, until), in order."""
        ...


class TellsTrades(Client, Protocol):
    """Can tell trades."""

    async def trades(self, pool: str) -> list[PoolTrade]:
        """Return the last trades of a pool."""
        ...


class TellsSafety(Client, Protocol):
    """Can tell dangers."""

    async def safety(self, mint: Mint) -> Safety:
        """Return what is known."""
        ...


class Quotes(Client, Protocol):
    """Can quote."""

    async def quote(self, in_mint: Mint, out_mint: Mint, amount_raw: int) -> SwapQuote:
        """Return what selling exactly so much brings."""
        ...


class Serving:
    """Everybody who can tell something of the market."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self._clients = tuple(clients)

    @classmethod
    def open(cls, api_of: Callable[[ProviderSpec], Api]) -> "Serving":
        """Connect every provider that serves a market capability; `api_of` is the way to one."""
        specs = [spec for spec in list_providers() if spec.capabilities & PREFERENCE.keys()]
        return cls([_connect(spec, api_of(spec)) for spec in specs])

    def trials(self, mint: Mint) -> dict[str, Callable[[], Awaitable[object]]]:
        """Return one cheap question about a mint for each provider that can be asked, by name."""
        trials: dict[str, Callable[[], Awaitable[object]]] = {
            _name(client): partial(client.safety, mint) for client in self._of(Capability.SAFETY, TellsSafety)
        }
        for client in self._of(Capability.PRICE, TellsPrices):
            trials[_name(client)] = partial(client.prices, [mint])
        return trials

    async def prices(self, mints: Sequence[Mint], *, without: Collection[str] = ()) -> Served[dict[Mint, SpotPrice]]:
        """Return the prices that anybody knows, asking the next provider for what one leaves out.

        Each names its source; providers in `without` are not asked.

        Raises:
            ProviderError: nobody answered.
        """
        clients = [client for client in self._of(Capability.PRICE, TellsPrices) if _name(client) not in without]
        return await _collect(Capability.PRICE, clients, mints, lambda client, some: client.prices(some))

    async def pools(self, mints: Sequence[Mint]) -> Served[dict[Mint, tuple[Pool, ...]]]:
        """Return the pools that the first provider knows; the next is asked for what it failed to answer.

        Raises:
            ProviderError: nobody answered.
        """
        clients = self._of(Capability.POOLS, TellsPools)
        return await _collect(
            Capability.POOLS, clients, mints, lambda client, some: client.pools(some), is_thorough=False
        )

    async def token_info(self, mints: Sequence[Mint]) -> Served[dict[Mint, TokenInfo]]:
        """Return names and more, asking the next provider for what one leaves out.

        Raises:
            ProviderError: nobody answered.
        """
        clients = self._of(Capability.TOKEN_INFO, TellsInfo)
        return await _collect(Capability.TOKEN_INFO, clients, mints, lambda client, some: client.token_info(some))

    async def candles(
        self, mint: Mint, pool: str, interval_s: int, since: int, until: int
    ) -> Served[list[PriceCandle]]:
        """Return the latest candles of a mint that open in [since, until), in order; see the provider for how many.

        Raises:
            ProviderError: nobody answered.
        """
        clients = self._of(Capability.CANDLES, TellsCandles)
        return await self._first(
            Capability.CANDLES, clients, lambda client: client.candles(mint, pool, interval_s, since, until)
        )

    async def trades(self, pool: str) -> Served[list[PoolTrade]]:
        """Return the last trades of a pool, newest first.

        Raises:
            ProviderError: nobody answered.
        """
        clients = self._of(Capability.TRADES, TellsTrades)
        return await self._first(Capability.TRADES, clients, lambda client: client.trades(pool))

    async def safety(self, mint: Mint) -> Served[Safety]:
        """Return what could hurt holders of a mint.

        Raises:
            ProviderError: nobody answered.
        """
        clients = self._of(Capability.SAFETY, TellsSafety)
        return await self._first(Capability.SAFETY, clients, lambda client: client.safety(mint))

    async def quote(self, in_mint: Mint, out_mint: Mint, amount_raw: int) -> Served[SwapQuote]:
        """Return what selling exactly `amount_raw` base units brings.

        Raises:
            ProviderError: nobody answered, or there is no route.
        """
        clients = self._of(Capability.QUOTE, Quotes)
        return await self._first(Capability.QUOTE, clients, lambda client: client.quote(in_mint, out_mint, amount_raw))

    def _of(self, capability: Capability, kind: type[C]) -> list[C]:
        """Return those who can, whoever can be asked at once first, then by preference."""
        del kind
        order = PREFERENCE[capability]
        able = [client for client in self._clients if capability in client.api.spec.capabilities and _has_key(client)]
        able.sort(key=lambda client: (client.api.health.wait_s > 0, _place(order, _name(client)), _name(client)))
        return cast("list[C]", able)

    async def _first(self, capability: Capability, clients: Sequence[C], ask: Callable[[C], Awaitable[T]]) -> Served[T]:
        failed: list[ProviderError] = []
        for client in clients:
            try:
                return Served(await ask(client), _name(client), tuple(map(str, failed)))
            except ProviderError as error:
                failed.append(error)
        raise _nobody(capability, failed)


async def _collect(
    capability: Capability,
    clients: Sequence[C],
    mints: Sequence[Mint],
    ask: Callable[[C, Sequence[Mint]], Awaitable[dict[Mint, T]]],
    *,
    is_thorough: bool = True,
) -> Served[dict[Mint, T]]:
    found: dict[Mint, T] = {}
    told: list[str] = []
    failed: list[ProviderError] = []
    rest = list(dict.fromkeys(mints))
    for client in clients:
        if not rest:
            break
        asked = 0
        try:
            for some in _batches(rest, cast("Batched", client).batch):
                found |= await ask(client, some)
                asked += len(some)
            told.append(_name(client))
        except ProviderError as error:
            failed.append(error)
        unknown = [mint for mint in rest[:asked] if mint not in found] if is_thorough else []
        rest = [*unknown, *rest[asked:]]
    if mints and not told and not found:
        raise _nobody(capability, failed)
    return Served(found, ", ".join(told), tuple(map(str, failed)))


def _batches(mints: Sequence[Mint], size: int) -> Iterator[Sequence[Mint]]:
    return (mints[start : start + size] for start in range(0, len(mints), size))


def _nobody(capability: Capability, failed: Sequence[ProviderError]) -> ProviderError:
    reasons = "; ".join(map(str, failed)) or "no provider can be asked"
    what = capability.value.replace("_", " ")
    retryable = any(error.retryable for error in failed)
    return ProviderError(f"nobody tells {what}: {reasons}", provider=NOBODY, retryable=retryable)


def _connect(spec: ProviderSpec, api: Api) -> Client:
    return cast("Client", importlib.import_module(f"data.providers.{spec.name}").connect(api))


def _name(client: Client) -> str:
    return client.api.spec.name


def _has_key(client: Client) -> bool:
    return client.api.has_key or not client.api.spec.is_key_required


def _place(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)
