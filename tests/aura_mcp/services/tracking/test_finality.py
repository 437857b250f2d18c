"""Confirmed, final, taken back, found again: what the chain drops counts no longer, and is never deleted."""

import pytest

from aura_mcp.services.tracking import Origin
from engine.tracking import Coverage
from tests.aura_mcp.services.tracking._following import Following, following, run
from tests.builders.transactions import SOL_UNIT, address
from tests.fakes.chain import RECENT_SLOTS
from tests.fakes.trading import buy, sell

TOKENS = 1_000_000
WAIT_S = 60


def test_transaction_becomes_final_without_being_fetched_again() -> None:
    """DOMAIN §2: ingest at confirmed, promote at finalized; one status call for all."""
    with following("ann") as f:
        run(f.tracking.sweep())
        buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT + 1)
        run(f.tracking.sweep())
        assert run(f.tracking.advance_finality()).waiting == 2
        f.chain.finalize()
        f.node.calls.clear()
        done = run(f.tracking.advance_finality())
        assert (done.finalized, done.waiting) == (2, 0)
        assert f.node.calls == {"getSignatureStatuses": 1}


def test_dropped_transaction_is_taken_back_after_two_looks() -> None:
    """DOMAIN §2: reversed only after the finalized slot passed it and two looks into the history did not find it."""
    with following("ann") as f:
        dropped = _dropped_purchase(f)
        assert run(f.tracking.advance_finality()).reversed == 0
        assert run(f.tracking.advance_finality()).reversed == 0, "a second look at once is the same look"
        f.clock.ahead_s += WAIT_S
        assert run(f.tracking.advance_finality()).reversed == 1
        assert dropped not in f.stored()
        assert f.rows("SELECT count(*) FROM effect WHERE class = 'BUY'") == [(2,)]
        assert f.store.positions.states(address("ann"))[address("BONK")].holding == TOKENS
        assert f.store.verification.verify().is_sound


def test_dropped_transaction_stays_until_the_final_slot_has_passed_it() -> None:
    """DOMAIN §2: nothing is taken back early."""
    with following("ann") as f:
        buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        dropped = buy(f.chain, "ann", "BONK", 5 * TOKENS, SOL_UNIT + 1)
        run(f.tracking.sweep())
        f.chain.drop(dropped.signature)
        for _ in range(4):
            f.clock.ahead_s += WAIT_S
            assert run(f.tracking.advance_finality()).reversed == 0
        assert dropped.signature in f.stored()


def test_transaction_that_comes_back_counts_again() -> None:
    """DOMAIN §2: a mark is removed when the transaction is found after all."""
    with following("ann") as f:
        kept = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        run(f.tracking.sweep())
        _pass_by(f)
        f.node.hidden.add(kept.signature)
        run(f.tracking.advance_finality())
        f.clock.ahead_s += WAIT_S
        run(f.tracking.advance_finality())
        assert f.stored() == set()
        f.node.hidden.clear()
        run(f.tracking.hint([kept.signature], Origin.WEBHOOK))
        run(f.tracking.drain())
        assert f.stored() == {kept.signature}
        assert f.store.positions.states(address("ann"))[address("BONK")].holding == TOKENS
        assert f.store.verification.verify().is_sound


def test_old_transaction_is_looked_for_in_the_history() -> None:
    """The node forgets recent statuses after 150 slots: one that is long final is not taken back."""
    with following("ann") as f:
        run(f.tracking.sweep())
        buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        run(f.tracking.sweep())
        f.chain.advance(2 * RECENT_SLOTS)
        done = run(f.tracking.advance_finality())
        assert (done.finalized, done.reversed) == (1, 0)


def test_sale_after_a_dropped_purchase_is_folded_again() -> None:
    """DOMAIN §3: out-of-order changes replay the fold."""
    with following("ann") as f:
        buy(f.chain, "ann", "BONK", 9 * TOKENS, SOL_UNIT)
        dropped = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT + 1)
        sell(f.chain, "ann", "BONK", 4 * TOKENS, SOL_UNIT)
        run(f.tracking.sweep())
        f.chain.drop(dropped.signature)
        _pass_by(f)
        run(f.tracking.advance_finality())
        f.clock.ahead_s += WAIT_S
        assert run(f.tracking.advance_finality()).reversed == 1
        (found,) = f.rows("SELECT sum(quantity)::BIGINT FROM realization")
        assert found == (4 * TOKENS,)
        assert f.store.verification.verify().is_sound


@pytest.mark.parametrize("is_hinted", [False, True])
def test_what_vanished_before_it_was_fetched_is_no_loss(is_hinted: bool) -> None:  # noqa: FBT001 - a case
    """DOMAIN §2: what never became final is no fact; its wallet is as complete as the chain."""
    with following("ann") as f:
        buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        f.chain.finalize()
        run(f.tracking.sweep())
        lost = _unfetched_purchase(f, is_hinted=is_hinted)
        f.chain.drop(lost)
        _pass_by(f)
        _look_twice(f)
        assert f.tracking.backlog().signatures == 0
        assert f.rows("SELECT * FROM quarantine") == []
        assert _coverage(f) is Coverage.COMPLETE
        f.node.calls.clear()
        assert run(f.tracking.advance_finality()).vanished == 0
        assert f.node.total() == 0


