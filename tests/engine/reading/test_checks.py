"""What contradicts itself is told or refused: lamports, tokens, venues' events, tips that did not arrive."""

import struct
from typing import Any

import pytest
from solders.pubkey import Pubkey

from engine.errors import ReadError
from engine.facts import Reading
from engine.reading import QUARANTINE_ISSUES, read_transaction
from engine.units import Address
from tests.builders.encodings import as_json, text
from tests.builders.transactions import (
    JITO,
    PUMP_FUN,
    PUMP_SWAP,
    SOL_UNIT,
    SYSTEM,
    Built,
    address,
    calls,
    holding,
    mints,
    moves,
    pays,
    says,
    takes,
    tips,
    transaction,
)

Json = dict[str, Any]
POOL = {"pool": {"MEME": 10**12, "SOL": 10**12, "lamports": 10**12}, "A": {"MEME": 10**6, "SOL": 10**10}}
EVENT = bytes.fromhex("e445a52e51cb9a1d")


def read_json(value: Json, wallet: str = "A") -> Reading:
    """Return what a result says of one wallet."""
    (reading,) = read_transaction(text(value), [Address(address(wallet))])
    return reading


def key(name: str) -> bytes:
    """Return the bytes of a name's address."""
    return bytes(Pubkey.from_string(address(name)))


def curve_event(*, token: int, sol: int, is_buy: bool = True, fee: int = 0, creator_fee: int = 0) -> bytes:
    """Return pump.fun's TradeEvent with its fees (layout: IDL of @pump-fun/pump-sdk 2.0.0)."""
    body = key("MEME") + struct.pack("<QQ?", sol, token, is_buy) + key("A") + bytes(40)
    body += bytes(32) + struct.pack("<QQ", 95, fee) + bytes(32) + struct.pack("<QQ", 5, creator_fee)
    return EVENT + bytes.fromhex("bddb7fd34ee661ee") + body


def pool_event(
    *, base: str, quote: str, base_raw: int, quote_raw: int, is_buy: bool, fee: int, creator_fee: int
) -> bytes:
    """Return PumpSwap's BuyEvent or SellEvent (layout: IDL of @pump-fun/pump-swap-sdk 1.20.0)."""
    body = bytearray(352)
    struct.pack_into("<Q", body, 8, base_raw)
    struct.pack_into("<Q", body, 56, quote_raw)
    struct.pack_into("<Q", body, 88, fee)
    body[144:176] = key("A")
    body[176:208] = bytes(Pubkey.from_string(holding("A", base)))
    body[208:240] = bytes(Pubkey.from_string(holding("A", quote)))
    struct.pack_into("<Q", body, 344, creator_fee)
    return EVENT + bytes.fromhex("67f4521f2cf57777" if is_buy else "3e2f370aa503dc2a") + bytes(body)


def bought(event: bytes) -> Reading:
    """Return a purchase of 5000 for one SOL and a fee of 30, about which pump.fun says `event`."""
    inside = (pays("A", "pool", SOL_UNIT), pays("A", "fees", 30), moves("pool", "A", "MEME", 5_000))
    return read_json(as_json(transaction(calls(PUMP_FUN, *inside, says(PUMP_FUN, event)), has=POOL)))


def test_event_tells_the_venue_fee() -> None:
    """DOMAIN §2.2: reported as `venue_fee` where a transfer or event shows it; protocol plus creator fee."""
    reading = bought(curve_event(token=5_000, sol=SOL_UNIT, fee=20, creator_fee=10))
    assert (reading.venue_fee_raw, reading.issues) == (30, ())
    assert reading.quote is not None
    assert reading.quote.amount_raw == -SOL_UNIT - 30


def test_sale_in_a_pool_quoted_the_other_way_round_agrees_with_its_buy_event() -> None:
    """Truth table: a pool with base = WSOL calls a wallet's sale a Buy, and its fee is in the token."""
    event = pool_event(base="SOL", quote="MEME", base_raw=9_000, quote_raw=5_000, is_buy=True, fee=4, creator_fee=1)
    inside = (moves("A", "pool", "MEME", 5_000), moves("pool", "A", "SOL", 9_000))
    reading = read_json(as_json(transaction(calls(PUMP_SWAP, *inside, says(PUMP_SWAP, event)), has=POOL)))
    assert (reading.tx_class.value, reading.venue_fee_raw, reading.issues) == ("SELL", None, ())


