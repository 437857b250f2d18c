"""Files and folders: what they hold is found out, and what cannot be read is said in one line."""

import gzip
import json
import re
from pathlib import Path

import pytest

from data.importer import import_paths
from data.store import Store
from tests.builders.facts import START, address, mint, row


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.json", b"", "is empty"),
        ("blank.json", b" \n\n ", "is empty"),
        ("cut.json", b'{"slot": 1, "meta": {', "not valid JSON"),
        ("cut.jsonl", b'[{"slot": 1}, {"me', "not valid JSON"),
        ("deep.json", b"[" * 100_000, "not valid JSON|nested too deeply"),
        ("binary.dat", bytes(range(256)) * 40, "neither JSON nor a wallet list"),
        ("story.txt", b"once upon a time\n", "neither JSON nor a wallet list"),
        ("other.json", b'{"hello": "world"}', "JSON of no known form"),
        ("list.json", b"[1, 2, 3]", "a list of no known form"),
        ("number.json", b"42", "neither JSON nor a wallet list"),
        ("cut.gz", gzip.compress(b'{"ts": 1}\n' * 9000)[:-20], "cannot be read to its end"),
        ("liar.gz", b"\x1f\x8bnot gzip at all", "cannot be read to its end"),
        ("newer.jsonl", b'{"format":"aura-facts","version":99}\n', "has format version 99"),
        ("damaged.jsonl", b'{"format":"aura-facts"}\n', "first line is damaged"),
        ("pair.json", b'{"pair": "BTC/USD", "hourly_close": []}', "another pair than SOL/USD"),
        ("null.json", b'{"jsonrpc": "2.0", "result": null, "id": 1}', "null"),
    ],
)
def test_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    """Spec: what, where, what to do; nothing half-written."""
    path = tmp_path / name
    path.write_bytes(content)
    with Store.open(None) as store:
        report = import_paths(store, [path])
        (failure,) = report.failures
        assert failure.path == path
        assert failure.message.startswith(f"{path}: ")
        assert "\n" not in failure.message
        assert re.search(message, failure.message)
        assert (report.files, report.read) == (0, 0)
        assert store.database.rows("SELECT value FROM meta WHERE key = 'last_batch'") == [(0,)]


def test_missing_file_is_a_failure(tmp_path: Path) -> None:
    """Our rule: a path that was named must be there."""
    with Store.open(None) as store:
        (failure,) = import_paths(store, [tmp_path / "nowhere.jsonl"]).failures
        assert failure.message == f"{tmp_path / 'nowhere.jsonl'}: cannot be opened (no such file or directory)"


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    """Our rule: the rest is imported, the failure is reported."""
    (tmp_path / "a.json").write_bytes(b"{")
    (tmp_path / "b.jsonl").write_bytes(row())
    with Store.open(None) as store:
        report = import_paths(store, [tmp_path])
        assert (report.files, report.new, len(report.failures)) == (1, 1, 1)


def test_folder_is_read_in_order_and_skips_what_is_no_data(tmp_path: Path) -> None:
    """Spec: folders too; a README is skipped and counted as such."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "rows.jsonl").write_bytes(row())
    (tmp_path / "README.md").write_text("# words")
    (tmp_path / "notes.txt").write_text("more words")
    (tmp_path / "config.json").write_text('{"a": 1}')
    (tmp_path / ".hidden.jsonl").write_bytes(row(at=1))
    with Store.open(None) as store:
        report = import_paths(store, [tmp_path])
        assert (report.files, report.skipped, report.new, report.failures) == (1, 3, 1, [])


def test_packed_rows_are_unpacked(tmp_path: Path) -> None:
    """Our rule: gzip is known by its first bytes."""
    path = tmp_path / "rows"
    path.write_bytes(gzip.compress(row() + b"\n" + row(at=1)))
    with Store.open(None) as store:
        assert import_paths(store, [path]).new == 2


def test_rows_may_come_as_a_list_or_alone(tmp_path: Path) -> None:
    """Our rule: the form around the objects does not matter."""
    (tmp_path / "a.json").write_bytes(b"[" + row() + b"," + row(at=1) + b"]")
    (tmp_path / "b.json").write_text(json.dumps(json.loads(row(at=2)), indent=2))
    with Store.open(None) as store:
        report = import_paths(store, [tmp_path])
        assert (report.new, report.failures) == (3, [])


def test_lines_longer_than_a_block_are_read(tmp_path: Path) -> None:
    """Spec: 10 MB strings. A field that nobody asks for may be as long as it likes."""
    path = tmp_path / "rows.jsonl"
    long = row()[:-1] + b', "note": "' + b"x" * 10_000_000 + b'"}'
    path.write_bytes(b"\n".join([row(at=1), long, row(at=2)]))
    with Store.open(None) as store:
        report = import_paths(store, [path])
        assert (report.new, report.rejected.total()) == (3, 0)


def test_progress_ends_at_the_size_of_the_files(tmp_path: Path) -> None:
    """Our rule: a bar can be drawn."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join(row(at=number) for number in range(100)))
    seen: list[tuple[int, int]] = []
    with Store.open(None) as store:
        import_paths(store, [path], lambda done, total: seen.append((done, total)))
    assert seen[-1] == (path.stat().st_size,) * 2


