"""Commands in this process, and one small history for all that only read."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from aura_mcp.app import open_application
from aura_mcp.cli.entry import run
from aura_mcp.settings import Settings
from tests.aura_mcp._facts import write_prices, write_rows, write_wallets

HISTORY = (
    "alice buys 100 MEME for 1 at 0 as a1",
    "alice buys 100 MEME for 2 at 60 as a2",
    "alice sells 150 MEME for 4.5 at 120 as a3",
    "alice sells 50 MEME for 0.5 at 180 as a4",
    "alice buys 10 CAT for 1 at 300 as a5",
    "bob buys 10 MEME for 1 at 10",
    "bob sells 10 MEME for 0.5 at 30",
    "carol sells 10 MEME for 3 at 40 as c1",
    "carol buys 5 CAT for 1 at 50 as c2",
    "carol sells 5 CAT for 1.2 at 55 as c3",
    "dave buys 5 CAT for 0 at 70 as d1",
    "dave sells 5 CAT for 0 at 75 as d2",
)


class Outcome(NamedTuple):
    """What a command left: its exit code, its data and its messages."""

    code: int
    out: str
    err: str


Aura = Callable[..., Outcome]


@pytest.fixture
def aura(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Aura:
    """Run a command of `aura` in this process, at the width of a wide terminal."""
    monkeypatch.setenv("COLUMNS", "110")

    def call(*arguments: str | Path) -> Outcome:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with a small history; for reading only."""
    folder = tmp_path_factory.mktemp("history")
    files = [
        write_rows(folder / "rows.jsonl", *HISTORY),
        write_prices(folder / "sol.json"),
        write_wallets(folder / "wallets.csv", alice="Alice in Chains", bob="Bob", bert="Bob Jr"),
    ]
    database = folder / "history.duckdb"
    with open_application(database, settings=Settings(home=folder)) as application:
        assert application.imports.run(files).unreadable == ()
    return database
