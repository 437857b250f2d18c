"""Trade rows: exact digits, stable identities, and every kind of bad row."""

import random
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.importer import ImportReport, import_paths
from data.importer.trade_rows import RowError, to_raw
from data.store import Store
from data.store.readings import Source
from engine.units import U64_MAX, WSOL
from tests.builders.facts import SOL, address, mint, row, trade


def test_rounded_row_is_converted_from_its_digits(tmp_path: Path) -> None:
    """DOMAIN §2: rounded amounts; worked: 0.0023 SOL are 2,300,000 lamports."""
    with _imported(tmp_path, row(tokens="2249329.2", sol="0.0023")) as store:
        (found,) = store.database.rows(
            "SELECT amount_raw, quote_raw, quote_mint, precision, slot, order_uncertain FROM leg"
        )
        assert found == (2_249_329_200_000, 2_300_000, WSOL, "rounded", None, True)


@pytest.mark.parametrize("sol", ["0", "0.0", "null", "0.0000000001"])
def test_value_of_zero_is_unknown(tmp_path: Path, sol: str) -> None:
    """shared/README: sol 0 = value unknown, not zero."""
    with _imported(tmp_path, row(sol=sol)) as store:
        assert store.database.rows("SELECT quote_mint, quote_raw FROM leg") == [(None, None)]


@given(number=st.decimals(0, 10**12, allow_nan=False, allow_infinity=False), decimals=st.integers(0, 12))
def test_conversion_is_exact_or_half_even(number: Decimal, decimals: int) -> None:
    """Our rule: never through a float; the oracle is Decimal with room enough."""
    expected = int(number.scaleb(decimals).quantize(Decimal(1), ROUND_HALF_EVEN)) if number else 0
    assert to_raw(str(number).encode(), decimals, "tokens") == expected


@pytest.mark.parametrize(
    "text", ['"5"', "true", "[1]", "{}", "-1", "1e400", "-0.1", "1e999999999", "0x10", "\u0661", ""]
)
def test_text_that_is_no_amount_is_refused(text: str) -> None:
    """Spec: 1e400, negative and mistyped amounts."""
    with pytest.raises(RowError):
        to_raw(text.encode(), 6, "tokens")


def test_exponents_are_numbers_too() -> None:
    """JSON: 2.5e-3 is a number. A tiny one rounds to nothing."""
    assert to_raw(b"2.5e-3", 9, "sol") == 2_500_000
    assert to_raw(b"1E+2", 6, "tokens") == 100_000_000
    assert to_raw(b"1e-999999999", 6, "tokens") == 0


BAD_ROWS = {
    "not valid JSON": b'{"ts": 1782600000, "mint": NaN',
    "side is neither buy nor sell": row("swap"),
    "ts is not a time in seconds since Solana began": row().replace(b"1782600000", b"1782600000000"),
    "mint is not an address": row().replace(mint("BONK").encode(), b"0OIl"),
    "trader is not an address": row().replace(address("alice").encode(), b"alice"),
    "pool is not an address": row().replace(address("pool").encode(), b"x" * 44),
    "signature is not base58 of 64 bytes": row().replace(b'"signature": null', b'"signature": "abc"'),
    "mint is a quote asset, which is never a position": row().replace(mint("BONK").encode(), WSOL.encode()),
    "tokens is zero": row(tokens="0"),
    "tokens is negative": row(tokens="-1"),
    "tokens is out of range": row(tokens="1e400"),
    "tokens is not a number": row(tokens='"10"'),
    "tokens is more than a token account can hold": row(tokens=str(U64_MAX)),
    "sol is negative": row(sol="-0.5"),
    "sol is more than exists": row(sol="1e12"),
    "sol is out of range": row(sol="1e400"),
    "decimals of the mint are unknown; import an exact transaction of it first": row().replace(
        mint("BONK").encode(), address("other").encode()
    ),
    "Object missing required field `trader`": b'{"ts": 1782600000, "mint": "a", "side": "buy", "sol": 1, "tokens": 1}',
    "Expected `int`, got `str` - at `$.ts`": row().replace(b"1782600000", b'"today"'),
    "Expected `str`, got `null` - at `$.mint`": row().replace(b'"' + mint("BONK").encode() + b'"', b"null"),
}


