"""A sound card for the tests of this folder, and AURA's ears and mouth to try on it.

Not responsible for the card (`tests.fakes.sound`).
"""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from tests.aura_mcp.hub.processes import home_of_hubs
from tests.fakes.ear import Samples
from tests.fakes.sound import SoundCard, missing_parts, sound_card, speech
from tests.fakes.voice.stand import VoiceProviders
from tests.missing import missing
from tests.voice.devices._talking import Talk

ROOT: Final = Path(__file__).resolve().parents[3]
ANSWERS_WITHIN_S: Final = 15.0
"""On a busy machine PortAudio takes seconds to find devices that are gone."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip all tests with a sound card in one line where there can be none; in CI that is a failure."""
    absent = missing_parts()
    if not absent or not {"sound", "own_sound"} & set(item.fixturenames if isinstance(item, pytest.Function) else ()):
        return
    reason = f"needs a virtual sound card: {', '.join(absent)} missing; run `make sound` (Debian, as root or with sudo)"
    missing(reason)


@pytest.fixture(scope="session")
def sound() -> Iterator[SoundCard]:
    """Return the sound card that all tests share."""
    # pytest's own folders have names that are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="aura") as folder, sound_card(Path(folder)) as card:
        yield card


@pytest.fixture
def own_sound() -> Iterator[SoundCard]:
    """Return a sound card that the test may break; it is not plugged in yet."""
    with tempfile.TemporaryDirectory(prefix="aura") as folder:
        card = SoundCard(Path(folder))
        yield card
        card.unplug()


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return what makes a file in which a text is spoken; each text once."""
    folder = tmp_path_factory.mktemp("speech")

    @cache
    def made(text: str) -> Path:
        return speech(folder, text)

    return made


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a home with the trades of the demo, whose hub is ended with the session."""
    folder = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "AURA_HOME": str(folder), "AURA_OFFLINE": "1"}
    recording = ROOT / "aura_mcp" / "demo" / "recording.jsonl.gz"
    with home_of_hubs(folder):
        command = [sys.executable, "-m", "aura_mcp", "import", str(recording)]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        yield folder


@pytest.fixture(scope="session")
def providers() -> Iterator[VoiceProviders]:
    """Return who hears, thinks and speaks."""
    with VoiceProviders() as made:
        yield made


@pytest.fixture(scope="module")
def shared_talk(
    sound: SoundCard, providers: VoiceProviders, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Talk]:
    """Return a run of the agent that the tests of a module share, as a person's day with it."""
    with Talk(sound, providers, tmp_path_factory.mktemp("talk"), home=home) as talk:
        talk.wait_until_ready()
        yield talk


@pytest.fixture
def talk(shared_talk: Talk) -> Talk:
    """Return that run, listening, with an empty script."""
    shared_talk.renew()
    shared_talk.wait_until_idle()
    return shared_talk


class Puppet:
    """The other end of `_puppet`: AURA's microphone and player in a process of their own."""

    def __init__(self, card: SoundCard) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.voice.devices._puppet"],
            cwd=ROOT,
            env=card.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True, name="puppet")
        self._thread.start()

    def ask(self, command: str, *arguments: object) -> dict[str, Any]:
        """Give a command and return its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps([command, *arguments])}\n")
        self._process.stdin.flush()
        return self._lines.get(timeout=ANSWERS_WITHIN_S)

    def wait_for(self, event: str) -> None:
        """Wait until it tells of an event."""
        while self._events.get(timeout=ANSWERS_WITHIN_S)["event"] != event:
            pass

    def hear(self, file: Path) -> Samples:
        """End the tap and return what it took in."""
        self.ask("untap", str(file))
        return np.frombuffer(file.read_bytes(), dtype="<i2")

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(ANSWERS_WITHIN_S)
        self._thread.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                fact = json.loads(line)
                (self._lines if fact["event"] in {"done", "failed"} else self._events).put(fact)


@pytest.fixture(scope="module")
def puppet(sound: SoundCard) -> Iterator[Puppet]:
    """Return AURA's microphone and player, open on the shared card."""
    made = Puppet(sound)
    made.ask("find")
    made.ask("open")
    yield made
    made.close()


@pytest.fixture
def own_puppet(own_sound: SoundCard) -> Iterator[Puppet]:
    """Return AURA's microphone and player, which know no device yet, beside the card that may be broken."""
    made = Puppet(own_sound)
    yield made
    made.close()
