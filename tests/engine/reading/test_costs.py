"""What a transaction cost beside the trade: fees, tips, rent, and the identity that binds them (DOMAIN §2.2)."""

import pytest
from hypothesis import given

from engine.facts import Reading, Role
from engine.reading import read_transaction
from engine.reading.fees import SIGNATURE_PROGRAMS
from engine.units import WSOL, Address
from tests.builders.encodings import as_json, as_json_parsed, text
from tests.builders.transactions import (
    PUMP_FUN,
    RENT,
    SOL_UNIT,
    SYSTEM,
    TOKEN,
    Built,
    Step,
    address,
    allocates,
    buys,
    calls,
    closes,
    creates,
    holding,
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
from tests.engine.reading.strategies import transactions

BLOXROUTE = "HWEoBxYs7ssKuudEjzjmpfJVX7Dvi7wescFsVx2L5yoY"
POOL = {"pool": {"MEME": 10**12, "lamports": 10**12}}


def read_one(built: Built, wallet: str = "A") -> Reading:
    """Return what a transaction did to one wallet."""
    (reading,) = read_transaction(text(as_json(built)), [Address(address(wallet))])
    return reading


@given(built=transactions())
def test_every_lamport_of_a_signer_is_in_a_column(built: Built) -> None:
    """DOMAIN §2: native + wsol = sol_flow − base − priority − tip − rent − other_rent, for every signer, always."""
    for reading in read_transaction(text(as_json(built))):
        assert reading.native_delta_lamports + reading.wsol_delta_lamports == (
            reading.sol_flow_lamports
            - reading.base_fee_lamports
            - reading.priority_fee_lamports
            - reading.tip_lamports
            - reading.rent_lamports
            - reading.other_rent_lamports
        )
        assert reading.base_fee_lamports + reading.priority_fee_lamports == (
            built.fee if reading.role is Role.FEE_PAYER else 0
        )


@given(built=transactions())
def test_what_the_signers_gain_and_lose_is_what_the_balances_say(built: Built) -> None:
    """DOMAIN §2.1: the deltas are the owner's balances, added up here from the description itself."""
    for reading in read_transaction(text(as_json(built))):
        if built.is_failed:
            continue
        expected: dict[str, int] = {}
        for sign, tokens in ((-1, built.before.tokens), (1, built.after.tokens)):
            for token in tokens.values():
                if token.owner == reading.wallet:
                    mint = address(token.mint)
                    expected[mint] = expected.get(mint, 0) + sign * token.amount
        legs = {leg.mint: leg.amount_raw * (1 if leg.side in ("BUY", "IN") else -1) for leg in reading.legs}
        quotes = {address(name) for name in ("SOL", "USDC", "USDT")}
        assert legs == {mint: amount for mint, amount in expected.items() if amount and mint not in quotes}
        assert reading.wsol_delta_lamports == expected.get(WSOL, 0)


def test_base_fee_is_for_each_signature_and_the_rest_is_priority() -> None:
    """Truth table 5: base = 5000 × signatures; only the fee payer pays either."""
    built = transaction(pays("B", "A", 7), cosigners=["B", "C"], fee=15_000 + 44)
    payer, cosigner = read_one(built), read_one(built, "B")
    assert (payer.base_fee_lamports, payer.priority_fee_lamports) == (15_000, 44)
    assert (cosigner.base_fee_lamports, cosigner.priority_fee_lamports) == (0, 0)


@pytest.mark.parametrize("program", sorted(SIGNATURE_PROGRAMS))
def test_signatures_checked_by_native_programs_cost_the_base_fee_too(program: str) -> None:
    """Solana's fee documentation: signatures in Ed25519, Secp256k1 and Secp256r1 instructions are charged alike."""
    built = transaction(calls(program, data=b"\x02" + bytes(20), accounts=()), fee=15_000 + 44)
    reading = read_one(built)
    assert (reading.base_fee_lamports, reading.priority_fee_lamports) == (15_000, 44)


def test_fee_below_the_signatures_is_all_base() -> None:
    """Our rule: what was not charged cannot be a fee (devnets, rebates)."""
    reading = read_one(transaction(cosigners=["B"], fee=5_000))
    assert (reading.base_fee_lamports, reading.priority_fee_lamports) == (5_000, 0)


def test_fee_of_a_sponsor_is_no_cost_of_the_trader() -> None:
    """DOMAIN §2.2: fees are taken out only if W is the fee payer."""
    built = transaction(
        buys("A", "MEME", 5, SOL_UNIT), payer="sponsor", cosigners=["A"], has={**POOL, "A": {"MEME": 0}}, fee=12_000
    )
    trader, sponsor = read_one(built), read_one(built, "sponsor")
    assert (trader.base_fee_lamports, trader.quote) == (0, (WSOL, -SOL_UNIT))
    assert (sponsor.tx_class.value, sponsor.base_fee_lamports, sponsor.sol_flow_lamports) == ("NONE", 10_000, 0)


def test_tips_of_jito_and_relays_are_one_column_at_any_depth() -> None:
    """Truth table 6 and 7: `tip` = Jito + known relays, in outer or inner instructions, first or last."""
    built = transaction(
        tips("A", 100),
        calls("bot", tips("A", 20, BLOXROUTE), buys("A", "MEME", 5, SOL_UNIT)),
        tips("A", 3),
        has={**POOL, "A": {"MEME": 0}},
    )
    reading = read_one(built)
    assert (reading.tip_lamports, reading.quote) == (123, (WSOL, -SOL_UNIT))


def test_tip_of_somebody_else_is_not_mine() -> None:
    """DOMAIN §2.2: System transfers *from W*."""
    built = transaction(tips("B", 100), pays("A", "B", 5), cosigners=["B"])
    assert (read_one(built).tip_lamports, read_one(built, "B").tip_lamports) == (0, 100)


def test_payment_to_an_unknown_account_stays_in_the_quote() -> None:
    """DOMAIN §2.2: venue and terminal fees stay inside the quote; they are what the trade cost."""
    built = transaction(buys("A", "MEME", 5, SOL_UNIT), pays("A", "terminal", 99), has={**POOL, "A": {"MEME": 0}})
    assert read_one(built).quote == (WSOL, -SOL_UNIT - 99)


def test_rent_is_read_from_balances_not_from_a_constant() -> None:
    """DOMAIN §2.2: `rent` locked in (+) or refunded (−) in own token accounts, whatever the rent of the day is."""
    has = {**POOL, "A": {"MEME": 5}}
    closed = read_one(transaction(sells("A", "MEME", 5, 70), closes("A", "MEME"), has=has))
    assert (closed.rent_lamports, closed.quote) == (-RENT, (WSOL, 70))
    odd = transaction(opens("A", "MEME"), pays("A", holding("A", "MEME"), 4_321), has=POOL)
    assert read_one(odd).rent_lamports == RENT + 4_321


def test_rent_refunded_to_somebody_else_is_still_given_up_by_the_owner() -> None:
    """Truth table 3: rent is the delta of the owner's accounts; where it went to is in sol_flow."""
    built = transaction(closes("A", "MEME", to="B"), has={"A": {"MEME": 0}, "B": {"lamports": 1}})
    reading = read_one(built)
    assert (reading.rent_lamports, reading.sol_flow_lamports) == (-RENT, -RENT)


def test_wrapped_sol_inside_an_account_is_money_not_rent() -> None:
    """Truth table 3: lamports − WSOL amount."""
    built = transaction(opens("A", "SOL"), wraps("A", SOL_UNIT))
    reading = read_one(built)
    assert (reading.rent_lamports, reading.wsol_delta_lamports) == (RENT, SOL_UNIT)
    built = transaction(closes("A", "SOL"), has={"A": {"SOL": SOL_UNIT}})
    reading = read_one(built)
    assert (reading.rent_lamports, reading.wsol_delta_lamports, reading.tx_class.value) == (-RENT, -SOL_UNIT, "NONE")


def test_lamports_not_yet_wrapped_are_told() -> None:
    """Our rule: SOL paid into a WSOL account without a sync is neither wrapped nor rent; the reading says so."""
    reading = read_one(transaction(pays("A", holding("A", "SOL"), 77), has={"A": {"SOL": 5}}))
    assert (reading.rent_lamports, reading.issues) == (77, (f"account_changed_unasked: {holding('A', 'SOL')}",))


def test_account_closed_and_opened_for_another_mint_counts_its_lamports_once() -> None:
    """Our rule: two balances of one account, one rent."""
    place = holding("A", "MEME")
    built = transaction(closes("A", "MEME", at=place), opens("A", "OTHER", at=place), has={"A": {"MEME": 0}})
    reading = read_one(built)
    assert (reading.rent_lamports, reading.sol_flow_lamports) == (0, 0)


@pytest.mark.parametrize(
    ("steps", "rent"),
    [
        ((creates("order", "A", 3_000),), 3_000),
        ((pays("A", "order", 1_000), pays("A", "order", 2_000), allocates("order")), 3_000),
        ((pays("B", "order", 1_000), pays("A", "order", 2_000), allocates("order")), 2_000),
        # The curve gets its rent first and the price of the first buy later.
        ((creates("order", "A", 3_000, PUMP_FUN), pays("A", "order", SOL_UNIT)), 3_000),
        # A mint grows by its metadata and is paid for that after it was made.
        ((creates("order", "A", 3_000, TOKEN), pays("A", "order", 555)), 3_555),
        # A wallet paid through `createAccount` is paid.
        ((creates("order", "A", 3_000, SYSTEM, 0),), 0),
        ((pays("A", "order", 3_000),), 0),
        ((creates("order", "A", 3_000, "Stake11111111111111111111111111111111111111"),), 0),
        ((opens("B", "MEME", by="A"),), RENT),
        # What was made and closed again is not there to be paid for.
        ((creates("order", "A", 3_000), takes("order", "A", 3_000)), 0),
    ],
    ids=["made", "parts", "shared", "curve", "mint", "wallet", "paid", "stake", "other's token account", "temporary"],
)
def test_rent_of_others_accounts_is_what_the_owner_put_in_up_to_their_making(
    steps: tuple[Step, ...], rent: int
) -> None:
    """DOMAIN §2.2: other_rent: lamports W put into accounts created here that are not its own token accounts."""
    built = transaction(*steps, cosigners=["B"])
    assert read_one(built).other_rent_lamports == rent
    (parsed,) = read_transaction(text(as_json_parsed(built)), [Address(address("A"))])
    assert parsed.other_rent_lamports == rent


def test_wrapped_sol_paid_into_a_new_account_of_somebody_else_is_not_rent() -> None:
    """Our rule: the rent is other_rent, the wrapped SOL is given away."""
    built = transaction(opens("B", "SOL", by="A"), moves("A", "B", "SOL", 900), has={"A": {"SOL": 1_000}})
    reading = read_one(built)
    assert (reading.other_rent_lamports, reading.sol_flow_lamports) == (RENT, -900)


def test_account_that_holds_another_sum_than_was_put_in_is_told() -> None:
    """Our rule: then the instructions do not tell the whole story of the rent."""
    reading = read_one(transaction(creates("order", "A", 3_000), takes("order", "B", 1_000)))
    assert (reading.other_rent_lamports, reading.issues) == (3_000, (f"transfer_unconfirmed: {address('order')}",))


def test_making_a_mint_is_other_rent_of_the_payer_and_no_row_for_the_mint() -> None:
    """Truth table: freshly created keypairs that co-sign get no row."""
    built = transaction(
        makes_mint("MEME", "A", 1_461_600), opens("B", "MEME", by="A"), mints("MEME", "B", 5), fresh=["MEME"]
    )
    (reading,) = read_transaction(text(as_json(built)))
    assert reading.other_rent_lamports == 1_461_600 + RENT
