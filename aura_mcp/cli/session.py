"""Give a command the application for as long as it runs: in this process, or behind the hub that runs.

Not responsible for wiring it (`aura_mcp.app`).
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aura_mcp.bridge import Places

if TYPE_CHECKING:
    from aura_mcp.app import Application


@contextmanager
def session(database: Path | None = None, *, may_create: bool = False) -> "Generator[Application]":
    """Yield the services over `database`, or over the one that the settings name; only some commands create it.

    While a hub runs, it is the only one that opens the database, and does for the command what it asks for.
    """
    # The wiring imports the database: `aura --help` and a mistyped option answer without waiting for it.
    from aura_mcp.hub.remote import application_of_hub  # noqa: PLC0415
    from aura_mcp.settings import Settings  # noqa: PLC0415

    settings = Settings.load()
    served = application_of_hub(Places(str(settings.home), str(database or settings.database)))
    if served is not None:
        yield served
        return
    with own_session(database, may_create=may_create) as application:
        yield application


@contextmanager
def own_session(database: Path | None = None, *, may_create: bool = False) -> "Generator[Application]":
    """Yield the application in this process; what needs no database is asked there."""
    from aura_mcp.app import open_application  # noqa: PLC0415

    with open_application(database, may_create=may_create) as application:
        yield application
