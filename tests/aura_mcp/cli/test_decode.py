"""`aura decode`: exact answers, and one clear line for everything that is no transaction."""

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from tests.aura_mcp._facts import address, row, signature
from tests.aura_mcp._transactions import text_of, transfer
from tests.aura_mcp.cli.conftest import Aura

Change = Callable[[dict[str, Any]], object]


def changed(change: Change) -> bytes:
    """Return the text of a transaction after a change."""
    transaction = transfer()
    change(transaction)
    return text_of(transaction)


BAD = {
    "empty file": (b"", "is empty"),
    "white space only": (b" \n\t", "is empty"),
    "binary file": (bytes(range(256)) * 8, "holds no JSON object or list"),
    "number": (b"5", "holds no JSON object or list"),
    "truncated": (text_of(transfer())[:-40], "Input data was truncated"),
    "truncated list": (b"[" + text_of(transfer()) + b",", "is not valid JSON"),
    "nested too deeply": (b"[" * 100_000, "recursion depth"),
    "no meta": (changed(lambda t: t.pop("meta")), "missing required field `meta`"),
    "null meta": (changed(lambda t: t.update(meta=None)), "`$.meta`"),
    "null list": (changed(lambda t: t["meta"].update(preBalances=None)), "`$.meta.preBalances`"),
    "wrong type": (changed(lambda t: t["meta"].update(fee="much")), "`$.meta.fee`"),
    "beyond any number": (text_of(transfer()).replace(b'"fee": 5000', b'"fee": 1e400'), "out of range"),
    "negative amount": (changed(lambda t: t["meta"]["postBalances"].__setitem__(1, -5)), "postBalances"),
    "more than u64": (changed(lambda t: t["meta"]["postBalances"].__setitem__(1, 2**64)), "2^64 - 1"),
    "unknown version": (changed(lambda t: t.update(version=7)), "unknown transaction version '7'"),
    "version 1 without meta": (
        changed(lambda t: (t.update(version=1), t.pop("meta"))),
        "missing required field `meta`",
    ),
    "duplicate key": (text_of(transfer())[:-1] + b',"slot":1}', "duplicate key 'slot'"),
    "huge text": (
        changed(lambda t: t["transaction"]["message"]["accountKeys"].__setitem__(0, "A" * 10_000_000)),
        "of length <= 44",
    ),
    "invalid address": (
        changed(lambda t: t["transaction"]["message"]["accountKeys"].__setitem__(0, "0OIl" * 10)),
        "not a Solana address",
    ),
    "balances that do not add up": (changed(lambda t: t["meta"].update(fee=6_000)), "do not add up"),
    "trade row": (text_of(row("alice buys 1 MEME for 1 at 0")), "is a trade row, not a transaction"),
    "another program's JSON": (b'{"\\u001b[31mred": 1}', "missing required field"),
    "error of a node": (b'{"error":{"code":-32600,"message":"no\\u001b[0m"},"id":1}', "node answered with an error"),
    "not found": (b'{"result":null,"id":1}', "did not find the transaction"),
}


def test_json_has_the_shape_of_the_issue(aura: Aura, tmp_path: Path) -> None:
    """Spec: "The command line"; amounts in base units are text, signed from the wallet's view."""
    file = tmp_path / "tx.json"
    file.write_bytes(text_of(transfer()))
    done = aura("decode", file, "--json")
    assert (done.code, done.err) == (0, "")
    text = done.out.replace(signature("t1"), "<t1>").replace(address("alice"), "<alice>")
    assert json.loads(text) == snapshot(
        [
            {
                "signature": "<t1>",
                "slot": 350000000,
                "wallet": "<alice>",
                "role": "fee_payer",
                "class": "TRANSFER_OUT",
                "legs": [],
                "quote": None,
                "sol_flow_lamports": -1000,
                "base_fee_lamports": 5000,
                "priority_fee_lamports": 0,
                "tip_lamports": 0,
                "rent_lamports": 0,
                "other_rent_lamports": 0,
                "native_delta_lamports": -6000,
                "wsol_delta_lamports": 0,
                "venue_fee_raw": None,
                "venues": [],
                "issues": [],
            }
        ]
    )


def test_wallet_option_takes_its_view(aura: Aura, tmp_path: Path) -> None:
    """Spec: `--wallet` decodes for the wallet named, who need not have signed."""
    file = tmp_path / "tx.json"
    file.write_bytes(text_of(transfer()))
    (found,) = json.loads(aura("decode", file, "--wallet", address("bob"), "--json").out)
    assert (found["wallet"], found["role"], found["native_delta_lamports"]) == (address("bob"), "receiver", 1_000)


