"""Hints: kept at once, fetched once, forged ones harmless."""

import threading
from collections.abc import Sequence

import anyio
import pytest
from anyio import to_thread

from aura_mcp.services.tracking import Origin, Tracking, TrackingConfig
from data.errors import DiskFullError
from data.store.pending import NOBODY, Due, Wanted
from engine.tracking.retries import MOST_TRIES
from tests.aura_mcp.services.tracking._following import following, run
from tests.builders.facts import signature
from tests.builders.transactions import SOL_UNIT
from tests.fakes.trading import buy, send_sol

TOKENS = 1_000_000
HOUR_S = 3_600
PATIENCE_S = 20
"""After that long a test goes on, and fails."""


def test_hinted_transaction_is_stored_and_booked_without_a_sweep() -> None:
    """Spec: push is a hint, pull is truth."""
    with following("ann") as f:
        sent = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        assert run(f.tracking.hint([sent.signature], Origin.WEBHOOK)) == 1
        done = run(f.tracking.drain())
        assert (done.transactions, done.new, done.booked_positions) == (1, 1, 1)
        assert f.tracking.backlog().signatures == 0


def test_hint_survives_a_crash_before_it_is_fetched() -> None:
    """At least once in: what was answered is in the database."""
    with following("ann") as f:
        sent = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        run(f.tracking.hint([sent.signature], Origin.WEBHOOK))
        after = Tracking(f.store, f.node, f.clock)
        assert run(after.drain()).new == 1


def test_repeated_hints_cost_one_fetch() -> None:
    """Webhooks repeat themselves: exactly once in the ledger, and once over the wire."""
    with following("ann") as f:
        sent = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        for _ in range(3):
            run(f.tracking.hint([sent.signature, sent.signature], Origin.WEBHOOK))
            run(f.tracking.drain())
        run(Tracking(f.store, f.node, f.clock).hint([sent.signature], Origin.LOGS, {sent.signature: sent.slot}))
        run(f.tracking.drain())
        assert f.node.calls["getTransaction"] == 1


def test_many_hints_at_once_are_all_kept() -> None:
    """Those who come while one writes are written together, and none returns before."""
    with following("ann") as f:
        f.chain.fund("eve")
        sent = [send_sol(f.chain, "eve", "ann", SOL_UNIT + n).signature for n in range(40)]

        async def hint(one: str) -> None:
            await f.tracking.hint([one], Origin.WEBHOOK)
            assert (one,) in f.rows("SELECT signature FROM pending")

        async def main() -> None:
            async with anyio.create_task_group() as group:
                for one in sent:
                    group.start_soon(hint, one)

        run(main())
        assert run(f.tracking.drain()).new == 40


def test_hints_that_were_refused_do_not_pile_up() -> None:
    """Bad input: while the disk is full whoever pushes tries again, and each is written once when there is room."""
    with following("ann") as f:
        sent = [send_sol(f.chain, "ann", "ann", SOL_UNIT + n).signature for n in range(3)]
        add = f.store.pending.add
        batches: list[int] = []

        def noted(wanted: Sequence[Wanted], now_s: int) -> int:
            batches.append(len(wanted))
            if len(batches) <= len(sent):
                raise DiskFullError("the disk is full")
            return add(wanted, now_s)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(f.store.pending, "add", noted)
            for one in sent:
                with pytest.raises(DiskFullError):
                    run(f.tracking.hint([one], Origin.WEBHOOK))
            for one in sent:
                assert run(f.tracking.hint([one], Origin.WEBHOOK)) == 1
        assert batches == [1] * 6


def test_hint_whose_facts_are_stored_at_once_takes_no_place_in_the_queue() -> None:
    """At least once in: what a hint waits for is kept, as its own row or as facts."""
    with following("ann") as f:
        sent = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        queued: list[int] = []
        insert = f.store.pending.add

        def counted(wanted: Sequence[Wanted], now_s: int) -> int:
            queued.append(len(wanted))
            return insert(wanted, now_s)

        async def main() -> None:
            async with anyio.create_task_group() as group:
                group.start_soon(f.tracking.pull)
                await anyio.wait_all_tasks_blocked()
                await f.tracking.hint([sent.signature], Origin.WEBHOOK)
                group.cancel_scope.cancel()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(f.store.pending, "add", counted)
            patch.setattr("aura_mcp.services.tracking.hinting.STORED_WITHIN_S", 20.0)
            run(main())
        assert f.stored() == {sent.signature}
        assert sum(queued) == 0


def test_hint_that_is_not_found_at_once_is_queued_and_tried_again() -> None:
    """A node lags: what nobody has stored in time is kept before the hint returns."""
    with following("ann") as f:
        sent = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        f.node.hidden.add(sent.signature)

        async def main() -> None:
            async with anyio.create_task_group() as group:
                group.start_soon(f.tracking.pull)
                await f.tracking.hint([sent.signature], Origin.WEBHOOK)
                group.cancel_scope.cancel()

        run(main())
        assert f.rows("SELECT signature FROM pending") == [(sent.signature,)]
        f.node.hidden.clear()
        f.clock.ahead_s += HOUR_S
        assert run(f.tracking.drain()).new == 1, "a run that was cut off leaves nothing under way"


def test_what_is_no_signature_is_left_out() -> None:
    """Malformed entries of a webhook are nobody's transactions."""
    with following("ann") as f:
        assert run(f.tracking.hint(["", "x" * 88, "../../etc", signature("forged")], Origin.WEBHOOK)) == 1