def test_every_kind_of_bad_row_is_counted_with_its_reason(tmp_path: Path) -> None:
    """Spec: rejected rows are counted with reasons; one bad row stops nothing."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join([row(), *BAD_ROWS.values(), row(at=1)]))
    with Store.open(None) as store:
        report = import_paths(store, [path])
        assert dict(report.rejected) == dict.fromkeys(BAD_ROWS, 1)
        assert (report.read, report.new, report.failures) == (len(BAD_ROWS) + 2, 2, [])
        issues = store.database.rows("SELECT reason, first_line FROM import_issue ORDER BY first_line")
        assert [str(reason) for reason, _ in issues] == list(BAD_ROWS)


def test_identical_unsigned_rows_are_told_apart_by_their_occurrence(tmp_path: Path) -> None:
    """DOMAIN §2: hash of the row's fields and its occurrence number."""
    with _imported(tmp_path, row(), row(), row(at=1)) as store:
        assert store.database.rows("SELECT count(*), count(DISTINCT signature) FROM leg") == [(3, 3)]


def test_overlapping_files_do_not_double_a_row(tmp_path: Path) -> None:
    """Our rule: occurrences are counted within a file, so the union holds each as often as the fullest file."""
    with _imported(tmp_path, row(), row(), row(at=1)) as store:
        report = _import(store, tmp_path / "more.jsonl", row(at=1), row(), row(), row(), row(at=2))
        assert (report.new, report.duplicate) == (2, 3)


def test_signed_row_twice_is_one_fact(tmp_path: Path) -> None:
    """Identity: a signature happens once."""
    with _imported(tmp_path, row(signed="a"), row(signed="a")) as store:
        assert store.database.rows("SELECT count(*) FROM leg") == [(1,)]


def test_number_spelled_otherwise_is_the_same_row(tmp_path: Path) -> None:
    """Our rule: the identity is of amounts, not of their spelling."""
    with _imported(tmp_path, row(tokens="10.5", sol="0.0023")) as store:
        report = _import(store, tmp_path / "more.jsonl", row(tokens="10.50", sol="2.3e-3"))
        assert (report.new, report.duplicate) == (0, 1)


def test_legs_of_one_signature_are_numbered_alike_in_any_order(tmp_path: Path) -> None:
    """Our rule: leg numbers depend on the rows alone; purchases come first."""
    rows = [row("sell", "1", signed="a"), row("buy", "2", signed="a"), row("buy", "3", of="WIF", signed="a")]
    results: set[str] = set()
    for seed in range(4):
        shuffled = random.Random(seed).sample(rows, 3)
        with Store.open(None) as store:
            for number, text in enumerate(shuffled):
                _import(store, tmp_path / f"{seed}.{number}.jsonl", text)
            legs = store.database.rows("SELECT side, mint, leg_no, amount_raw FROM leg ORDER BY leg_no")
            assert [leg[0] for leg in legs] == ["BUY", "BUY", "SELL"]
            results.add(str(legs))
    assert len(results) == 1


def test_decimals_come_from_exact_readings(tmp_path: Path) -> None:
    """Our rule: of a mint that is not pump.fun's, decimals are known once it was read from balances."""
    text = row().replace(mint("BONK").encode(), address("other").encode())
    exact = trade("a", "buy", 1, SOL)
    leg = exact.legs[0]._replace(mint=address("other"), decimals=2)
    with Store.open(None) as store:
        store.facts.add_readings([exact._replace(legs=(leg,))], Source.RPC)
        assert _import(store, tmp_path / "rows.jsonl", text).new == 1
        assert store.database.rows("SELECT amount_raw, decimals FROM leg WHERE precision = 'rounded'") == [(1050, 2)]


def test_importing_again_finds_nothing_new(corpus: Path) -> None:
    """Spec: importing again: 0 new. 4,606 real rows, 5 of them twice, 186 of unknown value."""
    with Store.open(None) as store:
        path = corpus / "pumpswap_trades.jsonl"
        first, second = import_paths(store, [path]), import_paths(store, [path])
        assert (first.read, first.new, first.quarantined, first.rejected.total()) == (4606, 4606, 0, 0)
        assert (second.read, second.new, second.duplicate) == (4606, 0, 4606)
        assert store.database.rows("SELECT count(*) FROM leg WHERE quote_raw IS NULL") == [(186,)]
        assert store.verification.verify().is_sound


def _imported(folder: Path, *rows: bytes) -> Store:
    store = Store.open(None)
    report = _import(store, folder / "rows.jsonl", *rows)
    assert (report.failures, report.rejected.total()) == ([], 0)
    return store


def _import(store: Store, path: Path, *rows: bytes) -> ImportReport:
    path.write_bytes(b"\n".join(rows) + b"\n")
    return import_paths(store, [path])
