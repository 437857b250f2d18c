"""Hold the services that answer questions from outside: what tools, resources and prompts may call.

Not responsible for wiring them (`aura_mcp.app`).
"""

from dataclasses import dataclass

from aura_mcp.services.boards import Boards
from aura_mcp.services.brief import Briefs
from aura_mcp.services.changes import Changes
from aura_mcp.services.editing import Editing
from aura_mcp.services.events import Events
from aura_mcp.services.explaining import Explaining
from aura_mcp.services.finding import Finding
from aura_mcp.services.flows import TokenFlows
from aura_mcp.services.looking import Looking
from aura_mcp.services.reports import Reports
from aura_mcp.services.safety import SafetyChecks
from aura_mcp.services.search import Search
from aura_mcp.services.sql import Sql
from aura_mcp.services.tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The services behind the tools."""

    boards: Boards
    reports: Reports
    finding: Finding
    explaining: Explaining
    editing: Editing
    tokens: Tokens
    looking: Looking
    safety: SafetyChecks
    flows: TokenFlows
    search: Search
    sql: Sql
    briefs: Briefs
    changes: Changes
    events: Events
