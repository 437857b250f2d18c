"""Judge what a provider answered before anybody reads its body: the status, and how long it asks to wait.

Not responsible for bodies, or for sending.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from data.errors import ProviderError
from data.providers.spec import ProviderSpec

# A reset above this is a time since 1970, below it a number of seconds.
_EARLIEST_RESET: Final = 1_000_000_000
_LONGEST_WAIT_S: Final = 7 * 86_400.0
_REMAINING: Final = ("x-ratelimit-remaining", "ratelimit-remaining")
_RESET: Final = ("x-ratelimit-reset", "ratelimit-reset")
_KEY_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN})


def check_status(status: int, wait_s: float | None, spec: ProviderSpec, call: str, *, has_key: bool) -> None:
    """Accept a 2xx.

    Raises:
        ProviderError: any other status; retryable for 408, 429 and 5xx.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    is_retryable = status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS} or status >= 500  # noqa: PLR2004
    raise ProviderError(
        f"{spec.title} {call}: HTTP {status}, {_advise(status, spec, has_key=has_key)}",
        provider=spec.name,
        retryable=is_retryable,
        status_code=status,
        retry_after_s=wait_s if is_retryable else None,
    )


def wait_asked_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how many seconds an answer asks to wait before the next call, None when it does not.

    `Retry-After` is a number of seconds or an HTTP date, a date counted from the `Date` of the same answer, because
    clocks differ. A rate limit of which nothing remains asks to wait for its reset.
    """
    waits = (_retry_after_s(headers, now), _until_reset_s(headers, now))
    asked = [min(wait, _LONGEST_WAIT_S) for wait in waits if wait is not None and wait > 0]
    return max(asked, default=None)


def _advise(status: int, spec: ProviderSpec, *, has_key: bool) -> str:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "too many calls; it is asked again later"
    if status in _KEY_REFUSED and spec.key_name is not None:
        name = spec.key_name.upper()
        return f"the key is refused; check {name}" if has_key else f"a key is needed; set {name}"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return "its server has trouble; it is asked again later"
    if status < HTTPStatus.BAD_REQUEST:
        return f"it has moved; see {spec.docs_url}"
    return f"the question is refused; see {spec.docs_url}"


def _retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    seconds = _number(value)
    if seconds is not None:
        return seconds
    at = _http_date(value)
    return None if at is None else (at - (_http_date(headers.get("date", "")) or now)).total_seconds()


def _until_reset_s(headers: Mapping[str, str], now: datetime) -> float | None:
    remaining = next((number for name in _REMAINING if (number := _number(headers.get(name, ""))) is not None), None)
    reset = next((number for name in _RESET if (number := _number(headers.get(name, ""))) is not None), None)
    if remaining is None or remaining > 0 or reset is None:
        return None
    return reset - now.timestamp() if reset >= _EARLIEST_RESET else reset


def _number(text: str) -> float | None:
    text = text.strip()
    digits = text.removeprefix("-").replace(".", "", 1)
    return float(text) if digits.isascii() and digits.isdigit() else None


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
