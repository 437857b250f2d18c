"""Ask providers: each call in its turn, within what is allowed, again when that may help.

Retries are a loop here and not a library's decorator: waits go through the injected clock and sleep, follow what the
provider asks for, end when its breaker opens, and each new attempt queues in its lane again.
Not responsible for sending (`_http`), or for what bodies mean: each provider reads its own.
"""

import random
import re
from collections.abc import Callable, Mapping
from itertools import count
from types import TracebackType
from typing import Final, Self, TypedDict, TypeVar, Unpack

import anyio
import httpx
import msgspec

from data.clock import Clock
from data.errors import ProviderError
from data.providers._http import HttpSender, address
from data.providers._line import Line, Meter, Request, World
from data.providers.exchange import Question, Sender
from data.providers.health import Health
from data.providers.pacing import Sleep
from data.providers.spec import ProviderConfig, ProviderSpec

_SHORTEST_SECRET: Final = 16
_JSON_BODY: Final = {"content-type": "application/json"}

_JITTER: Final = random.SystemRandom().random

T = TypeVar("T")


class Options(TypedDict, total=False):
    """What a request may have beside its kind.

    `path` is added to the provider's address, `json` is sent as the body, `credits` is what one attempt costs
    (default 1). A request that is not `is_repeatable` is sent again only when the provider said that it did nothing;
    one that `is_private`, because a secret is in it or in its answer, is never recorded.
    """

    method: str
    path: str
    params: Mapping[str, str]
    json: object
    headers: Mapping[str, str]
    credits: int
    is_repeatable: bool
    is_private: bool


class Http:
    """The way to all providers. Used and closed in one event loop.

    `transport` is that of the HTTP library; a `sender` takes the place of the library, to record or to replay.
    """

    def __init__(
        self,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        sender: Sender | None = None,
        meter: Meter | None = None,
        sleep: Sleep = anyio.sleep,
        jitter: Callable[[], float] = _JITTER,
    ) -> None:
        self._world = World(
            clock=clock, sender=sender or HttpSender(transport), meter=meter, sleep=sleep, jitter=jitter
        )
        self._apis: dict[str, Api] = {}

    def api(self, spec: ProviderSpec, config: ProviderConfig | None = None) -> "Api":
        """Return the way to one provider, with limits, breaker and numbers of its own."""
        config = config or ProviderConfig()
        api = Api(Line(self._world, spec, config), config.base_url or spec.base_url)
        self._apis[spec.name] = api
        return api

    def health(self) -> list[Health]:
        """Return how each provider is doing, by name."""
        return [self._apis[name].health for name in sorted(self._apis)]

    async def aclose(self) -> None:
        """Close the connections; a second call does nothing."""
        await self._world.sender.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


