"""Answer from a recording as the providers did: each request by what came when it was asked, in the same order.

Not responsible for the format (`data.http_recording`) or for WebSockets.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from data.clock import Clock
from data.errors import ProviderError
from data.http_recording import Exchange, Identity, Recording, identity
from data.providers.exchange import Answer, Question

_CONTENT_TYPE: Final = "content-type"

Key = tuple[str, str, str, tuple[tuple[str, str], ...], str | None]


class Replay:
    """The answers of a recording that have not been given yet."""

    def __init__(self, recording: Recording) -> None:
        self._waiting: dict[Key, deque[Exchange]] = {}
        for exchange in recording.exchanges:
            asked = Identity(exchange.provider, exchange.method, exchange.path, exchange.params, exchange.asked)
            self._waiting.setdefault(_key(asked), deque()).append(exchange)

    @property
    def left(self) -> int:
        """How many answers have not been given yet."""
        return sum(map(len, self._waiting.values()))

    def take(self, asked: Identity) -> Exchange | None:
        """Return the next answer to this question, None when there is none."""
        waiting = self._waiting.get(_key(asked))
        return waiting.popleft() if waiting else None


class ReplaySender:
    """Takes the place of the network. With a `speed` answers come when they came, so many times faster.

    Without one they come at once, and headers that ask to wait are left out.
    """

    def __init__(
        self,
        replay: Replay,
        clock: Clock,
        *,
        speed: float | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._replay = replay
        self._clock = clock
        self._speed = speed
        self._sleep = sleep
        self._began_s = clock.monotonic_s()

    async def send(self, question: Question, when_counted: Callable[[], None]) -> Answer:
        """Return what came when this was asked, the first time the first answer, and so on.

        Raises:
            ProviderError: what failed then fails again; and a question that was not asked so often, not retryable.
        """
        answer = await self.answer(identity(question), f"{question.title} {question.call}")
        when_counted()
        return answer

    async def answer(self, asked: Identity, name: str) -> Answer:
        """Return what came when this was asked; `name` is what messages call it.

        Raises:
            ProviderError: as `send`.
        """
        exchange = self._replay.take(asked)
        if exchange is None:
            reason = f"{name}: the recording has no further answer to this; record for longer"
            raise ProviderError(reason, provider=asked.provider, retryable=False)
        if self._speed is not None:
            due_s = self._began_s + exchange.at_s / self._speed
            await self._sleep(max(0.0, due_s - self._clock.monotonic_s()))
        if exchange.status is None:
            message = f"{name}: {exchange.failure}"
            raise ProviderError(message, provider=asked.provider, retryable=exchange.is_retryable)
        return Answer(exchange.status, self._headers(exchange), exchange.body)

    async def aclose(self) -> None:
        """Do nothing: nothing is open."""

    def _headers(self, exchange: Exchange) -> dict[str, str]:
        if self._speed is not None:
            return exchange.headers
        return {name: value for name, value in exchange.headers.items() if name == _CONTENT_TYPE}


def _key(asked: Identity) -> Key:
    return asked.provider, asked.method, asked.path, tuple(sorted(asked.params.items())), asked.asked
