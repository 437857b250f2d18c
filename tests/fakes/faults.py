"""Let answers go wrong on demand: by chance from a seed, or exactly the next ones of a method.

Not responsible for the malformed bodies themselves (`tests.fakes.malformed`).
"""

import json
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import format_datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, cast

from data.clock import Clock, SystemClock
from tests.fakes.http import Manner, Reply, as_reply
from tests.fakes.malformed import MALFORMED, Malformed

_PAGE: Final = b"<!DOCTYPE html><html><head><title>Attention Required!</title></head><body>Sorry</body></html>"


class Fault(StrEnum):
    """What can go wrong with one answer."""

    LIMITED = "429 without headers"
    LIMITED_SECONDS = "429 with Retry-After in seconds"
    LIMITED_DATE = "429 with Retry-After as a date"
    LIMITED_IN_BODY = "200 with a JSON-RPC error of the limit"
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502 with an HTML page"
    UNAVAILABLE = "503 without a body"
    HTML_PAGE = "200 with an HTML page"
    WRONG_TYPE = "the right body as text/plain"
    EMPTY = "200 without a body"
    HALF = "half of the body"
    RESET = "the connection is reset"
    STALL = "no answer at all"
    NULL = "a null result"
    DUPLICATED = "every entry of a list twice"
    OUT_OF_ORDER = "the entries of a list the other way round"
    MALFORMED = "a body that is not what it should be"


HARMLESS: Final = (Fault.WRONG_TYPE,)
ROUGH: Final[Mapping[Fault, float]] = {
    Fault.LIMITED: 0.03,
    Fault.LIMITED_SECONDS: 0.01,
    Fault.LIMITED_DATE: 0.005,
    Fault.LIMITED_IN_BODY: 0.01,
    Fault.SERVER_ERROR: 0.01,
    Fault.BAD_GATEWAY: 0.01,
    Fault.UNAVAILABLE: 0.01,
    Fault.HTML_PAGE: 0.01,
    Fault.WRONG_TYPE: 0.01,
    Fault.EMPTY: 0.005,
    Fault.HALF: 0.01,
    Fault.RESET: 0.01,
    Fault.STALL: 0.002,
    Fault.NULL: 0.01,
    Fault.DUPLICATED: 0.01,
    Fault.OUT_OF_ORDER: 0.01,
    Fault.MALFORMED: 0.01,
}
"""A bad day: about one answer in six goes wrong."""


class _Planned(NamedTuple):
    fault: Fault
    provider: str | None
    method: str | None
    malformed: Malformed | None = None


