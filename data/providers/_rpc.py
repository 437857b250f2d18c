"""Call JSON-RPC 2.0 methods over HTTP, and tell its errors apart.

Error codes: the JSON-RPC specification, and rpc-client-api/src/custom_error.rs of anza-xyz/agave.
Not responsible for what results mean (`_node`, `helius`).
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from data.providers.api import Api

# 429 is what the public node answers inside an HTTP 200, the others are what gateways use for the same.
_LIMITED: Final = frozenset({429, -32429, -32005})
# The same question would get the same answer: it is malformed, or about what this node does not keep.
_FINAL: Final = frozenset(
    {-32700, -32600, -32601, -32602, -32001, -32006, -32007, -32009, -32010, -32011, -32013, -32015}
)

# What a call costs where nodes count credits (Helius, 2026-01); whatever is not named costs one.
_COSTS: Final = {"getTransaction": 10, "getSignaturesForAddress": 10, "getTransactionsForAddress": 100}

T = TypeVar("T")
V = TypeVar("V")


class _Error(Struct):
    code: int


class _Reply(Struct):
    result: Raw | UnsetType = UNSET
    error: _Error | UnsetType | None = UNSET


_REPLY: Final = msgspec.json.Decoder(_Reply, strict=False)


class Rpc:
    """The JSON-RPC methods of one provider."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def call(
        self, method: str, params: Sequence[object], result: msgspec.json.Decoder[T], value: Callable[[T], V]
    ) -> V:
        """Return what `value` makes of the decoded result of a method; it raises ValueError for what cannot be.

        Raises:
            ProviderError: the provider failed, refused, or answered something else; 429 when it is asked too much.
        """
        return await self._api.ask(
            lambda body: value(result.decode(self._result(method, body))),
            method,
            method="POST",
            json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params},
            credits=_COSTS.get(method, 1),
        )

    def _result(self, method: str, body: bytes) -> Raw:
        reply = _REPLY.decode(body)
        if isinstance(reply.error, _Error):
            code = reply.error.code
            if code in _LIMITED:
                reason = f"error {code}, too many calls; it is asked again later"
                raise self._api.error(method, reason, status_code=HTTPStatus.TOO_MANY_REQUESTS)
            if code in _FINAL:
                raise self._api.error(method, f"error {code}, the question is refused", retryable=False)
            raise self._api.error(method, f"error {code}, it has trouble; it is asked again later")
        if reply.result is UNSET:
            raise self._api.error(method, "its answer has neither a result nor an error; it is asked again later")
        return reply.result
