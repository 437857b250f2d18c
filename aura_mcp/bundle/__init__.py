"""Make the one-click bundle for Claude Desktop: `make bundle`."""

from aura_mcp.bundle.npm import NodeMissingError, NpmTool, ToolFailedError
from aura_mcp.bundle.packing import compose_manifest, pack, stage

__all__ = ["NodeMissingError", "NpmTool", "ToolFailedError", "compose_manifest", "pack", "stage"]
