"""Run `python -m aura_mcp` as `aura`."""

from aura_mcp.cli import main

main()
