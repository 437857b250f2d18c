"""What a model can ask AURA: one module for each topic, one function for each tool, no decision about trading in any.

A module that has `TOOLS` is found by listing; nothing else names it.
"""

from aura_mcp.tools._checked import checked
from aura_mcp.tools.toolbox import Toolbox, ToolContext, ToolSpec, list_tools

__all__ = ["ToolContext", "ToolSpec", "Toolbox", "checked", "list_tools"]
