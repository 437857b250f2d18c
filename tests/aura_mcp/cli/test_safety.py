"""Strangers' text on our surfaces: nicknames, file names, fields of transactions."""

import json
from pathlib import Path

import pytest

from tests.aura_mcp._facts import write_prices, write_rows, write_wallets
from tests.aura_mcp.cli.conftest import Aura

HOSTILE = [
    "\x1b[2J\x1b[31mred",
    "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "\x9b31mC1",
    "[red]markup[/red] [link=https://evil.example]x[/link]",
    ":skull: emoji",
    "right\u202eleft\u2066x",
    "zero\u200bwidth\ufeff",
    "tag\U000e0041\U000e007f",
    "line\nbreak\r\ttab",
    "i\u0307\u0307\u0307\u0307\u0307\u0307marks",
    "\x00\x07\x08\x7f",
]


@pytest.mark.parametrize("nickname", HOSTILE, ids=ascii)
def test_nickname_cannot_command_the_terminal(aura: Aura, tmp_path: Path, nickname: str) -> None:
    """Threat: control, bidi, zero-width and tag characters, and rich markup, in a nickname."""
    database = tmp_path / "x.duckdb"
    quoted = nickname.replace('"', '""')
    files = [
        write_rows(tmp_path / "rows.jsonl", "alice buys 1 MEME for 1 at 0", "alice sells 1 MEME for 2 at 9"),
        write_prices(tmp_path / "sol.json"),
        write_wallets(tmp_path / "wallets.csv", alice=f'"{quoted}"'),
    ]
    assert aura("import", *files, "--db", database).code == 0
    for command in (["top"], ["trades"], ["top", "--json"], ["trades", "--json"]):
        done = aura(*command, "--db", database)
        assert done.code == 0
        assert all(character.isprintable() or character == "\n" for character in done.out + done.err)
        assert "skull" not in nickname or ":skull:" in done.out
        assert "[red]" not in nickname or "[red]markup[/red]" in done.out


@pytest.mark.parametrize("name", ["esc\x1b[31m.json", "new\nline.json", "bidi\u202e.json", "bad\udcff.json"], ids=ascii)
def test_file_name_cannot_command_the_terminal(aura: Aura, tmp_path: Path, name: str) -> None:
    """Threat: a file name with control characters, or with bytes that are no text."""
    file = tmp_path / name
    file.write_bytes(b"{")
    for arguments in (["decode"], ["decode", "--json"], ["import"], ["import", "--json"]):
        done = aura(*arguments, file, *(["--db", tmp_path / "x.duckdb"] if arguments[0] == "import" else []))
        assert done.code == 1
        assert all(character.isprintable() or character == "\n" for character in done.out + done.err)
        if "--json" in arguments:
            json.loads(done.out)


# No program can be given a NUL as an argument.
@pytest.mark.parametrize("text", [text for text in HOSTILE if "\x00" not in text], ids=ascii)
def test_argument_cannot_command_the_terminal(aura: Aura, history: Path, text: str) -> None:
    """Threat: a pasted name with control characters comes back in an error."""
    for arguments in (["wallet", text, "--db", history], ["top", "--cursor", text, "--db", history], [text]):
        done = aura(*arguments)
        assert done.code in {1, 2}
        assert done.err.count("\n") == 1
        assert all(character.isprintable() or character == "\n" for character in done.out + done.err)
