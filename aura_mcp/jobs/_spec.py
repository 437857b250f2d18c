"""Say what a job is made of, and which jobs there are.

Not responsible for running them (`aura_mcp.services.jobs`).
"""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from aura_mcp.live import Live
from aura_mcp.services.jobs import Job, Outcome, Request
from aura_mcp.services.steps import Progress

_PACKAGE: Final = "aura_mcp.jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One job: `interval` names the setting with its seconds, 0 of which means only when asked for."""

    name: str
    title: str
    interval: str
    run: Callable[[Live, Request, Progress], Awaitable[Outcome]]


def list_jobs() -> tuple[JobSpec, ...]:
    """Return the jobs of every module beside this one, in the order of module names."""
    package = importlib.import_module(_PACKAGE)
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = [importlib.import_module(f"{_PACKAGE}.{name}") for name in names if not name.startswith("_")]
    return tuple(module.JOB for module in modules)


def bound_jobs(live: Live) -> list[Job]:
    """Return the jobs with what they work on and how often; none is due while no wallet is followed."""
    return [
        Job(
            name=spec.name,
            title=spec.title,
            interval_s=float(getattr(live.application.settings, spec.interval)) or None,
            run=partial(spec.run, live),
            is_due=live.is_following,
        )
        for spec in list_jobs()
    ]
