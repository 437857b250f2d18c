"""What all calls to one provider share: its lanes, its breaker, its credits and its numbers; and one attempt.

Not responsible for trying again (`api`) or for sending (`_http`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, NamedTuple, Protocol, TypeVar

import anyio
import msgspec

from data.clock import Clock
from data.errors import ProviderError
from data.providers._answers import check_status, wait_asked_s
from data.providers.breaker import Breaker, Trial
from data.providers.exchange import Question, Sender
from data.providers.health import Health, State, Tally
from data.providers.pacing import Gate, Place, Sleep
from data.providers.spec import ProviderConfig, ProviderSpec
from engine.text import clean_text

_LONGEST_BACKOFF_S: Final = 20.0
# Less than this is the usual noise of a network, and no news to anybody.
_FAILING_FROM: Final = 3
_LIMITED_FROM_S: Final = 5.0
_DETAIL_LENGTH: Final = 120

T = TypeVar("T")


class Meter(Protocol):
    """Who counts credits over processes and months (`data.store.usage`)."""

    async def spend(self, provider: str, amount: int, limit: int | None) -> bool:
        """Count the credits of a call about to be made; return False, counting nothing, when they exceed the limit."""
        ...

    def spent(self, provider: str) -> int:
        """Return the credits of this calendar month."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a line is given of the outside."""

    clock: Clock
    sender: Sender
    meter: Meter | None
    sleep: Sleep
    jitter: Callable[[], float]


class Request(NamedTuple):
    """A call to be made; `cost` is in credits."""

    question: Question
    cost: int
    is_repeatable: bool


