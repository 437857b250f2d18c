"""Confirmed, final, taken back, found again: what the chain drops counts no longer, and is never deleted."""

from aura_mcp.services.tracking import Origin
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
