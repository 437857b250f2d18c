"""Stand in front of the hub's HTTP door on the loopback and show its token, for a client that can carry none.

It changes nothing else: the Host that the client named reaches the guard, with the hub's port for its own.
"""

import re
import socket
import socketserver
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

_END: Final = b"\r\n\r\n"
_CHUNK: Final = 1 << 16
_CONNECTION: Final = re.compile(rb"\r\nconnection:[^\r\n]*", re.IGNORECASE)


@contextmanager
def door_opener(url: str, token: str) -> Generator[str]:
    """Yield a URL that leads through the door at `url`."""
    with _Server(urlsplit(url).port or 0, token) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}{urlsplit(url).path}"
        finally:
            server.shutdown()
            thread.join()
            server.hang_up()


class _Server(socketserver.ThreadingTCPServer):
    def __init__(self, port: int, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self.port: Final = port
        self.token: Final = token
        self.open: set[socket.socket] = set()

    def hang_up(self) -> None:
        """End what is still open, so that closing the server waits for nobody."""
        for link in tuple(self.open):
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)


class _Visit(socketserver.BaseRequestHandler):
    """One connection of the client, which carries one request."""

    # Known only to the class of the server, which makes these.
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]
    request: socket.socket

    def handle(self) -> None:
        """Pass one request on, and the answer back."""
        port = self.server.port
        with socket.create_connection(("127.0.0.1", port)) as hub, suppress(OSError):
            links = {self.request, hub}
            self.server.open |= links
            try:
                self._pass_on(hub, b":%d\r\n" % self.server.server_address[1], b":%d\r\n" % port)
            finally:
                self.server.open -= links

    def _pass_on(self, hub: socket.socket, own_port: bytes, port: bytes) -> None:
        data = b""
        while _END not in data:
            more = self.request.recv(_CHUNK)
            if not more:
                return
            data += more
        head, _, body = data.partition(_END)
        head = _CONNECTION.sub(b"", head + b"\r\n").replace(own_port, port)
        head += f"Authorization: Bearer {self.server.token}\r\nConnection: close".encode()
        hub.sendall(head + _END + body)
        rest = threading.Thread(target=_pass_on_rest, args=(self.request, hub))
        rest.start()
        # An answer says itself where it ends, and that its connection then does: the client closes it. Node's own
        # client dies of a connection that ends under an answer that it has not yet read.
        _pump(hub, self.request)
        rest.join()


def _pass_on_rest(client: socket.socket, hub: socket.socket) -> None:
    _pump(client, hub)
    # The hub must notice a client that went away in the middle of a stream.
    with suppress(OSError):
        hub.shutdown(socket.SHUT_WR)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
