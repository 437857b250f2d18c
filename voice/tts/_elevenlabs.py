"""What every way to ElevenLabs shares: the key, sockets, and its refusals."""

from typing import Final

import websockets
from websockets.asyncio.client import ClientConnection, connect

from voice.errors import VoiceProviderError
from voice.refusals import Provider, wait_of
from voice.settings import VoiceSettings

ELEVENLABS: Final = Provider(
    name="ElevenLabs", key_name="ELEVENLABS_API_KEY", instead=", or ask in text: `aura voice --text`"
)


def key_of(settings: VoiceSettings) -> str:
    """Return the key.

    Raises:
        VoiceProviderError: there is none.
    """
    if settings.elevenlabs_api_key is None:
        raise ELEVENLABS.trouble("no_key")
    return settings.elevenlabs_api_key.get_secret_value()


def socket_url(settings: VoiceSettings, path: str) -> str:
    """Return where a socket of the service is."""
    return settings.elevenlabs_url.replace("http", "ws", 1).rstrip("/") + path


async def opened(url: str, key: str, timeout_s: float) -> ClientConnection:
    """Return an open socket.

    Raises:
        VoiceProviderError: the service cannot be reached, or refuses.
    """
    try:
        return await connect(
            url,
            additional_headers={"xi-api-key": key},
            compression=None,
            max_size=None,
            open_timeout=timeout_s,
            # A service that does not answer a farewell is not waited for.
            close_timeout=1,
        )
    except websockets.InvalidStatus as error:
        response = error.response
        body = (response.body or b"").decode("utf-8", "replace")
        raise refused(response.status_code, body, key, wait_of(response.headers)) from error
    except (OSError, TimeoutError, websockets.WebSocketException) as error:
        raise ELEVENLABS.trouble("no_network") from error


def refused(status: int | None, reason: str, key: str, wait_s: float | None = None) -> VoiceProviderError:
    """Return the error for a refusal."""
    return ELEVENLABS.refusal(status, reason, key=key, wait_s=wait_s)
