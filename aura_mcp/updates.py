"""Tell clients that a resource changed, in both protocol eras.

Since 2026-07-28 a client opens a stream of events with `subscriptions/listen`; before, it sent `resources/subscribe`
once for each resource. Not responsible for deciding what changed: services and the hub say so.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from mcp.server import Server, ServerRequestContext
from mcp.server.connection import Connection
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourceUpdated, ServerEvent, SubscriptionBus
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, EmptyResult, SubscribeRequestParams, UnsubscribeRequestParams

MAX_SUBSCRIPTIONS: Final = 256
"""Resources that one connection may subscribe to."""

SCHEME: Final = "aura://"
OVERVIEW: Final = (f"{SCHEME}brief", f"{SCHEME}wallets")
"""Resources that change with every fact."""

EVENTS: Final = f"{SCHEME}events"
"""The resource that changes with every event."""


def wallet_uri(address: str) -> str:
    """Return the resource of a wallet."""
    return f"{SCHEME}wallet/{address}"


def token_uri(mint: str) -> str:
    """Return the resource of a token."""
    return f"{SCHEME}token/{mint}"


class _Bus(InMemorySubscriptionBus):
    """The SDK's bus, which also tells whether anybody listens."""

    def __init__(self) -> None:
        super().__init__()
        self.listeners = 0

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Register a listener and return what ends that, once."""
        end = super().subscribe(listener)
        is_open = [True]

        def unsubscribe() -> None:
            end()
            self.listeners -= len(is_open)
            is_open.clear()

        self.listeners += 1
        return unsubscribe


class Updates:
    """The news of one server about its resources."""

    def __init__(self) -> None:
        self._bus = _Bus()
        self.bus: SubscriptionBus = self._bus
        self._subscribed: dict[Connection, set[str]] = {}

    @property
    def has_listeners(self) -> bool:
        """Whether anybody asked for news of any resource."""
        return self._bus.listeners > 0 or bool(self._subscribed)

    def serve(self, protocol: Server[Any]) -> None:
        """Accept subscriptions of clients of the handshake era; the others listen to `bus` already."""
        protocol.add_request_handler("resources/subscribe", SubscribeRequestParams, self._subscribe)
        protocol.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, self._unsubscribe)

    async def publish(self, *uris: str) -> None:
        """Say that resources changed, to whoever asked for news of them; to be called on the server's event loop."""
        for uri in dict.fromkeys(uris) if self.has_listeners else ():
            await self.bus.publish(ResourceUpdated(uri=uri))
            for connection in [client for client, wanted in self._subscribed.items() if uri in wanted]:
                await connection.notify("notifications/resources/updated", {"uri": uri})

    async def publish_facts(self, wallets: Iterable[str], mints: Iterable[str]) -> None:
        """Say that facts about wallets and tokens arrived: the overview changed with them."""
        await self.publish(*OVERVIEW, *map(wallet_uri, wallets), *map(token_uri, mints))

    async def _subscribe(self, context: ServerRequestContext[Any, Any], params: SubscribeRequestParams) -> EmptyResult:
        connection = _connection_of(context)
        wanted = self._subscribed.get(connection)
        if wanted is None:
            wanted = self._subscribed[connection] = set()
            connection.exit_stack.callback(self._subscribed.pop, connection, None)
        if not params.uri.startswith(SCHEME):
            raise MCPError(INVALID_PARAMS, f"resources of this server start with {SCHEME}")
        if len(wanted) >= MAX_SUBSCRIPTIONS and params.uri not in wanted:
            raise MCPError(INVALID_PARAMS, f"a connection may subscribe to {MAX_SUBSCRIPTIONS} resources")
        wanted.add(params.uri)
        return EmptyResult()

    async def _unsubscribe(
        self, context: ServerRequestContext[Any, Any], params: UnsubscribeRequestParams
    ) -> EmptyResult:
        self._subscribed.get(_connection_of(context), set()).discard(params.uri)
        return EmptyResult()


def _connection_of(context: ServerRequestContext[Any, Any]) -> Connection:
    # A session is made anew for every request; what outlives it has no public name in the SDK.
    return context.session._connection  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
