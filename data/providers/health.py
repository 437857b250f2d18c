"""Keep in mind how a provider has been answering, for people and for choosing between providers.

Not responsible for refusing calls (`breaker`, `pacing`).
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a provider is doing.

    `limited` waits for more than a few seconds because it was told to, or has no credits left; `failing` failed three
    times in a row, at least; `idle` was not asked since the start; `off` is not asked: offline, or without its key.
    """

    IDLE = "idle"
    OK = "ok"
    LIMITED = "limited"
    FAILING = "failing"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one provider is doing since this process started; times are seconds since 1970, None for never.

    `calls` were sent, `refusals` of them answered with "too many", `failures` without anything useful.
    `last_error` is one line of ours. `wait_s` is how long nothing will be sent, 0 when it can be asked.
    Credits are of this calendar month (UTC), over all processes; None where none are counted.
    """

    name: str
    title: str
    state: State
    last_ok_at: int | None
    last_error_at: int | None
    last_error: str | None
    calls: int
    refusals: int
    failures: int
    wait_s: float
    credits_this_month: int | None
    credit_limit: int | None


class Tally:
    """The numbers that `Health` shows, while they grow."""

    def __init__(self) -> None:
        self.calls = 0
        self.refusals = 0
        self.failures = 0
        self.last_ok_at: int | None = None
        self.last_error_at: int | None = None
        self.last_error: str | None = None

    def succeed(self, at: int) -> None:
        """Remember that a call brought something."""
        self.last_ok_at = at

    def fail(self, error: Exception, at: int) -> None:
        """Remember why a call failed."""
        self.last_error = str(error)
        self.last_error_at = at