def test_forged_hint_is_given_up_and_set_aside() -> None:
    """A signature that no node knows is tried for a while, then quarantined with the reason."""
    with following("ann") as f:
        run(f.tracking.hint([signature("forged")], Origin.WEBHOOK))
        for _ in range(MOST_TRIES):
            assert run(f.tracking.drain()).transactions == 1
            f.clock.ahead_s += HOUR_S
        assert f.tracking.backlog().signatures == 0
        assert f.rows("SELECT signature, reason FROM quarantine") == [(signature("forged"), "not_found")]


def test_patience_of_the_user_bounds_every_wait() -> None:
    """Our rule: `AURA_RETRY_LONGEST_S`: waits grow from 2 s and never beyond it."""
    with following("ann") as f:
        patient = Tracking(f.store, f.node, f.clock, TrackingConfig(longest_retry_s=3))
        run(patient.hint([signature("forged")], Origin.WEBHOOK))
        for _ in range(MOST_TRIES):
            assert run(patient.drain()).transactions == 1
            f.clock.ahead_s += 3
        assert patient.backlog().signatures == 0


def test_transaction_of_strangers_is_fetched_once_and_not_stored() -> None:
    """A hint about nobody we follow leaves nothing behind."""
    with following("ann") as f:
        f.chain.fund("eve")
        f.chain.fund("zoe")
        sent = send_sol(f.chain, "eve", "zoe", SOL_UNIT)
        run(f.tracking.hint([sent.signature], Origin.WEBHOOK))
        assert run(f.tracking.drain()).unrelated == 1
        run(f.tracking.hint([sent.signature], Origin.WEBHOOK))
        assert run(f.tracking.drain()).transactions == 0
        assert f.stored() == set()


def test_puller_fetches_what_comes_while_it_waits() -> None:
    """The hub's loop: a hint wakes it."""
    with following("ann") as f:
        sent = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        committed = anyio.Event()
        tracking = Tracking(f.store, f.node, f.clock, on_commit=committed.set)

        async def main() -> None:
            async with anyio.create_task_group() as group:
                group.start_soon(tracking.pull)
                await tracking.hint([sent.signature], Origin.WEBHOOK)
                await committed.wait()
                group.cancel_scope.cancel()

        run(main())
        assert f.stored() == {sent.signature}


def test_who_reads_the_queue_keeps_nobody_up() -> None:
    """Fast: a disk that stands still while the queue is read does not make those wait who push."""
    with following("ann") as f:
        sent = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        goes_on, has_begun = threading.Event(), threading.Event()
        due = f.store.pending.due

        def slow(now_s: int, limit: int, *, priority: int) -> list[Due]:
            has_begun.set()
            goes_on.wait(PATIENCE_S)
            return due(now_s, limit, priority=priority)

        async def main() -> None:
            async with anyio.create_task_group() as group:
                group.start_soon(f.tracking.pull)
                await to_thread.run_sync(has_begun.wait, PATIENCE_S)
                await f.tracking.hint([sent.signature], Origin.WEBHOOK)
                goes_on.set()
                group.cancel_scope.cancel()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(f.store.pending, "due", slow)
            patch.setattr("aura_mcp.services.tracking.hinting.STORED_WITHIN_S", 5.0)
            run(main())
        assert f.stored() == {sent.signature}


def test_hint_that_waits_for_its_turn_in_the_queue_is_fetched_once() -> None:
    """Polite: who repeats a push while the node is slow does not have it fetched twice."""
    with following("ann") as f:
        sent = sorted(send_sol(f.chain, "ann", "ann", SOL_UNIT + n).signature for n in range(9))
        f.store.pending.add([Wanted(one, NOBODY, None, Origin.WEBHOOK) for one in sent], f.clock.epoch_s())
        transaction = f.node.transaction
        asked: list[str] = []
        settled: set[str] = set()
        config = TrackingConfig(concurrency=1)
        tracking = Tracking(f.store, f.node, f.clock, config, on_commit=lambda: settled.update(f.stored()))

        async def main() -> None:
            goes_on = anyio.Event()

            async def slow(signature: str) -> bytes | None:
                asked.append(signature)
                await goes_on.wait()
                # If it overtook this one, it is done before the queue comes to it.
                while signature == sent[5] and sent[-1] in asked and sent[-1] not in settled:
                    await anyio.wait_all_tasks_blocked()
                return await transaction(signature)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(f.node, "transaction", slow)
                async with anyio.create_task_group() as group:
                    group.start_soon(tracking.pull)
                    while not asked:
                        await anyio.wait_all_tasks_blocked()
                    await tracking.hint(sent[-1:], Origin.LOGS)
                    goes_on.set()
                    while tracking.backlog().signatures:
                        await anyio.wait_all_tasks_blocked()
                    group.cancel_scope.cancel()

        run(main())
        assert sorted(asked) == sent


def test_sweep_after_a_hint_has_nothing_to_list() -> None:
    """The call plan: facts that a push brought explain the balance, so the wallet is not asked again."""
    with following("ann", "bob", "eve") as f:
        run(f.tracking.sweep())
        f.chain.advance()
        sent = send_sol(f.chain, "ann", "bob", SOL_UNIT)
        run(f.tracking.hint([sent.signature], Origin.WEBHOOK))
        run(f.tracking.drain())
        f.node.calls.clear()
        run(f.tracking.sweep())
        assert f.node.calls["getSignaturesForAddress"] == 1, "only the wallet whose turn it is"
