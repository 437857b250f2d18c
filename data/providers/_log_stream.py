"""Listen to a node for transactions that name addresses: `logsSubscribe`, one subscription an address.

Reference: https://solana.com/docs/rpc/websocket/logssubscribe. What happens while the connection is down is not told
later; whoever listens asks for it. Not responsible for what the transactions are.
"""

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

import msgspec

from data.errors import ProviderError
from data.providers._node_payload import LogParams, SocketMessage, log_hint
from data.providers._socket import open_socket
from data.providers.api import Api
from data.providers.chain import LogHint
from engine.units import Address

_LOG: Final = logging.getLogger(__name__)
_CALL: Final = "logsSubscribe"
_NOTIFICATION: Final = "logsNotification"
_MESSAGE: Final = msgspec.json.Decoder(SocketMessage, strict=False)
_PARAMS: Final = msgspec.json.Decoder(LogParams, strict=False)
_SUBSCRIPTION: Final = msgspec.json.Decoder(int, strict=False)


async def stream_logs(api: Api, addresses: Sequence[Address]) -> AsyncGenerator[LogHint, None]:
    """Yield a hint for each confirmed transaction that names an address, connecting again whenever that is needed.

    Close it (`contextlib.aclosing`) to end the connection.

    Raises:
        ProviderError: it must not be asked at all.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            async with aclosing(_listen(api, _Subscriptions(addresses))) as hints:
                async for hint in hints:
                    attempt = 1
                    if hint is not None:
                        yield hint
            error = api.error(_CALL, "the node ended the connection; it is opened again")
        except ProviderError as failure:
            if not failure.retryable:
                raise
            error = failure
        _warn("log_stream_interrupted", api, str(error))
        await api.rest(error, attempt)


class _Subscriptions:
    """Which address each subscription of one connection is for."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self._addresses = addresses
        self._watched: dict[int, Address] = {}

    def requests(self) -> list[bytes]:
        """Return the messages that ask for them; each is numbered by the place of its address."""
        options = {"commitment": "confirmed"}
        return [
            msgspec.json.encode(
                {"jsonrpc": "2.0", "id": number, "method": _CALL, "params": [{"mentions": [address]}, options]}
            )
            for number, address in enumerate(self._addresses)
        ]

    def read(self, text: str | bytes) -> LogHint | None:
        """Return the hint in a message, None when it accepts a subscription or is about something else.

        Raises:
            ValueError: it is not what is documented, or refuses a subscription.
        """
        message = _MESSAGE.decode(text)
        if message.method == _NOTIFICATION:
            params = _PARAMS.decode(message.params)
            mentioned = self._watched.get(params.subscription)
            return None if mentioned is None else log_hint(params, mentioned)
        if message.error is not None:
            raise ValueError("a subscription is refused")
        if message.id is not None and 0 <= message.id < len(self._addresses):
            self._watched[_SUBSCRIPTION.decode(message.result)] = self._addresses[message.id]
        return None


async def _listen(api: Api, subscriptions: _Subscriptions) -> AsyncGenerator[LogHint | None, None]:
    """Yield what the messages of one connection hint at."""
    api.refuse(_CALL)
    name = f"{api.spec.title} {_CALL}"
    async with open_socket(api.socket_url, provider=api.spec.name, name=name, timeout_s=api.config.timeout_s) as socket:
        for request in subscriptions.requests():
            await socket.send(request, text=True)
        async for text in socket:
            try:
                hint = subscriptions.read(text)
            except ValueError as error:
                # The polls find what this message was about.
                _warn("log_message_unusable", api, type(error).__name__)
            else:
                yield hint


def _warn(event: str, api: Api, reason: str) -> None:
    _LOG.warning(event, extra={"fields": {"provider": api.spec.name, "reason": reason}})
