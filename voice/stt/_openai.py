"""What both ways to OpenAI share: the client, and its refusals in words."""

from typing import Final

import openai
from openai import AsyncOpenAI

from voice.errors import VoiceProviderError
from voice.settings import VoiceSettings

NAME: Final = "OpenAI"


def client_of(settings: VoiceSettings) -> AsyncOpenAI:
    """Return a client that does not retry by itself: silence would be all the person hears of it.

    Raises:
        VoiceProviderError: there is no key.
    """
    if settings.openai_api_key is None:
        raise VoiceProviderError(
            NAME, "no_key", "I need an OpenAI key to hear you: set OPENAI_API_KEY, or type with `aura voice --text`."
        )
    return AsyncOpenAI(
        api_key=settings.openai_api_key.get_secret_value(),
        base_url=settings.openai_url,
        max_retries=0,
        timeout=settings.timeout_s,
    )


def as_ours(error: openai.OpenAIError) -> VoiceProviderError:
    """Return the SDK's error in words."""
    if isinstance(error, openai.APITimeoutError):
        return stalled()
    if isinstance(error, openai.APIConnectionError):
        return unreachable()
    status = error.status_code if isinstance(error, openai.APIStatusError) else None
    return refused(status, str(error))


def refused(status: int | None, text: str) -> VoiceProviderError:
    """Return the error for a refusal, known by its status or by its words."""
    words = text.lower()
    if "insufficient_quota" in words or "billing" in words:
        return VoiceProviderError(NAME, "no_credit", "The OpenAI account has no credit left. Add some and go on.")
    if status in {401, 403} or "invalid_api_key" in words:
        return VoiceProviderError(NAME, "bad_key", "OpenAI refuses the key. Check OPENAI_API_KEY.")
    if status == 429 or "rate_limit" in words:  # noqa: PLR2004 - an HTTP status
        return VoiceProviderError(NAME, "rate_limited", "OpenAI asks me to slow down. Ask again in a minute.")
    if status is not None and status >= 500:  # noqa: PLR2004 - an HTTP status
        return stalled()
    return VoiceProviderError(NAME, "refused", "OpenAI refused to transcribe. The log says why.")


def unreachable() -> VoiceProviderError:
    """Return the error for a service that cannot be reached or has hung up."""
    return VoiceProviderError(NAME, "no_network", "I cannot reach OpenAI to hear you. Check the network.")


def stalled() -> VoiceProviderError:
    """Return the error for a service that fell silent."""
    return VoiceProviderError(NAME, "stalled", "OpenAI did not finish transcribing. Ask again in a moment.")
