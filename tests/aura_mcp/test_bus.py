"""The bus: every listener at its own pace, and what it missed is said."""

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura_mcp.bus import TAKEN, Bus, Missed
from aura_mcp.services.events import Event, EventKind

BOUND_S = 5.0
AT = datetime(2026, 6, 1, tzinfo=UTC)


def events(first: int, last: int) -> list[Event]:
    """Return events of these numbers."""
    return [
        Event(number=number, kind=EventKind.JOB, recorded_at=AT, wallet=None, mint=None, body={})
        for number in range(first, last + 1)
    ]


def test_listeners_hear_everything_in_order() -> None:
    """Spec: fed after commit, numbered; what was published before is not heard again."""

    async def run() -> list[int]:
        bus = Bus(last_number=10)
        listener = bus.listen()
        heard: list[int] = []

        async def listen() -> None:
            while len(heard) < 5:
                heard.extend(event.number for event in await listener.next() if isinstance(event, Event))

        task = asyncio.create_task(listen())
        bus.publish(events(11, 12))
        await asyncio.sleep(0)
        bus.publish(events(12, 15))
        await asyncio.wait_for(task, BOUND_S)
        return heard

    assert asyncio.run(run()) == [11, 12, 13, 14, 15]


def test_slow_listener_is_told_what_it_missed() -> None:
    """Spec: bounded; a slow subscriber sees `missed` and blocks nobody."""

    async def run() -> None:
        bus = Bus(kept=3)
        listener = bus.listen()
        bus.publish(events(1, 10))
        assert list(await listener.next()) == [Missed(1, 7), *events(8, 10)]
        bus.publish(events(11, 11))
        assert list(await listener.next()) == events(11, 11)

    asyncio.run(run())


def test_listener_resumes_from_a_number() -> None:
    """Spec: resumable from a number, also one from before the start of this process."""

    async def run() -> None:
        bus = Bus(last_number=10)
        assert list(await bus.listen(after=4).next()) == [Missed(5, 10)]
        bus.publish(events(11, 13))
        assert list(await bus.listen(after=11).next()) == events(12, 13)
        assert list(await bus.listen(after=4).next()) == [Missed(5, 10), *events(11, 13)]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(bus.listen(after=99).next(), 0.01)

    asyncio.run(run())


@given(st.lists(st.tuples(st.integers(0, 250), st.booleans()), max_size=12), st.integers(1, 300))
def test_nothing_is_lost_silently(steps: list[tuple[int, bool]], kept: int) -> None:
    """Law: what a listener heard and what it was told it missed are all numbers, once each, in order."""

    async def run() -> None:
        bus = Bus(kept=kept)
        listener = bus.listen()
        heard: list[int] = []

        async def take() -> None:
            for item in await listener.next():
                heard.extend([item.number] if isinstance(item, Event) else range(item.first, item.last + 1))

        for count, does_listen in steps:
            bus.publish(events(bus.last_number + 1, bus.last_number + count))
            if does_listen and len(heard) < bus.last_number:
                await take()
        while len(heard) < bus.last_number:
            await take()
        assert heard == list(range(1, bus.last_number + 1))

    asyncio.run(run())
    assert TAKEN < 250
