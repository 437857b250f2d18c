"""Calls keep within sliding windows, wherever the server counts them, and waste little of what is allowed."""

import random
from collections.abc import Sequence

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.providers.pacing import Gate, Lane
from data.providers.spec import Pace, Paces
from tests.virtual_time import VirtualClock, run

TEN_SECONDS = 10.0


async def make_calls(gate: Gate, latencies_s: Sequence[float], chance: random.Random, kind: str = "a") -> list[float]:
    """Make all calls at once and return when the server counted each: some time between sending and answer."""
    clock = VirtualClock()
    counted: list[float] = []

    async def call(latency_s: float) -> None:
        async with gate.place(kind) as place:
            counted.append(clock.monotonic_s() + chance.random() * latency_s)
            await anyio.sleep(latency_s)
            place.counted()

    async with anyio.create_task_group() as group:
        for latency_s in latencies_s:
            group.start_soon(call, latency_s)
    return sorted(counted)


def closest_s(moments: Sequence[float], calls: int) -> float:
    """Return the shortest time in which one call more than `calls` was counted."""
    return min((late - early for early, late in zip(moments, moments[calls:], strict=False)), default=float("inf"))


@given(
    latencies_s=st.lists(st.floats(0, 30), min_size=1, max_size=60),
    calls=st.integers(1, 8),
    seed=st.integers(0, 1_000),
)
def test_no_window_of_the_server_ever_holds_more_than_is_allowed(
    latencies_s: list[float], calls: int, seed: int
) -> None:
    """Spec: an exact sliding window, whatever the network does to the moment when a call is counted."""

    async def scene() -> list[float]:
        gate = Gate(Paces(together=Pace(calls, TEN_SECONDS)), VirtualClock())
        return await make_calls(gate, latencies_s, random.Random(seed))

    assert closest_s(run(scene), calls) > TEN_SECONDS


def test_a_busy_provider_is_asked_almost_as_often_as_it_allows() -> None:
    """Spec: a few percent may be wasted; 200 calls at 40 in 10 s take four windows and a bit."""

    async def scene() -> float:
        gate = Gate(Paces(each=Pace(40, TEN_SECONDS)), VirtualClock())
        return (await make_calls(gate, [0.2] * 200, random.Random(1)))[-1]

    assert 40.0 <= run(scene) <= 40.0 * 1.03


def test_kinds_of_calls_have_lanes_of_their_own_within_that_of_all() -> None:
    """Provider: the public node allows 40 calls of a method and 100 of all in 10 s."""

    async def scene() -> list[float]:
        gate = Gate(Paces(together=Pace(100, TEN_SECONDS), each=Pace(40, TEN_SECONDS)), VirtualClock())
        counted: list[float] = []

        async def kind(name: str) -> None:
            counted.extend(await make_calls(gate, [0.0] * 40, random.Random(1), name))

        async with anyio.create_task_group() as group:
            for name in ("a", "b", "c"):
                group.start_soon(kind, name)
        return counted

    counted = sorted(run(scene))
    assert [len([moment for moment in counted if moment < 10]), len(counted)] == [100, 120]


def test_a_named_kind_has_its_own_rule() -> None:
    """Provider: Helius allows 10 calls a second, 2 of them enhanced."""

    async def scene() -> list[float]:
        paces = Paces(together=Pace(10, 1.0), named={"enhanced": Pace(2, 1.0)})
        return await make_calls(Gate(paces, VirtualClock()), [0.0] * 5, random.Random(1), "enhanced")

    assert closest_s(run(scene), 2) > 1.0


def test_places_are_given_in_the_order_they_are_asked_for() -> None:
    """Our rule: waiting is fair."""

    async def scene() -> list[int]:
        lane = Lane(Pace(1, 1.0), VirtualClock())
        order: list[int] = []

        async def call(number: int) -> None:
            await lane.enter()
            order.append(number)
            await anyio.sleep((number * 7) % 3)
            lane.leave(is_counted=True)

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(call, number)
                await anyio.lowlevel.checkpoint()
        return order

    assert run(scene) == list(range(20))


def test_one_who_stops_waiting_takes_no_place() -> None:
    """Our rule: a cancelled call costs nothing."""

    async def scene() -> float:
        clock = VirtualClock()
        gate = Gate(Paces(together=Pace(2, TEN_SECONDS), each=Pace(1, TEN_SECONDS)), clock)
        await make_calls(gate, [0.0], random.Random(1), "a")
        with anyio.move_on_after(3):
            await make_calls(gate, [0.0], random.Random(1), "a")
        await make_calls(gate, [0.0], random.Random(1), "b")
        return clock.monotonic_s()

    assert run(scene) == 3.0


def test_what_the_server_never_saw_is_given_back_at_once() -> None:
    """Our rule: a call refused on this side does not use up the allowance."""

    async def scene() -> float:
        clock = VirtualClock()
        gate = Gate(Paces(together=Pace(1, TEN_SECONDS)), clock)
        for _ in range(3):
            async with gate.place("a") as place:
                place.give_back(is_counted=False)
        return clock.monotonic_s()

    assert run(scene) == 0.0


def test_a_held_lane_lets_nobody_in_and_other_lanes_are_not_held() -> None:
    """Our rule: who asks to wait is waited for, and a longer wait is not shortened by a later one."""

    async def scene() -> list[float]:
        clock = VirtualClock()
        gate = Gate(Paces(each=Pace(40, TEN_SECONDS)), clock)
        gate.hold("a", 30)
        gate.hold("a", 5)
        other = await make_calls(gate, [0.0], random.Random(1), "b")
        held = await make_calls(gate, [0.0], random.Random(1), "a")
        assert gate.held_s() == 0.0
        return other + held

    assert run(scene) == [0.0, 30.0]


@pytest.mark.parametrize(
    ("paces", "expected"),
    [
        (Paces(each=Pace(40, 10.0), together=Pace(100, 10.0)), Paces(each=Pace(80, 5.0), together=Pace(200, 5.0))),
        (Paces(together=Pace(10, 1.0)), Paces(together=Pace(80, 5.0))),
        (
            Paces(together=Pace(300, 60.0), named={"profiles": Pace(60, 60.0)}),
            Paces(together=Pace(80, 5.0), named={"profiles": Pace(16, 5.0)}),
        ),
    ],
)
def test_another_usual_rule_keeps_the_others_in_proportion(paces: Paces, expected: Paces) -> None:
    """Our rule: who allows twice the calls of a method is taken to allow twice of all."""
    assert paces.scaled(Pace(80, 5.0)) == expected


def test_paces_without_a_usual_rule_are_refused() -> None:
    """Our rule: no provider is asked without a limit."""
    with pytest.raises(ValueError, match="need a rule"):
        Paces(named={"a": Pace(1, 1.0)})
