"""Ask a Solana node what `Chain` promises, at whoever runs one.

Not responsible for what transactions mean (`engine.reading`), or for which provider it is.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from functools import partial
from typing import Final, TypeVar

import msgspec

from data.errors import ProviderError
from data.providers import _node_payload as payload
from data.providers._log_stream import stream_logs
from data.providers._rpc import Rpc
from data.providers.api import Api
from data.providers.chain import AccountState, LogHint, SignatureInfo, Status, TokenAccount
from engine.reading.tokens import TOKEN_PROGRAMS
from engine.units import Address

ACCOUNTS_A_CALL: Final = 100
STATUSES_A_CALL: Final = 256
SIGNATURES_A_CALL: Final = 1000

# The newest version of transactions that `engine.reading` knows; a node refuses to tell of newer ones.
_MAX_VERSION: Final = 1
_CONFIRMED: Final = {"commitment": "confirmed"}
_PARSED: Final = {**_CONFIRMED, "encoding": "jsonParsed"}
_WHOLE: Final = {**_CONFIRMED, "encoding": "json", "maxSupportedTransactionVersion": _MAX_VERSION}

_ACCOUNTS: Final = msgspec.json.Decoder(payload.Accounts, strict=False)
_OWNED: Final = msgspec.json.Decoder(payload.OwnedAccounts, strict=False)
_LISTED: Final = msgspec.json.Decoder(list[payload.ListedSignature], strict=False)
_STATUSES: Final = msgspec.json.Decoder(payload.Statuses, strict=False)
_SLOT: Final = msgspec.json.Decoder(payload.Slot, strict=False)
_RAW: Final = msgspec.json.Decoder(msgspec.Raw)

T = TypeVar("T")


class SolanaRpc:
    """A Solana node; implements `data.providers.chain.Chain`."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._rpc = Rpc(api)

    async def accounts(self, addresses: Sequence[Address]) -> tuple[int, dict[Address, AccountState | None]]:
        """Return the confirmed state of each account, None for one that does not exist, and the lowest slot seen."""
        states: dict[Address, AccountState | None] = {}
        slots: list[int] = []
        for part in _parts(list(dict.fromkeys(addresses)), ACCOUNTS_A_CALL):
            slot, found = await self._rpc.call(
                "getMultipleAccounts", [part, _PARSED], _ACCOUNTS, partial(payload.account_states, part)
            )
            slots.append(slot)
            states.update(found)
        return min(slots, default=0), states

    async def signatures(
        self, address: Address, *, until: str | None = None, before: str | None = None, limit: int = SIGNATURES_A_CALL
    ) -> list[SignatureInfo]:
        """Return confirmed transactions that name the address, newest first, in one call of at most 1000."""
        bounds = {"until": until, "before": before}
        options = {**_CONFIRMED, "limit": limit, **{name: at for name, at in bounds.items() if at is not None}}
        return await self._rpc.call("getSignaturesForAddress", [address, options], _LISTED, payload.signature_infos)

    async def transaction(self, signature: str) -> bytes | None:
        """Return a confirmed transaction as `engine.reading.read_transaction` takes it, None while it is not found."""
        read = partial(payload.transaction_text, signature)
        return await self._rpc.call("getTransaction", [signature, _WHOLE], _RAW, read)

    @property
    def transactions_a_call(self) -> int:
        """How many transactions one request asks for."""
        return self._api.config.batch

    async def transactions(self, signatures: Sequence[str]) -> list[bytes | ProviderError | None]:
        """Return several transactions, or why one could not be had, in one request for each `transactions_a_call`."""
        found: list[bytes | ProviderError | None] = []
        for part in _parts(signatures, self.transactions_a_call):
            values = [partial(payload.transaction_text, signature) for signature in part]
            params = [[signature, _WHOLE] for signature in part]
            found += await self._rpc.call_many("getTransaction", params, _RAW, values)
        return found

    async def statuses(
        self, signatures: Sequence[str], *, search_history: bool = False
    ) -> tuple[int, list[Status | None]]:
        """Return where each transaction stands, None for one unknown, and the lowest slot seen."""
        found: list[Status | None] = []
        slots: list[int] = []
        options = {"searchTransactionHistory": search_history}
        for part in _parts(signatures, STATUSES_A_CALL):
            slot, statuses = await self._rpc.call(
                "getSignatureStatuses", [part, options], _STATUSES, partial(payload.statuses, len(part))
            )
            slots.append(slot)
            found += statuses
        return min(slots, default=0), found

    async def finalized_slot(self) -> int:
        """Return the newest finalized slot."""
        return await self._rpc.call("getSlot", [{"commitment": "finalized"}], _SLOT, int)

    async def token_accounts(self, owner: Address) -> tuple[int, list[TokenAccount]]:
        """Return the wallet's accounts of both token programs, and the lowest slot seen; two calls."""
        found: list[TokenAccount] = []
        slots: list[int] = []
        for program in sorted(TOKEN_PROGRAMS):
            params = [owner, {"programId": program}, _PARSED]
            slot, accounts = await self._rpc.call("getTokenAccountsByOwner", params, _OWNED, payload.token_accounts)
            slots.append(slot)
            found += accounts
        return min(slots), found

    def logs(self, addresses: Sequence[Address]) -> AsyncGenerator[LogHint, None]:
        """Yield a hint for each confirmed transaction that names an address, for as long as it is read."""
        return stream_logs(self._api, addresses)


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
