"""The agent's log: lines of JSON that only their owner can read, without keys."""

import json
import logging
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.fakes.voice.script import ANTHROPIC_KEY, ELEVENLABS_KEY, OPENAI_KEY
from voice.errors import SettingsError
from voice.logs import start_logging
from voice.refusals import KEY, Provider, without_keys


@pytest.fixture
def log(tmp_path: Path) -> Generator[Path]:
    """Return the file of a log that is written until the end of the test."""
    logger = logging.getLogger("voice")
    before = (list(logger.handlers), logger.propagate, logger.level)
    file = tmp_path / "run" / "voice.log"
    start_logging(file)
    yield file
    for handler in logger.handlers:
        handler.close()
    logger.handlers[:], logger.propagate = before[0], before[1]
    logger.setLevel(before[2])


def test_line_is_an_object_with_its_fields(log: Path) -> None:
    """Our rule: static event names and fields; the file is its owner's alone."""
    logging.getLogger("voice.brain").warning("figures_unconfirmed", extra={"fields": {"figures": "[1]"}})
    (line,) = log.read_text("utf-8").splitlines()
    entry = json.loads(line)
    assert entry.pop("at").endswith("+00:00")
    assert entry == {"level": "warning", "logger": "voice.brain", "event": "figures_unconfirmed", "figures": "[1]"}
    assert log.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("key", [OPENAI_KEY, ANTHROPIC_KEY, ELEVENLABS_KEY])
def test_key_is_in_no_line(log: Path, key: str) -> None:
    """Spec: keys never in logs, not even where an SDK's error repeats them, in full or in part."""

    def refuse() -> None:
        raise ValueError(f"Incorrect API key provided: {key}; header Bearer {key}; {key[:8]}****{key[-4:]}.")

    try:
        refuse()
    except ValueError:
        logging.getLogger("voice.loop").exception("turn_crashed")
    Provider(name="X", key_name="X_API_KEY").refusal(401, f"bad {key}", key=key)
    told = log.read_text("utf-8")
    assert key not in told
    assert key[-4:] not in told
    assert told.count(KEY) >= 4


def test_words_that_are_no_keys_stay() -> None:
    """Our rule: a log is read by people."""
    assert without_keys("task_done, sk, xi-api-key, desk_opened") == "task_done, sk, (key), desk_opened"


def test_log_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """Our rule: what, where, what to do."""
    (tmp_path / "run").write_text("")
    with pytest.raises(SettingsError, match="AURA_VOICE_LOG_FILE"):
        start_logging(tmp_path / "run" / "voice.log")
