"""`aura demo`: real answers through a real bridge and hub, and nothing left behind."""

import gzip
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from inline_snapshot import snapshot

from aura_mcp.cli import demo_story
from aura_mcp.tools import list_tools
from tests.aura_mcp.cli.conftest import Aura

LAMPORTS: Final = 10**9


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the empty folder in which the demo makes its own."""
    folder = tmp_path / "t"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def recorded(signatures: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return trades as the recording has them, by signature."""
    text = resources.files("aura_mcp").joinpath("demo", "recording.jsonl.gz").read_bytes()
    facts = map(json.loads, gzip.decompress(text).splitlines())
    return {fact["signature"]: fact for fact in facts if fact.get("signature") in set(signatures)}


def short(text: str) -> list[str]:
    """Return the parts of an answer with the first four characters in the place of addresses."""
    return re.sub(r"\b(\w{4})\w{28,40}\b", r"\1", text).replace("; ", ";\n").splitlines()


def test_answers_are_those_of_the_recording(aura: Aura, place: Path, own_home: Path) -> None:
    """Spec: real tool calls over the shipped recording; the sale is recomputed here from its two transactions."""
    done = aura("demo", "--json")
    assert (done.code, done.err) == (0, "")
    story = json.loads(done.out)
    assert story["opening"] == {"facts": 6158, "tools": sorted(tool.function.__name__ for tool in list_tools())}
    asked = {exchange["tool"]: exchange for exchange in story["exchanges"]}
    told = {tool: short(exchange["text"]) for tool, exchange in asked.items() if tool != "system_status"}
    assert told == snapshot(
        {
            "top_wallets": [
                "827 of 1002 wallets that sold in the window (all) are ranked.",
                "#1 NULL: won 17 of 19, at least 68.6 %, net +$62.40 / +0.7567 SOL",
                "#2 g5Hc: won 4 of 4, at least 51.0 %, net +$47.55 / +0.6368 SOL",
                "#3 D5jp: won 3 of 3, at least 43.9 %, net +$14.99 / +0.1986 SOL",
            ],
            "wallet_report": [
                "NULL, all: net +$62.40 / +0.7567 SOL;",
                "won 17 of 19, at least 68.6 %;",
                "94.7 % of proceeds have a known cost;",
                "2 positions held.",
            ],
            "find_trades": [
                "3 trades, best pnl first. More follow with next_cursor.",
                "2026-06-29 19:13 UTC 6Vxg SELL H2Hm: net +$187.54 / +2.4851 SOL, 145.9 %",
                "2026-06-30 02:59 UTC zAnr SELL HXgj: net +$126.05 / +1.6967 SOL, 164.4 %",
                "2026-06-30 03:00 UTC CVSz SELL HXgj: net +$121.52 / +1.6230 SOL, 194.9 %",
            ],
            "explain_pnl": [
                "zAnr: 1 disposal matched to 1 lot;",
                "proceeds $202.71 less cost $76.67 and fees $ unknown: net +$126.05 / +1.6967 SOL.",
            ],
            "token_flows": [
                "11 tokens traded by all wallets, net buying first.",
                "HXgj: 238 buyers, 39 sellers, net +$7,225.70 / +97.6352 SOL",
                "wUrF: 226 buyers, 26 sellers, net +$5,960.32 / +73.6936 SOL",
                "8Xa1: 242 buyers, 27 sellers, net +$2,850.64 / +34.9290 SOL",
            ],
        }
    )
    explained = asked["explain_pnl"]["content"]
    (sale,) = explained["sales"]
    (lot,) = sale["parts"]
    facts = recorded([sale["sold_in"], lot["bought_in"]])
    bought, sold = facts[lot["bought_in"]], facts[sale["sold_in"]]
    assert (bought["owner"], bought["mint"], bought["amount_raw"]) == (sold["owner"], sold["mint"], sold["amount_raw"])
    assert round(explained["net_sol"] * LAMPORTS) == int(sold["quote_raw"]) - int(bought["quote_raw"])
    assert (story["verified"]["is_sound"], story["verified"]["positions"]) == (True, 1963)
    status = asked["system_status"]["content"]
    assert Path(status["database"]["path"]).parents[1] == place
    port = urlsplit(str(status["hub"]["http_url"])).port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port or 0)).close()
    assert list(place.iterdir()) == []
    assert not own_home.exists()


def test_settings_of_the_user_are_not_those_of_the_demo(
    aura: Aura, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our rule: the demo touches no database of the user, and needs none of their ports."""
    mine = tmp_path / "mine.duckdb"
    monkeypatch.setenv("AURA_DB", str(mine))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("AURA_HTTP_PORT", str(taken.getsockname()[1]))
        done = aura("demo")
    assert (done.code, done.err) == (0, "")
    assert '> Who did best, and how sure is that?\n  top_wallets {"limit": 3}\n' in done.out
    assert max(map(len, done.out.splitlines())) <= 100
    assert not mine.exists()
    assert list(place.iterdir()) == []


def test_bridge_that_fails_is_one_line(
    aura: Aura, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spec: errors are one clear line; what the bridge said is the reason."""
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho 'aura-mcp: the hub does not start: no memory' >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o700)
    monkeypatch.setattr(demo_story, "find_command", lambda: broken)
    done = aura("demo")
    line = "aura: the demo's aura-mcp does not answer: the hub does not start: no memory\n"
    assert (done.code, done.out, done.err) == (1, "", line)
    assert list(place.iterdir()) == []


def test_tool_that_refuses_is_one_line(aura: Aura, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spec: errors are one clear line; the hub is ended all the same."""
    monkeypatch.setattr(demo_story, "LIST_LENGTH", 0)
    done = aura("demo", "--json")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert json.loads(done.err)["error"].startswith("the demo's top_wallets refuses: ")
    assert list(place.iterdir()) == []


def test_reader_who_has_seen_enough_ends_it_quietly(place: Path) -> None:
    """Our rule: `aura demo | head` ends without a word, and without a hub."""
    environment = {**os.environ, "TMPDIR": str(place)}
    read, write = os.pipe()
    os.close(read)
    run = subprocess.run(
        [sys.executable, "-m", "aura_mcp", "demo"], stdout=write, stderr=subprocess.PIPE, env=environment, check=False
    )
    os.close(write)
    assert (run.returncode, run.stderr) == (141, b"")
    assert list(place.iterdir()) == []
