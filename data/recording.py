"""The lines of our own export: one JSON object for each fact or row of the ledger, described in `data/docs.md`.

Not responsible for files (`data.export`, `data.importer`) or for storing facts (`data.store`).
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

import msgspec
from solders.signature import Signature as SoldersSignature

from data.store.facts import Candle
from data.store.identity import ROW_PREFIX, rounded_content, rounded_id
from data.store.readings import EARLIEST_TIME, LATEST_TIME, MAX_QUOTE_RAW
from data.store.wallets import Wallet
from engine.address import is_on_curve, parse_address
from engine.facts import AccountBalance, Amount, Leg, Reading, Role, Side, TxClass
from engine.text import clean_text
from engine.units import QUOTE_MINTS, U64_MAX, Mint, Signature

FORMAT: Final = "aura-facts"
FORMAT_VERSION: Final = 1

NICKNAME_LENGTH: Final = 32
SOURCE_LENGTH: Final = 64
MAX_TEXTS: Final = 64

_MAX_ROW_LEG: Final = 1 << 31
_HASH_DIGITS: Final = 32
_PRICE_STEP: Final = Decimal("1e-24")
_VOLUME_STEP: Final = Decimal("1e-12")
_MAX_NUMBER: Final = Decimal("1e20")
_MAX_PRICE: Final = Decimal(1_000_000)
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)

RoundedRow = tuple[int, str, str, str, int, str, str, int, int, int | None, str | None]
"""The values of `data.store.facts.ROUNDED_COLUMNS`."""


class Header(msgspec.Struct):
    """The first line."""

    format: str
    version: int


class WalletLine(msgspec.Struct, tag_field="type", tag="wallet"):
    """A wallet that is known by name or followed."""

    address: str
    nickname: str | None
    source: str
    is_tracked: bool

    def fact(self) -> Wallet:
        """Return the wallet, its texts cleaned.

        Raises:
            AddressError: it has no valid address.
        """
        address = parse_address(self.address)
        nickname = None if self.nickname is None else clean_text(self.nickname, NICKNAME_LENGTH) or None
        source = clean_text(self.source, SOURCE_LENGTH)
        return Wallet(address, nickname, source, self.is_tracked, not is_on_curve(address))


class MemberLine(msgspec.Struct, tag_field="type", tag="member"):
    """A wallet that belongs to an entity."""

    wallet: str
    entity: str

    def fact(self) -> tuple[str, str]:
        """Return the wallet and its entity."""
        return parse_address(self.wallet), clean_text(self.entity, SOURCE_LENGTH)


class CandleLine(msgspec.Struct, tag_field="type", tag="candle"):
    """A candle; decimal numbers are texts."""

    opened_at: int
    mint: str
    interval_s: int
    source: str
    pool: str
    open: str | None
    high: str | None
    low: str | None
    close: str
    volume: str | None

    def fact(self) -> Candle:
        """Return the candle.

        Raises:
            ValueError: a number or an address is none, or out of range.
        """
        _check_time(self.opened_at)
        if not 0 < self.interval_s <= LATEST_TIME:
            raise ValueError("interval is out of range")
        opening, high, low = (
            None if text is None else _decimal(text, _PRICE_STEP) for text in (self.open, self.high, self.low)
        )
        close = _decimal(self.close, _PRICE_STEP)
        volume = None if self.volume is None else _decimal(self.volume, _VOLUME_STEP)
        if any(price is not None and not 0 < price <= _MAX_PRICE for price in (opening, high, low, close)):
            raise ValueError("price is out of range")
        pool = parse_address(self.pool) if self.pool else ""
        source = clean_text(self.source, SOURCE_LENGTH)
        mint = parse_address(self.mint)
        return Candle(self.opened_at, mint, self.interval_s, source, pool, opening, high, low, close, volume)


class EffectLine(msgspec.Struct, tag_field="type", tag="effect"):
    """An exact reading with its legs and balances; raw token amounts are texts, lamports integers.

    A leg is [side, mint, amount, decimals, quote mint, quote amount], a balance [account, mint, before, after].
    """

    signature: str
    owner: str
    source: str
    slot: int | None
    block_time: int | None
    index_in_block: int | None
    role: Role
    tx_class: TxClass = msgspec.field(name="class")
    quote: tuple[str, int] | None
    sol_flow_lamports: int
    base_fee_lamports: int
    priority_fee_lamports: int
    tip_lamports: int
    rent_lamports: int
    other_rent_lamports: int
    native_delta_lamports: int
    wsol_delta_lamports: int
    venue_fee_raw: str | None
    venues: list[str]
    issues: list[str]
    legs: list[tuple[Side, str, str, int, str | None, str | None]]
    balances: list[tuple[str, str, str, str]]

    def fact(self) -> Reading:
        """Return the reading; the store checks its ranges.

        Raises:
            ValueError: an address, a signature or an amount is none.
        """
        return Reading(
            signature=_signature(self.signature),
            slot=self.slot,
            block_time=self.block_time,
            index_in_block=self.index_in_block,
            wallet=parse_address(self.owner),
            role=self.role,
            tx_class=self.tx_class,
            legs=tuple(_leg(*leg) for leg in self.legs),
            quote=None if self.quote is None else Amount(_mint(self.quote[0]), self.quote[1]),
            sol_flow_lamports=self.sol_flow_lamports,
            base_fee_lamports=self.base_fee_lamports,
            priority_fee_lamports=self.priority_fee_lamports,
            tip_lamports=self.tip_lamports,
            rent_lamports=self.rent_lamports,
            other_rent_lamports=self.other_rent_lamports,
            native_delta_lamports=self.native_delta_lamports,
            wsol_delta_lamports=self.wsol_delta_lamports,
            venue_fee_raw=None if self.venue_fee_raw is None else _raw(self.venue_fee_raw),
            venues=_texts(self.venues),
            balances=tuple(
                AccountBalance(parse_address(account), _mint(mint), _raw(before), _raw(after))
                for account, mint, before, after in self.balances
            ),
            issues=_texts(self.issues),
        )


class TradeLine(msgspec.Struct, tag_field="type", tag="trade"):
    """A trade row with rounded amounts; one without a signature carries its identity as `row:…`."""

    block_time: int
    signature: str
    owner: str
    leg_no: int
    side: Side
    mint: str
    amount_raw: str
    decimals: int
    quote_raw: str | None
    pool: str | None

    def fact(self) -> RoundedRow:
        """Return the row as the store takes it.

        Raises:
            ValueError: an address, a signature or an amount is none or out of range.
        """
        _check_time(self.block_time)
        owner, mint = parse_address(self.owner), _mint(self.mint)
        pool = None if self.pool is None else parse_address(self.pool)
        amount_raw = _raw(self.amount_raw)
        quote_raw = None if self.quote_raw is None else _raw(self.quote_raw)
        if self.side not in {Side.BUY, Side.SELL} or amount_raw == 0 or mint in QUOTE_MINTS:
            raise ValueError("a trade row buys or sells some of a token")
        if not 0 <= self.leg_no < _MAX_ROW_LEG or not 0 <= self.decimals <= U64_MAX.bit_length():
            raise ValueError("leg number or decimals are out of range")
        if quote_raw is not None and not 0 < quote_raw <= MAX_QUOTE_RAW:
            raise ValueError("quote is out of range")
        if self.signature.startswith(ROW_PREFIX):
            identity = _hash(self.signature.removeprefix(ROW_PREFIX))
        else:
            content = rounded_content(self.block_time, mint, pool, owner, self.side.value, quote_raw, amount_raw)
            identity = rounded_id(content, _signature(self.signature))
        return (
            self.block_time, identity, self.signature, owner, self.leg_no, self.side.value,
            mint, amount_raw, self.decimals, quote_raw, pool,
        )  # fmt: skip


class LedgerLine(msgspec.Struct, tag_field="type", tag="ledger"):
    """A row of the ledger, for comparing: it follows from the facts, and whoever reads them makes it again."""

    table: str
    row: dict[str, object]


FactLine = WalletLine | MemberLine | CandleLine | EffectLine | TradeLine
Line = FactLine | LedgerLine


def _leg(side: Side, mint: str, amount: str, decimals: int, quote_mint: str | None, quote: str | None) -> Leg:
    return Leg(
        side,
        _mint(mint),
        _raw(amount),
        decimals,
        None if quote_mint is None else _mint(quote_mint),
        None if quote is None else _raw(quote),
    )


def _mint(text: str) -> Mint:
    return Mint(parse_address(text))


def _raw(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(U64_MAX))) or int(text) > U64_MAX:
        raise ValueError("an amount is not a number of base units up to 2^64 - 1")
    return int(text)


def _signature(text: str) -> Signature:
    SoldersSignature.from_string(text)
    return Signature(text)


def _hash(text: str) -> str:
    if len(text) != _HASH_DIGITS or set(text) - set("0123456789abcdef"):
        raise ValueError("a row without signature is named by 32 hexadecimal digits")
    return text


def _texts(texts: list[str]) -> tuple[str, ...]:
    return tuple(clean_text(text, 4 * SOURCE_LENGTH) for text in texts[:MAX_TEXTS])


def _decimal(text: str, step: Decimal) -> Decimal:
    number = Decimal(text) if len(text) <= _EXACT.prec else Decimal("NaN")
    if not number.is_finite() or not 0 <= number <= _MAX_NUMBER:
        raise ValueError("a number is out of range")
    return number.quantize(step, context=_EXACT)


def _check_time(at: int) -> None:
    if not EARLIEST_TIME <= at <= LATEST_TIME:
        raise ValueError("a time is out of range")
