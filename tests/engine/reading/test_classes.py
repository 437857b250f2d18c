"""Every class of DOMAIN §2: what the net shape says, and where programs, receipts and instructions correct it."""

import struct
from collections.abc import Mapping, Sequence

import pytest

from engine.facts import Reading, TxClass
from engine.reading import read_transaction
from engine.units import USDC, WSOL, Address
from tests.builders.encodings import as_json, text
from tests.builders.transactions import (
    PUMP_FUN,
    PUMP_SWAP,
    RENT,
    SOL_UNIT,
    Built,
    Step,
    address,
    allocates,
    burns,
    buys,
    calls,
    closes,
    creates,
    discriminator,
    hands_over,
    makes_mint,
    mints,
    moves,
    opens,
    pays,
    sells,
    takes,
    tips,
    transaction,
    wraps,
)

JUPITER = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"
ORCA = "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"
RAYDIUM = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
RAYDIUM_CPMM = "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C"
METEORA_DAMM_1 = "Eo7WjKq67rjJQSZxS6z3YkapzY3eMj6Xy8X5EQVn5UaB"
METEORA_VAULT = "24Uqj9JCLxUeoC3hGfh5W3s9FM9uCHDS2SG3LYwBpyTi"
METEORA_DLMM = "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo"
PHOENIX = "PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY"
KAMINO = "KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD"
MARGINFI = "MFv2hWf31Z9kbCa1snEPYctwafyhdvnV7FZnsebVacA"
MARINADE = "MarBmsSgKXdrN1egZf5sqe1TMai9K1rChYNDJgjq7aD"
STAKE = "Stake11111111111111111111111111111111111111"
FARM = "FarmsPZpWu9i7Kky8tPN37rs2TpmMrAZrC7S7vJa91Hr"
MAGIC_EDEN = "M2mx93ekt1fmXSVkTrUL9xVFHkmME8HTUi5Cyc5aF7K"
METADATA = "metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s"
DCA = "DCA265Vj8a9CEuX1eb1LWRnDT7uK6q1xMipnNyatn23M"

RICH = {"MEME": 10**12, "OTHER": 10**12, "SOL": 10**12, "USDC": 10**12, "lamports": 10**12}
POOL = {"pool": RICH}


def read_one(built: Built, wallet: str = "A") -> Reading:
    """Return what a transaction did to one wallet."""
    (reading,) = read_transaction(text(as_json(built)), [Address(address(wallet))])
    return reading


def legs(reading: Reading) -> list[tuple[str, str, int]]:
    """Return the legs as side, mint and amount."""
    return [(leg.side.value, leg.mint, leg.amount_raw) for leg in reading.legs]


def test_token_for_sol_is_a_buy_at_what_was_paid() -> None:
    """DOMAIN §2: one non-Q up, Q down; rent, fees and tips are in columns of their own."""
    reading = read_one(
        transaction(
            opens("A", "MEME"), buys("A", "MEME", 5_000, 2 * SOL_UNIT), tips("A", 7_000), has=POOL, fee=5_000 + 321
        )
    )
    assert reading.tx_class is TxClass.BUY
    assert legs(reading) == [("BUY", address("MEME"), 5_000)]
    assert reading.quote == (WSOL, -2 * SOL_UNIT)
    assert (reading.base_fee_lamports, reading.priority_fee_lamports) == (5_000, 321)
    assert (reading.tip_lamports, reading.rent_lamports, reading.other_rent_lamports) == (7_000, RENT, 0)
    assert (reading.venues, reading.issues) == (("pump.fun",), ())


def test_sol_for_token_is_a_sale_at_what_came() -> None:
    """DOMAIN §2: one non-Q down, Q up; the rent of the closed account is no income."""
    built = transaction(sells("A", "MEME", 5_000, SOL_UNIT), closes("A", "MEME"), has={**POOL, "A": {"MEME": 5_000}})
    reading = read_one(built)
    assert reading.tx_class is TxClass.SELL
    assert legs(reading) == [("SELL", address("MEME"), 5_000)]
    assert (reading.quote, reading.rent_lamports) == ((WSOL, SOL_UNIT), -RENT)


