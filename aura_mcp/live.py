"""Follow wallets for as long as a process lives: jobs, their timetable, pushed hints, and the news of all of it.

Not responsible for what each of them does (`jobs`, `services.tracking`), or for the doors of the process (`hub`).
"""

from functools import cached_property, partial

import anyio

from aura_mcp.app import Application
from aura_mcp.services.boundary import reported
from aura_mcp.services.keeping import keep_going
from aura_mcp.services.listening import listen_to_logs
from aura_mcp.services.pushes import Push
from aura_mcp.services.scheduler import Scheduler
from aura_mcp.services.tracking import Origin, Tracking, TrackingConfig
from aura_mcp.services.watching import watch_providers


class Live:
    """What jobs work with. Used in the one event loop that opened it."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.config = TrackingConfig(
            backfill_days=application.settings.backfill_days,
            backfill_transactions=application.settings.backfill_transactions,
            sweep_interval_s=int(application.settings.wallets_interval_s) or TrackingConfig().sweep_interval_s,
            longest_retry_s=application.settings.retry_longest_s,
            vanished_wait_s=application.settings.vanished_wait_s,
        )

    @cached_property
    def tracking(self) -> Tracking:
        """The following of wallets, as deep as is set."""
        application = self.application
        providers, news = application.providers, application.events
        return Tracking(
            application.store, providers.node, application.clock, self.config, news=news, teller=providers.helius
        )

    def is_following(self) -> bool:
        """Return whether any wallet is followed."""
        return bool(self.application.store.wallets.tracked())

    async def hint(self, push: Push) -> int:
        """Write down the signatures of a push, durably, and return how many of them are any.

        Raises:
            AuraError: they cannot be written; whoever pushed must try again.
        """
        with reported():
            taken = await self.tracking.hint(push.signatures, Origin.WEBHOOK, push.slots)
            # Last: now and then this writes, and what was pushed is fetched and told meanwhile.
            await self.application.providers.charge_events(len(push.signatures) + push.malformed)
            return taken

    async def run(self) -> None:
        """Follow for ever: jobs when they are due, hints as they come."""
        application = self.application
        async with anyio.create_task_group() as group:
            group.start_soon(keep_going, "timetable", Scheduler(application.jobs, application.clock).run)
            group.start_soon(keep_going, "hints", self.tracking.pull)
            group.start_soon(
                keep_going, "providers", partial(watch_providers, application.providers, application.events)
            )
            if application.settings.logs:
                listening = partial(listen_to_logs, application.providers.node, self.tracking, application.store)
                group.start_soon(keep_going, "logs", listening)
