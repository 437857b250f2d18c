"""Nodes that fail, lag, mix up and lie: nothing is lost, nothing is doubled."""

import random

import pytest

from aura_mcp.services.tracking import Tracking, TrackingConfig, in_words
from data.store.pending import Origin
from engine.tracking import Coverage
from tests.aura_mcp.services.tracking._following import Following, following, run
from tests.builders.transactions import SOL_UNIT, Built, address
from tests.fakes.trading import buy, fail_to_buy, sell, send_sol, send_tokens

TOKENS = 1_000_000


def test_node_that_does_not_answer_is_a_problem_of_the_sweep() -> None:
    """Spec: a job's failure is visible; the next sweep goes on."""
    with following("ann") as f:
        buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        f.chain.finalize()
        f.node.fail = lambda method, _: method == "getSignaturesForAddress"
        done = run(f.tracking.sweep())
        assert not done.is_complete
        assert done.problems == ("signatures: getSignaturesForAddress: the node is busy; try again",)
        f.node.fail = lambda _method, _about: False
        assert run(f.tracking.sweep()).fetched.new == 1


def test_transaction_that_is_not_there_yet_is_fetched_later() -> None:
    """A lagging node answers null: postponed, not lost."""
    with following("ann") as f:
        sent = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        f.node.hidden.add(sent.signature)
        done = run(f.tracking.sweep())
        assert (done.fetched.postponed, done.is_complete) == (1, False)
        f.node.hidden.clear()
        f.clock.ahead_s += 60
        assert run(f.tracking.fetch_pending()).new == 1


def test_trouble_of_the_node_does_not_count_against_a_transaction() -> None:
    """Our rule: after an hour without a node, one answer of not found is no reason to set a transaction aside."""
    with following("ann") as f:
        sent = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        f.chain.finalize()
        f.node.fail = lambda method, _: method == "getTransaction"
        run(f.tracking.sweep())
        for _ in range(12):
            f.clock.ahead_s += 700
            assert run(f.tracking.fetch_pending()).postponed == 1
        f.node.fail = lambda _method, _about: False
        f.node.texts[sent.signature] = None
        f.clock.ahead_s += 700
        assert run(f.tracking.fetch_pending()).quarantined == 0
        f.node.texts.clear()
        f.clock.ahead_s += 700
        assert run(f.tracking.fetch_pending()).new == 1


def test_unreadable_transaction_is_set_aside_and_shown() -> None:
    """Spec: quarantined with the reason, visible in the wallet's completeness."""
    with following("ann") as f:
        sent = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        f.node.texts[sent.signature] = b'{"slot": 1}'
        for _ in range(9):
            run(f.tracking.sweep())
            f.clock.ahead_s += 700
        found = f.tracking.completeness.of(address("ann"))
        assert found is not None
        assert (found.coverage, found.unreadable_transactions, found.unclosable) == (Coverage.UNCLOSABLE, 1, 1)
        assert in_words(found).startswith("from its first transaction; gaps that cannot be closed: 1")


def test_gap_is_told_as_being_closed_until_everything_was_tried() -> None:
    """Issue: completeness is visible, and a gap that cannot be closed is another thing than one being worked on."""
    with following("ann") as f:
        f.chain.fund("eve")
        buy(f.chain, "ann", "BONK", 10 * TOKENS, SOL_UNIT)
        buy(f.chain, "eve", "BONK", 10 * TOKENS, SOL_UNIT)
        f.chain.finalize()
        run(f.tracking.sweep())
        f.node.hidden.add(send_tokens(f.chain, "eve", "ann", "BONK", TOKENS).signature)
        f.chain.advance(3)
        sell(f.chain, "ann", "BONK", 11 * TOKENS, SOL_UNIT)
        f.chain.finalize()
        run(f.tracking.refresh())
        found = f.tracking.completeness.of_entities([address("ann")])[address("ann")]
        assert (found.coverage, found.gaps, found.being_closed, found.unclosable) == (Coverage.GAPS, 1, 1, 0)
        assert in_words(found).startswith("from its first transaction; gaps being closed: 1")
        for _ in range(9):
            f.clock.ahead_s += 700
            run(f.tracking.refresh())
        found = f.tracking.completeness.all()[address("ann")]
        assert (found.coverage, found.gaps, found.being_closed) == (Coverage.UNCLOSABLE, 1, 0)
        assert found.unclosable == found.gaps + found.unreadable_transactions


def test_wallet_that_moved_is_listed_when_the_node_is_back() -> None:
    """Our rule: a look that a node did not answer is none; a balance is not accepted by it."""
    names = ("ann", "bob", "cid", "dan")
    last = max(names, key=address)
    with following(*names) as f:
        f.chain.fund("eve")
        f.chain.finalize()
        run(f.tracking.sweep())
        sent = send_sol(f.chain, "eve", last, SOL_UNIT)
        f.chain.finalize()
        f.node.fail = lambda method, _: method == "getSignaturesForAddress"
        for _ in range(6):
            run(f.tracking.sweep())
            f.clock.ahead_s += 300
        f.node.fail = lambda _method, _about: False
        run(f.tracking.sweep())
        assert f.stored() == {sent.signature}


def test_account_is_searched_when_the_node_is_back() -> None:
    """Our rule: a search that a node did not answer is none; what names no wallet is found when it does."""
    with following("ann") as f:
        _gift(f)
        f.node.fail = lambda method, _: method == "getSignaturesForAddress"
        for _ in range(6):
            run(f.tracking.reconcile())
            f.clock.ahead_s += 700
        f.node.fail = lambda _method, _about: False
        assert run(f.tracking.reconcile()).listed == 1
        assert run(f.tracking.reconcile()).drifting == 0
        assert f.tracking.completeness.all()[address("ann")].coverage is Coverage.COMPLETE


