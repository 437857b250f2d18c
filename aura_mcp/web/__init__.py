"""Routes of the HTTP door beside MCP: pushes in, refreshes on demand."""
