"""Our own format: the same facts give the same bytes and the same ledger."""

import gzip
import json
from pathlib import Path

import pytest

from data.errors import FileError
from data.export import export_facts
from data.importer import import_paths
from data.store import Store
from data.store.finality import Placement
from data.store.readings import Source
from data.store.wallets import Wallet
from engine.address import is_on_curve
from engine.facts import Side, TxClass
from engine.units import U64_MAX
from tests.builders.facts import SOL, START, TOKEN, add_rounded, address, leg, mint, reading, sol_candle, trade

FACTS = ("effect", "leg", "account_balance", "candle", "wallet", "entity_member")
FACTS_QUERY = "SELECT * EXCLUDE (batch_id) FROM {table} ORDER BY ALL"
DERIVED = ("fold_state", "realization", "episode", "finding")


@pytest.mark.parametrize("name", ["facts.jsonl", "facts.jsonl.gz"])
def test_import_of_an_export_gives_the_same_database_and_the_same_bytes(tmp_path: Path, name: str) -> None:
    """Spec: `import` of an export gives the same ledger."""
    first, second = tmp_path / name, tmp_path / f"again-{name}"
    with _store() as store, Store.open(None) as other:
        count = export_facts(store, first).facts
        report = import_paths(other, [first])
        assert (report.new, report.read, report.failures) == (count, count, [])
        export_facts(other, second)
        assert first.read_bytes() == second.read_bytes()
        for each in (store, other):
            each.booking.book()
        assert _tables(store) == _tables(other)
        assert import_paths(other, [first]).new == 0


def test_order_of_arrival_does_not_show(tmp_path: Path) -> None:
    """Our rule: canonical order, no arrival metadata."""
    readings = [trade("a", "buy", 10, SOL), trade("b", "sell", 4, SOL, at=60), trade("c", "buy", 1, SOL, of="WIF")]
    contents: set[bytes] = set()
    for order in (readings, readings[::-1]):
        with Store.open(None) as store:
            for one in order:
                store.facts.add_readings([one], Source.RPC)
            export_facts(store, tmp_path / "facts.gz")
            contents.add((tmp_path / "facts.gz").read_bytes())
    assert len(contents) == 1


def test_what_the_chain_took_back_is_left_out(tmp_path: Path) -> None:
    """Our rule: facts that no view shows are none for whoever reads the file."""
    kept, gone = trade("a", "buy", 10, SOL), trade("b", "buy", 4, SOL, at=60)
    contents: list[bytes] = []
    for readings in ([kept], [kept, gone]):
        with Store.open(None) as store:
            store.facts.add_readings(readings, Source.RPC)
            store.finality.reverse([Placement(one.slot or 0, one.signature) for one in readings[1:]], START)
            export_facts(store, tmp_path / "facts.jsonl")
            contents.append((tmp_path / "facts.jsonl").read_bytes())
    assert contents[0] == contents[1]


def test_ledger_is_the_same_however_the_facts_came(tmp_path: Path) -> None:
    """Our rule: booked in one go or one by one, with something taken back or never there: the same bytes."""
    readings = [trade("a", "buy", 10, SOL), trade("b", "sell", 4, 2 * SOL, at=60), trade("c", "sell", 9, SOL, at=90)]
    gone = trade("d", "sell", 1, SOL, at=30)
    contents: list[bytes] = []
    for arriving in ([readings], [[one] for one in (readings[2], gone, readings[0], readings[1])]):
        with Store.open(None) as store:
            for part in arriving:
                store.facts.add_readings(part, Source.RPC)
                store.booking.book()
            store.finality.reverse([Placement(gone.slot or 0, gone.signature)], START)
            store.booking.book()
            written = export_facts(store, tmp_path / "all.jsonl", has_ledger=True)
            contents.append((tmp_path / "all.jsonl").read_bytes())
    assert contents[0] == contents[1]
    rows = [line for line in map(json.loads, contents[0].splitlines()) if line.get("type") == "ledger"]
    assert {row["table"] for row in rows} == set(DERIVED)
    assert len(rows) == written.ledger_rows
    realized = [row["row"]["quantity"] for row in rows if row["table"] == "realization"]
    assert realized == ["4000000", "6000000", "3000000"]


def test_ledger_in_an_export_is_not_taken_for_facts(tmp_path: Path) -> None:
    """Our rule: whoever reads facts books them again; what the file says of the ledger is for comparing."""
    first, second = tmp_path / "facts.jsonl", tmp_path / "again.jsonl"
    with _store() as store, Store.open(None) as other:
        store.booking.book()
        written = export_facts(store, first, has_ledger=True)
        report = import_paths(other, [first])
        assert (report.new, report.read, report.rejected.total()) == (written.facts, written.facts, 0)
        other.booking.book()
        assert export_facts(other, second, has_ledger=True) == written
    assert first.read_bytes() == second.read_bytes()


