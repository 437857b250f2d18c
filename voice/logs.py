"""Write the agent's log: one JSON object a line, to a file that rotates. What was said stays out of it.

Not responsible for what is worth a line.
"""

import json
import logging
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from voice.errors import SettingsError
from voice.refusals import without_keys

MAX_BYTES: Final = 1_000_000
BACKUPS: Final = 2


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            # What a provider's SDK says of a refusal may repeat the key.
            entry["exception"] = without_keys(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


def start_logging(file: Path) -> None:
    """Log to a file that only its owner may read.

    Raises:
        SettingsError: the file cannot be written.
    """
    logger = logging.getLogger("voice")
    logger.handlers[:] = [file_handler(file, "set AURA_VOICE_LOG_FILE to a file that can be written")]
    logger.propagate = False
    logger.setLevel(logging.INFO)


def file_handler(file: Path, advice: str) -> logging.Handler:
    """Return what appends records to a file, a JSON object on a line for each.

    Raises:
        SettingsError: the file cannot be written; the line ends with the advice.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        handler = RotatingFileHandler(file, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}; {advice}.") from error
    handler.setFormatter(_JsonLines())
    return handler
