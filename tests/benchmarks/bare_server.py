"""The floor of the bridge's benchmark: a server of the bare SDK with one tool, on stdio or on a Unix socket.

    python -m tests.benchmarks.bare_server [SOCKET]

The socket is served the way the SDK serves its own transports: two tasks and two queues for each connection.
"""

import asyncio
import sys

import anyio
import mcp_types as types
from mcp.server.mcpserver import MCPServer
from mcp.server.runner import serve_dual_era_loop
from mcp.shared.message import SessionMessage


class BareServer(MCPServer[dict[str, object]]):
    """A server of the SDK as it is."""

    async def serve(self, path: str) -> None:
        """Serve every connection to the socket at `path`."""
        low = self._lowlevel_server

        async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            in_writer, in_reader = anyio.create_memory_object_stream[SessionMessage | Exception](0)
            out_writer, out_reader = anyio.create_memory_object_stream[SessionMessage](0)

            async def read() -> None:
                async with in_writer:
                    while line := await reader.readline():
                        message = types.jsonrpc_message_adapter.validate_json(line, by_name=False)
                        await in_writer.send(SessionMessage(message))

            async def write() -> None:
                async with out_reader:
                    async for item in out_reader:
                        text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
                        writer.write(text.encode() + b"\n")
                        await writer.drain()

            async with low.lifespan(low) as state, anyio.create_task_group() as tasks:
                tasks.start_soon(read)
                tasks.start_soon(write)
                await serve_dual_era_loop(low, in_reader, out_writer, lifespan_state=state)
            writer.close()

        server = await asyncio.start_unix_server(on_connection, path, limit=1 << 24)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await server.serve_forever()


def build() -> BareServer:
    """Return a server with a tool that does nothing."""
    server = BareServer("bare", log_level="ERROR")

    async def noop() -> str:
        return "ok"

    server.add_tool(noop, structured_output=False)
    return server


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(build().serve(sys.argv[1]))
    else:
        build().run("stdio")
