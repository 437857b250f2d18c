"""Answer as Helius does: its node, the enhanced history, and webhooks that are created, listed, changed and deleted.

The key travels in the query. Credits are counted as the price list says.
Not responsible for delivering webhooks (`tests.fakes.webhooks`).
"""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from tests.builders.encodings import text
from tests.fakes.chain import Chain, Executed, dump
from tests.fakes.http import Reply, Request, as_reply
from tests.fakes.limits import Limits, Rule
from tests.fakes.rpc import Node, RpcRefusalError

HELIUS: Final = "helius"
FREE_PLAN: Final = Limits(
    total=Rule(10, 1.0), methods={name: Rule(2, 1.0) for name in ("history", "parse", "getTransactionsForAddress")}
)
RPC_CREDITS: Final = {"getTransaction": 10, "getSignaturesForAddress": 10, "getTransactionsForAddress": 100}
ENHANCED_CREDITS: Final = 100
WEBHOOK_CREDITS: Final = 100
_MISSING_KEY: Final = {"jsonrpc": "2.0", "error": {"code": -32401, "message": "missing api key"}}
_WRONG_KEY: Final = {"jsonrpc": "2.0", "error": {"code": -32401, "message": "invalid api key provided"}}

Json = dict[str, Any]


class Helius:
    """One account with its key, its credits and its webhooks."""

    def __init__(self, chain: Chain, *, key: str = "helius-test-key", has_paid_plan: bool = False) -> None:
        self.key = key
        self.credits = 0
        self.webhooks: dict[str, Json] = {}
        self._chain = chain
        self._node = Node(chain)
        self._has_paid_plan = has_paid_plan
        self._lock = threading.Lock()
        self._made = 0

    def name_of(self, request: Request) -> str:
        """Return what a request is counted as."""
        parts = request.path.strip("/").split("/")
        if parts[0] != "v0":
            return _method_of(request)
        if parts[1] == "webhooks":
            return f"{request.method} webhooks"
        return "history" if parts[1] == "addresses" else "parse"

    def answer(self, request: Request) -> Reply:
        """Return the answer to a request."""
        given = request.query.get("api-key")
        if given != self.key:
            return as_reply(_MISSING_KEY if given is None else _WRONG_KEY, 401)
        parts = request.path.strip("/").split("/")
        if parts[0] != "v0":
            return self._rpc(request)
        self.spend(WEBHOOK_CREDITS if parts[1] == "webhooks" else ENHANCED_CREDITS)
        if parts[1] == "webhooks":
            return self._webhooks(request, parts[2] if len(parts) > 2 else None)
        if parts[1] == "addresses":
            return self._history(parts[2], request.query)
        return self._parse(request)

    def spend(self, credits_: int) -> None:
        """Count credits."""
        with self._lock:
            self.credits += credits_

    def _rpc(self, request: Request) -> Reply:
        call = cast("Json", request.json())
        method = str(call.get("method"))
        self.spend(RPC_CREDITS.get(method, 1))
        if method != "getTransactionsForAddress":
            return Reply(body=self._node.answer(call))
        if not self._has_paid_plan:
            refused = {"code": -32403, "message": "getTransactionsForAddress is only available on paid plans"}
            return as_reply({"jsonrpc": "2.0", "error": refused, "id": call.get("id")}, 403)
        try:
            result = self._transactions(*call["params"])
        except RpcRefusalError as error:
            told = {"code": error.code, "message": error.message}
            return as_reply({"jsonrpc": "2.0", "error": told, "id": call.get("id")})
        return Reply(body=b'{"jsonrpc":"2.0","result":%b,"id":%b}' % (result, dump(call.get("id"))))

    def _transactions(self, at: str, options: Mapping[str, Any]) -> bytes:
        is_full = options.get("transactionDetails", "signatures") == "full"
        limit = int(options.get("limit", 100 if is_full else 1000))
        if limit > (100 if is_full else 1000):
            raise RpcRefusalError(-32602, "Invalid limit")
        found = self._chain.signatures(at, slot=self._slot(options))
        if options.get("sortOrder", "desc") == "asc":
            found.reverse()
        found = [done for done in found if _is_within(done, cast("Json", options.get("filters") or {}))]
        if token := options.get("paginationToken"):
            place = tuple(int(part) for part in str(token).split(":"))
            is_ascending = options.get("sortOrder") == "asc"
            found = [done for done in found if (done.place > place if is_ascending else done.place < place)]
        page = found[:limit]
        rows = [done.json if is_full else dump(_row(done)) for done in page]
        last = page[-1].place if len(found) > limit else None
        token = b"null" if last is None else dump(f"{last[0]}:{last[1]}")
        return b'{"data":[%b],"paginationToken":%b}' % (b",".join(rows), token)

    def _history(self, at: str, query: Mapping[str, str]) -> Reply:
        limit = int(query.get("limit", "10"))
        if not 1 <= limit <= 100:
            return as_reply({"error": "limit must be between 1 and 100"}, 400)
        before = query.get("before-signature") or query.get("before")
        until = query.get("after-signature") or query.get("until")
        found = self._chain.signatures(at, slot=self._slot(query), before=before, until=until, limit=1_000_000)
        if query.get("sort-order", "desc") == "asc":
            found.reverse()
        found = [done for done in found if _is_asked(done, query)]
        return Reply(body=b"[%b]" % b",".join(text(done.helius) for done in found[:limit]))

    def _parse(self, request: Request) -> Reply:
        asked = cast("list[str]", request.json().get("transactions", []))
        if not 1 <= len(asked) <= 100:
            return as_reply({"error": "transactions must hold 1 to 100 signatures"}, 400)
        found = [done for signature in asked if (done := self._chain.find(signature)) is not None]
        return Reply(body=b"[%b]" % b",".join(text(done.helius) for done in found))

    def _slot(self, options: Mapping[str, Any]) -> int:
        is_confirmed = options.get("commitment", "finalized") == "confirmed"
        return self._chain.slot if is_confirmed else self._chain.finalized_slot

    def _webhooks(self, request: Request, id_: str | None) -> Reply:
        if id_ is not None and id_ not in self.webhooks:
            return as_reply({"error": f"webhook with id {id_} not found"}, 404)
        match request.method, id_:
            case "GET", None:
                return as_reply(list(self.webhooks.values()))
            case "POST", None:
                self._made += 1
                return self._write(f"00000000-0000-4000-8000-{self._made:012}", request)
            case "GET", str(known):
                return as_reply(self.webhooks[known])
            case "PUT", str(known):
                return self._write(known, request)
            case "DELETE", str(known):
                del self.webhooks[known]
                return Reply(body=b"", status=200)
            case _:
                return as_reply({"error": "method not allowed"}, 405)

    def _write(self, id_: str, request: Request) -> Reply:
        try:
            asked = cast("Json", request.json())
        except json.JSONDecodeError:
            return as_reply({"error": "invalid JSON"}, 400)
        missing = [name for name in ("webhookURL", "transactionTypes", "accountAddresses") if name not in asked]
        if missing or len(asked["accountAddresses"]) > 100_000:
            return as_reply({"error": f"invalid request: {missing or 'too many accountAddresses'}"}, 400)
        defaults = {"webhookType": "enhanced", "authHeader": "", "txnStatus": "all", "encoding": "jsonParsed"}
        self.webhooks[id_] = {"webhookID": id_, "wallet": "test-wallet", **defaults, **asked, "active": True}
        return as_reply(self.webhooks[id_])


