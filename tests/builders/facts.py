"""Build readings, trade rows and candles from a few words; names stand for addresses and signatures.

Not responsible for raw transactions: these are what reading them gives.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from solders.pubkey import Pubkey
from solders.signature import Signature as SoldersSignature

from data.store import Store
from data.store.arrow import from_rows
from data.store.facts import ROUNDED_COLUMNS, Candle, Counts
from data.store.identity import ROW_PREFIX, rounded_content, rounded_id, rounded_leg_no
from engine.facts import AccountBalance, Amount, Leg, Reading, Role, Side, TxClass
from engine.units import USDC, WSOL, Address, Mint, Signature

START: Final = 1_782_600_000
SLOT: Final = 430_000_000
HOUR_S: Final = 3_600
SOL: Final = 1_000_000_000
TOKEN: Final = 1_000_000
FEE: Final = 5_000


def address(name: str) -> Address:
    """Return an address that stays the same for a name."""
    return Address(str(Pubkey.from_bytes(hashlib.sha256(name.encode()).digest())))


def mint(name: str) -> Mint:
    """Return a mint that ends as those of pump.fun do, the same for a name."""
    for number in range(100):
        text = address(f"{name}{number}")[:-4] + "pump"
        try:
            Pubkey.from_string(text)
        except ValueError:
            continue
        return Mint(text)
    raise AssertionError(name)


def signature(name: str) -> Signature:
    """Return a signature that stays the same for a name."""
    return Signature(str(SoldersSignature.from_bytes(hashlib.sha512(name.encode()).digest())))


def reading(  # noqa: PLR0913  # a fact has many parts, all with a default
    name: str,
    *,
    tx_class: TxClass = TxClass.BUY,
    legs: Sequence[Leg] | None = None,
    wallet: str = "alice",
    at: int | None = START,
    slot: int | None = SLOT,
    index: int | None = 0,
    balances: Iterable[tuple[str, str, int, int]] = (),
    fee: int = FEE,
    tip: int = 0,
    rent: int = 0,
    issues: tuple[str, ...] = (),
) -> Reading:
    """Return what transaction `name` did to a wallet; balances are (account, mint, before, after) by name."""
    found = tuple(legs if legs is not None else [leg(Side.BUY, 10 * TOKEN, SOL)])
    quote = next((Amount(x.quote_mint, -(x.quote_raw or 0)) for x in found if x.quote_mint is not None), None)
    return Reading(
        signature=signature(name),
        slot=slot,
        block_time=at,
        index_in_block=index,
        wallet=address(wallet),
        role=Role.FEE_PAYER,
        tx_class=tx_class,
        legs=found,
        quote=quote,
        sol_flow_lamports=0,
        base_fee_lamports=fee,
        priority_fee_lamports=0,
        tip_lamports=tip,
        rent_lamports=rent,
        other_rent_lamports=0,
        native_delta_lamports=-fee - tip - rent,
        wsol_delta_lamports=0,
        venue_fee_raw=None,
        venues=("pump.fun",),
        balances=tuple(AccountBalance(address(a), mint(m), before, after) for a, m, before, after in balances),
        issues=issues,
    )


def leg(side: Side, amount_raw: int, quote_raw: int | None = None, *, of: str = "BONK", quote: Mint = WSOL) -> Leg:
    """Return a leg; without a quote its value is unknown."""
    return Leg(side, mint(of), amount_raw, 6, None if quote_raw is None else quote, quote_raw)


def trade(
    name: str, side: str, tokens: int, sol: int, *, wallet: str = "alice", of: str = "BONK", at: int = 0
) -> Reading:
    """Return an exact purchase or sale of whole tokens for lamports, `at` seconds and slots after the start."""
    tx_class = TxClass(side.upper())
    legs = [leg(Side(side.upper()), tokens * TOKEN, sol, of=of)]
    return reading(name, tx_class=tx_class, legs=legs, wallet=wallet, at=START + at, slot=SLOT + at)


def usdc_leg(side: Side, amount_raw: int, usd_micro: int) -> Leg:
    """Return a leg paid in USDC."""
    return leg(side, amount_raw, usd_micro, quote=USDC)


def row(  # noqa: PLR0913  # a row has eight fields, all with a default
    side: str = "buy",
    tokens: str = "10.5",
    sol: str = "0.0023",
    *,
    wallet: str = "alice",
    of: str = "BONK",
    at: int = 0,
    signed: str | None = None,
    pool: str = "pool",
) -> bytes:
    """Return a trade row as a line of JSON, its amounts exactly as given."""
    fields = {
        "ts": START + at,
        "mint": mint(of),
        "pool": address(pool),
        "trader": address(wallet),
        "side": side,
        "signature": None if signed is None else signature(signed),
    }
    return f'{json.dumps(fields)[:-1]}, "sol": {sol}, "tokens": {tokens}}}'.encode()


def add_rounded(
    store: Store, *rows: tuple[str, int, int, int], wallet: str = "alice", signed: str | None = None
) -> Counts:
    """Store rounded trades of BONK, each (side, whole tokens, lamports, seconds after the start)."""
    values: list[tuple[object, ...]] = []
    for side, tokens, lamports, at in rows:
        content = rounded_content(
            START + at, mint("BONK"), None, address(wallet), side, lamports or None, tokens * TOKEN
        )
        identity = rounded_id(content, None if signed is None else signature(signed))
        name = ROW_PREFIX + identity if signed is None else signature(signed)
        number = 0 if signed is None else rounded_leg_no(identity, side)
        place = (START + at, identity, name, address(wallet), number, side)
        values.append((*place, mint("BONK"), tokens * TOKEN, 6, lamports or None, None))
    return store.facts.add_rounded(from_rows(ROUNDED_COLUMNS, values), len(values))


def sol_candle(price: str, hour: int = -1) -> Candle:
    """Return an hour of SOL/USD, by default the one that is complete at the start."""
    return Candle(START + hour * HOUR_S, WSOL, HOUR_S, "geckoterminal", "", None, None, None, Decimal(price), None)