class Faults:
    """Decides for each call whether and how its answer goes wrong; counts what it did."""

    def __init__(
        self,
        rates: Mapping[Fault, float] | None = None,
        *,
        seed: int = 0,
        retry_after_s: int = 1,
        clock: Clock | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._rates = dict(rates or {})
        self._random = random.Random(seed)
        self._planned: list[_Planned] = []
        self._malformed: Malformed | None = None
        self._retry_after_s = retry_after_s
        self._clock = clock or SystemClock()
        self.counts: dict[Fault, int] = {}

    def plan(self, fault: Fault, *, provider: str | None = None, method: str | None = None, times: int = 1) -> None:
        """Let the next calls of a provider or method go wrong; those before chance."""
        with self._lock:
            self._planned += [_Planned(fault, provider, method)] * times

    def plan_malformed(self, malformed: Malformed, *, provider: str | None = None, method: str | None = None) -> None:
        """Let the next answer be wrong in one certain way."""
        with self._lock:
            self._planned.append(_Planned(Fault.MALFORMED, provider, method, malformed))

    def set_rates(self, rates: Mapping[Fault, float]) -> None:
        """Let chance do this from now on; nothing with an empty table."""
        with self._lock:
            self._rates = dict(rates)

    def next(self, provider: str, method: str) -> Fault | None:
        """Return what goes wrong with this call, if anything."""
        with self._lock:
            for index, plan in enumerate(self._planned):
                if plan.provider in (None, provider) and plan.method in (None, method):
                    del self._planned[index]
                    self._malformed = plan.malformed
                    return self._count(plan.fault)
            chance = self._random.random()
            for fault, rate in self._rates.items():
                chance -= rate
                if chance < 0:
                    return self._count(fault)
            return None

    def refuse(self, fault: Fault) -> Reply | None:
        """Return the answer that comes in place of a result, for faults that need none."""
        return _INSTEAD[fault](self) if fault in _INSTEAD else None

    def spoil(self, fault: Fault, reply: Reply) -> Reply:
        """Return the answer with the fault in it."""
        if fault is Fault.MALFORMED:
            with self._lock:
                chosen, self._malformed = self._malformed, None
                spoil = chosen or self._random.choice(MALFORMED)
            return replace(reply, body=spoil.of(reply.body))
        return _CHANGED[fault](reply)

    def _count(self, fault: Fault) -> Fault:
        self.counts[fault] = self.counts.get(fault, 0) + 1
        return fault

    def limited_for_seconds(self) -> Reply:
        """Return a refusal that says in seconds when to come back."""
        return as_reply({"error": "Too Many Requests"}, 429, {"retry-after": str(self._retry_after_s)})

    def limited_until(self) -> Reply:
        """Return a refusal that says when to come back."""
        at = self._clock.now().replace(microsecond=0)
        when = format_datetime(at.fromtimestamp(at.timestamp() + self._retry_after_s, at.tzinfo), usegmt=True)
        return as_reply({"error": "Too Many Requests"}, 429, {"retry-after": when})


_LIMIT_ERROR: Final = {"code": -32005, "message": "Too many requests"}
_INSTEAD: Final[Mapping[Fault, Callable[[Faults], Reply]]] = {
    Fault.LIMITED: lambda _: Reply(status=429, body=b"Too Many Requests", content_type="text/plain"),
    Fault.LIMITED_SECONDS: Faults.limited_for_seconds,
    Fault.LIMITED_DATE: Faults.limited_until,
    Fault.LIMITED_IN_BODY: lambda _: as_reply({"jsonrpc": "2.0", "error": _LIMIT_ERROR, "id": 1}),
    Fault.SERVER_ERROR: lambda _: as_reply({"error": "Internal Server Error"}, 500),
    Fault.BAD_GATEWAY: lambda _: Reply(status=502, body=_PAGE, content_type="text/html"),
    Fault.UNAVAILABLE: lambda _: Reply(status=503, content_type="text/plain"),
    Fault.HTML_PAGE: lambda _: Reply(body=_PAGE, content_type="text/html; charset=utf-8"),
    Fault.RESET: lambda _: Reply(manner=Manner.RESET),
    Fault.STALL: lambda _: Reply(manner=Manner.STALL),
}


def _on_result(change: Callable[[Any], Any]) -> Callable[[Reply], Reply]:
    def changed(reply: Reply) -> Reply:
        value = json.loads(reply.body)
        if isinstance(value, dict) and "result" in value:
            answer = cast("dict[str, Any]", value)
            return replace(reply, body=json.dumps({**answer, "result": change(answer["result"])}).encode())
        return replace(reply, body=json.dumps(change(value)).encode())

    return changed


def _doubled(value: Any) -> Any:  # noqa: ANN401 - any JSON
    return [entry for entry in cast("list[Any]", value) for _ in range(2)] if isinstance(value, list) else value


def _reversed(value: Any) -> Any:  # noqa: ANN401 - any JSON
    return cast("list[Any]", value)[::-1] if isinstance(value, list) else value


_CHANGED: Final[Mapping[Fault, Callable[[Reply], Reply]]] = {
    Fault.WRONG_TYPE: lambda reply: replace(reply, content_type="text/plain"),
    Fault.EMPTY: lambda reply: replace(reply, body=b""),
    Fault.HALF: lambda reply: replace(reply, manner=Manner.HALF),
    Fault.NULL: _on_result(lambda _: None),
    Fault.DUPLICATED: _on_result(_doubled),
    Fault.OUT_OF_ORDER: _on_result(_reversed),
}
