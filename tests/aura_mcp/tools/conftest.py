"""Two worlds to ask about: a small history that can be followed by hand, and the demo recording. Both stand still."""

from collections.abc import Generator
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest

from aura_mcp.app import Application, open_application
from aura_mcp.settings import Settings
from data.clock import FixedClock
from data.store.facts import Candle
from tests.aura_mcp._facts import HOUR, START, mint, write_prices, write_rows, write_wallets

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
AS_OF = START + HOUR
DEMO_AS_OF = 1_783_080_000


def fill(folder: Path) -> Path:
    """Write the small history to a new database and return it."""
    files = [
        write_rows(folder / "rows.jsonl", *HISTORY),
        write_prices(folder / "sol.json"),
        write_wallets(folder / "wallets.csv", alice="Alice in Chains", bob="Bob", bert="Bob Jr"),
    ]
    database = folder / "world.duckdb"
    with open_application(database, settings=Settings(home=folder)) as application:
        assert application.imports.run(files).unreadable == ()
        candle = Candle(START - HOUR, mint("MEME"), HOUR, "geckoterminal", "", None, None, None, Decimal("1.25"), None)
        application.store.facts.add_candles([candle])
    return database


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[Application]:
    """Return the application over the small history, one hour after its start; for reading only."""
    folder = tmp_path_factory.mktemp("world")
    with open_application(fill(folder), settings=Settings(home=folder), clock=FixedClock(AS_OF)) as application:
        yield application


@pytest.fixture
def own_world(tmp_path: Path) -> Generator[Application]:
    """Return the application over a small history of the test's own, to change."""
    with open_application(fill(tmp_path), settings=Settings(home=tmp_path), clock=FixedClock(AS_OF)) as application:
        yield application


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Generator[Application]:
    """Return the application over the demo recording, at noon of its last day; for reading only."""
    folder = tmp_path_factory.mktemp("demo")
    clock = FixedClock(DEMO_AS_OF)
    with open_application(folder / "demo.duckdb", settings=Settings(home=folder), clock=clock) as application:
        with resources.as_file(resources.files("aura_mcp").joinpath("demo", "recording.jsonl.gz")) as path:
            assert application.imports.run([path]).unreadable == ()
        yield application
