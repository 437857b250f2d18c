"""Helius: history by address, webhooks, and a node with a key.

https://docs.helius.dev (OpenAPI of 2026-01). The free plan allows 1,000,000 credits a month, 10 RPC calls and 2
enhanced calls a second; an enhanced call, an edit of a webhook and `getTransactionsForAddress` (not in the free plan)
cost 100 credits each, `getTransaction` and `getSignaturesForAddress` 10, an event of a webhook 1.
Its own reading of transactions is frozen and misses venues: `engine.reading.read_helius` takes balance changes only.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Raw, Struct

from data.providers._node import SolanaRpc
from data.providers._node_payload import parse_signature
from data.providers._rpc import Rpc
from data.providers.api import Api
from data.providers.spec import Capability, Pace, Paces, ProviderSpec
from engine.address import parse_address
from engine.units import Address, Signature

PROVIDER: Final = ProviderSpec(
    name="helius",
    title="Helius",
    docs_url="https://docs.helius.dev",
    base_url="https://api-mainnet.helius-rpc.com",
    rpc_url="https://mainnet.helius-rpc.com",
    capabilities=frozenset({Capability.HISTORY}),
    paces=Paces(together=Pace(10, 1.0), named={"enhanced": Pace(2, 1.0)}),
    key_name="helius_api_key",
    key_parameter="api-key",
    key_benefit="wallets are back-filled faster, and webhooks tell of trades within seconds",
    is_key_required=True,
    credit_limit=1_000_000,
)

TRANSACTIONS_A_CALL: Final = 100
ENHANCED_COST: Final = 100
WEBHOOK_COST: Final = 100
EVENT_COST: Final = 1

_ENHANCED: Final = "enhanced"
_WEBHOOKS: Final = "webhooks"
_WEBHOOK_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
_WHOLE: Final = {"transactionDetails": "full", "encoding": "json", "maxSupportedTransactionVersion": 1}

WebhookKind = Literal["raw", "enhanced"]


class EnhancedTransaction(NamedTuple):
    """One transaction; `text` is what `engine.reading.read_helius` takes."""

    signature: Signature
    text: bytes


class TransactionsPage(NamedTuple):
    """`getTransaction` results in order, and where the next page starts, None after the last one."""

    texts: list[bytes]
    next_token: str | None


class Webhook(NamedTuple):
    """A webhook that Helius keeps; `url` is where it delivers to."""

    webhook_id: str
    url: str
    kind: str
    addresses: tuple[Address, ...]


class _Signed(Struct):
    signature: str


class _Page(Struct, rename={"token": "paginationToken"}):
    data: list[Raw]
    token: str | None = None


class _Webhook(Struct):
    webhook_id: str = msgspec.field(name="webhookID")
    url: str = msgspec.field(name="webhookURL")
    kind: str = msgspec.field(name="webhookType", default="")
    addresses: list[str] = msgspec.field(name="accountAddresses", default_factory=list[str])


_RAWS: Final = msgspec.json.Decoder(list[Raw])
_NULL: Final = b"null"
_SIGNED: Final = msgspec.json.Decoder(_Signed)
_PAGE: Final = msgspec.json.Decoder(_Page)
_ONE_WEBHOOK: Final = msgspec.json.Decoder(_Webhook)
_ALL_WEBHOOKS: Final = msgspec.json.Decoder(list[_Webhook])


class Helius:
    """What Helius has beside what every node has; `rpc` is its node."""

    def __init__(self, api: Api) -> None:
        self._api = api
        at_node = api.at(api.config.rpc_url or api.spec.rpc_url or api.url)
        self._node_methods = Rpc(at_node)
        self.rpc = SolanaRpc(at_node)

    async def history(
        self,
        address: Address,
        *,
        before: str | None = None,
        limit: int = TRANSACTIONS_A_CALL,
        commitment: Literal["finalized", "confirmed"] = "finalized",
    ) -> list[EnhancedTransaction]:
        """Return up to 100 transactions that name the address, newest first, older than `before`; none at the end."""
        params = {"limit": str(limit), "sort-order": "desc", "commitment": commitment}
        if before is not None:
            params["before-signature"] = before
        path = f"/v0/addresses/{address}/transactions"
        return await self._api.ask(enhanced_transactions, _ENHANCED, path=path, params=params, credits=ENHANCED_COST)

    async def parse(self, signatures: Sequence[str]) -> dict[Signature, bytes]:
        """Return those of up to 100 transactions that Helius knows, as `engine.reading.read_helius` takes them."""
        found = await self._api.ask(
            enhanced_transactions,
            _ENHANCED,
            method="POST",
            path="/v0/transactions",
            json={"transactions": signatures},
            credits=ENHANCED_COST,
        )
        asked = set(signatures)
        return {transaction.signature: transaction.text for transaction in found if transaction.signature in asked}

    async def transactions_of(
        self, address: Address, *, token: str | None = None, min_slot: int | None = None
    ) -> TransactionsPage:
        """Return a page of `getTransactionsForAddress`: oldest first, with those that touch its token accounts only.

        Raises:
            ProviderError: among the rest, the plan of the key does not have it; not retryable.
        """
        options: dict[str, Any] = {**_WHOLE, "sortOrder": "asc", "commitment": "finalized", "limit": 100}
        filters: dict[str, Any] = {"tokenAccounts": "balanceChanged", "status": "any"}
        if min_slot is not None:
            filters["slot"] = {"gte": min_slot}
        if token is not None:
            options["paginationToken"] = token
        options["filters"] = filters
        return await self._node_methods.call("getTransactionsForAddress", [address, options], _PAGE, _transactions_page)

    async def webhooks(self) -> list[Webhook]:
        """Return the webhooks of this key."""
        return await self._api.ask(_webhooks, _WEBHOOKS, path="/v0/webhooks", credits=WEBHOOK_COST, is_private=True)

    async def create_webhook(
        self, url: str, addresses: Sequence[Address], secret: str, kind: WebhookKind = "raw"
    ) -> Webhook:
        """Have every transaction of the addresses delivered to `url`, with `secret` as its Authorization header.

        It is not asked for twice when the answer is lost: look at `webhooks` before trying again.
        """
        return await self._api.ask(
            _webhook,
            _WEBHOOKS,
            method="POST",
            path="/v0/webhooks",
            json=_definition(url, addresses, secret, kind),
            credits=WEBHOOK_COST,
            is_repeatable=False,
            is_private=True,
        )

    async def edit_webhook(
        self, webhook_id: str, url: str, addresses: Sequence[Address], secret: str, kind: WebhookKind = "raw"
    ) -> Webhook:
        """Replace everything that defines a webhook."""
        definition, path = _definition(url, addresses, secret, kind), self._path(webhook_id)
        return await self._api.ask(
            _webhook, _WEBHOOKS, method="PUT", path=path, json=definition, credits=WEBHOOK_COST, is_private=True
        )

    async def delete_webhook(self, webhook_id: str) -> None:
        """Have nothing delivered to a webhook any more."""
        path = self._path(webhook_id)
        await self._api.ask(_nothing, _WEBHOOKS, method="DELETE", path=path, credits=WEBHOOK_COST, is_private=True)

    def _path(self, webhook_id: str) -> str:
        if not _WEBHOOK_ID.fullmatch(webhook_id):
            reason = "no id of a webhook; it has letters, digits and hyphens"
            raise self._api.error(_WEBHOOKS, reason, retryable=False)
        return f"/v0/webhooks/{webhook_id}"


def connect(api: Api) -> Helius:
    """Return Helius at the addresses of `api`."""
    return Helius(api)


def enhanced_transactions(body: bytes) -> list[EnhancedTransaction]:
    """Return the transactions of an answer or of a webhook; ones that Helius does not know are left out.

    Raises:
        ValueError: it is no list of transactions with signatures.
    """
    texts = [text for raw in _RAWS.decode(body) if (text := bytes(raw)) != _NULL]
    return [EnhancedTransaction(parse_signature(_SIGNED.decode(text).signature), text) for text in texts]


def _transactions_page(page: _Page) -> TransactionsPage:
    return TransactionsPage([bytes(raw) for raw in page.data], page.token)


def _definition(url: str, addresses: Sequence[Address], secret: str, kind: WebhookKind) -> Mapping[str, object]:
    return {
        "webhookURL": url,
        "transactionTypes": ["ANY"],
        "accountAddresses": addresses,
        "webhookType": kind,
        "authHeader": secret,
    }


def _webhook(body: bytes) -> Webhook:
    return _as_webhook(_ONE_WEBHOOK.decode(body))


def _webhooks(body: bytes) -> list[Webhook]:
    return [_as_webhook(webhook) for webhook in _ALL_WEBHOOKS.decode(body)]


def _as_webhook(found: _Webhook) -> Webhook:
    addresses = tuple(parse_address(address) for address in found.addresses)
    return Webhook(found.webhook_id, found.url, found.kind, addresses)


def _nothing(_body: bytes) -> None:
    """Accept whatever follows a success."""
