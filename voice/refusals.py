"""Say in words why a provider does not answer: for each kind of trouble one line that says what to do.

The words that a provider gives are logged, without the key; they are never said. Not responsible for when to ask again.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from voice.errors import ProviderTrouble, VoiceProviderError

MAX_REASON_CHARS: Final = 300
KEY: Final = "(key)"
"""What a log has instead of a key, or of a part of one."""

LONGEST_WAIT_S: Final = 120
"""Who asks for more is asked again in a minute all the same: nobody waits for minutes with a key in hand."""

_LINES: Final[Mapping[ProviderTrouble, str]] = {
    "no_key": "I need an {name} key: set {key_name} and start again{instead}.",
    "bad_key": "{name} refuses the key. Check {key_name} and start again.",
    "no_credit": "The {name} account has no credit left. Add some, then ask again.",
    "no_network": "I cannot reach {name}. Check the network, then ask again.",
    "rate_limited": "{name} asks me to slow down. Ask again in {wait}.",
    "overloaded": "{name} is overloaded. Ask again in {wait}.",
    "stalled": "{name} stopped answering. Ask again in a moment.",
    "refused": "{name} refused the request. The log says why.",
    "unexpected": "{name} sent something that I cannot read. Ask again in a moment.",
}
_UNAUTHORIZED: Final = frozenset({401, 403})
_NO_CREDIT: Final = 402
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_CREDIT_WORDS: Final = ("insufficient_quota", "quota_exceeded", "credit balance", "billing", "payment")
_KEY_WORDS: Final = ("invalid_api_key", "authentication_error", "auth_error", "needs_authorization", "unauthorized")
_RATE_WORDS: Final = ("rate_limit", "rate_limited", "too_many", "commit_throttled", "queue_overflow")
_BUSY_WORDS: Final = ("overloaded", "system_busy", "resource_exhausted", "server_error", "internal_error")
_SECRET: Final = re.compile(r"\b(?:sk|xi)[-_][\w*.…-]{6,}|(?<=Bearer )\S+")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who is asked: its name, the variable that holds its key, and what else the person can do without one."""

    name: str
    key_name: str
    instead: str = ""

    def trouble(self, kind: ProviderTrouble, wait_s: float | None = None) -> VoiceProviderError:
        """Return the error of a kind. `wait_s`: when the provider wants to be asked again, where it says so."""
        wait = f"{max(1, round(wait_s))} seconds" if wait_s is not None and wait_s <= LONGEST_WAIT_S else "a minute"
        line = _LINES[kind].format(name=self.name, key_name=self.key_name, instead=self.instead, wait=wait)
        return VoiceProviderError(self.name, kind, line)

    def refusal(self, status: int | None, reason: str, *, key: str, wait_s: float | None = None) -> VoiceProviderError:
        """Return the error for a refusal, known by its HTTP status, or by the provider's words for it."""
        kind = _kind_of(status, reason.lower())
        told = without_keys(reason.replace(key, KEY) if key else reason)[:MAX_REASON_CHARS]
        fields = {"provider": self.name, "kind": kind, "status": status, "reason": told}
        logger.warning("provider_refused", extra={"fields": fields})
        return self.trouble(kind, wait_s)


def without_keys(text: str) -> str:
    """Return a text without anything that looks like a key."""
    return _SECRET.sub(KEY, text)


def wait_of(headers: Mapping[str, str]) -> float | None:
    """Return the seconds after which a provider wants to be asked again; None where it does not say."""
    told = headers.get("retry-after", "")
    return float(told) if told.replace(".", "", 1).isdigit() else None


def _kind_of(status: int | None, words: str) -> ProviderTrouble:
    def has(known: tuple[str, ...]) -> bool:
        return any(word in words for word in known)

    if status == _NO_CREDIT or has(_CREDIT_WORDS):
        return "no_credit"
    if status in _UNAUTHORIZED or has(_KEY_WORDS):
        return "bad_key"
    if status == _TOO_MANY or has(_RATE_WORDS):
        return "rate_limited"
    if (status is not None and status >= _SERVER_ERROR) or has(_BUSY_WORDS):
        return "overloaded"
    return "refused"
