"""Send one request and take its whole answer: the one place where errors of the HTTP library become ours.

Neither addresses nor headers are ever part of a message, because both may hold keys.
Not responsible for turns, limits and retries (`api`), or for what an answer means.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Final

import anyio
import httpx

from data.errors import ProviderError
from data.providers.exchange import Answer, Question

USER_AGENT: Final = "aura-mcp"

_LIBRARIES: Final = ("httpx", "httpcore")
_SCHEMES: Final = frozenset({"http", "https", "ws", "wss"})
# The first class that fits names the reason.
_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (httpx.ConnectError, "no connection"),
    (httpx.ProxyError, "the proxy refuses"),
    (httpx.DecodingError, "the body cannot be unpacked"),
    (httpx.RemoteProtocolError, "the answer broke off"),
    (httpx.NetworkError, "the connection broke"),
)


class HttpSender:
    """The connections of one process. Used and closed in one event loop."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        # At INFO these write every address, with the key that is in it.
        for name in _LIBRARIES:
            logging.getLogger(name).setLevel(logging.WARNING)
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    async def send(self, question: Question, when_counted: Callable[[], None]) -> Answer:
        """Return the answer, whatever its status; `when_counted` is called as soon as it begins.

        Raises:
            ProviderError: there is none, or not all of it; it is too large, which alone is not retryable.
        """
        try:
            with anyio.fail_after(question.timeout_s):
                return await self._exchange(question, when_counted)
        except TimeoutError as error:
            raise _failed(question, f"no answer within {question.timeout_s:g} s") from error
        except httpx.HTTPError as error:
            reason = next((reason for kind, reason in _REASONS if isinstance(error, kind)), type(error).__name__)
            raise _failed(question, reason) from error

    async def aclose(self) -> None:
        """Close the connections; a second call does nothing."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _exchange(self, question: Question, when_counted: Callable[[], None]) -> Answer:
        request = self._open().stream(
            question.method, question.url, headers=dict(question.headers), content=question.content
        )
        async with request as response:
            when_counted()
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > question.max_bytes:
                    reason = f"its answer is larger than {question.max_bytes:,} bytes; ask for less"
                    raise _failed(question, reason, retryable=False)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, bytes(body))

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=self._transport,
                headers={"user-agent": USER_AGENT, "accept": "application/json"},
                # One limit bounds the whole attempt, and each provider bounds its own calls under way.
                timeout=httpx.Timeout(None),
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=32, keepalive_expiry=30.0),
            )
        return self._client


def address(base: str, path: str, params: Mapping[str, str]) -> str:
    """Return `base` with `path` and `params` added to what it has of both.

    Raises:
        ValueError: `base` is no http address; it is not shown.
    """
    try:
        url = httpx.URL(base)
        if path:
            url = url.copy_with(path=url.path.rstrip("/") + path)
        url = url.copy_merge_params(dict(params)) if params else url
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ValueError("not an http address") from error
    if url.scheme not in _SCHEMES or not url.host:
        raise ValueError("not an http address")
    return str(url)


def _failed(question: Question, reason: str, *, retryable: bool = True) -> ProviderError:
    return ProviderError(f"{question.title} {question.call}: {reason}", provider=question.provider, retryable=retryable)
