"""Sweeps over a simulated chain: what happened is stored once, at the planned number of calls."""

from tests.aura_mcp.services.tracking._following import Following, following, run
from tests.builders.transactions import SOL_UNIT, address
from tests.fakes.trading import buy, fail_to_buy, sell, send_sol, send_tokens, swap

TOKENS = 1_000_000


def test_new_wallet_is_filled_back_and_booked() -> None:
    """DOMAIN §3: what was bought and sold before we looked is in the ledger after one sweep."""
    with following("ann") as f:
        buy(f.chain, "ann", "BONK", 10 * TOKENS, SOL_UNIT)
        f.chain.advance(10)
        sell(f.chain, "ann", "BONK", 4 * TOKENS, SOL_UNIT)
        f.chain.finalize()
        done = run(f.tracking.sweep())
        assert (done.wallets, done.asked, done.listed, done.fetched.new, done.is_complete) == (1, 1, 2, 2, True)
        assert f.store.positions.states(address("ann"))[_mint()].holding == 6 * TOKENS
        assert f.store.verification.verify().is_sound


def test_second_sweep_of_a_quiet_wallet_fetches_nothing() -> None:
    """The call plan: balances, and the turn of one wallet."""
    with following("ann") as f:
        buy(f.chain, "ann", "BONK", 10 * TOKENS, SOL_UNIT)
        f.chain.finalize()
        run(f.tracking.sweep())
        f.node.calls.clear()
        done = run(f.tracking.sweep())
        assert done.fetched.transactions == 0
        assert f.node.calls == {"getMultipleAccounts": 1, "getSignaturesForAddress": 1}


def test_every_kind_of_movement_is_stored() -> None:
    """DOMAIN §2: purchases, sales, swaps, transfers, failures; also those somebody else sent."""
    with following("ann", "bob", mints=("BONK", "WIF")) as f:
        f.chain.fund("eve")
        run(f.tracking.sweep())
        sent = [
            buy(f.chain, "ann", "BONK", 10 * TOKENS, SOL_UNIT),
            send_tokens(f.chain, "ann", "bob", "BONK", 2 * TOKENS),
            swap(f.chain, "ann", "BONK", TOKENS, "WIF", 3 * TOKENS),
            send_sol(f.chain, "eve", "bob", SOL_UNIT),
            fail_to_buy(f.chain, "bob", "WIF", TOKENS, SOL_UNIT),
        ]
        f.chain.finalize()
        done = run(f.tracking.sweep())
        assert done.is_complete
        assert f.stored() == {entry.signature for entry in sent}
        assert f.store.verification.verify().is_sound


def test_transaction_of_two_followed_wallets_is_fetched_once() -> None:
    """The call plan: one getTransaction for all followed wallets in it."""
    with following("ann", "bob") as f:
        run(f.tracking.sweep())
        send_sol(f.chain, "ann", "bob", SOL_UNIT)
        f.chain.finalize()
        f.node.calls.clear()
        run(f.tracking.sweep())
        assert f.node.calls["getTransaction"] == 1
        assert len(f.rows("SELECT 1 FROM effect")) == 2


def test_transfer_into_an_existing_account_is_found_though_it_names_no_wallet() -> None:
    """A token account's drift: the wallet's lamports and signatures say nothing of it."""
    with following("ann") as f:
        f.chain.fund("eve")
        buy(f.chain, "ann", "BONK", 10 * TOKENS, SOL_UNIT)
        buy(f.chain, "eve", "BONK", 10 * TOKENS, SOL_UNIT)
        f.chain.finalize()
        run(f.tracking.sweep())
        unseen = send_tokens(f.chain, "eve", "ann", "BONK", 3 * TOKENS)
        assert address("ann") not in unseen.built.accounts
        f.chain.finalize()
        _sweeps(f, 3)
        assert unseen.signature in f.stored()
        assert f.store.positions.states(address("ann"))[_mint()].holding == 13 * TOKENS


def test_two_unseen_transfers_before_a_sale_are_found() -> None:
    """Everything between the account's last fact and its balance is listed, not only the last of it."""
    with following("ann") as f:
        f.chain.fund("eve")
        buy(f.chain, "ann", "BONK", 10 * TOKENS, SOL_UNIT)
        buy(f.chain, "eve", "BONK", 10 * TOKENS, SOL_UNIT)
        f.chain.finalize()
        run(f.tracking.sweep())
        first = send_tokens(f.chain, "eve", "ann", "BONK", TOKENS)
        f.chain.advance(3)
        second = send_tokens(f.chain, "eve", "ann", "BONK", 2 * TOKENS)
        f.chain.advance(3)
        sell(f.chain, "ann", "BONK", 13 * TOKENS, SOL_UNIT)
        f.chain.finalize()
        run(f.tracking.sweep())
        repaired = run(f.tracking.repair_gaps())
        assert (repaired.breaks, repaired.open) == (1, 0)
        assert {first.signature, second.signature} <= f.stored()
        assert f.store.verification.verify().is_sound


def test_unseen_transfer_between_two_trades_of_one_slot_is_found() -> None:
    """Nothing earlier is known of the account: the window is inside of the slot."""
    with following("ann") as f:
        f.chain.fund("eve")
        buy(f.chain, "eve", "BONK", 10 * TOKENS, SOL_UNIT)
        f.chain.advance(3)
        buy(f.chain, "ann", "BONK", 10 * TOKENS, SOL_UNIT)
        unseen = send_tokens(f.chain, "eve", "ann", "BONK", TOKENS)
        sell(f.chain, "ann", "BONK", 11 * TOKENS, SOL_UNIT)
        f.chain.finalize()
        run(f.tracking.sweep())
        assert unseen.signature not in f.stored()
        repaired = run(f.tracking.repair_gaps())
        assert (repaired.breaks, repaired.open) == (1, 0)
        assert unseen.signature in f.stored()
        assert f.store.verification.verify().is_sound


def _mint() -> str:
    return address("BONK")


def _sweeps(f: Following, count: int) -> None:
    for _ in range(count):
        run(f.tracking.sweep())
