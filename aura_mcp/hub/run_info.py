"""Say what a running hub leaves in its folder for whoever wants to know, and read it.

Not responsible for whether that hub still lives: only its lock tells.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from aura_mcp.bridge import Places


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """What a running hub says about itself to whoever may read its folder."""

    version: str
    pid: int
    started_at: str
    is_auto_started: bool
    database: str
    address: str
    http_url: str
    token_file: str


def read_info(places: Places) -> RunInfo | None:
    """Return what the hub that ran last has left; None when there is nothing, or nothing that can be read."""
    try:
        found: Any = json.loads(Path(places.info).read_text("utf-8"))
        return TypeAdapter(RunInfo).validate_python(found)
    except (OSError, ValueError, ValidationError):
        # Of another version, or half removed: as good as none.
        return None