def _method_of(request: Request) -> str:
    try:
        return str(request.json().get("method"))
    except json.JSONDecodeError:
        return "unreadable"


def _row(done: Executed) -> Json:
    return {
        "signature": done.signature,
        "slot": done.slot,
        "transactionIndex": done.index,
        "err": done.error,
        "memo": None,
        "blockTime": done.built.block_time,
        "confirmationStatus": "finalized",
    }


_COMPARED: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "gt": lambda held, asked: held > asked,
    "gte": lambda held, asked: held >= asked,
    "lt": lambda held, asked: held < asked,
    "lte": lambda held, asked: held <= asked,
    "eq": lambda held, asked: held == asked,
}


def _is_within(done: Executed, filters: Mapping[str, Any]) -> bool:
    held = {"slot": done.slot, "blockTime": done.built.block_time}
    asked = [(held[name], cast("dict[str, int]", filters[name])) for name in held if name in filters]
    if not all(_COMPARED[sign](value, bound) for value, bounds in asked for sign, bound in bounds.items()):
        return False
    status = filters.get("status", "any")
    return status == "any" or (status == "failed") == done.built.is_failed


def _is_asked(done: Executed, query: Mapping[str, str]) -> bool:
    held = {"slot": done.slot, "time": done.built.block_time}
    asked = [(held[name], sign, query.get(f"{sign}-{name}")) for name in held for sign in _COMPARED]
    return all(bound is None or _COMPARED[sign](value, int(bound)) for value, sign, bound in asked)