def test_wrapped_sol_of_a_temporary_account_counts_as_sol() -> None:
    """DOMAIN §2.1: native SOL and WSOL are merged, accounts opened and closed inside vanish."""
    built = transaction(
        opens("A", "SOL"),
        wraps("A", SOL_UNIT),
        calls(RAYDIUM, moves("A", "pool", "SOL", SOL_UNIT), moves("pool", "A", "MEME", 70)),
        closes("A", "SOL"),
        has={**POOL, "A": {"MEME": 1}},
    )
    reading = read_one(built)
    assert (reading.tx_class, reading.quote) == (TxClass.BUY, (WSOL, -SOL_UNIT))
    assert (reading.wsol_delta_lamports, reading.rent_lamports) == (0, 0)


def test_stable_coin_is_the_quote_and_a_little_sol_stays_beside_it() -> None:
    """DOMAIN §2: a stable-coin quote is the raw wallet delta; SOL left beside it stays in sol_flow."""
    built = transaction(
        calls(JUPITER, moves("A", "pool", "USDC", 150_000_000), moves("pool", "A", "MEME", 70)),
        pays("A", "somebody", 1_637),
        has={**POOL, "A": {"MEME": 1, "USDC": 10**9}},
    )
    reading = read_one(built)
    assert (reading.quote, reading.sol_flow_lamports) == ((USDC, -150_000_000), -1_637)
    assert reading.issues == ()


@pytest.mark.parametrize("residue", [-3, 3])
def test_residue_of_a_stable_coin_does_not_become_the_quote(residue: int) -> None:
    """Our rule: a stable coin that could not pay for the SOL beside it below $0.10 a SOL is left over from a route."""
    dust = moves("A", "pool", "USDC", 3) if residue < 0 else moves("pool", "A", "USDC", 3)
    built = transaction(
        calls(JUPITER, pays("A", "pool", SOL_UNIT), dust, moves("pool", "A", "MEME", 70)),
        has={**POOL, "A": {"MEME": 1, "USDC": 10}},
    )
    assert read_one(built).quote == (WSOL, -SOL_UNIT)


def test_second_quote_asset_that_counts_is_told() -> None:
    """Our rule: the quote is one asset; what another one paid beside it must not be overlooked."""
    built = transaction(
        calls(JUPITER, pays("A", "pool", SOL_UNIT), moves("A", "pool", "USDC", 10**8), moves("pool", "A", "MEME", 70)),
        has={**POOL, "A": {"MEME": 1, "USDC": 10**9}},
    )
    reading = read_one(built)
    assert (reading.quote, reading.issues) == ((USDC, -(10**8)), (f"mixed_quote: {-SOL_UNIT} of {WSOL}",))


def swap(*inside: Step, has: Mapping[str, Mapping[str, int]] | None = None) -> Reading:
    """Return a swap of 400 MEME for 90 OTHER in whose route `inside` happens."""
    built = transaction(
        calls(JUPITER, *inside), has=has or {**POOL, "second": RICH, "A": {"MEME": 400, "OTHER": 1, "SOL": 0}}
    )
    reading = read_one(built)
    assert reading.tx_class is TxClass.SWAP
    assert legs(reading) == [("SELL", address("MEME"), 400), ("BUY", address("OTHER"), 90)]
    assert reading.quote is None
    return reading


def test_swap_through_the_owners_sol_has_the_value_that_passed() -> None:
    """DOMAIN §2: V of a SWAP comes from an observed quote leg inside the route."""
    reading = swap(
        calls(RAYDIUM, moves("A", "pool", "MEME", 400), moves("pool", "A", "SOL", 7_000)),
        calls(ORCA, moves("A", "second", "SOL", 7_000), moves("second", "A", "OTHER", 90)),
    )
    assert {(leg.quote_mint, leg.quote_raw) for leg in reading.legs} == {(WSOL, 7_000)}


