"""Give a command the application for as long as it runs.

Not responsible for wiring it (`aura_mcp.app`).
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aura_mcp.app import Application


@contextmanager
def session(database: Path | None = None, *, may_create: bool = False) -> "Generator[Application]":
    """Yield the application over `database`, or over the one that the settings name; only some commands create it."""
    # The wiring imports the database: `aura --help` and a mistyped option answer without waiting for it.
    from aura_mcp.app import open_application  # noqa: PLC0415

    with open_application(database, may_create=may_create) as application:
        yield application
