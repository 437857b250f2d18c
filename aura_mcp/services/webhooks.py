"""Have Helius push the transactions of followed wallets to this machine, through a tunnel of the user's.

Not responsible for taking pushes (`aura_mcp.web`) or for the tunnel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from aura_mcp.errors import AuraError
from aura_mcp.services.providers import Providers
from data.providers.helius import Helius, Webhook
from data.store import Store
from engine.units import Address

PATH: Final = "/webhooks/helius"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookState:
    """A webhook that Helius keeps; `missing` of the followed wallets are not in it, `extra` of its own not followed."""

    webhook_id: str
    url: str
    kind: str
    addresses: int
    missing: int
    extra: int


class Webhooks:
    """The webhooks of the user's key at Helius, asked for from a thread; each change and each look costs credits."""

    def __init__(self, store: Store, providers: Providers) -> None:
        self._store = store
        self._providers = providers

    def list(self) -> list[WebhookState]:
        """Return all webhooks.

        Raises:
            AuraError: there is no key, or Helius does not answer.
        """
        helius, wallets = self._helius(), self._wallets()

        async def ask() -> list[WebhookState]:
            return [_state(webhook, wallets) for webhook in await helius.webhooks()]

        return self._providers.ask(ask)

    def create(self, url: str, secret: str) -> WebhookState:
        """Have the followed wallets pushed to `url`; one that pushes there already is brought up to date instead.

        Raises:
            AuraError: the address is not one of ours over HTTPS, no wallet is followed, there is no key, or Helius
                does not answer.
        """
        helius, wallets = self._helius(), self._wallets()
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.path != PATH or parts.query or parts.username:
            raise AuraError(f"webhooks go to https://<your tunnel>{PATH}; give that address")
        if not wallets:
            raise AuraError("no wallet is followed; `aura init` loads a list, edit_wallet follows one")

        async def ask() -> WebhookState:
            known = [webhook for webhook in await helius.webhooks() if webhook.url == url]
            if known:
                return _state(await helius.edit_webhook(known[0].webhook_id, url, wallets, secret), wallets)
            return _state(await helius.create_webhook(url, wallets, secret), wallets)

        return self._providers.ask(ask)

    def delete(self, webhook_id: str) -> None:
        """Delete a webhook.

        Raises:
            AuraError: there is no key, or Helius does not answer.
        """
        helius = self._helius()
        self._providers.ask(lambda: helius.delete_webhook(webhook_id))

    def _helius(self) -> Helius:
        helius = self._providers.helius
        if helius is None:
            raise AuraError("webhooks are made at Helius, which needs HELIUS_API_KEY; set it, also for a hub that runs")
        return helius

    def _wallets(self) -> Sequence[Address]:
        return sorted(self._store.wallets.tracked())


def _state(webhook: Webhook, wallets: Sequence[Address]) -> WebhookState:
    followed, pushed = set(wallets), set(webhook.addresses)
    return WebhookState(
        webhook_id=webhook.webhook_id,
        url=webhook.url,
        kind=webhook.kind,
        addresses=len(pushed),
        missing=len(followed - pushed),
        extra=len(pushed - followed),
    )
