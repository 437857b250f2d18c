"""The `aura` command."""

from aura_mcp.cli.entry import main

__all__ = ["main"]
