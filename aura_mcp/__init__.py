"""The application: services, command line and MCP server over the facts in `data` and the rules in `engine`."""
