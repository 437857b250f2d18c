"""What both ways to OpenAI share: the client, and its refusals."""

from typing import Final

import openai
from openai import AsyncOpenAI

from voice.errors import VoiceProviderError
from voice.refusals import Provider, wait_of
from voice.settings import VoiceSettings

OPENAI: Final = Provider(
    name="OpenAI", key_name="OPENAI_API_KEY", instead=", or type your questions: `aura voice --text`"
)


def client_of(settings: VoiceSettings) -> AsyncOpenAI:
    """Return a client that does not retry by itself: silence would be all the person hears of it.

    Raises:
        VoiceProviderError: there is no key.
    """
    if settings.openai_api_key is None:
        raise OPENAI.trouble("no_key")
    return AsyncOpenAI(
        api_key=settings.openai_api_key.get_secret_value(),
        base_url=settings.openai_url,
        max_retries=0,
        timeout=settings.timeout_s,
    )


def as_ours(error: openai.OpenAIError, client: AsyncOpenAI) -> VoiceProviderError:
    """Return the SDK's error in words."""
    if isinstance(error, openai.APITimeoutError):
        return OPENAI.trouble("stalled")
    if isinstance(error, openai.APIStatusError):
        reason = f"{error.code} {error.type} {error.message}"
        wait_s = wait_of(error.response.headers)
        return OPENAI.refusal(error.status_code, reason, key=client.api_key, wait_s=wait_s)
    if isinstance(error, openai.APIResponseValidationError):
        return OPENAI.trouble("unexpected")
    return OPENAI.trouble("no_network")
