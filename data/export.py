"""Write all facts of a database, and its ledger, in our documented format: the same facts give the same bytes.

Not responsible for reading them back (`data.importer`).
"""

import gzip
import os
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

import msgspec

from data.errors import FileError
from data.recording import (
    FORMAT,
    FORMAT_VERSION,
    CandleLine,
    EffectLine,
    FactLine,
    Header,
    LedgerLine,
    Line,
    MemberLine,
    TradeLine,
    WalletLine,
)
from data.store import Store
from data.store.derived import DERIVED

GZIP_SUFFIX: Final = ".gz"
FETCH_ROWS: Final = 10_000
FILE_MODE: Final = 0o644

_WALLETS: Final = "SELECT address, nickname, source, is_tracked FROM wallet ORDER BY address"
_MEMBERS: Final = "SELECT wallet, entity FROM entity_member ORDER BY wallet"
_CANDLES: Final = """
SELECT
    opened_at, mint, interval_s, source, pool,
    open_usd AS open, high_usd AS high, low_usd AS low, close_usd AS close, volume_usd AS volume
FROM candle ORDER BY opened_at, mint, interval_s, source, pool
"""
_EFFECTS: Final = """
SELECT
    e.signature, e.owner, e.source, e.slot, e.block_time, e.index_in_block, e.role, e.class,
    CASE WHEN e.quote_mint IS NOT NULL THEN (e.quote_mint, e.quote_raw) END AS quote,
    e.sol_flow_lamports, e.base_fee_lamports, e.priority_fee_lamports, e.tip_lamports, e.rent_lamports,
    e.other_rent_lamports, e.native_delta_lamports, e.wsol_delta_lamports, e.venue_fee_raw::VARCHAR AS venue_fee_raw,
    e.venues, e.issues,
    coalesce(l.legs, []) AS legs, coalesce(b.balances, []) AS balances
FROM standing_effect AS e
LEFT JOIN (
    SELECT cluster_key, signature, owner, source,
        list((side, mint, amount_raw::VARCHAR, decimals, quote_mint, quote_raw::VARCHAR) ORDER BY leg_no) AS legs
    FROM leg WHERE precision = 'exact' GROUP BY ALL
) AS l USING (cluster_key, signature, owner, source)
LEFT JOIN (
    SELECT cluster_key, signature, owner, source,
        list((account, mint, pre_raw::VARCHAR, post_raw::VARCHAR) ORDER BY account, mint) AS balances
    FROM account_balance GROUP BY ALL
) AS b USING (cluster_key, signature, owner, source)
ORDER BY e.cluster_key, e.signature, e.owner, e.source
"""
_TRADES: Final = """
SELECT block_time, signature, owner, leg_no, side, mint, amount_raw::VARCHAR AS amount_raw, decimals,
    quote_raw::VARCHAR AS quote_raw, pool
FROM leg WHERE precision = 'rounded' ORDER BY block_time, signature, owner, leg_no, id
"""
_QUERIES: Final[tuple[tuple[type[FactLine], str], ...]] = (
    (WalletLine, _WALLETS),
    (MemberLine, _MEMBERS),
    (CandleLine, _CANDLES),
    (EffectLine, _EFFECTS),
    (TradeLine, _TRADES),
)
"""Lines in their order: what names and prices comes before what happened."""
_LEDGER: Final = "SELECT * FROM {table} ORDER BY ALL"
_SUMS: Final = ("quantity", "_raw", "_lamports", "_micro")


class Written(NamedTuple):
    """How many lines of each kind an export holds."""

    facts: int
    ledger_rows: int


def export_facts(store: Store, path: Path, *, has_ledger: bool = False) -> Written:
    """Write every fact to `path`, packed when it ends in `.gz`; with `has_ledger` also what is booked of them.

    The file appears under its name only when it is complete; one that was there before is replaced.

    Raises:
        FileError: it cannot be written, for the reason given; nothing is left behind.
    """
    try:
        with _replacing(path) as stream:
            encode = msgspec.json.Encoder().encode
            stream.write(encode(Header(FORMAT, FORMAT_VERSION)) + b"\n")
            facts = _write(stream, encode, _facts(store))
            return Written(facts, _write(stream, encode, _ledger(store)) if has_ledger else 0)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FileError(f"{path}: cannot be written ({reason}); nothing was left behind") from error


@contextmanager
def _replacing(path: Path) -> Generator[BinaryIO]:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as raw:
            if path.suffix == GZIP_SUFFIX:
                # Without a name and a time in its header, the same facts give the same bytes.
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                    yield cast("BinaryIO", packed)
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        temporary.chmod(FILE_MODE)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write(stream: BinaryIO, encode: Callable[[object], bytes], lines: Iterable[Line]) -> int:
    count = 0
    for line in lines:
        stream.write(encode(line) + b"\n")
        count += 1
    return count


def _ledger(store: Store) -> Iterator[LedgerLine]:
    for table in DERIVED:
        for row in _rows(store, _LEDGER.format(table=table)):
            yield LedgerLine(table, {name: _told(name, value) for name, value in row.items()})


def _told(name: str, value: object) -> object:
    """Return quantities and sums, which may be larger than JSON readers count, as texts, and a fold's state as JSON."""
    if name == "state":
        return msgspec.Raw(str(value).encode())
    return str(value) if isinstance(value, int) and name.endswith(_SUMS) else value


def _facts(store: Store) -> Iterator[FactLine]:
    for kind, sql in _QUERIES:
        for row in _rows(store, sql):
            yield msgspec.convert(row, kind)


def _rows(store: Store, sql: str) -> Iterator[dict[str, object]]:
    with store.database.second_cursor() as cursor:
        columns = [column[0] for column in cursor.execute(sql).description or ()]
        while rows := cursor.fetchmany(FETCH_ROWS):
            for row in rows:
                yield {name: _plain(value) for name, value in zip(columns, row, strict=True)}


def _plain(value: object) -> object:
    """Return a decimal number as its digits, without zeros at its end, and anything else as it is."""
    if not isinstance(value, Decimal):
        return value
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
