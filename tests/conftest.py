"""Make every test hermetic: no network, its own home, no keys, the same examples on every run.

Not responsible for building inputs (`tests/builders`) or for fake providers (`tests/fakes`).
"""

import gc
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import pytest
from hypothesis import HealthCheck, settings

P = ParamSpec("P")
T = TypeVar("T")
Target = tuple[Any, ...] | str | bytes

IS_CI: Final = os.environ.get("CI", "").lower() in {"1", "true", "yes"}
CORPUS: Final = Path(os.environ.get("AURA_CORPUS") or Path(__file__).resolve().parents[2] / "shared" / "data")
LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost", ""})
PROVIDER_KEYS: Final = (
    "ANTHROPIC_API_KEY",
    "BIRDEYE_API_KEY",
    "ELEVENLABS_API_KEY",
    "HELIUS_API_KEY",
    "JUPITER_API_KEY",
    "OPENAI_API_KEY",
)

# The same examples everywhere: a failure seen once can be seen again. A slow machine is not a failure.
settings.register_profile(
    "dev",
    derandomize=True,
    deadline=None,
    print_blob=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("ci", settings.get_profile("dev"), max_examples=200)
settings.load_profile("ci" if IS_CI else "dev")


class NetworkBlockedError(OSError):
    """A test tried to leave this machine."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the recorded data, so that `-m corpus` finds them all."""
    for item in items:
        if isinstance(item, pytest.Function) and "corpus" in item.fixturenames:
            item.add_marker(pytest.mark.corpus)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs recorded data where there is none; in CI a missing corpus is a failure."""
    if item.get_closest_marker("corpus") is None or CORPUS.is_dir():
        return
    reason = "needs the recorded data: put it at ../shared/data or name its folder in AURA_CORPUS"
    if IS_CI:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Return the folder of recorded data (`../shared/data` or `$AURA_CORPUS`); the test is skipped without it."""
    return CORPUS


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give the test a home of its own that does not exist yet, and an environment without keys or settings."""
    for name in [name for name in os.environ if name.startswith("AURA_")]:
        monkeypatch.delenv(name)
    for name in PROVIDER_KEYS:
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "aura-home"
    monkeypatch.setenv("AURA_HOME", str(home))
    # A test that lets AURA ask providers says so, and where they are.
    monkeypatch.setenv("AURA_OFFLINE", "1")
    return home


def pytest_unconfigure() -> None:
    """Let go of what outlives the session, or DuckDB lists on standard error what it believes to be leaked."""
    gc.callbacks.clear()


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Let tests reach this machine only: any other address or name raises `NetworkBlockedError`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _guard_socket(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", _guard_socket(socket.socket.connect_ex))
        patch.setattr(socket, "getaddrinfo", _guard_lookup(socket.getaddrinfo))
        # For processes that are started before the first test has its own environment.
        patch.setenv("AURA_OFFLINE", "1")
        yield


def _guard_socket(connect: Callable[[socket.socket, Target], T]) -> Callable[[socket.socket, Target], T]:
    def guarded(self: socket.socket, address: Target) -> T:
        if isinstance(address, tuple):
            _require_loopback(address[0])
        return connect(self, address)

    return guarded


def _guard_lookup(lookup: Callable[P, T]) -> Callable[P, T]:
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        _require_loopback(args[0] if args else kwargs.get("host"))
        return lookup(*args, **kwargs)

    return guarded


def _require_loopback(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name is not None and name not in LOOPBACK_HOSTS:
        raise NetworkBlockedError(f"tests reach only this machine, not {name!r}: use a fake or a recording")
