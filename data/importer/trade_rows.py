"""Read trade rows: one JSON object on each line, amounts as decimal numbers, rounded by their source.

    {"ts": 1782611393, "mint": "…", "pool": "…", "trader": "…", "side": "buy", "sol": 0.0023, "tokens": 2249329.2,
     "signature": "…" or null}

`sol` 0 or null is an unknown value, not zero. Amounts are converted from their digits, never through floats.
Not responsible for their place in the ledger: an exact reading of the same transaction replaces them there.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Final

import msgspec
from solders.pubkey import Pubkey
from solders.signature import Signature

from data.importer.report import Tally
from data.store import Store
from data.store.arrow import from_rows
from data.store.facts import ROUNDED_COLUMNS, Counts
from data.store.identity import ROW_PREFIX, digest, rounded_content, rounded_id, rounded_leg_no
from data.store.readings import EARLIEST_TIME, LATEST_TIME, MAX_QUOTE_RAW
from engine.units import QUOTE_MINTS, U64_MAX

BATCH_ROWS: Final = 20_000
SOL_DECIMALS: Final = 9
PUMP_SUFFIX: Final = "pump"
PUMP_DECIMALS: Final = 6
"""pump.fun creates every mint with 6 decimals: a constant of its program."""

MAX_DIGITS: Final = 40
MAX_KNOWN: Final = 1_000_000

_NULL: Final = b"null"
_SIDES: Final[Mapping[str, str]] = {"buy": "BUY", "sell": "SELL", "BUY": "BUY", "SELL": "SELL"}
_EXACT: Final = Context(prec=2 * MAX_DIGITS, rounding=ROUND_HALF_EVEN)

Row = tuple[int, str, str, str, int, str, str, int, int, int | None, str | None]


class RowError(ValueError):
    """A row cannot become a fact; the message is the reason that is counted."""


class TradeRow(msgspec.Struct, gc=False):
    """A row as it comes; the two amounts stay text until they are converted."""

    ts: int
    mint: str
    trader: str
    side: str
    tokens: msgspec.Raw
    sol: msgspec.Raw = msgspec.Raw(_NULL)
    pool: str | None = None
    signature: str | None = None


class RowReader:
    """Turns the rows of one file into rows of the store, remembering which it has seen twice."""

    def __init__(self, decimals: Mapping[str, int]) -> None:
        self._decimals = decimals
        self._decode = msgspec.json.Decoder(TradeRow).decode
        self._addresses: dict[str, bool] = {}
        self._occurrences: dict[str, int] = {}

    def read(self, text: bytes) -> Row:
        """Return the values of ROUNDED_COLUMNS for one line.

        Raises:
            RowError: the row cannot be used, with the reason.
        """
        try:
            row = self._decode(text)
        except msgspec.ValidationError as error:
            raise RowError(str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RowError("not valid JSON") from error
        side = _SIDES.get(row.side)
        if side is None:
            raise RowError("side is neither buy nor sell")
        if not EARLIEST_TIME <= row.ts <= LATEST_TIME:
            raise RowError("ts is not a time in seconds since Solana began")
        mint, owner, pool = row.mint, row.trader, row.pool
        self._check_addresses(mint, owner, pool)
        decimals = self._decimals_of(mint)
        amount_raw = to_raw(bytes(row.tokens), decimals, "tokens")
        sol = bytes(row.sol)
        quote_raw = 0 if sol == _NULL else to_raw(sol, SOL_DECIMALS, "sol")
        if not 0 < amount_raw <= U64_MAX:
            raise RowError("tokens is zero" if amount_raw == 0 else "tokens is more than a token account can hold")
        if quote_raw > MAX_QUOTE_RAW:
            raise RowError("sol is more than exists")
        quote = quote_raw or None
        content = rounded_content(row.ts, mint, pool, owner, side, quote, amount_raw)
        signature = row.signature
        if signature is None:
            identity = self._identify(content)
            return row.ts, identity, ROW_PREFIX + identity, owner, 0, side, mint, amount_raw, decimals, quote, pool
        _check_signature(signature)
        identity = rounded_id(content, signature)
        leg_no = rounded_leg_no(identity, side)
        return row.ts, identity, signature, owner, leg_no, side, mint, amount_raw, decimals, quote, pool

    def _identify(self, content: str) -> str:
        identity = digest(content)
        seen = self._occurrences.get(identity, 0)
        self._occurrences[identity] = seen + 1
        return identity if seen == 0 else rounded_id(content, None, seen)

    def _check_addresses(self, mint: str, owner: str, pool: str | None) -> None:
        known = self._addresses
        if not (known.get(mint) or self._is_address(mint)):
            raise RowError("mint is not an address")
        if not (known.get(owner) or self._is_address(owner)):
            raise RowError("trader is not an address")
        if pool is not None and not (known.get(pool) or self._is_address(pool)):
            raise RowError("pool is not an address")
        if mint in QUOTE_MINTS:
            raise RowError("mint is a quote asset, which is never a position")

    def _is_address(self, text: str) -> bool:
        if len(self._addresses) >= MAX_KNOWN:
            self._addresses.clear()
        try:
            Pubkey.from_string(text)
        except ValueError:
            return False
        self._addresses[text] = True
        return True

    def _decimals_of(self, mint: str) -> int:
        decimals = self._decimals.get(mint)
        if decimals is not None:
            return decimals
        if mint.endswith(PUMP_SUFFIX):
            return PUMP_DECIMALS
        raise RowError("decimals of the mint are unknown; import an exact transaction of it first")


def import_trade_rows(store: Store, lines: Iterable[tuple[int, bytes]], tally: Tally) -> None:
    """Store the rows of one file in batches, each in one transaction, while the next is being read."""
    reader = RowReader(store.facts.known_decimals())
    with ThreadPoolExecutor(1, "import-writer") as pool:
        writing: Future[Counts] | None = None
        for batch in _batches(reader, lines, tally):
            table = from_rows(ROUNDED_COLUMNS, batch)
            _take(writing, tally)
            writing = pool.submit(store.facts.add_rounded, table, len(batch))
        _take(writing, tally)


def to_raw(text: bytes, decimals: int, name: str) -> int:
    """Return a decimal number as base units, from its digits; what is finer than a unit rounds half-even.

    Worked: `0.0023` of SOL is 2,300,000 lamports.

    Raises:
        RowError: it is no number, negative, or far too large.
    """
    whole, _, part = text.partition(b".")
    if len(part) <= decimals and len(text) <= MAX_DIGITS and whole.isdigit() and (part.isdigit() or not part):
        return int(whole + part) * 10 ** (decimals - len(part))
    try:
        number = Decimal(text.decode("ascii"))
    except (InvalidOperation, UnicodeDecodeError) as error:
        raise RowError(f"{name} is not a number") from error
    if not number.is_finite() or number.adjusted() > MAX_DIGITS:
        raise RowError(f"{name} is out of range")
    if number < 0:
        raise RowError(f"{name} is negative")
    if number.adjusted() < -MAX_DIGITS:
        return 0
    return int(_EXACT.scaleb(number, decimals).to_integral_value(context=_EXACT))


def _check_signature(signature: str) -> None:
    try:
        Signature.from_string(signature)
    except ValueError as error:
        raise RowError("signature is not base58 of 64 bytes") from error


def _batches(reader: RowReader, lines: Iterable[tuple[int, bytes]], tally: Tally) -> Iterator[list[Row]]:
    batch: list[Row] = []
    read = reader.read
    for number, line in lines:
        try:
            batch.append(read(line))
        except RowError as error:
            tally.reject(str(error), number)
            continue
        if len(batch) >= BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def _take(writing: Future[Counts] | None, tally: Tally) -> None:
    if writing is not None:
        counts = writing.result()
        tally.new += counts.new
        tally.duplicate += counts.duplicate
