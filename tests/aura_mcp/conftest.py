"""What tests of the hub and the bridge share: homes whose hubs end with the test, and one hub to ask only."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from aura_mcp.bridge import Places
from tests.aura_mcp.hub.processes import bridge, environment_of, home_of_hubs


@pytest.fixture
def places(own_home: Path) -> Generator[Places]:
    """Return the places of this test's own home; a hub left in it is killed."""
    with home_of_hubs(own_home) as found:
        yield found


@pytest.fixture
def environment(places: Places) -> dict[str, str]:
    """Return the environment in which this test starts processes."""
    return environment_of(Path(places.home))


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """Return a named pipe for the tool `hold`."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


@pytest.fixture(scope="session")
def shared_hub(tmp_path_factory: pytest.TempPathFactory) -> Generator[Places]:
    """Return the places of a running hub that tests may ask but not end."""
    home = tmp_path_factory.mktemp("hub")
    with home_of_hubs(home) as found, bridge(environment_of(home)) as talk:
        talk.greet()
        yield found
