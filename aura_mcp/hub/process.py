"""Be a hub: claim the run folder, open the database, run, and close everything again, whatever ends it.

Not responsible for how a hub comes to be wanted (`bridge`, `aura serve`).
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from mcp.server.lowlevel import NotificationOptions
from mcp.server.stdio import stdio_server

from aura_mcp.app import Application, open_application
from aura_mcp.bridge import (
    REPLACED,
    START_TIMEOUT_S,
    STDIO,
    VERSION,
    HubError,
    dismiss_hub,
    prepare_run_folder,
    take_lock,
)
from aura_mcp.errors import AuraError
from aura_mcp.hub.hub import Hub
from aura_mcp.hub.logs import secrets_of, start_logging
from aura_mcp.hub.memory import bound_memory, calm_collector
from aura_mcp.hub.run_folder import RunFolder, claimed, webhook_secret
from aura_mcp.hub.run_info import RunInfo, read_info
from aura_mcp.hub.settings import HubSettings
from aura_mcp.jobs import in_background, opened_live
from aura_mcp.server import build_server

if sys.platform == "win32":
    _quick_loop = None
else:
    # It leaves a tenth more of the processor to the rest of the hub.
    from uvloop import new_event_loop as _quick_loop

SWITCH_S: Final = 0.0005
logger = logging.getLogger(__name__)


def run_hub(settings: HubSettings, announce: Callable[[RunInfo], None], *, is_auto_started: bool) -> None:
    """Serve on every door until told to leave.

    Raises:
        AuraError: another hub is running, or a file, a port or the database cannot be used.
    """
    # Whoever computes lets the event loop have its turn soon: each of its many short steps waits that long otherwise.
    sys.setswitchinterval(SWITCH_S)
    with _opened(settings) as (application, folder):
        hub = Hub(application, settings, folder, is_auto_started=is_auto_started)
        with asyncio.Runner(loop_factory=_quick_loop) as runner:
            runner.run(hub.run(announce))
        logger.info("hub_left")


def take_over(settings: HubSettings, announce: Callable[[RunInfo], None]) -> None:
    """Serve until told to leave, in the place of a hub that a bridge may have started.

    Raises:
        AuraError: as `run_hub`; or the present hub does not leave.
    """
    places = settings.places()
    # Bridges wait meanwhile, and find this hub instead of starting one.
    with ExitStack() as starting:
        try:
            prepare_run_folder(places)
            lock = take_lock(places.start_lock, timeout_s=START_TIMEOUT_S)
            if lock is None:
                raise AuraError(f"another program has been starting the hub for too long; see {places.log}")
            starting.callback(os.close, lock)
            info = read_info(places)
            if info is None or info.is_auto_started:
                dismiss_hub(places, REPLACED)
        except HubError as error:
            raise AuraError(str(error)) from error

        def announce_first(info: RunInfo) -> None:
            starting.close()
            announce(info)

        run_hub(settings, announce_first, is_auto_started=False)


def run_stdio(settings: HubSettings) -> None:
    """Serve one client on stdin and stdout in this one process, without other doors, until stdin ends.

    Raises:
        AuraError: a hub is running, or a file or the database cannot be used.
    """
    with _opened(settings) as (application, folder):
        folder.publish(
            RunInfo(
                version=VERSION,
                pid=os.getpid(),
                started_at=application.clock.now().isoformat(timespec="seconds"),
                is_auto_started=False,
                database=str(application.database),
                address=f"{STDIO} of PID {os.getpid()}",
                http_url="",
                token_file="",
            )
        )
        asyncio.run(_serve_stdio(application))


async def _serve_stdio(application: Application) -> None:
    server = build_server(application)
    protocol = server.protocol
    options = protocol.create_initialization_options(NotificationOptions(True, True, True))  # noqa: FBT003
    async with (
        opened_live(application) as live,
        in_background(server.announcer, live),
        stdio_server() as (reading, writing),
    ):
        await protocol.run(reading, writing, options)


@contextmanager
def _opened(settings: HubSettings) -> Generator[tuple[Application, RunFolder]]:
    os.umask(0o077)
    bound_memory(settings.memory_limit_mb)
    places = settings.places()
    with claimed(places) as folder:
        secrets = {*secrets_of(os.environ), folder.token(), webhook_secret(places, settings)}
        start_logging(Path(places.log), settings.log_level, secrets)
        try:
            with open_application(settings=settings) as application:
                # Open it before a client waits for it.
                _ = application.store
                with calm_collector():
                    yield application, folder
        except AuraError as error:
            # The message is the whole story.
            logger.error("hub_failed", extra={"fields": {"reason": str(error)}})  # noqa: TRY400
            raise
        except Exception:
            logger.exception("hub_crashed")
            raise