def test_pool_event_tells_the_venue_fee() -> None:
    """PumpSwap: protocol plus coin creator fee, in the quote."""
    event = pool_event(base="MEME", quote="SOL", base_raw=5_000, quote_raw=9_000, is_buy=True, fee=8, creator_fee=3)
    inside = (moves("A", "pool", "SOL", 9_011), moves("pool", "A", "MEME", 5_000))
    reading = read_json(as_json(transaction(calls(PUMP_SWAP, *inside, says(PUMP_SWAP, event)), has=POOL)))
    assert (reading.venue_fee_raw, reading.issues) == (11, ())


@pytest.mark.parametrize(
    "event",
    [
        curve_event(token=5_000, sol=SOL_UNIT, is_buy=False),
        curve_event(token=5_100, sol=SOL_UNIT),
        curve_event(token=5_000, sol=SOL_UNIT * 2),
    ],
    ids=["side", "quantity", "price"],
)
def test_event_that_disagrees_goes_to_quarantine_and_balances_win(event: bytes) -> None:
    """DOMAIN §2: on side or by > 0.5 % beyond fees, balances win and the transaction goes to quarantine."""
    reading = bought(event)
    assert (reading.tx_class.value, reading.legs[0].amount_raw) == ("BUY", 5_000)
    assert reading.issues[0].startswith(QUARANTINE_ISSUES[0])


@pytest.mark.parametrize("token", [4_976, 5_024])
def test_event_within_half_a_percent_agrees(token: int) -> None:
    """DOMAIN §2: by > 0.5 % beyond fees."""
    assert bought(curve_event(token=token, sol=SOL_UNIT)).issues == ()


def test_event_of_somebody_else_is_not_mine() -> None:
    """Our rule: in a bundle each signer's event is its own."""
    event = curve_event(token=99, sol=SOL_UNIT).replace(key("A"), key("B"))
    inside = (pays("A", "pool", SOL_UNIT), moves("pool", "A", "MEME", 5_000))
    built = transaction(calls(PUMP_FUN, *inside, says(PUMP_FUN, event)), cosigners=["B"], has=POOL)
    assert read_json(as_json(built)).issues == ()


def altered(built: Built, side: str, name: str, mint: str, amount: int) -> Json:
    """Return a result in which one token balance was changed."""
    value = as_json(built)
    position = built.accounts.index(holding(name, mint))
    for balance in value["meta"][side]:
        if balance["accountIndex"] == position:
            balance["uiTokenAmount"]["amount"] = str(amount)
    return value


@pytest.mark.parametrize(("name", "mint"), [("A", "MEME"), ("pool", "MEME"), ("pool", "USDC"), ("A", "USDC")])
def test_tokens_that_come_from_nowhere_go_to_quarantine(name: str, mint: str) -> None:
    """Our rule: what balances gain beyond what is minted cannot be; the same for the stable coin that pays."""
    built = transaction(
        calls(PUMP_FUN, moves("A", "pool", "USDC", 70), moves("pool", "A", "MEME", 5_000)),
        has={"pool": {"MEME": 10**6, "USDC": 0}, "A": {"MEME": 0, "USDC": 100}},
    )
    assert read_json(as_json(built)).issues == ()
    reading = read_json(altered(built, "postTokenBalances", name, mint, 7_777))
    assert any(issue.startswith(QUARANTINE_ISSUES[1]) for issue in reading.issues)


def test_minted_and_burned_tokens_are_conserved() -> None:
    """Truth table: per-mint token sums conserved (mint/burn corrected)."""
    assert read_json(as_json(transaction(mints("MEME", "A", 5), has=POOL))).issues == ()


def test_withheld_fees_paid_out_are_explained() -> None:
    """Token-2022: `WithdrawWithheldTokensFromMint` (26, 2) pays what transfers withheld; it was on no balance."""
    paid = calls("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb", data=b"\x1a\x02", accounts=("MEME", "A/MEME", "A"))
    built = transaction(paid, has={"A": {"MEME": 5}}, newer_mints=["MEME"])
    assert read_json(altered(built, "postTokenBalances", "A", "MEME", 9)).issues == ()


def test_batch_of_token_instructions_is_opened() -> None:
    """p-token's batch (255): u8 accounts, u8 data length, data, for each; here two mints of 5 and 4."""
    one = bytes([3, 9, 7]) + struct.pack("<Q", 5)
    two = bytes([3, 9, 7]) + struct.pack("<Q", 4)
    accounts = ("MEME", "A/MEME", "authority") * 2
    batch = calls("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", data=b"\xff" + one + two, accounts=accounts)
    built = transaction(batch, has={"A": {"MEME": 5}})
    assert read_json(altered(built, "postTokenBalances", "A", "MEME", 14)).issues == ()
    assert read_json(altered(built, "postTokenBalances", "A", "MEME", 15)).issues != ()