class Api:
    """The way to one provider, at one of its addresses."""

    def __init__(self, line: Line, url: str) -> None:
        self._line = line
        self._url = url

    @property
    def spec(self) -> ProviderSpec:
        """What the provider declares."""
        return self._line.spec

    @property
    def config(self) -> ProviderConfig:
        """What the user set about it."""
        return self._line.config

    @property
    def url(self) -> str:
        """The address without the key of the settings; it may hold one of its own, so it is never shown."""
        return self._url

    @property
    def socket_url(self) -> str:
        """The address of its WebSocket, which may hold a key: for connecting, never for showing."""
        url = self.config.socket_url or "ws" + self._url.removeprefix("http")
        return address(url, "", self._secret_params())

    @property
    def clock(self) -> Clock:
        """The clock of everything asked through this process."""
        return self._line.world.clock

    @property
    def has_key(self) -> bool:
        """Whether a key is set."""
        return self.config.api_key is not None

    @property
    def health(self) -> Health:
        """How the provider is doing."""
        return self._line.health()

    def at(self, url: str) -> "Api":
        """Return the same provider at another of its addresses: limits, breaker and numbers are shared."""
        return Api(self._line, url)

    def error(self, call: str, reason: str, *, retryable: bool = True, status_code: int | None = None) -> ProviderError:
        """Return the error for a reader to raise that finds a body unusable; `reason` is in our own words.

        A `status_code` of 429 makes the line wait as for that answer.
        """
        return self._line.error(call, reason, retryable=retryable, status_code=status_code)

    def refuse(self, call: str) -> None:
        """Let the call pass.

        Raises:
            ProviderError: it would not be sent, or not soon: offline, no key, an open breaker, a long wait asked for.
        """
        self._line.refuse(call)

    async def rest(self, error: ProviderError, attempt: int) -> None:
        """Take note of a failure that was no request's, and wait as long as before another attempt."""
        await self._line.rest(error, attempt)

    async def charge(self, cost: int) -> None:
        """Count credits that the provider took for what it sent by itself, like an event of a webhook."""
        await self._line.charge(cost)

    async def request(self, call: str, **options: Unpack[Options]) -> bytes:
        """Return the body of the answer, which is whole JSON. `call` names its lane, and the call in messages.

        Raises:
            ProviderError: the provider refused, failed, or answered something else, each time it was asked.
        """
        return await self.ask(_whole_json, call, **options)

    async def ask(self, read: Callable[[bytes], T], call: str, **options: Unpack[Options]) -> T:
        """Return what `read` makes of the body; what it refuses is asked for again like any other failure.

        `read` raises `ProviderError` (see `error`), or ValueError, like msgspec's `DecodeError`, for a body that is not
        what is documented.

        Raises:
            ProviderError: the provider refused, failed, or answered what cannot be used, each time it was asked.
        """
        request = self._request(call, options)
        waited_s = 0.0
        for attempt in count(1):
            self._line.refuse(call)
            try:
                return await self._line.attempt(request, read)
            except ProviderError as error:
                wait_s = self._line.wait_before_next_s(error, attempt, is_repeatable=request.is_repeatable)
                if wait_s is None or waited_s + wait_s > self.config.patience_s:
                    raise
            waited_s += wait_s
            await self._line.world.sleep(wait_s)
        raise AssertionError("count() does not end")

    def _request(self, call: str, options: Options) -> Request:
        spec, config = self.spec, self.config
        headers, path, params = dict(options.get("headers", {})), options.get("path", ""), options.get("params", {})
        if config.api_key is not None and spec.key_header is not None:
            headers[spec.key_header] = config.api_key.reveal()
        has_body = "json" in options
        question = Question(
            provider=spec.name,
            title=spec.title,
            call=call,
            method=options.get("method", "GET"),
            path=path,
            params=params,
            content=msgspec.json.encode(options.get("json")) if has_body else None,
            url=self._whole_url(call, path, params),
            headers={**_JSON_BODY, **headers} if has_body else headers,
            secrets=self._secrets(),
            timeout_s=config.timeout_s,
            max_bytes=spec.max_body_bytes,
            is_private=options.get("is_private", False),
        )
        return Request(question, options.get("credits", 1), options.get("is_repeatable", True))

    def _whole_url(self, call: str, path: str, params: Mapping[str, str]) -> str:
        try:
            return address(self._url, path, {**params, **self._secret_params()})
        except ValueError as error:
            reason = "its address is no http address; mend the setting"
            raise self.error(call, reason, retryable=False) from error

    def _secrets(self) -> tuple[str, ...]:
        """Return what an answer must not be recorded with: the key, and whatever a private address may hold."""
        private = "" if self._url in {self.spec.base_url, self.spec.rpc_url} else self._url
        key = "" if self.config.api_key is None else self.config.api_key.reveal()
        # Words of an address that are too short for a key also occur in answers.
        parts = [part for part in re.split(r"[/?&=@:]+", private) if len(part) >= _SHORTEST_SECRET]
        return (key, *parts) if key else tuple(parts)

    def _secret_params(self) -> dict[str, str]:
        key, name = self.config.api_key, self.spec.key_parameter
        return {} if key is None or name is None else {name: key.reveal()}


def _whole_json(body: bytes) -> bytes:
    msgspec.json.decode(body, type=msgspec.Raw)
    return body
