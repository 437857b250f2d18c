"""Credits over processes and months: never more than a plan allows, whatever happens to the process."""

from pathlib import Path

import anyio
import pytest

from data.store import Store
from data.store.usage import BLOCK, Usage
from tests.virtual_time import HandClock

LIMIT = 1_000_000
MONTH_S = 31 * 86_400


def spend(usage: Usage, *amounts: int, limit: int | None = LIMIT, provider: str = "helius") -> list[bool]:
    """Spend one after the other and return what was allowed."""

    async def scene() -> list[bool]:
        return [await usage.spend(provider, amount, limit) for amount in amounts]

    return anyio.run(scene)


def test_what_was_spent_is_remembered_exactly(tmp_path: Path) -> None:
    """Spec: survives restarts; providers are counted apart."""
    path, clock = tmp_path / "aura.duckdb", HandClock()
    with Store.open(path) as store:
        usage = Usage(store.database, clock)
        assert spend(usage, 100, 10, 1) == [True] * 3
        spend(usage, 5, provider="birdeye")
        usage.save()
    with Store.open(path) as store:
        usage = Usage(store.database, clock)
        assert (usage.spent("helius"), usage.spent("birdeye"), usage.spent("jupiter")) == (111, 5, 0)


def test_a_process_that_dies_has_counted_too_much_and_never_too_little(tmp_path: Path) -> None:
    """Our rule: a number is written ahead, by at most one block."""
    path, clock = tmp_path / "aura.duckdb", HandClock()
    spent = 0
    for _ in range(5):
        with Store.open(path) as store:
            usage = Usage(store.database, clock)
            spend(usage, *[100] * 7)
            spent += 700
        with Store.open(path) as store:
            told = Usage(store.database, clock).spent("helius")
            assert spent <= told <= spent + 5 * BLOCK


def test_the_limit_is_reached_exactly_and_never_passed() -> None:
    """Spec: the free plan's month is never exceeded; what is refused is not counted."""
    with Store.open(None) as store:
        usage = Usage(store.database, HandClock())
        assert spend(usage, 999_850, 100, 100, 50, 1) == [True, True, False, True, False]
        assert usage.spent("helius") == LIMIT


def test_calls_at_the_same_time_share_what_is_left() -> None:
    """Our rule: two calls must not both see the last credits."""

    async def scene(usage: Usage) -> list[bool]:
        allowed: list[bool] = []

        async def one() -> None:
            allowed.append(await usage.spend("helius", 100, 1_000))

        async with anyio.create_task_group() as group:
            for _ in range(25):
                group.start_soon(one)
        return allowed

    with Store.open(None) as store:
        usage = Usage(store.database, HandClock())
        assert sum(anyio.run(scene, usage)) == 10
        assert usage.spent("helius") == 1_000


def test_a_new_month_begins_with_nothing_spent() -> None:
    """Provider: plans are by calendar month; the old month stays on record."""
    clock = HandClock()
    with Store.open(None) as store:
        usage = Usage(store.database, clock)
        spend(usage, LIMIT)
        clock.at_s += MONTH_S
        assert spend(usage, 100) == [True]
        usage.save()
        rows = store.database.rows("SELECT month, credits FROM provider_usage ORDER BY month")
        assert [credits_ for _, credits_ in rows] == [LIMIT, 100]


@pytest.mark.parametrize("amount", [1, 10, 100])
def test_few_calls_write_anything(amount: int) -> None:
    """Spec: written now and then, never with each call."""
    with Store.open(None) as store:
        usage = Usage(store.database, HandClock())
        spend(usage, amount)
        before = store.database.rows("SELECT credits FROM provider_usage")
        spend(usage, *[amount] * (BLOCK // amount))
        assert store.database.rows("SELECT credits FROM provider_usage") == before
        spend(usage, amount)
        assert store.database.rows("SELECT credits FROM provider_usage") != before