class Line:
    """The state that all addresses of one provider share."""

    def __init__(self, world: World, spec: ProviderSpec, config: ProviderConfig) -> None:
        self.world = world
        self.spec = spec
        self.config = config
        paces = config.paces or (spec.keyed_paces if config.api_key else None) or spec.paces
        self._gate = Gate(paces, world.clock, world.sleep)
        self._breaker = Breaker(world.clock, config.pause_after, config.pause_s)
        self._in_flight = anyio.Semaphore(spec.max_in_flight)
        self._tally = Tally()

    @property
    def credit_limit(self) -> int | None:
        """What may be spent in a month, None for no limit."""
        return self.spec.credit_limit if self.config.credit_limit is None else self.config.credit_limit

    def error(
        self,
        call: str,
        reason: str,
        *,
        retryable: bool,
        status_code: int | None = None,
        retry_after_s: float | None = None,
    ) -> ProviderError:
        """Return an error of this provider about one call."""
        return ProviderError(
            f"{self.spec.title} {call}: {reason}",
            provider=self.spec.name,
            retryable=retryable,
            status_code=status_code,
            retry_after_s=retry_after_s,
        )

    def refuse(self, call: str) -> None:
        """Let the call pass.

        Raises:
            ProviderError: it would not be sent, or not soon: offline, no key, an open breaker, a long wait asked for.
        """
        if self.config.is_offline:
            raise self.error(call, "AURA_OFFLINE is set; unset it to ask", retryable=False)
        if self.spec.is_key_required and self.config.api_key is None:
            name = (self.spec.key_name or "").upper()
            raise self.error(call, f"a key is needed; set {name}", retryable=False)
        if pause_s := self._breaker.pause_left_s():
            reason = f"it failed again and again; it is asked again in {pause_s:.0f} s"
            raise self.error(call, reason, retryable=True, retry_after_s=pause_s)
        held_s = self._gate.held_s(call)
        if held_s > self.config.patience_s:
            reason = f"it asked to wait; it is asked again in {held_s:.0f} s"
            raise self.error(call, reason, retryable=True, retry_after_s=held_s)

    async def attempt(self, request: Request, read: Callable[[bytes], T]) -> T:
        """Return what `read` makes of the answer, after waiting for the call's turn.

        Raises:
            ProviderError: it was not sent, or brought nothing useful; the line has taken note.
        """
        async with self._gate.place(request.question.call) as place, self._in_flight:
            await self._admit(request, place)
            trial = self._breaker.start()
            self._tally.calls += 1
            try:
                result = read(await self._exchange(request, place))
            # A body of nothing but brackets is too deep for any decoder.
            except (ValueError, RecursionError) as error:
                failure = self._unusable(request.question.call, error)
                self._note(failure, request.question.call, trial)
                raise failure from error
            except ProviderError as error:
                self._note(error, request.question.call, trial)
                raise
            except BaseException:
                self._breaker.abandon(trial)
                raise
            self._breaker.succeed()
            self._tally.succeed(self.world.clock.epoch_s())
            return result

    def wait_before_next_s(self, error: ProviderError, attempt: int, *, is_repeatable: bool) -> float | None:
        """Return how long to wait before attempt `attempt + 1`, None when there is to be none."""
        is_refusal = error.status_code == HTTPStatus.TOO_MANY_REQUESTS
        if not error.retryable or attempt >= self.config.attempts or self._breaker.is_open:
            return None
        if not (is_repeatable or is_refusal):
            return None
        return max(self.backoff_s(attempt), error.retry_after_s or 0.0)

    async def rest(self, error: ProviderError, attempt: int) -> None:
        """Take note of a failure that was no request's, and wait as long as before another attempt."""
        self._tally.fail(error, self.world.clock.epoch_s())
        await self.world.sleep(max(self.backoff_s(attempt), error.retry_after_s or 0.0))

    def backoff_s(self, attempt: int) -> float:
        """Return a time between half and all of one that doubles with each attempt."""
        longest = min(_LONGEST_BACKOFF_S, self.config.backoff_s * 2 ** (attempt - 1))
        return longest * (1 + self.world.jitter()) / 2

    def health(self) -> Health:
        """Return how the provider is doing."""
        meter, tally, limit = self.world.meter, self._tally, self.credit_limit
        return Health(
            name=self.spec.name,
            title=self.spec.title,
            state=self._state(),
            last_ok_at=tally.last_ok_at,
            last_error_at=tally.last_error_at,
            last_error=tally.last_error,
            calls=tally.calls,
            refusals=tally.refusals,
            failures=tally.failures,
            wait_s=max(self._breaker.pause_left_s(), self._gate.held_s()),
            credits_this_month=None if meter is None or limit is None else meter.spent(self.spec.name),
            credit_limit=limit,
        )

    def _state(self) -> State:
        if self.config.is_offline or (self.spec.is_key_required and self.config.api_key is None):
            return State.OFF
        if self._breaker.is_open or self._breaker.failures >= _FAILING_FROM:
            return State.FAILING
        if self._gate.held_s() > _LIMITED_FROM_S or self._has_no_credits_left():
            return State.LIMITED
        return State.OK if self._tally.calls else State.IDLE

    def _has_no_credits_left(self) -> bool:
        meter, limit = self.world.meter, self.credit_limit
        return meter is not None and limit is not None and meter.spent(self.spec.name) >= limit

    async def _admit(self, request: Request, place: Place) -> None:
        """Check what may have changed while the call waited for its turn, and pay for it."""
        try:
            self.refuse(request.question.call)
            await self._pay(request)
        except ProviderError:
            place.give_back(is_counted=False)
            raise

    async def _pay(self, request: Request) -> None:
        meter, limit = self.world.meter, self.credit_limit
        if meter is None or limit is None or await meter.spend(self.spec.name, request.cost, limit):
            return
        reason = f"the {limit:,} credits of this month are used up; it is asked again next month"
        error = self.error(request.question.call, reason, retryable=False)
        self._tally.fail(error, self.world.clock.epoch_s())
        raise error

    async def charge(self, cost: int) -> None:
        """Count credits that were spent without a call of ours, whatever the limit says."""
        if self.world.meter is not None and self.credit_limit is not None:
            await self.world.meter.spend(self.spec.name, cost, None)

    async def _exchange(self, request: Request, place: Place) -> bytes:
        answer = await self.world.sender.send(request.question, place.counted)
        wait_s = wait_asked_s(answer.headers, self.world.clock.now())
        if wait_s is not None:
            self._gate.hold(request.question.call, wait_s)
        check_status(answer.status, wait_s, self.spec, request.question.call, has_key=self.config.api_key is not None)
        return answer.body

    def _unusable(self, call: str, error: Exception) -> ProviderError:
        # What a decoder says names fields and types; what others say may quote a stranger.
        detail = f" ({clean_text(str(error), _DETAIL_LENGTH)})" if isinstance(error, msgspec.DecodeError) else ""
        return self.error(
            call, f"its answer is not what is documented{detail}; it is asked again later", retryable=True
        )

    def _note(self, error: ProviderError, call: str, trial: Trial) -> None:
        self._tally.fail(error, self.world.clock.epoch_s())
        if error.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            self._tally.refusals += 1
            self._gate.hold(call, max(self.backoff_s(1), error.retry_after_s or 0.0))
        elif error.retryable:
            self._tally.failures += 1
            self._breaker.fail(trial)
            return
        # Whatever else it says, it is there.
        self._breaker.succeed()