def test_swap_in_one_pool_has_no_observed_value() -> None:
    """DOMAIN §2: no quote leg inside the route, so the value is null until a later fact fills it."""
    reading = swap(calls(ORCA, moves("A", "pool", "MEME", 400), moves("pool", "A", "OTHER", 90)))
    assert {(leg.quote_mint, leg.quote_raw) for leg in reading.legs} == {(None, None)}


def test_fee_in_sol_is_not_the_value_of_a_swap() -> None:
    """Our rule: what was paid on must have come in before; a terminal's fee was not."""
    reading = swap(
        calls(ORCA, moves("A", "pool", "MEME", 400), moves("pool", "A", "OTHER", 90)),
        moves("A", "second", "SOL", 50),
        has={**POOL, "second": RICH, "A": {"MEME": 400, "OTHER": 1, "SOL": 100}},
    )
    assert {leg.quote_raw for leg in reading.legs} == {None}


def test_swap_split_over_a_direct_pool_has_no_observed_value() -> None:
    """Our rule: where a part was exchanged directly, what passed through SOL is only a part of the value."""
    reading = swap(
        calls(RAYDIUM, moves("A", "pool", "MEME", 200), moves("pool", "A", "SOL", 7_000)),
        calls(ORCA, moves("A", "second", "SOL", 7_000), moves("second", "A", "OTHER", 45)),
        calls(ORCA, moves("A", "pool", "MEME", 200), moves("pool", "A", "OTHER", 45)),
    )
    assert {leg.quote_raw for leg in reading.legs} == {None}


def test_sol_for_a_stable_coin_is_fx() -> None:
    """DOMAIN §2: Q for Q is no trade."""
    built = transaction(
        calls(JUPITER, pays("A", "pool", SOL_UNIT), moves("pool", "A", "USDC", 10**8)), has={**POOL, "A": {"USDC": 0}}
    )
    reading = read_one(built)
    assert (reading.tx_class, reading.legs, reading.quote) == (TxClass.FX, (), None)


def test_fx_over_a_token_that_passes_through_is_no_round_trip() -> None:
    """Our rule: a token that comes and goes on the way between two quote assets is but a step of the route."""
    built = transaction(
        calls(
            JUPITER,
            calls(ORCA, pays("A", "pool", SOL_UNIT), moves("pool", "A", "MEME", 70)),
            calls(ORCA, moves("A", "second", "MEME", 70), moves("second", "A", "USDC", 10**8)),
        ),
        has={**POOL, "second": RICH, "A": {"USDC": 0, "MEME": 0}},
    )
    assert read_one(built).tx_class is TxClass.FX


def test_airdrop_and_payment_are_transfers_in_of_a_receiver() -> None:
    """DOMAIN §2: only up, no payment; the rent that the sender locked is not the receiver's income."""
    built = transaction(
        opens("B", "MEME", by="A"), moves("A", "B", "MEME", 50), has={"A": {"MEME": 100}, "B": {"lamports": 5}}
    )
    reading = read_one(built, "B")
    assert (reading.tx_class, reading.role.value) == (TxClass.TRANSFER_IN, "receiver")
    assert legs(reading) == [("IN", address("MEME"), 50)]
    assert (reading.rent_lamports, reading.sol_flow_lamports) == (0, 0)
    sender = read_one(built)
    assert (sender.tx_class, sender.other_rent_lamports) == (TxClass.TRANSFER_OUT, RENT)


def test_only_down_and_signed_is_a_transfer_out() -> None:
    """DOMAIN §2; to burn one's own token is to give it away as well."""
    has = {"A": {"MEME": 100}, "B": {"MEME": 0}}
    assert read_one(transaction(moves("A", "B", "MEME", 50), has=has)).tx_class is TxClass.TRANSFER_OUT
    assert read_one(transaction(burns("A", "MEME", 50), has=has)).tx_class is TxClass.TRANSFER_OUT
    assert read_one(transaction(pays("A", "B", 50))).tx_class is TxClass.TRANSFER_OUT


