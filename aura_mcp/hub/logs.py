"""Write the hub's log: one JSON object a line, in files that rotate, without secrets.

An event has a fixed name; what varies goes into `extra={"fields": {...}}`.
Not responsible for what is worth an event.
"""

import json
import logging
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from aura_mcp.errors import AuraError

MAX_BYTES: Final = 1_000_000
BACKUPS: Final = 3
REDACTED: Final = "[redacted]"

_SHORTEST_SECRET: Final = 8
_SECRET_NAME: Final = re.compile(r"_(?:KEY|TOKEN|SECRET|PASSWORD)$")
# Where a secret stands in text that others compose: query strings, headers, the path of a Telegram call.
_SECRET_PLACES: Final = (
    re.compile(
        r"(?i)((?:api[-_]?key|access[-_]?token|token|secret|password)\\?[\"']?\s*[=:]\s*\\?[\"']?)[^\s\"'&,;}\\]+"
    ),
    re.compile(r"(?i)(\bbearer\s+)[\w.~+/=-]+"),
    re.compile(r"(/bot)\d+:[\w-]+"),
)


class JsonLines(logging.Formatter):
    """Format a record as one line of JSON and take every secret out of it."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = sorted((secret for secret in secrets if len(secret) >= _SHORTEST_SECRET), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return self._redact(json.dumps(entry, ensure_ascii=True, default=str))

    def _redact(self, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, REDACTED)
        for place in _SECRET_PLACES:
            line = place.sub(rf"\g<1>{REDACTED}", line)
        return line


def secrets_of(environment: Mapping[str, str]) -> set[str]:
    """Return the values of the variables that hold keys, tokens and passwords."""
    return {value for name, value in environment.items() if value and _SECRET_NAME.search(name)}


def start_logging(path: Path, level: str, secrets: Iterable[str]) -> None:
    """Send what this process logs to the file at `path`: our own events from `level` up, other libraries' warnings.

    Raises:
        AuraError: the file cannot be written.
    """
    try:
        handler = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8")
    except OSError as error:
        raise AuraError(f"{path}: {error.strerror}; free space or mend its permissions") from error
    handler.setFormatter(JsonLines(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("aura_mcp").setLevel(level)
    # A log that cannot be written must not take a call with it.
    logging.raiseExceptions = False
