"""Say what a turn was, for whoever keeps it: `--transcript FILE` appends each as a JSON object on a line of its own.

Not responsible for the agent's log (`voice.logs`), which holds no words of anybody.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from voice.logs import file_handler


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One turn. `answer` is what was heard; `is_cut` tells that more was on the way. News has no question."""

    question: str | None
    answer: str
    is_cut: bool
    tools: Sequence[str] = ()
    stages_ms: Mapping[str, int] = field(default_factory=dict[str, int])


Journal = Callable[[Entry], None]


def no_journal(_: Entry) -> None:
    """Keep nothing."""


def open_journal(file: Path | None) -> Journal:
    """Return what appends turns to a file that only its owner may read, or keeps nothing.

    Raises:
        SettingsError: the file cannot be written.
    """
    if file is None:
        return no_journal
    logger = logging.getLogger("voice.transcript")
    logger.handlers[:] = [file_handler(file, "choose another --transcript file")]
    logger.propagate = False

    def write(entry: Entry) -> None:
        logger.info("turn", extra={"fields": asdict(entry)})

    return write