@pytest.mark.parametrize(
    "seizure",
    [
        moves("A", "B", "MEME", 50, signed_by="B"),
        burns("A", "MEME", 50, signed_by="B"),
    ],
    ids=["transferred", "burned"],
)
def test_only_down_without_signature_is_involuntary(seizure: Step) -> None:
    """DOMAIN §2: permanent delegate, burn, seizure."""
    built = transaction(seizure, payer="B", has={"A": {"MEME": 100}, "B": {"MEME": 0}}, newer_mints=["MEME"])
    reading = read_one(built)
    assert reading.tx_class is TxClass.INVOLUNTARY
    assert legs(reading) == [("OUT", address("MEME"), 50)]


def test_account_handed_over_moves_its_tokens_without_rent() -> None:
    """Our rule: SetAuthority moves the tokens; the rent inside is neither refunded nor paid by anyone here."""
    built = transaction(hands_over("A", "MEME", "B"), has={"A": {"MEME": 100}})
    giver, taker = read_one(built), read_one(built, "B")
    assert (giver.tx_class, legs(giver), giver.rent_lamports) == (
        TxClass.TRANSFER_OUT,
        [("OUT", address("MEME"), 100)],
        0,
    )
    assert (taker.tx_class, legs(taker), taker.rent_lamports) == (
        TxClass.TRANSFER_IN,
        [("IN", address("MEME"), 100)],
        0,
    )


def test_buy_and_sale_of_the_same_amount_is_a_round_trip() -> None:
    """DOMAIN §2: bought and sold in one transaction, net about 0."""
    built = transaction(
        buys("A", "MEME", 5_000, SOL_UNIT), sells("A", "MEME", 5_000, SOL_UNIT - 9), has={**POOL, "A": {"MEME": 0}}
    )
    reading = read_one(built)
    assert (reading.tx_class, reading.legs, reading.quote) == (TxClass.ARB, (), (WSOL, -9))