def test_wallet_lists_come_as_columns_or_lines(tmp_path: Path) -> None:
    """Spec: wallet lists; invalid addresses are refused with the reason."""
    (tmp_path / "a.csv").write_text(f"address,name\n{address('alice')},Alice\nbad,Nobody\n")
    (tmp_path / "b.txt").write_text(f"# followed\n{address('bob')}\n\n{address('alice')}\n")
    with Store.open(None) as store:
        report = import_paths(store, [tmp_path])
        assert (report.new, report.duplicate, report.rejected.total(), report.failures) == (2, 1, 1, [])
        assert store.wallets.find("alice") == address("alice")
        assert store.wallets.tracked() == sorted([address("alice"), address("bob")])


def test_candles_of_tokens_and_of_sol(tmp_path: Path) -> None:
    """shared/README: ohlcv rows and closes; the last hour was not over when it was fetched."""
    ohlcv = [[START, 3.51008894621917e-05, 2e-4, 3e-5, 7.2e-05, 895151.68], [START + 3600, 1, 1, 0, 1, 1], [1, 2]]
    token = [{"mint": mint("BONK"), "pool": address("pool"), "created": 1, "supply": 1.0, "ohlcv": ohlcv}]
    closes = [[START, 71.80981234168364], [START + 3600, 72.1]]
    sol = {"source": "geckoterminal ohlcv/hour", "pair": "SOL/USDC (Raydium)", "hourly_close": closes}
    (tmp_path / "a.json").write_text(json.dumps(token))
    (tmp_path / "b.json").write_text(json.dumps(sol | {"fetched_at": START + 7000}))
    with Store.open(None) as store:
        report = import_paths(store, [tmp_path])
        assert (report.new, report.failures) == (2, [])
        assert dict(report.rejected) == {
            "price is not positive or out of range": 1,
            "candle is not six numbers": 1,
            "candle was not complete when it was fetched": 1,
        }
        assert store.database.rows("SELECT open_usd::VARCHAR FROM candle WHERE open_usd IS NOT NULL") == [
            ("0.000035100889462191700000",)
        ]
        assert store.database.rows("FROM sol_price") == [(START + 3600, 71_809_812_341_684, "geckoterminal")]


def test_real_transactions_are_imported_once(corpus: Path) -> None:
    """Spec: all 79 of raw_tx; the 12 without slot and time are rejected with that reason."""
    with Store.open(None) as store:
        first = import_paths(store, [corpus / "raw_tx"])
        again = import_paths(store, [corpus / "raw_tx"])
        assert (first.files, first.read, first.failures) == (79, 79, [])
        assert dict(first.rejected) == {"no slot and no block time: its place in the order is unknown": 12}
        assert (again.new, again.read) == (0, 79)
        assert store.verification.verify().is_sound


def test_all_recorded_data_can_be_thrown_at_the_importer(corpus: Path) -> None:
    """Our rule: bodies of other services beside ours are skipped; nothing crashes and the ledger holds."""
    with Store.open(None) as store:
        report = import_paths(store, [corpus])
        assert report.new > 19_000
        assert all("\n" not in failure.message for failure in report.failures)
        assert import_paths(store, [corpus]).new == 0
        assert store.verification.verify().is_sound
