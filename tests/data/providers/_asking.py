"""Ask a provider that answers from a script, in virtual time."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Final, TypeVar

import httpx

from data.providers import Api, ApiKey, Capability, Http, Pace, Paces, ProviderConfig, ProviderSpec
from data.providers.api import Meter
from tests.virtual_time import VirtualClock, run

KEY: Final = "planted-key-0123456789abcdef"
SPEC: Final = ProviderSpec(
    name="example",
    title="Example",
    docs_url="https://docs.example.com",
    base_url="https://api.example.com/v1",
    capabilities=frozenset({Capability.PRICE}),
    paces=Paces(together=Pace(1_000, 1.0)),
    key_name="example_api_key",
    key_parameter="api-key",
    key_benefit="it answers more often",
)
CONFIG: Final = ProviderConfig(api_key=ApiKey(KEY), attempts=4, backoff_s=1.0, pause_after=5, pause_s=15.0)
OK: Final = httpx.Response(200, json={"value": 1})

Scripted = httpx.Response | Exception
T = TypeVar("T")


class Server:
    """Answers one request after the other from a script, the last one for ever, and remembers what came and when."""

    def __init__(self, answers: Iterable[Scripted]) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.times_s: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.requests.append(request)
        self.times_s.append(VirtualClock().monotonic_s())
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        # A response can be read once.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def asking(
    work: Callable[[Api], Awaitable[T]],
    *answers: Scripted,
    spec: ProviderSpec = SPEC,
    config: ProviderConfig = CONFIG,
    meter: Meter | None = None,
) -> tuple[T, Server]:
    """Return what `work` makes of a provider that answers so, and the server."""
    server = Server(answers)

    async def scene() -> T:
        async with Http(VirtualClock(), httpx.MockTransport(server), meter=meter, jitter=lambda: 1.0) as http:
            return await work(http.api(spec, config))

    return run(scene), server


def with_header_key(header: str) -> ProviderSpec:
    """Return the example with its key in a header."""
    return replace(SPEC, key_parameter=None, key_header=header)
