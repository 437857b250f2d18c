"""Say what a tool is made of, what it may use, and which tools there are.

Not responsible for registering them with a server (`aura_mcp.server`).
"""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, ToolAnnotations

from aura_mcp.services.answers import Answers
from aura_mcp.services.jobs import Jobs
from aura_mcp.services.system import System
from aura_mcp.updates import Updates

_PACKAGE: Final = "aura_mcp.tools"


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolbox:
    """The services that tools may call."""

    answers: Answers
    system: System
    jobs: Jobs
    updates: Updates


ToolContext = Context[Toolbox, Any]
"""What a tool takes as its last argument; its services are `context.request_context.lifespan_context`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """One tool: a function whose name, docstring and types the model sees, and what else a client shows."""

    function: Callable[..., Awaitable[CallToolResult]]
    title: str
    is_read_only: bool = True
    is_destructive: bool = False
    is_idempotent: bool = True
    is_open_world: bool = False
    """It asks providers; what it gives is still read from this machine's database."""

    def annotations(self) -> ToolAnnotations:
        """Return the hints by which a client decides what to confirm."""
        return ToolAnnotations(
            title=self.title,
            read_only_hint=self.is_read_only,
            destructive_hint=self.is_destructive,
            idempotent_hint=self.is_idempotent,
            open_world_hint=self.is_open_world,
        )


def list_tools() -> tuple[ToolSpec, ...]:
    """Return the tools of every module beside this one, in the order of module names."""
    package = importlib.import_module(_PACKAGE)
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = [importlib.import_module(f"{_PACKAGE}.{name}") for name in names]
    return tuple(tool for module in modules for tool in getattr(module, "TOOLS", ()))