def test_account_that_vanished_with_its_transaction_does_not_drift() -> None:
    """Our rule: what was seen in an account that never came to be is no difference to the facts."""
    with following("ann") as f:
        run(f.tracking.sweep())
        lost = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        f.node.texts[lost.signature] = None
        assert run(f.tracking.reconcile()).drifting == 1
        f.chain.drop(lost.signature)
        _pass_by(f)
        _look_twice(f)
        assert _coverage(f) is Coverage.GAPS
        assert run(f.tracking.reconcile()).drifting == 0
        assert _coverage(f) is Coverage.COMPLETE


def test_what_vanished_and_lands_again_is_fetched() -> None:
    """Our rule: nobody waits for what is gone, and what comes back is listed like anything new."""
    with following("ann") as f:
        run(f.tracking.sweep())
        sent = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT, name="twice")
        f.node.hidden.add(sent.signature)
        run(f.tracking.sweep())
        f.chain.drop(sent.signature)
        _pass_by(f)
        _look_twice(f)
        again = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT, name="twice")
        assert again.signature == sent.signature
        f.node.hidden.clear()
        run(f.tracking.sweep())
        assert f.stored() == {sent.signature}


def test_what_is_only_late_is_waited_for() -> None:
    """Our rule: before the final slot has passed it, or while a status knows it, a transaction has not vanished."""
    with following("ann") as f:
        run(f.tracking.sweep())
        early, known = (buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT + n) for n in range(2))
        f.node.texts |= dict.fromkeys((early.signature, known.signature))
        run(f.tracking.sweep())
        f.node.hidden.add(early.signature)
        for _ in range(3):
            assert run(f.tracking.advance_finality()).vanished == 0, "no slot of theirs is final yet"
            f.clock.ahead_s += WAIT_S
        _pass_by(f)
        assert run(f.tracking.advance_finality()).vanished == 0, "a first look"
        f.clock.ahead_s += WAIT_S
        f.node.hidden.clear()
        assert run(f.tracking.advance_finality()).vanished == 0, "the node knows them"
        f.node.hidden.add(early.signature)
        assert run(f.tracking.advance_finality()).vanished == 0, "a first look again"
        f.node.hidden.clear()
        f.node.texts.clear()
        f.clock.ahead_s += WAIT_S
        assert run(f.tracking.fetch_pending()).new == 2


def test_what_was_listed_as_final_and_cannot_be_had_is_a_loss_until_it_comes() -> None:
    """Our rule: a node that lost what is final leaves a gap that is shown, and shown no longer once it is closed."""
    with following("ann") as f:
        sent = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        f.chain.finalize()
        f.node.texts[sent.signature] = None
        for _ in range(9):
            run(f.tracking.refresh())
            f.clock.ahead_s += 700
        assert f.rows("SELECT reason FROM quarantine") == [("not_found",)]
        assert _coverage(f) is Coverage.UNCLOSABLE
        f.node.texts.clear()
        run(f.tracking.hint([sent.signature], Origin.WEBHOOK))
        assert run(f.tracking.drain()).new == 1
        assert _coverage(f) is Coverage.COMPLETE


def _unfetched_purchase(f: Following, *, is_hinted: bool) -> str:
    sent = buy(f.chain, "ann", "BONK", 5 * TOKENS, SOL_UNIT + 1)
    f.node.texts[sent.signature] = None
    if is_hinted:
        run(f.tracking.hint([sent.signature], Origin.WEBHOOK, {sent.signature: sent.slot}))
        run(f.tracking.drain())
    else:
        run(f.tracking.sweep())
    assert f.tracking.backlog().failing == 1
    return sent.signature


def _look_twice(f: Following) -> None:
    assert run(f.tracking.advance_finality()).vanished == 0
    assert run(f.tracking.advance_finality()).vanished == 0, "a second look at once is the same look"
    f.clock.ahead_s += WAIT_S
    assert run(f.tracking.advance_finality()).vanished == 1


def _coverage(f: Following) -> Coverage:
    return f.tracking.completeness.all()[address("ann")].coverage


def _dropped_purchase(f: Following) -> str:
    buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
    dropped = buy(f.chain, "ann", "BONK", 5 * TOKENS, SOL_UNIT + 1)
    run(f.tracking.sweep())
    assert dropped.signature in f.stored()
    f.chain.drop(dropped.signature)
    _pass_by(f)
    return dropped.signature


def _pass_by(f: Following) -> None:
    """Let the final slot pass everything that was sent."""
    f.chain.finalize()
    f.chain.advance()