def test_account_searched_in_vain_is_searched_again_when_more_happens() -> None:
    """Our rule: what was given up is one difference; the next one is another."""
    with following("ann") as f:
        given_up = _gift(f)
        f.node.hidden.add(given_up)
        f.node.texts[given_up] = None
        for _ in range(6):
            run(f.tracking.reconcile())
            f.clock.ahead_s += 700
        assert f.tracking.completeness.all()[address("ann")].coverage is Coverage.UNCLOSABLE
        more = send_tokens(f.chain, "eve", "ann", "BONK", 3 * TOKENS)
        f.chain.finalize()
        assert run(f.tracking.reconcile()).listed == 1
        assert more.signature in f.stored()


def _gift(f: Following) -> str:
    """Let the wallet buy and be fetched, then receive tokens from a stranger, which names only its account."""
    f.chain.fund("eve")
    for name in ("ann", "eve"):
        buy(f.chain, name, "BONK", 10 * TOKENS, SOL_UNIT)
    f.chain.finalize()
    run(f.tracking.sweep())
    sent = send_tokens(f.chain, "eve", "ann", "BONK", TOKENS)
    f.chain.finalize()
    return sent.signature


def test_answer_about_another_transaction_is_not_believed() -> None:
    """An answer that names another signature is a wrong answer."""
    with following("ann") as f:
        one = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT)
        other = buy(f.chain, "ann", "BONK", TOKENS, SOL_UNIT + 1)
        f.node.texts[one.signature] = other.json
        run(f.tracking.hint([one.signature], Origin.WEBHOOK))
        assert run(f.tracking.drain()).postponed == 1
        assert f.stored() == set()


def test_history_of_more_than_a_page_is_listed_as_deep_as_set() -> None:
    """AURA_BACKFILL_TRANSACTIONS: as many, and no more; what happens later is never cut."""
    with following("ann", config=TrackingConfig(backfill_transactions=5)) as f:
        f.chain.fund("eve")
        for n in range(8):
            send_sol(f.chain, "eve", "ann", SOL_UNIT + n)
            f.chain.advance(1)
        f.chain.finalize()
        assert run(f.tracking.sweep()).fetched.new == 5
        found = f.tracking.completeness.of(address("ann"))
        assert found is not None
        assert (found.coverage, found.is_from_start, found.complete_since is not None) == (
            Coverage.COMPLETE,
            False,
            True,
        )
        for n in range(8):
            send_sol(f.chain, "eve", "ann", 2 * SOL_UNIT + n)
        f.chain.finalize()
        assert run(f.tracking.sweep()).fetched.new == 8
        assert run(f.tracking.sweep(since_s=0)).fetched.new == 3
        assert run(f.tracking.sweep()).fetched.new == 0


@pytest.mark.parametrize("seed", range(4))
def test_random_failures_and_crashes_lose_and_double_nothing(seed: int) -> None:
    """Spec: no gap, no double, whatever fails in between."""
    chance = random.Random(seed)
    with following("ann", "bob", mints=("BONK", "WIF")) as f:
        f.chain.fund("eve")
        buy(f.chain, "eve", "BONK", 1_000 * TOKENS, SOL_UNIT)
        f.node.fail = lambda _method, _about: chance.random() < 0.2
        for _ in range(12):
            _live_a_little(f, chance)
            f.node.lag_slots = chance.choice([0, 0, 2, 10])
            run(Tracking(f.store, f.node, f.clock).refresh())
            f.clock.ahead_s += 5
        f.node.fail = lambda _method, _about: False
        f.node.lag_slots = 0
        f.chain.finalize()
        f.clock.ahead_s += 2_000
        for _ in range(4):
            run(f.tracking.refresh())
            run(f.tracking.reconcile())
            f.clock.ahead_s += 2_000
        expected = {
            entry.signature
            for entry in f.chain.executed()
            if any(_concerns(entry.built, address(name)) for name in ("ann", "bob"))
        }
        assert f.stored() == expected
        assert f.rows("SELECT count(*) - count(DISTINCT (signature, owner)) FROM effect") == [(0,)]
        assert {c.coverage for c in f.tracking.completeness.all().values()} == {Coverage.COMPLETE}
        assert f.store.verification.verify().is_sound


def _live_a_little(f: Following, chance: random.Random) -> None:
    for number in range(chance.randrange(4)):
        name = chance.choice(["ann", "bob"])
        mint, amount = chance.choice(["BONK", "WIF"]), chance.randrange(1, 50) * TOKENS
        kind = chance.choice(["buy", "sell", "give", "fail", "sol"])
        if kind == "buy":
            buy(f.chain, name, mint, amount, SOL_UNIT // 100 + number)
        elif kind == "sell" and _held(f, name, mint):
            sell(f.chain, name, mint, chance.randrange(1, _held(f, name, mint) + 1), SOL_UNIT // 200)
        elif kind == "give":
            send_tokens(f.chain, "eve", name, "BONK", amount // 10)
        elif kind == "fail":
            fail_to_buy(f.chain, name, mint, amount, SOL_UNIT // 100)
        else:
            send_sol(f.chain, "eve", name, SOL_UNIT // 1_000 + number)
        f.chain.advance(chance.randrange(3))


def _held(f: Following, name: str, mint: str) -> int:
    return sum(
        state.token.amount
        for _, state in f.chain.owned(address(name))
        if state.token is not None and state.token.mint == mint
    )


def _concerns(built: Built, wallet: str) -> bool:
    owners = {token.owner for world in (built.before, built.after) for token in world.tokens.values()}
    return wallet in built.accounts or wallet in owners
