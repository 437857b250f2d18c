"""Read what pump.fun and PumpSwap say about a trade: their fees, and a second opinion on the balances.

Balances decide; an event that contradicts them is reported, never followed. Layouts: the `TradeEvent`, `BuyEvent` and
`SellEvent` of the vendors' IDLs (npm @pump-fun/pump-sdk 2.0.0 and @pump-fun/pump-swap-sdk 1.20.0). An event is an inner
instruction of its own program: 8 bytes e445a52e51cb9a1d, 8 bytes sha256("event:<Name>"), then borsh fields, little
endian; later versions only append fields.
Not responsible for other venues: their fees show as None.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from engine.facts import Amount, Leg, Side
from engine.reading.instructions import address_at, instruction_data, named_accounts, u64_at
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

_CURVE_TRADE_BYTES: Final = 121
_CURVE_TRADE_WITH_FEES_BYTES: Final = 217
_POOL_TRADE_BYTES: Final = 304
_POOL_TRADE_WITH_CREATOR_BYTES: Final = 352
_TOLERANCE_PER_MILLE: Final = 5


class VenueEvent(NamedTuple):
    """One trade as its venue reports it. `fee_raw` is protocol plus creator fee, in base units of `quote_mint`."""

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
    told = [event for ix in instructions for event in _events_of(ix, transaction)]
    events = [event for user, event in told if user == owner]
    if not events and len(told) == 1 == transaction.signer_count:
        # An aggregator trades in its own name; with one signer and one trade there is no doubt for whom.
        events = [told[0][1]]
    fees = [event.fee_raw for event in events if event.quote_mint == quote.mint and event.fee_raw is not None]
    if len(events) == 1 and not fees and events[0].quote_mint == quote.mint:
        fees = _received_by_fee_account(instructions, transaction)
    return (sum(fees) if fees else None), _disagreement(events, legs, quote)


def _events_of(ix: Instruction, transaction: Transaction) -> list[tuple[Address, VenueEvent]]:
    if ix.height == 1 or len(ix.accounts) != 1:
        return []
    data = instruction_data(ix)
    if data[:8] != _PREFIX:
        return []
    kind, body = data[8:16], data[16:]
    if kind == _TRADE and len(body) >= _CURVE_TRADE_BYTES:
        return [(address_at(body, 49), _curve_trade(body))]
    if kind in (_BUY, _SELL) and len(body) >= _POOL_TRADE_BYTES:
        return [(address_at(body, 144), _pool_trade(body, kind, transaction))]
    return []


def _curve_trade(body: bytes) -> VenueEvent:
    fee = u64_at(body, 161) + u64_at(body, 209) if len(body) >= _CURVE_TRADE_WITH_FEES_BYTES else None
    return VenueEvent(Mint(address_at(body, 0)), bool(body[48]), u64_at(body, 40), WSOL, u64_at(body, 32), fee)


def _pool_trade(body: bytes, kind: bytes, transaction: Transaction) -> VenueEvent:
    mints = {transaction.accounts[token.position]: token.mint for token in transaction.tokens}
    base, quote = mints.get(address_at(body, 176)), mints.get(address_at(body, 208), WSOL)
    creator_fee = u64_at(body, 344) if len(body) >= _POOL_TRADE_WITH_CREATOR_BYTES else 0
    fee = u64_at(body, 88) + creator_fee
    if base is None or base == WSOL:
        # The pool is quoted the other way round: its "buy" buys SOL, and its fee is in the token.
        return VenueEvent(quote, kind == _SELL, u64_at(body, 56), WSOL, u64_at(body, 8), None)
    return VenueEvent(base, kind == _BUY, u64_at(body, 8), quote, u64_at(body, 56), fee)


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
