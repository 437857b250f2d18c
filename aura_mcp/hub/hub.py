"""Run one hub: open its doors, wait for a reason to leave, leave in order.

Not responsible for the process around it (`process`).
"""

import asyncio
import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Final

from aura_mcp.app import Application
from aura_mcp.bridge import REPLACED, STOPPED, VERSION
from aura_mcp.errors import AuraError
from aura_mcp.hub.desk import Desk
from aura_mcp.hub.http import HttpDoor
from aura_mcp.hub.run_folder import RunFolder, bind_loopback, webhook_secret
from aura_mcp.hub.run_info import RunInfo
from aura_mcp.hub.settings import HubSettings
from aura_mcp.hub.sockets import SocketDoor
from aura_mcp.jobs import in_background, opened_live
from aura_mcp.live import Live
from aura_mcp.server import AuraServer, build_server
from aura_mcp.services.keeping import keep_going
from aura_mcp.services.system import HubState
from aura_mcp.web.refresh import refresh_route
from aura_mcp.web.webhooks import HELIUS_PATH, HeliusDoor

IDLE: Final = "idle"
GAVE_UP: Final = "database gave up"
WATCH_S: Final = 2.0
"""How often a hub looks whether its database still answers."""
LOST_DRAIN_S: Final = 1.0
"""How long calls may go on after it does not: none of them gets anything more."""

ACCEPT_S: Final = 0.02
"""What the event loop needs to take in connections that the kernel has accepted."""

logger = logging.getLogger(__name__)


class Hub:
    """One server behind all of its doors."""

    def __init__(
        self, application: Application, settings: HubSettings, folder: RunFolder, *, is_auto_started: bool
    ) -> None:
        self._application = application
        self._settings = settings
        self._folder = folder
        self._is_auto_started = is_auto_started
        self._clock = application.clock
        self._started_at: datetime = self._clock.now()
        self._started_s = self._clock.monotonic_s()
        self._sockets: SocketDoor | None = None
        self._http: HttpDoor | None = None
        self._lost: AuraError | None = None

    def state(self) -> HubState:
        """Return what there is to know about this hub."""
        return HubState(
            started_at=self._started_at,
            uptime_s=int(self._clock.monotonic_s() - self._started_s),
            sessions=0 if self._sockets is None else self._sockets.session_count,
            http_url=None if self._http is None else self._http.url,
            is_auto_started=self._is_auto_started,
        )

    async def run(self, announce: Callable[[RunInfo], None]) -> None:
        """Serve until told to leave; `announce` is called once bridges can find the hub.

        Raises:
            AuraError: the database answers nothing any more; whoever asks next starts another hub.
        """
        loop = asyncio.get_running_loop()
        reason: asyncio.Future[str] = loop.create_future()

        def leave(why: str) -> None:
            if not reason.done():
                reason.set_result(why if why == REPLACED else STOPPED)

        if sys.platform != "win32":
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.add_signal_handler(number, leave, STOPPED)
        server = self._build_server()
        token = self._folder.token()
        async with AsyncExitStack() as stack:
            state = await stack.enter_async_context(server.protocol.lifespan(server.protocol))
            live = await stack.enter_async_context(opened_live(self._application))
            http = self._http = self._http_door(server, live, token)
            await stack.enter_async_context(http.opened())
            transport = self._settings.transport
            listener, address = self._folder.listen(transport)
            desk = Desk(self._application, server.updates)
            door_token = token if transport == "tcp" else None
            sockets = self._sockets = SocketDoor(server.protocol, state, desk, token=door_token, on_leave=leave)
            await sockets.open(listener)
            await stack.enter_async_context(in_background(server.announcer, live))
            watching = asyncio.create_task(keep_going("database watch", lambda: self._watch(reason)))
            stack.callback(watching.cancel)
            info = self._info(address)
            self._folder.publish(info)
            announce(info)
            logger.info("hub_started", extra={"fields": {"version": VERSION, "pid": info.pid, "address": address}})
            why = await self._wait(reason, info)
            self._folder.withdraw()
            await asyncio.sleep(ACCEPT_S)
            sockets.park()
            logger.info("hub_leaving", extra={"fields": {"reason": why, "sessions": sockets.session_count}})
            has_lost = why == GAVE_UP
            drain_s = min(LOST_DRAIN_S, self._settings.drain_s) if has_lost else self._settings.drain_s
            # What was not begun is asked again at the next hub.
            farewell = REPLACED if has_lost else why
            await asyncio.gather(sockets.close(farewell, drain_s), http.settle(drain_s))
        if self._lost is not None:
            raise self._lost

    def _build_server(self) -> AuraServer:
        server = build_server(self._application, host=self)
        if self._settings.fixtures:
            importlib.import_module(self._settings.fixtures).register(server)
        return server

    def _http_door(self, server: AuraServer, live: Live, token: str) -> HttpDoor:
        door = HeliusDoor(webhook_secret(self._folder.places, self._settings), live.hint)
        return HttpDoor(
            server,
            bind_loopback(self._settings.http_port),
            token,
            routes=(refresh_route(self._application.jobs),),
            open_doors={HELIUS_PATH: door},
        )

    def _info(self, address: str) -> RunInfo:
        return RunInfo(
            version=VERSION,
            pid=os.getpid(),
            started_at=self._started_at.isoformat(timespec="seconds"),
            is_auto_started=self._is_auto_started,
            database=str(self._application.database),
            address=address,
            http_url="" if self._http is None else self._http.url,
            token_file=self._folder.places.token,
        )

    async def _watch(self, reason: "asyncio.Future[str]") -> None:
        """Leave when the database answers nothing any more: the next hub opens it anew."""
        while self._lost is None:
            await asyncio.sleep(WATCH_S)
            lost = await asyncio.to_thread(self._application.store.database.lost)
            self._lost = None if lost is None else AuraError(str(lost))
        if not reason.done():
            reason.set_result(GAVE_UP)

    async def _wait(self, reason: "asyncio.Future[str]", info: RunInfo) -> str:
        """Return why to leave: told so, or started by a bridge and asked nothing for a while."""
        while self._is_auto_started:
            left_s = self._idle_exit_in_s()
            if left_s <= 0:
                # Nobody finds the hub from here on; whoever has just found it is served after all.
                self._folder.withdraw()
                await asyncio.sleep(ACCEPT_S)
                if reason.done():
                    break
                if self._idle_exit_in_s() <= 0:
                    return IDLE
                self._folder.publish(info)
            await asyncio.wait((reason,), timeout=max(left_s, ACCEPT_S))
            if reason.done():
                break
        return await reason

    def _idle_exit_in_s(self) -> float:
        """Return in how many seconds the hub will have been idle for long enough."""
        now = asyncio.get_running_loop().time()
        if self._sockets is None or self._http is None or self._sockets.session_count:
            return self._settings.idle_exit_s
        http_since = self._http.idle_since()
        if http_since is None:
            return self._settings.idle_exit_s
        return max(http_since, self._sockets.last_used_at) + self._settings.idle_exit_s - now