def test_lamports_that_do_not_add_up_are_refused() -> None:
    """Truth table: sum(post − pre lamports) = −fee in every transaction."""
    value = as_json(transaction(pays("A", "B", 5)))
    value["meta"]["postBalances"][1] += 1
    with pytest.raises(ReadError, match="lamports do not add up: balances change by -4999, the fee is 5000"):
        read_json(value)


def test_failed_transaction_that_moved_something_is_refused() -> None:
    """Our rule: a failed transaction takes its fee and nothing else; anything beside that was put together wrongly."""
    value = as_json(transaction(pays("A", "B", 5)))
    value["meta"]["err"] = {"InstructionError": [0, "Custom"]}
    value["meta"]["status"] = {"Err": value["meta"]["err"]}
    with pytest.raises(ReadError, match="'err' is set, yet more than the fee moved"):
        read_json(value)
    value["meta"]["status"] = {"Ok": None}
    with pytest.raises(ReadError, match="do not agree on whether the transaction failed"):
        read_json(value)


def test_tip_that_did_not_arrive_is_told() -> None:
    """Our rule: an instruction may say anything; the tip account's balance says what came."""
    built = transaction(tips("A", 500), pays("A", "B", 5))
    value = as_json(built)
    position = built.accounts.index("96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5")
    value["meta"]["postBalances"][position] -= 100
    value["meta"]["postBalances"][0] += 100
    reading = read_json(value)
    assert reading.issues == ("transfer_unconfirmed: 96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5",)
    value = as_json(built)
    value["transaction"]["message"]["instructions"][0]["accounts"][1] = 77
    assert read_json(value).issues == reading.issues


def test_account_that_wraps_more_than_it_holds_is_refused() -> None:
    """Our rule: wrapped SOL lies in the account as lamports."""
    built = transaction(pays("A", "B", 5), has={"A": {"SOL": 100}})
    with pytest.raises(ReadError, match="wraps more SOL than it holds"):
        read_json(altered(built, "postTokenBalances", "A", "SOL", 10**10))


def test_lamports_taken_by_a_program_conserve() -> None:
    """Programs move lamports of their own accounts without any instruction."""
    reading = read_json(as_json(transaction(calls("game", takes("pool", "A", 70)), has=POOL)))
    assert (reading.tx_class.value, reading.sol_flow_lamports) == ("TRANSFER_IN", 70)


def test_two_purchases_in_one_transaction_agree_with_two_events() -> None:
    """Our rule: events of the same token add up."""
    event = says(PUMP_FUN, curve_event(token=5_000, sol=SOL_UNIT))
    inside = (pays("A", "pool", SOL_UNIT), moves("pool", "A", "MEME", 5_000), event)
    built = transaction(calls(PUMP_FUN, *inside), calls(PUMP_FUN, *inside), has=POOL)
    reading = read_json(as_json(built))
    assert (reading.legs[0].amount_raw, reading.issues) == (10_000, ())


@pytest.mark.parametrize("side", ["preTokenBalances", "postTokenBalances"])
def test_owner_that_no_instruction_changed_is_told(side: str) -> None:
    """Our rule: an account changes hands by SetAuthority; a balance that names another owner alone is not believed."""
    built = transaction(moves("A", "pool", "MEME", 5), has=POOL)
    value = as_json(built)
    position = built.accounts.index(holding("A", "MEME"))
    (balance,) = [found for found in value["meta"][side] if found["accountIndex"] == position]
    balance["owner"] = address("B")
    assert read_json(value).issues == (f"account_changed_unasked: {holding('A', 'MEME')}",)


def test_token_account_with_other_lamports_is_told() -> None:
    """Our rule: lamports of a token account change by opening, closing and wrapping; anything else is told."""
    built = transaction(takes(holding("A", "MEME"), "A", 100), has=POOL)
    assert read_json(as_json(built)).issues == (f"account_changed_unasked: {holding('A', 'MEME')}",)


def test_payer_who_cannot_pay_is_refused() -> None:
    """Our rule: the fee is taken before anything else happens."""
    value = as_json(transaction(takes("pool", "A", 70), has=POOL))
    value["meta"]["preBalances"][0] = 1
    with pytest.raises(ReadError, match="the fee payer has 1 lamports, the fee is 5000"):
        read_json(value)


def test_system_instruction_nobody_knows_is_told_where_it_matters() -> None:
    """Our rule: what touches a tip account or a new account and cannot be understood may have paid it."""
    value = as_json(transaction(tips("A", 5), calls(SYSTEM, data=b"\x63\x00\x00\x00", accounts=("A", JITO))))
    assert read_json(value).issues == ("system_instruction_unknown: '99'",)
