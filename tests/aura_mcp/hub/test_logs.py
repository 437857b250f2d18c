"""The log: lines of JSON that rotate and hold no secrets."""

import json
import logging
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aura_mcp.errors import AuraError
from aura_mcp.hub.logs import BACKUPS, MAX_BYTES, REDACTED, JsonLines, secrets_of, start_logging
from tests.aura_mcp.hub.processes import read_only_folder


@pytest.fixture
def root_logger() -> Generator[logging.Logger]:
    """Return the root logger, and put it back as it was."""
    root = logging.getLogger()
    own = logging.getLogger("aura_mcp")
    before = (root.handlers[:], root.level, own.level, logging.raiseExceptions)
    yield root
    for handler in root.handlers:
        if handler not in before[0]:
            handler.close()
    root.handlers[:], root.level, own.level, logging.raiseExceptions = before


def line(message: str, *secrets: str, **fields: object) -> str:
    """Return the line for one event."""
    record = logging.LogRecord("aura_mcp.hub", logging.INFO, "", 0, message, None, None)
    record.created = datetime(2026, 11, 21, 8, 30, tzinfo=UTC).timestamp()
    record.fields = fields
    return JsonLines(secrets).format(record)


def test_event_is_one_line_of_json() -> None:
    """Spec: STYLE 30: a static name, and fields."""
    assert json.loads(line("hub_started", pid=7, note="two\nlines")) == {
        "at": "2026-11-21T08:30:00.000+00:00",
        "level": "info",
        "logger": "aura_mcp.hub",
        "event": "hub_started",
        "pid": 7,
        "note": "two\nlines",
    }


@pytest.mark.parametrize(
    "text",
    [
        "GET https://rpc.example/?api-key=SECRETSECRET&x=1",
        "GET https://rpc.example/?x=1&api_key=SECRETSECRET",
        "GET https://rpc.example/v1?access_token=SECRETSECRET",
        "POST https://api.telegram.example/bot123456:SECRETSECRET/sendMessage",
        "Authorization: Bearer SECRETSECRET",
        "{'Authorization': 'Bearer SECRETSECRET'}",
        '{"token": "SECRETSECRET"}',
        "password=SECRETSECRET",
    ],
)
def test_secret_is_found_by_its_place(text: str) -> None:
    """Spec: security notes, keys that providers want in the URL; the line stays JSON."""
    found = line("request", text=text)
    assert "SECRETSECRET" not in found
    assert REDACTED in json.loads(found)["text"]


def test_secret_is_found_by_its_value() -> None:
    """Our rule: keys of the environment and our own token, wherever they stand, the longer one first."""
    environment = {"HELIUS_API_KEY": "key-of-mine-1", "X_TOKEN": "key-of-mine-1234", "EMPTY_KEY": "", "HOME": "/home"}
    secrets = secrets_of(environment)
    assert secrets == {"key-of-mine-1", "key-of-mine-1234"}
    found = line("failed", *secrets, reason="at key-of-mine-1234/x and key-of-mine-1")
    assert json.loads(found)["reason"] == f"at {REDACTED}/x and {REDACTED}"


def test_trace_of_an_error_is_redacted_too() -> None:
    """Our rule: a URL gets into a log through the message of an exception more often than by design."""
    with pytest.raises(ValueError, match="api-key") as caught:
        int("https://rpc.example/?api-key=SECRETSECRET")
    error = (caught.type, caught.value, caught.tb)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", None, error)
    found = json.loads(JsonLines().format(record))
    assert "ValueError" in found["trace"]
    assert "SECRETSECRET" not in found["trace"]


def test_log_rotates_and_others_may_not_chatter(root_logger: logging.Logger, tmp_path: Path) -> None:
    """Spec: logs rotate; what a library says at level info (a URL, a model's text) is not ours to keep."""
    path = tmp_path / "hub.log"
    start_logging(path, "INFO", ())
    logging.getLogger("httpx").info("HTTP Request: GET https://rpc.example")
    for _ in range(BACKUPS + 2):
        logging.getLogger("aura_mcp.test").info("filled", extra={"fields": {"with": "x" * (MAX_BYTES - 1_000)}})
    assert root_logger.level == logging.WARNING
    files = sorted(file.name for file in tmp_path.iterdir())
    assert files == ["hub.log", *(f"hub.log.{number}" for number in range(1, BACKUPS + 1))]
    assert all(file.stat().st_size <= MAX_BYTES for file in tmp_path.iterdir())
    assert not any("httpx" in file.read_text("utf-8") for file in tmp_path.iterdir())


def test_log_that_cannot_be_written_is_an_error_at_the_start(tmp_path: Path) -> None:
    """Our rule: one line that names the file."""
    with read_only_folder(tmp_path / "mount") as folder, pytest.raises(AuraError, match=r"hub\.log: .+; free space"):
        start_logging(folder / "hub.log", "INFO", ())
