"""Refuse calls as providers do: sliding windows over all calls and over those of one method.

Not responsible for what a refusal looks like on the wire beyond its headers (`tests.fakes.upstream`).
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple


class Rule(NamedTuple):
    """At most `calls` in any window of `period_s` seconds."""

    calls: int
    period_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one client may call: all together, each method by itself, and some methods differently."""

    total: Rule | None = None
    each: Rule | None = None
    methods: Mapping[str, Rule] = field(default_factory=dict[str, Rule])
    tells_retry_after: bool = False


PUBLIC_RPC: Final = Limits(total=Rule(100, 10.0), each=Rule(40, 10.0))
UNLIMITED: Final = Limits()


class Window:
    """The times of the calls that were let through."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._times: deque[float] = deque()

    def left(self, now: float) -> int:
        """Return how many calls may still come."""
        while self._times and self._times[0] <= now - self.rule.period_s:
            self._times.popleft()
        return self.rule.calls - len(self._times)

    def wait_s(self, now: float) -> float:
        """Return after how many seconds a call may come."""
        return 0.0 if self.left(now) > 0 else self._times[0] + self.rule.period_s - now

    def take(self, now: float) -> None:
        """Count a call."""
        self._times.append(now)


class Verdict(NamedTuple):
    """Whether a call is let through, and the headers that say how many more are."""

    is_allowed: bool
    headers: Mapping[str, str]


class Gate:
    """Counts one client's calls against the limits; refused calls do not count."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._total = None if limits.total is None else Window(limits.total)
        self._windows: dict[str, Window] = {}

    def admit(self, method: str, now: float) -> Verdict:
        """Let a call through, or not."""
        windows = [("rps", self._total), ("method", self._window(method))]
        found = [(name, window) for name, window in windows if window is not None]
        is_allowed = all(window.left(now) > 0 for _, window in found)
        headers: dict[str, str] = {}
        for name, window in found:
            if is_allowed:
                window.take(now)
            headers[f"x-ratelimit-{name}-limit"] = str(window.rule.calls)
            headers[f"x-ratelimit-{name}-remaining"] = str(window.left(now))
        if not is_allowed and self._limits.tells_retry_after:
            headers["retry-after"] = str(math.ceil(max(window.wait_s(now) for _, window in found)))
        return Verdict(is_allowed, headers)

    def _window(self, method: str) -> Window | None:
        rule = self._limits.methods.get(method, self._limits.each)
        if rule is None:
            return None
        if method not in self._windows:
            self._windows[method] = Window(rule)
        return self._windows[method]