def test_person_sees_exact_amounts_with_units(aura: Aura, tmp_path: Path) -> None:
    """Our rule: calm, aligned, full addresses."""
    file = tmp_path / "tx.json"
    file.write_bytes(text_of(transfer()))
    assert aura("decode", file).out == snapshot("""\
3KjhirZPTyju5yk5iYmeDa6nQXYRiQWYnbxHvuLTARvq6cDqjckSVZxdNduQpJusq5YwJUCNfPkU43icS224MMeY
slot 350,000,000 · 2026-05-28 20:26:40 UTC
  TRANSFER_OUT  7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3  paid the fee
  out        0.000001000  SOL
  fee        0.000005000  SOL
  balance   -0.000006000  SOL, what its SOL and wrapped SOL changed by
""")


@pytest.mark.parametrize("shape", ["one", "list", "lines", "envelope", "gzip", "byte order mark"])
def test_every_container_of_transactions_is_read(aura: Aura, tmp_path: Path, shape: str) -> None:
    """Our rule: one result, a JSON list, JSON lines, a JSON-RPC answer, packed or not."""
    one, two = text_of(transfer()), text_of(transfer(2_000, name="t2"))
    text = {
        "one": one,
        "list": b"[" + one + b"," + two + b"]",
        "lines": one + b"\n\n" + two + b"\n",
        "envelope": b'{"jsonrpc":"2.0","id":1,"result":' + one + b"}",
        "gzip": gzip.compress(one),
        "byte order mark": b"\xef\xbb\xbf" + one,
    }[shape]
    file = tmp_path / "tx.json"
    file.write_bytes(text)
    done = aura("decode", file, "--json")
    found = [entry["signature"] for entry in json.loads(done.out)]
    assert done.code == 0
    assert found == [signature("t1"), signature("t2")][: 2 if shape in {"list", "lines"} else 1]


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_clear_line(aura: Aura, tmp_path: Path, name: str) -> None:
    """Spec: "Bad input": what, where, what to do; exit code 1."""
    text, reason = BAD[name]
    file = tmp_path / "bad.json"
    file.write_bytes(text)
    done = aura("decode", file)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"aura: {file}")
    assert reason in done.err
    assert re.fullmatch(r"[ -~–−…]{20,600}\n", done.err)
    (entry,) = json.loads(aura("decode", file, "--json").out)
    assert reason in entry["error"]


def test_bad_entries_stand_in_their_place_among_the_good(aura: Aura, tmp_path: Path) -> None:
    """Spec: an object with `error` in the place of what cannot be read, exit code 1 at the end."""
    good, lines = tmp_path / "good.json", tmp_path / "lines.jsonl"
    good.write_bytes(text_of(transfer()))
    bad = changed(lambda t: t["meta"].update(fee=6_000))
    lines.write_bytes(text_of(transfer(name="t2")) + b"\nnonsense\n" + bad + b"\n")
    done = aura("decode", tmp_path / "missing.json", good, lines, tmp_path, "--json")
    assert (done.code, done.err) == (1, "")
    found = [(entry.get("signature"), "error" in entry) for entry in json.loads(done.out)]
    assert found == [
        (None, True),
        (signature("t1"), False),
        (signature("t2"), False),
        (None, True),
        (signature("t1"), True),
        (None, True),
    ]


def test_missing_file_and_folder_are_named(aura: Aura, tmp_path: Path) -> None:
    """Spec: one clear line each."""
    done = aura("decode", tmp_path / "missing.json", tmp_path)
    assert done.code == 1
    assert done.err.splitlines() == [
        f"aura: {tmp_path}/missing.json: cannot be opened (no such file or directory)",
        f"aura: {tmp_path}: is a folder; name the files in it",
    ]


def test_decode_touches_no_database(aura: Aura, tmp_path: Path, own_home: Path) -> None:
    """Our rule: reading a transaction leaves nothing behind."""
    file = tmp_path / "tx.json"
    file.write_bytes(text_of(transfer()))
    assert aura("decode", file).code == 0
    assert not own_home.exists()


def test_invalid_wallet_is_an_error_of_usage(aura: Aura, tmp_path: Path) -> None:
    """Spec: invalid addresses are refused with the reason; exit code 2 for a wrong command line."""
    done = aura("decode", tmp_path, "--wallet", "0xabc")
    assert done.code == 2
    assert "'0xabc' has '0' at position 1 (base58 leaves out 0, O, I and l" in done.err
    assert done.err.endswith("; see aura decode --help\n")
