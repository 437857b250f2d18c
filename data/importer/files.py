"""Import files and folders: find out what each holds, store it, and report.

Every batch is a transaction of its own: an import that stops halfway has stored whole batches, and importing
again adds the rest. Not responsible for booking what was stored (`Store.booking`).
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from data.errors import FileError
from data.importer.candles import import_sol_candles, import_token_candles
from data.importer.recorded_facts import import_facts
from data.importer.report import Failure, ImportReport, Progress, Tally
from data.importer.sniffing import (
    EXPECTED,
    Fields,
    Kind,
    decode_object,
    kind_of_lines,
    kind_of_object,
    kind_of_text,
    unwrap,
)
from data.importer.source import Source, open_source
from data.importer.trade_rows import import_trade_rows
from data.importer.transactions import Item, import_transactions
from data.importer.wallet_lists import import_wallets
from data.store import Store
from data.store.readings import Source as ReadingSource

DATA_SUFFIXES: Final = frozenset({".csv", ".gz", ".json", ".jsonl", ".ndjson", ".txt"})
"""What is looked at in a folder; everything else there is skipped."""

_READING_SOURCES: Final = {Kind.TRANSACTION: ReadingSource.RPC, Kind.ENHANCED: ReadingSource.HELIUS}
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])


class NotDataError(FileError):
    """A file is well-formed but holds nothing that can be imported."""


def import_paths(store: Store, paths: Sequence[Path], progress: Progress | None = None) -> ImportReport:
    """Import files, and folders recursively in sorted order, and return what happened.

    A file that cannot be read is a failure; one in a folder that holds something else is skipped.

    Raises:
        StoreError: the database cannot take the facts (full disk, locked file); whole batches are kept.
    """
    report = ImportReport()
    files = [(path, is_named) for given in paths for path, is_named in _expand(given)]
    advance = _advance_through([path for path, _ in files], progress)
    for path, is_named in files:
        tally = Tally()
        try:
            with open_source(path, advance) as source:
                _import_file(store, source, tally, is_named=is_named)
        except NotDataError as error:
            _note_foreign(report, path, str(error), is_named=is_named)
            continue
        except FileError as error:
            report.failures.append(Failure(path, str(error)))
            if not tally.new + tally.duplicate:
                continue
        report.add(tally)
        store.facts.set_issues(str(path), tally.rejected, tally.first_lines)
    return report


def _note_foreign(report: ImportReport, path: Path, message: str, *, is_named: bool) -> None:
    if is_named:
        report.failures.append(Failure(path, message))
    else:
        report.skipped += 1


def _expand(path: Path) -> Iterator[tuple[Path, bool]]:
    if not path.is_dir():
        yield path, True
        return
    for found in sorted(path.rglob("*")):
        if found.is_file() and not any(part.startswith(".") for part in found.relative_to(path).parts):
            yield found, False


def _advance_through(paths: Sequence[Path], progress: Progress | None) -> Callable[[int], None]:
    total = sum(path.stat().st_size for path in paths if path.is_file())
    done = 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        if progress is not None:
            progress(done, total)

    return advance


def _import_file(store: Store, source: Source, tally: Tally, *, is_named: bool) -> None:
    path = source.path
    if not is_named and path.suffix.lower() not in DATA_SUFFIXES:
        raise NotDataError(f"{path}: is no data")
    head = source.head()
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if not head.strip():
        raise FileError(f"{path}: is empty; expected {EXPECTED}")
    if start == b"{":
        _import_objects(store, source, tally)
    elif start == b"[":
        _import_array(store, source, tally)
    else:
        _import_text(store, source, kind_of_text(head), tally)


def _import_text(store: Store, source: Source, kind: Kind | None, tally: Tally) -> None:
    if kind is None:
        raise NotDataError(f"{source.path}: is neither JSON nor a wallet list; expected {EXPECTED}")
    import_wallets(store, source, tally, has_header=kind is Kind.WALLET_CSV)


def _import_objects(store: Store, source: Source, tally: Tally) -> None:
    """Import JSON Lines, or the one object of a file however many lines it takes."""
    kind = kind_of_lines(source.head())
    if kind is Kind.TRADE_ROW:
        import_trade_rows(store, source.lines(), tally)
    elif kind is Kind.FACTS:
        import_facts(store, source, tally)
    elif kind in _READING_SOURCES and b"\n" in source.head().strip():
        _import_items(store, source, _line_items(source, tally), tally)
    else:
        _import_document(store, source, tally)


def _import_document(store: Store, source: Source, tally: Tally) -> None:
    text = source.document()
    fields = decode_object(text)
    if fields is None:
        raise FileError(f"{source.path}: {_json_problem(text)}")
    inner = unwrap(fields)
    kind = kind_of_object(inner)
    if kind in _READING_SOURCES:
        _import_items(store, source, iter([Item(1, _READING_SOURCES[kind], text)]), tally)
    elif kind is Kind.TOKEN_CANDLES:
        import_token_candles(store, [text], tally)
    elif kind is Kind.SOL_CANDLES:
        import_sol_candles(store, text, tally, str(source.path))
    elif kind is Kind.TRADE_ROW:
        import_trade_rows(store, [(1, text)], tally)
    else:
        raise NotDataError(f"{source.path}: is JSON of no known form; expected {EXPECTED}")


def _import_array(store: Store, source: Source, tally: Tally) -> None:
    text = source.document()
    try:
        items = _ARRAY.decode(text.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise FileError(f"{source.path}: {_json_problem(text)}") from error
    fields = [decode_object(bytes(item)) for item in items]
    kinds = {kind for found in fields if found is not None and (kind := kind_of_object(unwrap(found))) is not None}
    if not kinds:
        raise NotDataError(f"{source.path}: is a list of no known form; expected {EXPECTED}")
    if kinds <= _READING_SOURCES.keys():
        _import_items(store, source, _array_items(items, fields, tally), tally)
    elif kinds == {Kind.TOKEN_CANDLES}:
        import_token_candles(store, [bytes(item) for item in items], tally)
    elif kinds == {Kind.TRADE_ROW}:
        import_trade_rows(store, [(number, bytes(item)) for number, item in enumerate(items, 1)], tally)
    else:
        raise FileError(f"{source.path}: mixes {' and '.join(sorted(kind.value for kind in kinds))}; split it")


def _import_items(store: Store, source: Source, items: Iterator[Item], tally: Tally) -> None:
    error = import_transactions(store, items, tally)
    if error is not None:
        raise FileError(f"{source.path}: {error}")


def _array_items(items: Sequence[msgspec.Raw], fields: Sequence[Fields | None], tally: Tally) -> Iterator[Item]:
    for number, (item, found) in enumerate(zip(items, fields, strict=True), 1):
        kind = None if found is None else kind_of_object(unwrap(found))
        if kind in _READING_SOURCES:
            yield Item(number, _READING_SOURCES[kind], bytes(item))
        else:
            tally.reject("is no transaction", number)


def _line_items(source: Source, tally: Tally) -> Iterator[Item]:
    for number, line in source.lines():
        fields = decode_object(line)
        kind = None if fields is None else kind_of_object(unwrap(fields))
        if kind in _READING_SOURCES:
            yield Item(number, _READING_SOURCES[kind], line)
        else:
            tally.reject("not valid JSON" if fields is None else "is no transaction", number)


def _json_problem(text: bytes) -> str:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        return f"not valid JSON ({error}); fetch it again"
    except RecursionError:
        return "JSON nested too deeply; fetch it again"
    return "JSON of an unexpected form; expected an object or a list"
