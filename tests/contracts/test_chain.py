"""The simulated chain keeps the promises that the tests of tracking rest on."""

import pytest

from engine.facts import Reading, TxClass
from engine.reading.doors import read_helius, read_transaction
from engine.units import Address
from tests.builders.encodings import text
from tests.builders.transactions import JITO, SOL_UNIT, address, holding
from tests.fakes.chain import FINALITY_SLOTS, Chain, Executed
from tests.fakes.trading import buy, fail_to_buy, held, open_pool, pool_of, sell, send_sol, send_tokens, swap

ALICE, BOB = Address(address("alice")), Address(address("bob"))


def chain_of_two() -> Chain:
    """Return a chain with two funded wallets and two pools."""
    chain = Chain()
    for wallet in ("alice", "bob"):
        chain.fund(wallet)
    for mint in ("MEME", "CAT"):
        open_pool(chain, mint)
    return chain


def classes(done: Executed) -> dict[str, TxClass]:
    """Return what the transaction did to each of the two, in every encoding the same."""
    told = [read_transaction(body, [ALICE, BOB]) for body in (done.json, done.base64, done.json_parsed)]
    told.append(read_helius(text(done.helius), [ALICE, BOB]))
    (found,) = {tuple((reading.wallet, reading.tx_class) for reading in readings) for readings in told}
    return {name: tx_class for name, at in (("alice", ALICE), ("bob", BOB)) for who, tx_class in found if who == at}


def test_every_action_reads_as_what_it_is_in_every_encoding() -> None:
    """Provenance: DOMAIN §2, the classes."""
    chain = chain_of_two()
    assert classes(buy(chain, "alice", "MEME", 5_000_000, SOL_UNIT, tip=10_000, loaded=2))["alice"] is TxClass.BUY
    assert classes(sell(chain, "alice", "MEME", 1_000_000, SOL_UNIT))["alice"] is TxClass.SELL
    assert classes(swap(chain, "alice", "MEME", 1_000_000, "CAT", 7_000))["alice"] is TxClass.SWAP
    sent = classes(send_tokens(chain, "alice", "bob", "MEME", 1_000_000))
    assert sent == {"alice": TxClass.TRANSFER_OUT, "bob": TxClass.TRANSFER_IN}
    assert classes(send_sol(chain, "bob", "alice", 1_000))["bob"] is TxClass.TRANSFER_OUT
    assert classes(fail_to_buy(chain, "bob", "CAT", 1_000, SOL_UNIT))["bob"] is TxClass.FAILED
    assert (held(chain, "alice", "MEME"), held(chain, "bob", "MEME")) == (2_000_000, 1_000_000)


def test_a_transfer_into_an_existing_account_is_found_only_through_that_account() -> None:
    """Provenance: the real chain lists a transaction under the accounts it names, and owners are not among them."""
    chain = chain_of_two()
    buy(chain, "alice", "MEME", 5_000_000, SOL_UNIT)
    named = send_tokens(chain, "alice", "bob", "MEME", 1_000_000)
    unnamed = send_tokens(chain, "alice", "bob", "MEME", 2_000_000)
    assert [done.signature for done in chain.signatures(BOB, slot=chain.slot)] == [named.signature]
    through = chain.signatures(holding("bob", "MEME"), slot=chain.slot)
    assert [done.signature for done in through] == [unnamed.signature, named.signature]


def test_what_an_account_held_is_known_for_every_slot() -> None:
    """Provenance: our rule; finalized answers lag behind confirmed ones."""
    chain = chain_of_two()
    buy(chain, "alice", "MEME", 5_000_000, SOL_UNIT)
    first = chain.slot
    chain.advance()
    sell(chain, "alice", "MEME", 5_000_000, SOL_UNIT, is_closing=True)
    before, after = chain.account(holding("alice", "MEME"), first), chain.account(holding("alice", "MEME"))
    assert before.token is not None
    assert before.token.amount == 5_000_000
    assert (after.token, after.lamports) == (None, 0)
    assert [len(chain.owned(ALICE, slot)) for slot in (first, chain.slot)] == [1, 0]


def test_a_dropped_transaction_leaves_the_chain_as_if_it_had_never_been() -> None:
    """Provenance: our rule; what others did since stays."""
    chains = chain_of_two(), chain_of_two()
    for is_disturbed, chain in zip((True, False), chains, strict=True):
        buy(chain, "alice", "MEME", 5_000_000, SOL_UNIT)
        doomed = buy(chain, "bob", "MEME", 3_000_000, SOL_UNIT, tip=5_000) if is_disturbed else None
        chain.advance()
        buy(chain, "alice", "MEME", 1_000_000, SOL_UNIT)
        if doomed is not None:
            chain.drop(doomed.signature)
            assert chain.find(doomed.signature) is None
            assert chain.signatures(BOB, slot=chain.slot) == []
    disturbed, calm = chains
    accounts = [ALICE, BOB, address(pool_of("MEME")), holding(pool_of("MEME"), "MEME"), JITO, holding("alice", "MEME")]
    assert [disturbed.account(at) for at in accounts] == [calm.account(at) for at in accounts]
    facts = [[unnumbered(done) for done in chain.signatures(ALICE, slot=chain.slot)] for chain in chains]
    assert facts[0] == facts[1]


def unnumbered(done: Executed) -> Reading:
    """Return what the transaction did to alice, without its number in the slot."""
    (reading,) = read_transaction(done.json, [ALICE])
    return reading._replace(index_in_block=None)


def test_a_final_transaction_cannot_be_dropped() -> None:
    """Provenance: Solana's finality."""
    chain = chain_of_two()
    done = buy(chain, "alice", "MEME", 5_000_000, SOL_UNIT)
    chain.advance(FINALITY_SLOTS)
    with pytest.raises(ValueError, match="is final"):
        chain.drop(done.signature)
