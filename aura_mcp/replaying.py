"""Run cycles on a database of their own: once while recording what providers answer, any number of times from it.

Not responsible for the recording (`services.recordings`) or for what a cycle does (`jobs`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio

from aura_mcp.app import Application, open_application
from aura_mcp.jobs import opened_live
from aura_mcp.services.boundary import reported
from aura_mcp.services.imports import Imports
from aura_mcp.services.jobs import Cause
from aura_mcp.services.questions import What
from aura_mcp.services.recordings import Follow, Recorder, Replayed, open_replay, recorder
from aura_mcp.services.refresh import run_document, start_refresh
from aura_mcp.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What cycles did, with the runs of the last one. `unused` of a recording's answers were not asked for."""

    wallets: int
    cycles: int
    exchanges: int
    unused: int
    runs: Sequence[dict[str, Any]]


def record(path: Path, wallets: Sequence[str], settings: Settings, *, for_s: float) -> Played:
    """Follow wallets for a while on a database that is thrown away, and write down what providers answer.

    Raises:
        AuraError: the recording cannot be written, or AURA_OFFLINE is set.
    """
    follow = Follow(
        wallets=list(wallets),
        backfill_days=settings.backfill_days,
        backfill_transactions=settings.backfill_transactions,
    )

    with reported(), TemporaryDirectory() as folder, recorder(path) as recording:
        recording.note_follow(follow)
        place = Path(folder, "record.duckdb")
        with open_application(place, settings=settings, network=recording.network) as application:
            Imports(application.store).follow(follow.wallets)
            rows = anyio.run(_record, application, recording, for_s)
    return Played(wallets=len(wallets), cycles=recording.cycles, exchanges=recording.exchanges, unused=0, runs=rows)


def replay(path: Path, database: Path | None, settings: Settings, *, speed: float | None) -> Played:
    """Play a recording into a new database, or into one that is thrown away: the same facts every time.

    Raises:
        AuraError: the recording cannot be read, or the database exists.
    """
    with reported():
        played = open_replay(path, speed)
    chosen = settings.model_copy(
        update={
            "offline": False,
            "backfill_days": played.follow.backfill_days,
            "backfill_transactions": played.follow.backfill_transactions,
        }
    )
    with TemporaryDirectory() as folder:
        place = database or Path(folder, "replay.duckdb")
        with open_application(place, settings=chosen, clock=played.clock, network=played.network) as application:
            Imports(application.store).follow(played.follow.wallets)
            rows = anyio.run(_play, application, played)
    return Played(
        wallets=len(played.follow.wallets),
        cycles=len(played.cycles_s),
        exchanges=played.exchanges,
        unused=played.replay.left,
        runs=rows,
    )


async def _record(application: Application, recording: Recorder, for_s: float) -> Sequence[dict[str, Any]]:
    clock, interval_s = application.clock, application.settings.wallets_interval_s
    end_s = clock.monotonic_s() + for_s
    async with opened_live(application):
        while True:
            began_s = clock.monotonic_s()
            recording.note_cycle()
            rows = await _cycle(application)
            next_s = max(clock.monotonic_s(), began_s + interval_s)
            if next_s >= end_s:
                return rows
            await anyio.sleep(next_s - clock.monotonic_s())


async def _play(application: Application, played: Replayed) -> Sequence[dict[str, Any]]:
    rows: Sequence[dict[str, Any]] = ()
    async with opened_live(application):
        for at_s in played.cycles_s:
            await played.clock.sleep(at_s - played.clock.monotonic_s())
            rows = await _cycle(application)
    return rows


async def _cycle(application: Application) -> Sequence[dict[str, Any]]:
    runs = await start_refresh(application.jobs, What.ALL, Cause.COMMAND)
    return [run_document(run) for run in await application.jobs.wait([run.number for run in runs])]
