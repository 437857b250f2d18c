"""The hub: the one process that owns the database, and the doors through which everybody else asks.

Running one (`process`) imports the server and the database; looking for one (`visit`) does not.
"""

from aura_mcp.hub.settings import HubSettings
from aura_mcp.hub.visit import Visit, call_tool, find_hub, visit

__all__ = ["HubSettings", "Visit", "call_tool", "find_hub", "visit"]