@pytest.mark.parametrize(("sold", "expected"), [(4_999, TxClass.ARB), (4_800, TxClass.BUY)])
def test_round_trip_keeps_less_than_a_fiftieth(sold: int, expected: TxClass) -> None:
    """Our rule: more than one part in 50 kept is a trade with a partial sale."""
    built = transaction(
        buys("A", "MEME", 5_000, SOL_UNIT), sells("A", "MEME", sold, SOL_UNIT // 2), has={**POOL, "A": {"MEME": 0}}
    )
    assert read_one(built).tx_class is expected


def test_round_trip_through_a_temporary_account_is_found() -> None:
    """Our rule: an account opened and closed inside leaves no balance, so its instructions are followed."""
    built = transaction(
        opens("A", "MEME"),
        buys("A", "MEME", 5_000, SOL_UNIT),
        sells("A", "MEME", 5_000, 2 * SOL_UNIT),
        closes("A", "MEME"),
        has=POOL,
    )
    assert read_one(built).tx_class is TxClass.ARB


@pytest.mark.parametrize("mint", ["SOL", "USDC"])
def test_arbitrage_of_a_bot_in_money_alone_is_a_round_trip(mint: str) -> None:
    """Our rule: money went out through pools and came back; what was in between never touched the owner."""
    built = transaction(
        calls("bot", calls(ORCA, moves("A", "pool", mint, 1_000)), calls(RAYDIUM, moves("pool", "A", mint, 1_400))),
        has={**POOL, "A": {mint: 5_000}},
    )
    assert read_one(built).tx_class is TxClass.ARB


def test_arbitrage_over_a_pool_with_a_vault_is_not_liquidity() -> None:
    """Known confusion: Meteora's pools deposit and withdraw in a vault for every swap, at depth 3 of a bot's call."""
    vault = (calls(METEORA_VAULT, data=discriminator("deposit")), calls(METEORA_VAULT, data=discriminator("withdraw")))
    built = transaction(
        calls("bot", calls(METEORA_DAMM_1, *vault, moves("A", "pool", "SOL", 1_000), moves("pool", "A", "SOL", 1_001))),
        has={**POOL, "A": {"SOL": 5_000}},
    )
    assert read_one(built).tx_class is TxClass.ARB


def lp_token(*, is_deposit: bool) -> tuple[Step, ...]:
    """Return what a pool with an LP token does for two assets."""
    if is_deposit:
        return (moves("A", "pool", "MEME", 400), moves("A", "pool", "OTHER", 90), mints("LP", "A", 77))
    return (burns("A", "LP", 77), moves("pool", "A", "MEME", 400), moves("pool", "A", "OTHER", 90))


@pytest.mark.parametrize("data", [b"\xffunknown", discriminator("initialize"), discriminator("create_pool")])
@pytest.mark.parametrize("is_deposit", [True, False])
def test_lp_token_of_a_known_pool_is_liquidity_whatever_the_instruction(data: bytes, *, is_deposit: bool) -> None:
    """Our rule: minted to the wallet for two assets, or burned for two."""
    built = transaction(
        calls(RAYDIUM_CPMM, *lp_token(is_deposit=is_deposit), data=data),
        has={**POOL, "A": {"MEME": 400, "OTHER": 90, "LP": 77}},
    )
    reading = read_one(built)
    assert reading.tx_class is (TxClass.LP_ADD if is_deposit else TxClass.LP_REMOVE)
    assert {side for side, _, _ in legs(reading)} == {"IN", "OUT"}


def test_known_instruction_is_liquidity_without_any_token_for_it() -> None:
    """DOMAIN §2: LP deposit / withdrawal, with or without an LP token (Meteora DLMM)."""
    has = {**POOL, "A": {"MEME": 400, "USDC": 90}}
    add = calls(METEORA_DLMM, moves("A", "pool", "MEME", 400), data=discriminator("add_liquidity_by_strategy2"))
    remove = calls(METEORA_DLMM, moves("pool", "A", "USDC", 4), data=discriminator("claim_fee2"))
    assert read_one(transaction(add, has=has)).tx_class is TxClass.LP_ADD
    assert read_one(transaction(remove, has=has)).tx_class is TxClass.LP_REMOVE
    assert read_one(transaction(add, remove, has=has)).tx_class is TxClass.LP_REMOVE


def test_rebalanced_position_is_told_by_the_direction() -> None:
    """Meteora DLMM `rebalance_liquidity` takes and gives; what the wallet got or gave decides."""
    has = {**POOL, "A": {"MEME": 400}}
    data = discriminator("rebalance_liquidity")
    given = calls(METEORA_DLMM, moves("A", "pool", "MEME", 400), data=data)
    received = calls(METEORA_DLMM, moves("pool", "A", "MEME", 400), data=data)
    assert read_one(transaction(given, has=has)).tx_class is TxClass.LP_ADD
    assert read_one(transaction(received, has=has)).tx_class is TxClass.LP_REMOVE


def test_position_token_of_a_pool_is_liquidity_not_a_bought_nft() -> None:
    """Our rule: one unit without decimals, minted here by a pool, stands for what was given."""
    opened = (makes_mint("POSITION", "A"), opens("A", "POSITION"), mints("POSITION", "A", 1))
    built = transaction(calls(ORCA, *opened, moves("A", "pool", "MEME", 400)), has={**POOL, "A": {"MEME": 400}})
    assert read_one(built).tx_class is TxClass.LP_ADD
    closed = calls(ORCA, burns("A", "POSITION", 1), moves("pool", "A", "MEME", 400))
    built = transaction(closed, has={**POOL, "A": {"MEME": 0, "POSITION": 1}})
    assert read_one(built).tx_class is TxClass.LP_REMOVE


def test_pool_made_without_any_deposit_is_no_liquidity() -> None:
    """Our rule: an LP class needs something given or received; making a pool only pays rent."""
    built = transaction(calls(ORCA, creates("pool state", "A", 5_000_000, ORCA), data=discriminator("initialize_pool")))
    reading = read_one(built)
    assert (reading.tx_class, reading.other_rent_lamports) == (TxClass.OTHER, 5_000_000)


def test_one_asset_for_a_minted_token_of_a_pool_is_the_shape() -> None:
    """Our rule: a token minted for a single asset (a stable coin, a share) is bought; two assets make liquidity."""
    built = transaction(
        calls(ORCA, moves("A", "pool", "OTHER", 90), mints("LP", "A", 77)), has={**POOL, "A": {"OTHER": 90, "LP": 0}}
    )
    assert read_one(built).tx_class is TxClass.SWAP


def test_fungible_token_without_decimals_is_traded_like_any_other() -> None:
    """Our rule: one unit through a pool is a trade unless it was made here; hand to hand it is an NFT."""
    has = {"pool": {"TICKET": 100, "lamports": 1}, "A": {"TICKET": 0}}
    assert read_one(transaction(buys("A", "TICKET", 1, SOL_UNIT, ORCA), has=has)).tx_class is TxClass.BUY
    assert read_one(transaction(buys("A", "TICKET", 5, SOL_UNIT, ORCA), has=has)).tx_class is TxClass.BUY
    given = transaction(moves("A", "pool", "TICKET", 1), has={"pool": {"TICKET": 0}, "A": {"TICKET": 1}})
    assert read_one(given).tx_class is TxClass.NFT


def test_nft_sale_and_mint_are_nft() -> None:
    """DOMAIN §2: the shape is a BUY; the market decides. A compressed NFT moves no token at all."""
    has = {"B": {"NFT": 1}, "A": {"NFT": 0}}
    sale = calls(MAGIC_EDEN, pays("A", "B", SOL_UNIT), moves("B", "A", "NFT", 1))
    assert read_one(transaction(sale, cosigners=["B"], has=has)).tx_class is TxClass.NFT
    compressed = calls("BGUMAp9Gq7iTEuizy4pqaxsTyUCBK68MDfK752saRPUY")
    assert read_one(transaction(compressed)).tx_class is TxClass.NFT


def test_stake_and_lend_are_told_by_their_programs() -> None:
    """DOMAIN §2: net shape alone misreads lending; a receipt minted for SOL looks like a BUY."""
    has = {**POOL, "A": {"MEME": 0}}
    for program, expected in ((MARINADE, TxClass.STAKE), (KAMINO, TxClass.LEND), (FARM, TxClass.STAKE)):
        receipt = calls(program, pays("A", "pool", SOL_UNIT), mints("MEME", "A", 5))
        assert read_one(transaction(receipt, has=has)).tx_class is expected
    deposit = creates("stake account", "A", 3 * SOL_UNIT, STAKE, 200)
    reading = read_one(transaction(deposit, calls(STAKE)))
    assert (reading.tx_class, reading.other_rent_lamports) == (TxClass.STAKE, 0)
    assert reading.sol_flow_lamports == -3 * SOL_UNIT


def test_lending_pool_inside_a_route_is_a_venue_of_the_route() -> None:
    """DOMAIN §2: what a trade route calls inside itself does not decide."""
    inside = calls(KAMINO, moves("A", "pool", "MEME", 400), moves("pool", "A", "OTHER", 90))
    has = {**POOL, "A": {"MEME": 400, "OTHER": 1}}
    assert read_one(transaction(calls(JUPITER, inside), has=has)).tx_class is TxClass.SWAP
    assert read_one(transaction(calls("unknown router", calls(JUPITER, inside)), has=has)).tx_class is TxClass.SWAP
    # Beside the route it is lending, even below the same unknown program.
    beside = calls("unknown router", calls(JUPITER), inside)
    assert read_one(transaction(beside, has=has)).tx_class is TxClass.LEND


@pytest.mark.parametrize(
    ("program", "names"),
    [
        (KAMINO, ("flash_borrow_reserve_liquidity", "flash_repay_reserve_liquidity")),
        (
            MARGINFI,
            (
                "lending_account_start_flashloan",
                "lending_account_borrow",
                "lending_account_repay",
                "lending_account_end_flashloan",
            ),
        ),
    ],
)
def test_trade_with_a_flash_loan_is_a_trade(program: str, names: Sequence[str]) -> None:
    """Our rule: a loan that is gone when the transaction ends is not lending."""
    first, *rest = [calls(program, data=discriminator(name)) for name in names]
    built = transaction(first, buys("A", "MEME", 70, SOL_UNIT, ORCA), *rest, has={**POOL, "A": {"MEME": 0}})
    assert read_one(built).tx_class is TxClass.BUY
    kept = transaction(first, calls(program, pays("pool", "A", 5), data=discriminator("borrow")), *rest, has=POOL)
    assert read_one(kept).tx_class is TxClass.LEND


def test_creation_is_create_and_with_a_buy_a_buy_with_a_note() -> None:
    """DOMAIN §2: a creation with a buy is CREATE plus BUY (class BUY, note); the supply on the curve is not bought."""
    made = (makes_mint("MEME", "A"), opens("curve", "MEME", by="A"), mints("MEME", "curve", 10**15))
    created = transaction(calls(PUMP_FUN, *made), fresh=["MEME"])
    reading = read_one(created)
    assert (reading.tx_class, reading.legs) == (TxClass.CREATE, ())
    assert reading.other_rent_lamports == 1_461_600 + RENT
    bought = calls(PUMP_FUN, opens("A", "MEME"), pays("A", "curve", SOL_UNIT), moves("curve", "A", "MEME", 5_000))
    reading = read_one(transaction(calls(PUMP_FUN, *made), bought, fresh=["MEME"]))
    assert (reading.tx_class, reading.quote) == (TxClass.BUY, (WSOL, -SOL_UNIT))
    assert (legs(reading), reading.issues) == ([("BUY", address("MEME"), 5_000)], ("created_token",))


def test_token_minted_to_its_maker_is_not_bought_from_the_service_that_was_paid() -> None:
    """Our rule: all that came is a token made here and minted straight to its maker; the SOL paid for making it."""
    made = (makes_mint("MEME", "A"), opens("A", "MEME"), mints("MEME", "A", 10**15), pays("A", "service", 10**8))
    reading = read_one(transaction(*made, fresh=["MEME"]))
    assert (reading.tx_class, reading.sol_flow_lamports) == (TxClass.CREATE, -(10**8))


def test_metadata_of_a_new_token_does_not_make_it_an_nft() -> None:
    """Known confusion: the Metaplex metadata program describes fungible tokens too."""
    made = (makes_mint("MEME", "A"), opens("A", "MEME"), mints("MEME", "A", 10**15))
    built = transaction(*made, calls(METADATA, creates("metadata", "A", 15_115_600, METADATA)), fresh=["MEME"])
    assert read_one(built).tx_class is TxClass.CREATE


def test_orders_in_escrow_or_on_a_book_are_other() -> None:
    """DOMAIN §2: escrow orders (DCA) and the rest; tokens on an order book are still the owner's."""
    has = {**POOL, "A": {"MEME": 400}}
    for program in (DCA, PHOENIX):
        for order in (moves("A", "pool", "MEME", 400), moves("pool", "A", "MEME", 4)):
            assert read_one(transaction(calls(program, order), has=has)).tx_class is TxClass.OTHER


def test_nothing_but_fees_or_wrapping_is_none() -> None:
    """DOMAIN §2: nothing but fees, or SOL to WSOL."""
    assert read_one(transaction(calls("some program"))).tx_class is TxClass.NONE
    wrapped = read_one(transaction(wraps("A", SOL_UNIT), has={"A": {"SOL": 0}}))
    assert (wrapped.tx_class, wrapped.wsol_delta_lamports) == (TxClass.NONE, SOL_UNIT)
    assert wrapped.native_delta_lamports == -SOL_UNIT - 5_000


def test_failed_transaction_has_its_fee_and_nothing_else() -> None:
    """DOMAIN §2: `meta.err` set: fees only, whatever the inner instructions say."""
    built = transaction(
        opens("A", "MEME"), buys("A", "MEME", 5_000, SOL_UNIT), tips("A", 9), has=POOL, fee=5_900, is_failed=True
    )
    reading = read_one(built)
    assert (reading.tx_class, reading.legs, reading.quote, reading.balances) == (TxClass.FAILED, (), None, ())
    assert (reading.base_fee_lamports, reading.priority_fee_lamports, reading.tip_lamports) == (5_000, 900, 0)
    assert (reading.native_delta_lamports, reading.sol_flow_lamports) == (-5_900, 0)


def test_unknown_program_leaves_the_shape_to_decide_with_a_note() -> None:
    """DOMAIN §2: for programs nobody knows the shape decides, with a note."""
    reading = read_one(transaction(buys("A", "MEME", 5, SOL_UNIT, "nobody knows"), has={**POOL, "A": {"MEME": 0}}))
    assert (reading.tx_class, reading.issues) == (TxClass.BUY, ("venue_unknown",))


def test_transfer_fee_makes_the_trade_dearer_and_the_arrived_amount_is_the_quantity() -> None:
    """DOMAIN §2: Token-2022 transfer fees: what arrived is the quantity; the fee is cost."""
    built = transaction(
        calls(RAYDIUM_CPMM, pays("A", "pool", SOL_UNIT), moves("pool", "A", "MEME", 1_000, withheld=40)),
        has={**POOL, "A": {"MEME": 0}},
        newer_mints=["MEME"],
    )
    reading = read_one(built)
    assert legs(reading) == [("BUY", address("MEME"), 960)]
    assert reading.issues == (f"transfer_fee_withheld: 40 of {address('MEME')!r}",)


def test_several_tokens_bought_at_once_have_one_leg_each_and_no_split() -> None:
    """DOMAIN §2: several non-Q mints against Q give one leg each; the split is not known."""
    built = transaction(
        buys("A", "MEME", 5, SOL_UNIT), buys("A", "OTHER", 6, SOL_UNIT), has={**POOL, "A": {"MEME": 0, "OTHER": 0}}
    )
    reading = read_one(built)
    assert (reading.quote, {leg.quote_raw for leg in reading.legs}) == ((WSOL, -2 * SOL_UNIT), {None})
    assert sorted(legs(reading)) == sorted([("BUY", address("MEME"), 5), ("BUY", address("OTHER"), 6)])


def test_instruction_named_buy_can_be_a_sale() -> None:
    """DOMAIN §2: an instruction *named* Buy can be a wallet's sale: the pool is quoted the other way round."""
    data = bytes.fromhex("66063d1201daebea") + struct.pack("<QQ", SOL_UNIT, 5)
    built = transaction(
        calls(PUMP_SWAP, moves("A", "pool", "MEME", 5), takes("pool", "A", SOL_UNIT), data=data),
        has={**POOL, "A": {"MEME": 5}},
    )
    assert read_one(built).tx_class is TxClass.SELL


def test_new_account_paid_in_parts_is_rent() -> None:
    """Our rule: what reached an account before it was made is rent, however many transfers it took."""
    built = transaction(pays("A", "order", 1_000), pays("A", "order", 2_000), allocates("order"))
    reading = read_one(built)
    assert (reading.other_rent_lamports, reading.tx_class) == (3_000, TxClass.OTHER)
