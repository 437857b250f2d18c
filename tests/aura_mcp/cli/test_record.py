"""`aura record` and `aura replay`: what was answered once is answered again, and gives the same facts."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.aura_mcp.cli.conftest import Aura
from tests.builders.transactions import address
from tests.fakes.chain import SOL_UNIT, Chain
from tests.fakes.helius import HELIUS
from tests.fakes.stand import Stand, stand
from tests.fakes.trading import buy, open_pool, sell
from tests.fakes.upstream import SOLANA


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, aura: Aura, tmp_path: Path) -> Generator[Stand]:
    """Return every provider over a chain on which alice trades, whom the user follows."""
    chain = Chain()
    open_pool(chain, "MEME")
    chain.fund("alice")
    for number in range(6):
        buy(chain, "alice", "MEME", 5_000_000, SOL_UNIT + number)
        chain.advance()
    sell(chain, "alice", "MEME", 1_000_000, SOL_UNIT)
    chain.finalize()
    with stand(chain) as everything:
        monkeypatch.setenv("AURA_OFFLINE", "0")
        for name in (SOLANA, HELIUS, "birdeye", "dexscreener", "geckoterminal", "jupiter", "rugcheck"):
            monkeypatch.setenv(f"AURA_{name.upper()}_URL", everything.upstream.url(name))
            monkeypatch.setenv(f"AURA_{name.upper()}_CALLS", "1000")
        monkeypatch.setenv("HELIUS_API_KEY", everything.helius.key)
        monkeypatch.setenv("AURA_BACKFILL_DAYS", "3650")
        path = tmp_path / "wallets.csv"
        path.write_text(f"address,nickname\n{address('alice')},Alice\n", encoding="utf-8")
        assert aura("import", path).code == 0
        yield everything


def exported(aura: Aura, database: Path, file: Path) -> bytes:
    """Return the facts of a database."""
    assert aura("export", "--db", database, file).code == 0
    return file.read_bytes()


def test_recording_is_played_offline_with_the_same_result(
    aura: Aura, world: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue: record writes what providers answered, redacted; replay drives the pipeline, offline, deterministic."""
    file = tmp_path / "one.jsonl"
    recorded = aura("record", file, "--json")
    document = json.loads(recorded.out)
    wallets = next(run for run in document["runs"] if run["job"] == "wallets")
    assert (wallets["state"], wallets["summary"]["new"]) == ("done", 7)
    assert world.helius.key.encode() not in file.read_bytes()
    asked = world.upstream.count()
    monkeypatch.setenv("AURA_OFFLINE", "1")

    facts: list[bytes] = []
    for name in ("a", "b"):
        played = aura("replay", file, "--db", tmp_path / f"{name}.duckdb", "--json")
        runs = json.loads(played.out)["runs"]
        assert next(run for run in runs if run["job"] == "wallets")["summary"] == wallets["summary"]
        facts.append(exported(aura, tmp_path / f"{name}.duckdb", tmp_path / f"{name}.jsonl"))

    assert world.upstream.count() == asked
    assert facts[0] == facts[1]
    assert facts[0].count(b'"type":"effect"') == 7
    assert "answers used" in aura("replay", file, "--speed", "10000").out


def test_what_cannot_be_recorded_or_played_is_refused(aura: Aura, tmp_path: Path) -> None:
    """Our rule: one line, with the way out."""
    assert aura("init").code == 0
    file = tmp_path / "x.jsonl"
    assert aura("record", file, "--for", "soon").code == 2
    offline = aura("record", file)
    assert (offline.code, "AURA_OFFLINE is set" in offline.err) == (1, True)
    assert "cannot be read" in aura("replay", tmp_path / "nothing").err
    file.write_text('{"format":"aura-http","version":1,"recorded_at":1}\n', encoding="utf-8")
    refused = aura("replay", file)
    assert (refused.code, "does not say whom it follows; make it with `aura record`" in refused.err) == (1, True)
    exists = aura("replay", file, "--db", file)
    assert (exists.code, "exists; name a new file" in exists.err) == (1, True)
