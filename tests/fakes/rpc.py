"""Answer Solana JSON-RPC calls from the simulated chain, as a node of the public cluster does.

Not responsible for HTTP, limits and faults (`tests.fakes.upstream`) or for subscriptions (`tests.fakes.logs`).
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from solders.pubkey import Pubkey

from tests.builders.transactions import RENT, SYSTEM, TOKEN, TOKEN_2022, TokenAccount, address
from tests.fakes.accounts import AccountState
from tests.fakes.chain import RECENT_SLOTS, Chain, Executed, dump

_API_VERSION: Final = "3.1.10"
_RENT_EPOCH: Final = 18_446_744_073_709_551_615
_INVALID: Final = -32602
_UNSUPPORTED_VERSION: Final = -32015


class RpcRefusalError(Exception):
    """A call that a node answers with an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


Options = Mapping[str, Any]


class Node:
    """One node's view of the chain."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._methods: dict[str, Callable[[list[Any]], object]] = {
            "getAccountInfo": self._account,
            "getBalance": self._balance,
            "getBlockHeight": self._slot,
            "getBlockTime": self._block_time,
            "getGenesisHash": lambda _: "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d",
            "getHealth": lambda _: "ok",
            "getMultipleAccounts": self._accounts,
            "getSignatureStatuses": self._statuses,
            "getSignaturesForAddress": self._signatures,
            "getSlot": self._slot,
            "getTokenAccountsByOwner": self._token_accounts,
            "getTokenLargestAccounts": self._largest,
            "getTokenSupply": self._supply,
            "getTransaction": self._transaction,
            "getVersion": lambda _: {"feature-set": 4_140_108_451, "solana-core": _API_VERSION},
        }

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of the methods."""
        return tuple(self._methods)

    def answer(self, call: Mapping[str, Any]) -> bytes:
        """Return the JSON-RPC answer to a call."""
        id_ = dump(call.get("id"))
        try:
            result = self.result(str(call.get("method")), cast("list[Any]", call.get("params") or []))
        except RpcRefusalError as error:
            return b'{"jsonrpc":"2.0","error":%b,"id":%b}' % (
                dump({"code": error.code, "message": error.message}),
                id_,
            )
        return b'{"jsonrpc":"2.0","result":%b,"id":%b}' % (result, id_)

    def result(self, method: str, params: list[Any]) -> bytes:
        """Return what a method gives, as JSON.

        Raises:
            RpcRefusalError: a node would answer with an error.
        """
        if method not in self._methods:
            raise RpcRefusalError(-32601, "Method not found")
        found = self._methods[method](params)
        return found if isinstance(found, bytes) else dump(found)

    def _slot_of(self, options: Options) -> int:
        commitment = options.get("commitment", "finalized")
        if commitment not in ("processed", "confirmed", "finalized"):
            raise RpcRefusalError(_INVALID, f"Invalid params: unknown variant `{commitment}`")
        slot = self._chain.finalized_slot if commitment == "finalized" else self._chain.slot
        if slot < options.get("minContextSlot", 0):
            raise RpcRefusalError(-32016, "Minimum context slot has not been reached")
        return slot

    def _slot(self, params: list[Any]) -> int:
        return self._slot_of(_options(params, 0))

    def _block_time(self, params: list[Any]) -> int:
        return self._chain.time_of(int(params[0]))

    def _in_context(self, slot: int, value: object) -> dict[str, object]:
        return {"context": {"apiVersion": _API_VERSION, "slot": slot}, "value": value}

    def _balance(self, params: list[Any]) -> object:
        slot = self._slot_of(_options(params, 1))
        return self._in_context(slot, self._chain.account(_pubkey(params[0]), slot).lamports)

    def _account(self, params: list[Any]) -> object:
        options = _options(params, 1)
        slot = self._slot_of(options)
        at = _pubkey(params[0])
        return self._in_context(slot, self._tell(self._chain.account(at, slot), options))

    def _accounts(self, params: list[Any]) -> object:
        if len(params[0]) > 100:
            raise RpcRefusalError(_INVALID, "Too many inputs provided; max 100")
        options = _options(params, 1)
        slot = self._slot_of(options)
        told = [self._tell(self._chain.account(_pubkey(at), slot), options) for at in params[0]]
        return self._in_context(slot, told)

    def _token_accounts(self, params: list[Any]) -> object:
        options = _options(params, 2)
        slot = self._slot_of(options)
        owner, wanted = _pubkey(params[0]), cast("Options", params[1])
        found = [
            {"account": self._tell(state, options), "pubkey": at}
            for at, state in self._chain.owned(owner, slot)
            if state.token is not None and self._is_wanted(state.token, wanted)
        ]
        return self._in_context(slot, found)

    def _is_wanted(self, token: TokenAccount, wanted: Options) -> bool:
        if "mint" in wanted:
            return address(token.mint) == wanted["mint"]
        return self._program_of(token) == wanted["programId"]

    def _largest(self, params: list[Any]) -> object:
        slot = self._slot_of(_options(params, 1))
        held = [(at, s.token) for at, s in self._chain.of_mint(_pubkey(params[0]), slot)[:20] if s.token is not None]
        return self._in_context(slot, [{"address": at, **self._amount(token.mint, token.amount)} for at, token in held])

    def _supply(self, params: list[Any]) -> object:
        slot = self._slot_of(_options(params, 1))
        tokens = [state.token for _, state in self._chain.of_mint(_pubkey(params[0]), slot) if state.token is not None]
        if not tokens:
            raise RpcRefusalError(_INVALID, "Invalid param: could not find mint")
        return self._in_context(slot, self._amount(tokens[0].mint, sum(token.amount for token in tokens)))

    def _signatures(self, params: list[Any]) -> object:
        options = _options(params, 1)
        limit = options.get("limit") or 1000
        if not 1 <= limit <= 1000:
            raise RpcRefusalError(_INVALID, "Invalid limit; max 1000")
        slot = self._slot_of(options)
        found = self._chain.signatures(
            _pubkey(params[0]), slot=slot, before=options.get("before"), until=options.get("until"), limit=limit
        )
        return [self._row(done) for done in found]

    def _row(self, done: Executed) -> dict[str, object]:
        return {
            "blockTime": done.built.block_time,
            "confirmationStatus": self._status_of(done),
            "err": done.error,
            "memo": None,
            "signature": done.signature,
            "slot": done.slot,
        }

    def _status_of(self, done: Executed) -> str:
        return "finalized" if done.slot <= self._chain.finalized_slot else "confirmed"

    def _statuses(self, params: list[Any]) -> object:
        asked = cast("list[str]", params[0])
        if len(asked) > 256:
            raise RpcRefusalError(_INVALID, "Too many inputs provided; max 256")
        is_searching = _options(params, 1).get("searchTransactionHistory", False)
        return self._in_context(self._chain.slot, [self._status(at, is_searching=is_searching) for at in asked])

    def _status(self, signature: str, *, is_searching: bool) -> object:
        done = self._chain.find(signature)
        if done is None or (not is_searching and done.slot < self._chain.slot - RECENT_SLOTS):
            return None
        is_final = done.slot <= self._chain.finalized_slot
        return {
            "slot": done.slot,
            "confirmations": None if is_final else self._chain.slot - done.slot,
            "err": done.error,
            "status": {"Ok": None} if done.error is None else {"Err": done.error},
            "confirmationStatus": self._status_of(done),
        }

    def _transaction(self, params: list[Any]) -> object:
        options = _options(params, 1)
        done = self._chain.find(str(params[0]))
        if done is None or done.slot > self._slot_of(options):
            return None
        if done.loaded and options.get("maxSupportedTransactionVersion") is None:
            raise RpcRefusalError(
                _UNSUPPORTED_VERSION,
                "Transaction version (0) is not supported by the requesting client. Please try the request again "
                'with the following configuration parameter: "maxSupportedTransactionVersion": 0',
            )
        encoding = options.get("encoding", "json")
        return {"base64": done.base64, "jsonParsed": done.json_parsed}[encoding] if encoding != "json" else done.json

    def _tell(self, state: AccountState, options: Options) -> object:
        if not state.lamports:
            return None
        token = state.token
        program = SYSTEM if token is None else self._program_of(token)
        common = {"executable": False, "lamports": state.lamports, "owner": program, "rentEpoch": _RENT_EPOCH}
        if token is None:
            return {**common, "data": ["", "base64"], "space": 0}
        if options.get("encoding") == "jsonParsed":
            name = "spl-token-2022" if program == TOKEN_2022 else "spl-token"
            parsed = {"info": self._info(token), "type": "account"}
            return {**common, "data": {"parsed": parsed, "program": name, "space": 165}, "space": 165}
        data = _packed(token)
        cut = cast("Mapping[str, int]", options.get("dataSlice") or {"offset": 0, "length": len(data)})
        data = data[cut["offset"] : cut["offset"] + cut["length"]]
        return {**common, "data": [b64encode(data).decode(), "base64"], "space": 165}

    def _info(self, token: TokenAccount) -> dict[str, object]:
        is_native = token.mint == "SOL"
        info: dict[str, object] = {
            "isNative": is_native,
            "mint": address(token.mint),
            "owner": token.owner,
            "state": "initialized",
            "tokenAmount": self._amount(token.mint, token.amount),
        }
        if is_native:
            info["rentExemptReserve"] = self._amount("SOL", RENT)
        return info

    def _amount(self, mint: str, amount: int) -> dict[str, object]:
        decimals = self._chain.decimals_of(mint)
        return {
            "amount": str(amount),
            "decimals": decimals,
            "uiAmount": amount / 10**decimals,
            "uiAmountString": str(amount / 10**decimals),
        }

    def _program_of(self, token: TokenAccount) -> str:
        return TOKEN_2022 if self._chain.is_token_2022(token.mint) else TOKEN


def _options(params: list[Any], position: int) -> Options:
    return cast("Options", params[position] or {}) if len(params) > position else {}


def _pubkey(value: object) -> str:
    try:
        return str(Pubkey.from_string(str(value)))
    except ValueError as error:
        raise RpcRefusalError(_INVALID, "Invalid param: Invalid") from error


def _packed(token: TokenAccount) -> bytes:
    """Return an SPL token account's 165 bytes: mint, owner, amount, no delegate, initialized, native or not."""
    head = bytes(Pubkey.from_string(address(token.mint))) + bytes(Pubkey.from_string(token.owner))
    native = (b"\x01\0\0\0" + RENT.to_bytes(8, "little")) if token.mint == "SOL" else bytes(12)
    return head + token.amount.to_bytes(8, "little") + bytes(36) + b"\x01" + native + bytes(8) + bytes(36)
