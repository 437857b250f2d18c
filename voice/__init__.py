"""The voice agent's place: an MCP client with ears and a mouth, which knows AURA only through the protocol."""
