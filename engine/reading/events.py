"""Read what pump.fun and PumpSwap say about a trade: their fees, and a second opinion on the balances.

Balances decide; an event that contradicts them is reported, never followed. Layouts: the `TradeEvent`, `BuyEvent` and
`SellEvent` of the vendors' IDLs (npm @pump-fun/pump-sdk 2.0.0 and @pump-fun/pump-swap-sdk 1.20.0). An event is an inner
instruction of its own program: 8 bytes e445a52e51cb9a1d, 8 bytes sha256("event:<Name>"), then borsh fields, little
endian; later versions only append fields.
Not responsible for other venues: their fees show as None.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from engine.facts import Amount, Leg, Side
from engine.reading.instructions import address_at, instruction_data, named_accounts
from engine.transaction import Instruction, Transaction
from engine.units import WSOL, Address, Mint

PUMP_FUN: Final = Address("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P")
PUMP_SWAP: Final = Address("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA")

DISAGREES: Final = "event_disagrees"

_PREFIX: Final = bytes.fromhex("e445a52e51cb9a1d")
_TRADE: Final = bytes.fromhex("bddb7fd34ee661ee")
_BUY: Final = bytes.fromhex("67f4521f2cf57777")
_SELL: Final = bytes.fromhex("3e2f370aa503dc2a")
_CURVE_CALLS: Final = frozenset({bytes.fromhex("66063d1201daebea"), bytes.fromhex("33e685a4017f83ad")})
"""The curve's `buy` and `sell` of the days when its event named no fee; account 1 is the fee recipient."""

# Mint, SOL, tokens, is_buy, user; protocol and creator fee, which came later.
_CURVE_TRADE: Final = Struct("<32sQQ?32s")
_CURVE_FEES: Final = Struct("<161xQ40xQ")
# Base, quote, protocol fee, user, the user's base and quote accounts; creator fee, which came later.
_POOL_TRADE: Final = Struct("<8xQ40xQ24xQ48x32s32s32s")
_POOL_CREATOR_FEE: Final = Struct("<344xQ")
_TOLERANCE_PER_MILLE: Final = 5


class VenueEvent(NamedTuple):
    """One trade as its venue reports it. `fee_raw` is protocol plus creator fee, in base units of `quote_mint`."""

    user: bytes
    mint: Mint
    is_buy: bool
    token_raw: int
    quote_mint: Mint
    quote_raw: int
    fee_raw: int | None


def venue_fee_of(
    transaction: Transaction, owner: Address, legs: Sequence[Leg], quote: Amount
) -> tuple[int | None, str | None]:
    """Return the venue fee inside the quote (None when nothing shows it) and an issue when an event disagrees.

    Raises:
        ReadError: an event's data is not base58.
    """
    if PUMP_FUN not in transaction.by_program and PUMP_SWAP not in transaction.by_program:
        return None, None
    instructions = [*transaction.by_program.get(PUMP_FUN, ()), *transaction.by_program.get(PUMP_SWAP, ())]
    told = [event for event in [_event_of(ix, transaction) for ix in instructions] if event is not None]
    user = bytes(Pubkey.from_string(owner))
    events = [event for event in told if event.user == user]
    if not events and len(told) == 1 == transaction.signer_count:
        # An aggregator trades in its own name; with one signer and one trade there is no doubt for whom.
        events = told
    fees = [event.fee_raw for event in events if event.quote_mint == quote.mint and event.fee_raw is not None]
    if len(events) == 1 and not fees and events[0].quote_mint == quote.mint:
        fees = _received_by_fee_account(instructions, transaction)
    return (sum(fees) if fees else None), _disagreement(events, legs, quote)


def _event_of(ix: Instruction, transaction: Transaction) -> VenueEvent | None:
    if ix.height == 1 or len(ix.accounts) != 1:
        return None
    data = instruction_data(ix)
    if data[:8] != _PREFIX:
        return None
    kind, body = data[8:16], data[16:]
    if kind == _TRADE and len(body) >= _CURVE_TRADE.size:
        return _curve_trade(body)
    if kind in (_BUY, _SELL) and len(body) >= _POOL_TRADE.size:
        return _pool_trade(body, kind, transaction)
    return None


def _curve_trade(body: bytes) -> VenueEvent:
    mint, sol, tokens, is_buy, user = _CURVE_TRADE.unpack_from(body)
    fee = sum(_CURVE_FEES.unpack_from(body)) if len(body) >= _CURVE_FEES.size else None
    return VenueEvent(user, Mint(address_at(mint, 0)), is_buy, tokens, WSOL, sol, fee)


def _pool_trade(body: bytes, kind: bytes, transaction: Transaction) -> VenueEvent:
    base_raw, quote_raw, fee, user, base_account, quote_account = _POOL_TRADE.unpack_from(body)
    base, quote = _mint_of(base_account, transaction), _mint_of(quote_account, transaction) or WSOL
    if base is None or base == WSOL:
        # The pool is quoted the other way round: its "buy" buys SOL, and its fee is in the token.
        return VenueEvent(user, quote, kind == _SELL, quote_raw, WSOL, base_raw, None)
    creator_fee = _POOL_CREATOR_FEE.unpack_from(body)[0] if len(body) >= _POOL_CREATOR_FEE.size else 0
    return VenueEvent(user, base, kind == _BUY, base_raw, quote, quote_raw, fee + creator_fee)


def _mint_of(key: bytes, transaction: Transaction) -> Mint | None:
    address = address_at(key, 0)
    for token in transaction.tokens:
        if transaction.accounts[token.position] == address:
            return token.mint
    return None


def _received_by_fee_account(instructions: Sequence[Instruction], transaction: Transaction) -> list[int]:
    """Return what the curve's fee account received, for events older than the fields that say so."""
    for ix in instructions:
        if ix.program == PUMP_FUN and instruction_data(ix)[:8] in _CURVE_CALLS:
            recipient = named_accounts(ix, transaction.accounts, 2)[1:]
            places = [transaction.accounts.index(address) for address in recipient]
            return [transaction.post_lamports[at] - transaction.pre_lamports[at] for at in places]
    return []


def _disagreement(events: Sequence[VenueEvent], legs: Sequence[Leg], quote: Amount) -> str | None:
    if len(legs) != 1:
        return None
    leg = legs[0]
    own = [event for event in events if event.mint == leg.mint]
    if not own or len(own) != len(events):
        return None
    told = sum(event.token_raw if event.is_buy else -event.token_raw for event in own)
    told_quote = sum(-event.quote_raw if event.is_buy else event.quote_raw for event in own)
    read = leg.amount_raw if leg.side is Side.BUY else -leg.amount_raw
    if (told > 0) != (read > 0) or abs(told - read) * 1000 > abs(read) * _TOLERANCE_PER_MILLE:
        return f"{DISAGREES}: event {told} of {leg.mint}, balances {read}"
    # Fees only ever make a purchase dearer and a sale poorer than the event's price.
    if (
        own[0].quote_mint == quote.mint
        and (quote.amount_raw - told_quote) * 1000 > abs(told_quote) * _TOLERANCE_PER_MILLE
    ):
        return f"{DISAGREES}: event {told_quote} of {quote.mint}, balances {quote.amount_raw}"
    return None
