"""Hold one WebSocket open: the one place where errors of its library become ours.

The address is never part of a message, because it may hold a key. Not responsible for what is said over it.
"""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from data.errors import ProviderError

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
PING_S: Final = 20.0
CLOSE_S: Final = 1.0

_LIBRARY: Final = "websockets"


@asynccontextmanager
async def open_socket(url: str, *, provider: str, name: str, timeout_s: float) -> AsyncGenerator[ClientConnection]:
    """Yield an open connection, which is pinged to notice that it is dead.

    Raises:
        ProviderError: it cannot be opened, or breaks while it is used; retryable.
    """
    # At DEBUG it writes requests, with the key that is in their address.
    logging.getLogger(_LIBRARY).setLevel(logging.WARNING)
    try:
        socket = await connect(
            url,
            open_timeout=timeout_s,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            close_timeout=CLOSE_S,
            max_size=MAX_MESSAGE_BYTES,
        )
        try:
            yield socket
        finally:
            # Who is cancelled must still let go of the connection, or it stays open until the process ends.
            with anyio.CancelScope(shield=True):
                await socket.close()
    except InvalidStatus as error:
        status = error.response.status_code
        message = f"{name}: HTTP {status} instead of a WebSocket; it is asked again later"
        raise ProviderError(message, provider=provider, retryable=True, status_code=status) from error
    except TimeoutError as error:
        message = f"{name}: no WebSocket within {timeout_s:g} s"
        raise ProviderError(message, provider=provider, retryable=True) from error
    except (WebSocketException, OSError) as error:
        raise ProviderError(f"{name}: the WebSocket broke", provider=provider, retryable=True) from error
