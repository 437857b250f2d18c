"""Call JSON-RPC 2.0 methods over HTTP, and tell its errors apart.

Error codes: the JSON-RPC specification, and rpc-client-api/src/custom_error.rs of anza-xyz/agave.
Not responsible for what results mean (`_node`, `helius`).
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from data.errors import ProviderError
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
    id: int | str | None = None


_REPLY: Final = msgspec.json.Decoder(_Reply, strict=False)
_REPLIES: Final = msgspec.json.Decoder(list[_Reply], strict=False)


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

    async def call_many(
        self,
        method: str,
        params: Sequence[Sequence[object]],
        result: msgspec.json.Decoder[T],
        values: Sequence[Callable[[T], V]],
    ) -> list[V | ProviderError]:
        """Return what each of `values` makes of the result of its call, or why it failed, all asked for in one request.

        Raises:
            ProviderError: as `call`, about the request as a whole.
        """
        calls = [{"jsonrpc": "2.0", "id": n, "method": method, "params": each} for n, each in enumerate(params)]

        def read(body: bytes) -> list[V | ProviderError]:
            replies = {reply.id: reply for reply in _REPLIES.decode(body)}
            return [self._value(method, replies.get(n), result, value) for n, value in enumerate(values)]

        cost = _COSTS.get(method, 1) * len(calls)
        return await self._api.ask(read, method, method="POST", json=calls, credits=cost)

    def _value(
        self, method: str, reply: _Reply | None, result: msgspec.json.Decoder[T], value: Callable[[T], V]
    ) -> V | ProviderError:
        if reply is None:
            return self._api.error(method, "its answer leaves one call out; it is asked again later")
        try:
            return value(result.decode(self._told(method, reply)))
        except ProviderError as error:
            return error
        except ValueError as error:
            return self._api.error(method, f"its answer cannot be used ({error}); it is asked again later")

    def _result(self, method: str, body: bytes) -> Raw:
        return self._told(method, _REPLY.decode(body))

    def _told(self, method: str, reply: _Reply) -> Raw:
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