def test_lines_are_what_the_documentation_says(tmp_path: Path) -> None:
    """data/docs.md: one JSON object on each line, its kind first."""
    path = tmp_path / "facts.jsonl"
    with _store() as store:
        export_facts(store, path)
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert lines[0] == {"format": "aura-facts", "version": 1}
    kinds = [line["type"] for line in lines[1:]]
    assert list(dict.fromkeys(kinds)) == ["wallet", "member", "candle", "effect", "trade"]
    assert "batch_id" not in path.read_text()


def test_failed_export_leaves_nothing_behind(tmp_path: Path) -> None:
    """Our rule: written beside its name and renamed when complete."""
    with Store.open(None) as store:
        with pytest.raises(FileError, match="cannot be written"):
            export_facts(store, tmp_path / "nowhere" / "facts.jsonl")
        (tmp_path / "folder").mkdir()
        with pytest.raises(FileError, match="cannot be written"):
            export_facts(store, tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


TRADE = {
    "type": "trade",
    "block_time": START,
    "signature": "row:" + "0" * 32,
    "owner": address("a"),
    "leg_no": 0,
    "side": "BUY",
    "mint": mint("BONK"),
    "amount_raw": "5",
    "decimals": 6,
    "quote_raw": None,
    "pool": None,
}
CANDLE = {
    "type": "candle",
    "opened_at": START,
    "mint": mint("BONK"),
    "interval_s": 3600,
    "source": "",
    "pool": "",
    "open": None,
    "high": None,
    "low": None,
    "close": "1",
    "volume": None,
}


@pytest.mark.parametrize(
    "line",
    [
        TRADE | {"signature": "row:zz"},
        TRADE | {"amount_raw": str(U64_MAX + 1)},
        TRADE | {"amount_raw": "0"},
        TRADE | {"owner": "nobody"},
        TRADE | {"side": "OUT"},
        TRADE | {"leg_no": -1},
        TRADE | {"quote_raw": "9" * 20},
        TRADE | {"block_time": 5},
        CANDLE | {"close": "NaN"},
        CANDLE | {"close": "1e-400"},
        CANDLE | {"close": "0"},
        CANDLE | {"volume": "-1"},
        CANDLE | {"interval_s": 0},
        {"type": "member", "wallet": "nobody", "entity": "mine"},
        {"type": "wallet", "address": "nobody", "nickname": None, "source": "", "is_tracked": True},
        {"type": "unheard of"},
        {"no": "type"},
    ],
)
def test_line_that_is_no_fact_is_rejected(tmp_path: Path, line: dict[str, object]) -> None:
    """Our rule: an export from somewhere else is checked like any other input."""
    path = tmp_path / "facts.jsonl"
    good = {"type": "wallet", "address": address("a"), "nickname": "A\u202eB", "source": "", "is_tracked": True}
    path.write_text("\n".join(map(json.dumps, [{"format": "aura-facts", "version": 1}, line, good])))
    with Store.open(None) as store:
        report = import_paths(store, [path])
        assert (report.new, report.rejected.total(), report.failures) == (1, 1, [])
        assert store.database.rows("SELECT nickname FROM wallet") == [("AB",)]


def test_cut_export_stores_what_came_before(tmp_path: Path) -> None:
    """Our rule: whole batches, and the failure is reported."""
    path = tmp_path / "facts.gz"
    with _store() as store:
        export_facts(store, path)
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(text[: len(text) - 30])
    with Store.open(None) as store:
        report = import_paths(store, [path])
        assert (report.failures, dict(report.rejected)) == ([], {"not valid JSON": 1})


def _store() -> Store:
    store = Store.open(None)
    legs = [leg(Side.BUY, U64_MAX, of="WIF"), leg(Side.SELL, TOKEN)]
    accounts = [("one", "BONK", 5, 0), ("another", "WIF", 0, U64_MAX)]
    store.facts.add_readings(
        [
            trade("a", "buy", 10, SOL),
            reading("b", tx_class=TxClass.SWAP, legs=legs, balances=accounts, issues=("note: x",), tip=3, at=START + 9),
            reading("c", tx_class=TxClass.FAILED, legs=[], at=None),
            reading("d", slot=None),
        ],
        Source.RPC,
    )
    store.facts.add_readings([trade("h", "sell", 1, SOL, at=99)], Source.HELIUS)
    add_rounded(store, ("BUY", 5, SOL, 0), ("SELL", 4, 0, 7))
    add_rounded(store, ("BUY", 5, SOL, 0), ("SELL", 4, 0, 7), signed="signed")
    store.facts.add_candles([sol_candle("71.809812341683640000000001"), sol_candle("80", hour=0)])
    is_program_derived = not is_on_curve(address("alice"))
    store.wallets.add(
        [Wallet(address("alice"), "Alice ✨", "test", is_tracked=True, is_program_derived=is_program_derived)]
    )
    store.wallets.assign(address("bob"), "mine")
    return store


def _tables(store: Store) -> dict[str, list[tuple[object, ...]]]:
    tables = {name: store.database.rows(f"FROM {name} ORDER BY ALL") for name in (*DERIVED, *FACTS[4:])}
    facts = {name: store.database.rows(FACTS_QUERY.format(table=name)) for name in FACTS[:4]}
    return tables | facts
