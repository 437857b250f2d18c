"""Serve logsSubscribe over WebSocket: a notification for every transaction that names a subscribed account.

Not responsible for the socket itself (`tests.fakes.http`); used on the loop's thread only.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from tests.fakes.chain import Executed, dump
from tests.fakes.http import Socket


class _Subscription(NamedTuple):
    socket: Socket
    mentioned: str | None


class Logs:
    """Who listens to what."""

    def __init__(self, count: Callable[[str], None]) -> None:
        self._count = count
        self._subscriptions: dict[int, _Subscription] = {}
        self._next = 1

    @property
    def mentioned(self) -> list[str | None]:
        """The accounts that somebody listens to."""
        return [subscription.mentioned for subscription in self._subscriptions.values()]

    def hear(self, socket: Socket, message: bytes) -> None:
        """Answer a client's message."""
        call = json.loads(message)
        method, params = call.get("method"), cast("list[Any]", call.get("params") or [])
        self._count(str(method))
        if method == "logsSubscribe":
            socket.send(self._subscribe(socket, call.get("id"), params))
        elif method == "logsUnsubscribe":
            is_known = self._subscriptions.pop(int(params[0]), None) is not None
            socket.send(dump({"jsonrpc": "2.0", "result": is_known, "id": call.get("id")}))
        else:
            socket.send(_error(call.get("id"), -32601, "Method not found"))

    def forget(self, socket: Socket) -> None:
        """Forget a socket that is gone."""
        gone = [number for number, subscription in self._subscriptions.items() if subscription.socket is socket]
        for number in gone:
            del self._subscriptions[number]

    def tell(self, done: Executed) -> None:
        """Notify everybody who listens to an account of the transaction."""
        for number, (socket, mentioned) in list(self._subscriptions.items()):
            if mentioned is None or mentioned in done.built.accounts:
                socket.send(_notification(number, done))

    def drop(self) -> None:
        """Cut every connection."""
        for socket in {id(each.socket): each.socket for each in self._subscriptions.values()}.values():
            socket.drop()
        self._subscriptions.clear()

    def _subscribe(self, socket: Socket, id_: object, params: list[Any]) -> bytes:
        wanted: Any = params[0] if params else None
        if wanted in ("all", "allWithVotes"):
            mentioned = None
        elif len(mentions := cast("list[str]", wanted["mentions"])) == 1:
            mentioned = mentions[0]
        else:
            return _error(id_, -32602, "Invalid Request: Only 1 address supported")
        number, self._next = self._next, self._next + 1
        self._subscriptions[number] = _Subscription(socket, mentioned)
        return dump({"jsonrpc": "2.0", "result": number, "id": id_})


def _error(id_: object, code: int, message: str) -> bytes:
    return dump({"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": id_})


def _notification(number: int, done: Executed) -> bytes:
    value = {"signature": done.signature, "err": done.error, "logs": ["Program log: Instruction: Swap"]}
    result = {"context": {"slot": done.slot}, "value": value}
    return dump({"jsonrpc": "2.0", "method": "logsNotification", "params": {"result": result, "subscription": number}})
