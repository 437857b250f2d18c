"""Keep calls within what a provider allows: exact sliding windows, waited for in order of arrival.

A server counts a call somewhere between its sending and the start of its answer. So a place in the window comes back
one period after the answer began: then no window of the server, however placed, holds more than it allows.
That costs the time of an answer in each period, and nothing else.
Not responsible for refusals (`_http` holds a lane when it gets one) or for what a call costs.
"""

import heapq
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import anyio

from data.clock import Clock
from data.providers.spec import Pace, Paces

MARGIN_S: Final = 0.01
"""What the clocks of two machines may differ by over one period."""

Sleep = Callable[[float], Awaitable[None]]


class Lane:
    """One window; its places are given in the order they are asked for."""

    def __init__(self, pace: Pace, clock: Clock, sleep: Sleep = anyio.sleep) -> None:
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._turn = anyio.Lock()
        self._returned = anyio.Event()
        self._taken = 0
        self._free_at: list[float] = []
        self._held_until = 0.0

    def hold(self, seconds: float) -> None:
        """Let nothing in for so long; what is under way goes on. A longer hold stays."""
        self._held_until = max(self._held_until, self._clock.monotonic_s() + seconds)

    def held_s(self) -> float:
        """Return for how much longer nothing is let in, 0 when the lane is not held."""
        return max(0.0, self._held_until - self._clock.monotonic_s())

    async def enter(self) -> None:
        """Wait for a place and take it."""
        async with self._turn:
            while not self._has_room():
                await self._wait()
            self._taken += 1

    def leave(self, *, is_counted: bool) -> None:
        """Give the place back: free one period from now, or at once when the server never saw the call."""
        self._taken -= 1
        if is_counted:
            heapq.heappush(self._free_at, self._clock.monotonic_s() + self._pace.period_s + MARGIN_S)
        self._returned.set()

    def _has_room(self) -> bool:
        now = self._clock.monotonic_s()
        while self._free_at and self._free_at[0] <= now:
            heapq.heappop(self._free_at)
        return self._held_until <= now and self._taken + len(self._free_at) < self._pace.calls

    async def _wait(self) -> None:
        if held_s := self.held_s():
            await self._sleep(held_s)
        elif self._free_at:
            await self._sleep(max(0.0, self._free_at[0] - self._clock.monotonic_s()))
        else:
            self._returned = anyio.Event()
            await self._returned.wait()


class Place:
    """A call's place in its lanes, from before it is sent until the server has counted it."""

    def __init__(self, lanes: list[Lane]) -> None:
        self._lanes = lanes

    def counted(self) -> None:
        """Say that the server has seen the call; a second time does nothing."""
        self.give_back(is_counted=True)

    def give_back(self, *, is_counted: bool) -> None:
        """Leave the lanes that the call is still in."""
        lanes, self._lanes = self._lanes, []
        for lane in lanes:
            lane.leave(is_counted=is_counted)


class Gate:
    """All lanes of one provider."""

    def __init__(self, paces: Paces, clock: Clock, sleep: Sleep = anyio.sleep) -> None:
        self._paces = paces
        self._clock = clock
        self._sleep = sleep
        self._lanes: dict[str, Lane] = {}
        self._together = None if paces.together is None else Lane(paces.together, clock, sleep)

    @asynccontextmanager
    async def place(self, call: str) -> AsyncGenerator[Place]:
        """Wait until a call of this kind may be sent; it counts unless its place is given back as not counted."""
        taken: list[Lane] = []
        place = Place(taken)
        try:
            for lane in self._lanes_of(call):
                await lane.enter()
                taken.append(lane)
        except BaseException:
            place.give_back(is_counted=False)
            raise
        try:
            yield place
        finally:
            place.counted()

    def hold(self, call: str, seconds: float) -> None:
        """Send no call of this kind for so long, and none at all where kinds are not told apart."""
        for lane in self._lanes_of(call)[:1]:
            lane.hold(seconds)

    def held_s(self, call: str | None = None) -> float:
        """Return how long the provider asked to wait with this kind of call, by default with any."""
        lanes = [*self._lanes.values(), *self._shared()] if call is None else self._lanes_of(call)
        return max((lane.held_s() for lane in lanes), default=0.0)

    def _lanes_of(self, call: str) -> list[Lane]:
        own = self._lanes.get(call)
        if own is None and (pace := self._paces.named.get(call, self._paces.each)) is not None:
            own = self._lanes[call] = Lane(pace, self._clock, self._sleep)
        return [lane for lane in (own, self._together) if lane is not None]

    def _shared(self) -> list[Lane]:
        return [] if self._together is None else [self._together]
