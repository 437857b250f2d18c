"""Stand in for every provider on loopback ports: the simulated chain, their limits, and faults on demand.

    with Upstream(chain, faults=Faults(ROUGH)) as upstream:
        ... upstream.url("solana_rpc") ...

Each provider has a port of its own, as each has a host of its own. Time is the chain's, which the test advances; only
the limits read a clock, as they count what reaches the server.
Not responsible for the shapes of answers (`rpc`, `helius`, `market`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, cast

from data.clock import Clock, SystemClock
from tests.fakes.chain import Chain, Executed, dump
from tests.fakes.faults import Fault, Faults
from tests.fakes.http import HOST, Door, Loop, Reply, Request
from tests.fakes.limits import PUBLIC_RPC, UNLIMITED, Gate, Limits
from tests.fakes.logs import Logs
from tests.fakes.rpc import Node

Json = dict[str, Any]

SOLANA: Final = "solana_rpc"
_TOO_MANY: Final = dump(
    {"jsonrpc": "2.0", "error": {"code": 429, "message": "Too many requests for a specific RPC call"}, "id": 1}
)


class Call(NamedTuple):
    """A call that reached the server: when (monotonic seconds), whose, which, and what became of it."""

    at_s: float
    provider: str
    method: str
    status: int
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Provider:
    """How one provider answers: the method that a request is counted as, and the answer."""

    name_of: Callable[[Request], str]
    answer: Callable[[Request], Reply]
    path: str = ""


class Upstream:
    """The servers of all providers; use it as a context manager."""

    def __init__(
        self,
        chain: Chain,
        *,
        faults: Faults | None = None,
        limits: Mapping[str, Limits] | None = None,
        providers: Mapping[str, Provider] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.chain = chain
        self.faults = faults or Faults()
        self.calls: list[Call] = []
        self._clock = clock or SystemClock()
        self._loop = Loop()
        self._logs = Logs(self._count_message)
        self._providers = {SOLANA: solana(chain), **(providers or {})}
        all_limits = {SOLANA: PUBLIC_RPC, **(limits or {})}
        self._gates = {name: Gate(all_limits.get(name, UNLIMITED)) for name in self._providers}
        self._doors = {name: self._door(name) for name in self._providers}
        self._is_told = False

    def __enter__(self) -> Self:
        self._loop.start()
        for door in self._doors.values():
            self._loop.run(door.open())
        if not self._is_told:
            self.chain.on_confirmed(self._tell)
            self._is_told = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for door in self._doors.values():
            self._loop.run(door.close())
        self._loop.stop()

    def url(self, provider: str = SOLANA) -> str:
        """Return the base URL of a provider, without a slash at the end."""
        return f"http://{HOST}:{self._doors[provider].port}{self._providers[provider].path}"

    def ws_url(self, provider: str = SOLANA) -> str:
        """Return the URL for WebSockets."""
        return f"ws://{HOST}:{self._doors[provider].port}"

    def count(self, method: str | None = None, *, provider: str | None = None, status: int | None = None) -> int:
        """Return how many calls came, of a method, to a provider, answered with a status."""
        return sum(
            method in (None, call.method) and provider in (None, call.provider) and status in (None, call.status)
            for call in list(self.calls)
        )

    def counts(self, provider: str = SOLANA) -> dict[str, int]:
        """Return how many calls of each method came to a provider."""
        found: dict[str, int] = {}
        for call in list(self.calls):
            if call.provider == provider:
                found[call.method] = found.get(call.method, 0) + 1
        return found

    @property
    def subscribed(self) -> list[str | None]:
        """The accounts that somebody listens to by logsSubscribe."""
        return self._logs.mentioned

    def shut(self, provider: str = SOLANA) -> None:
        """Let nobody reach a provider any more."""
        self._loop.run(self._doors[provider].close())

    def reopen(self, provider: str = SOLANA) -> None:
        """Let a provider be reached again, where it was."""
        self._loop.run(self._doors[provider].open())

    def drop_sockets(self) -> None:
        """Cut every WebSocket."""
        self._loop.loop.call_soon_threadsafe(self._logs.drop)

    def _door(self, name: str) -> Door:
        return Door(lambda request: self._answer(name, request), self._logs.hear, self._logs.forget)

    def _answer(self, name: str, request: Request) -> Reply:
        provider = self._providers[name]
        now = self._clock.monotonic_s()
        method = provider.name_of(request)
        verdict = self._gates[name].admit(method, now)
        fault = self.faults.next(name, method) if verdict.is_allowed else None
        if not verdict.is_allowed:
            reply = Reply(status=429, body=_TOO_MANY)
        elif fault is None:
            reply = provider.answer(request)
        else:
            reply = self.faults.refuse(fault) or self.faults.spoil(fault, provider.answer(request))
        self.calls.append(Call(now, name, method, reply.status, fault))
        return replace(reply, headers={**verdict.headers, **reply.headers})

    def _count_message(self, method: str) -> None:
        self.calls.append(Call(self._clock.monotonic_s(), SOLANA, method, 101, None))

    def _tell(self, done: Executed) -> None:
        if not self._loop.loop.is_closed():
            self._loop.loop.call_soon_threadsafe(self._logs.tell, done)


def solana(chain: Chain) -> Provider:
    """Return a node of the public cluster."""
    node = Node(chain)
    return Provider(_rpc_name, lambda request: Reply(body=_rpc_answer(node, request)))


def _rpc_name(request: Request) -> str:
    call = _parsed(request)
    return str(call.get("method")) if isinstance(call, dict) else "batch"


def _rpc_answer(node: Node, request: Request) -> bytes:
    call = _parsed(request)
    if isinstance(call, list):
        return b"[" + b",".join(node.answer(each) for each in call) + b"]"
    return node.answer(call)


def _parsed(request: Request) -> Json | list[Json]:
    try:
        return cast("Json | list[Json]", request.json())
    except json.JSONDecodeError:
        return {}
