"""What both ways to ElevenLabs share: the key, the format, and its refusals in words."""

from typing import Final

from voice.errors import VoiceProviderError
from voice.settings import VoiceSettings

NAME: Final = "ElevenLabs"
SAMPLE_RATE: Final = 24_000

_UNAUTHORIZED: Final = frozenset({401, 403})
_TOO_MANY: Final = 429


def key_of(settings: VoiceSettings) -> str:
    """Return the key.

    Raises:
        VoiceProviderError: there is none.
    """
    if settings.elevenlabs_api_key is None:
        raise VoiceProviderError(
            NAME, "no_key", "I need an ElevenLabs key: set ELEVENLABS_API_KEY, or ask in text with `aura ask`."
        )
    return settings.elevenlabs_api_key.get_secret_value()


def refused(status: int | None, text: str) -> VoiceProviderError:
    """Return the error for a refusal, known by its status or by its words."""
    words = text.lower()
    if "quota" in words or "credit" in words or "payment" in words:
        return VoiceProviderError(NAME, "no_credit", "The ElevenLabs account has no credit left. Add some and go on.")
    if status in _UNAUTHORIZED or "api_key" in words or "unauthorized" in words:
        return VoiceProviderError(NAME, "bad_key", "ElevenLabs refuses the key. Check ELEVENLABS_API_KEY.")
    if status == _TOO_MANY or "too_many" in words or "busy" in words or "rate" in words:
        return VoiceProviderError(NAME, "rate_limited", "ElevenLabs asks me to slow down. Ask again in a minute.")
    return VoiceProviderError(NAME, "refused", "ElevenLabs refused to speak. The log says why.")


def unreachable() -> VoiceProviderError:
    """Return the error for a service that cannot be reached or has hung up."""
    return VoiceProviderError(NAME, "no_network", "I cannot reach ElevenLabs, so I answer in text. Check the network.")


def stalled() -> VoiceProviderError:
    """Return the error for a service that fell silent in the middle."""
    return VoiceProviderError(NAME, "stalled", "ElevenLabs stopped in the middle. Ask again in a moment.")
