"""Have Helius push the transactions of followed wallets to this machine, through a tunnel of the user's.

Not responsible for taking pushes (`aura_mcp.web`) or for the tunnel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from aura_mcp.errors import AuraError
from aura_mcp.services.providers import Providers
from data.clock import SystemClock
from data.providers.helius import Helius, Webhook
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


def providers_beside_hub(*, is_offline: bool) -> Providers:
    """Return the way to providers of a process that has no database, because a hub has it: it counts no credits."""
    return Providers(SystemClock(), is_offline=is_offline)


class Webhooks:
    """The webhooks of the user's key at Helius; each change and each look costs credits there."""

    def __init__(self, helius: Helius | None, wallets: Sequence[str], secret: str) -> None:
        if helius is None:
            raise AuraError("webhooks are made at Helius, which needs HELIUS_API_KEY; set it")
        self._helius = helius
        self._wallets = [Address(wallet) for wallet in wallets]
        self._secret = secret

    async def list(self) -> list[WebhookState]:
        """Return all webhooks."""
        return [self._state(webhook) for webhook in await self._helius.webhooks()]

    async def create(self, url: str) -> WebhookState:
        """Have the followed wallets pushed to `url`; one that pushes there already is brought up to date instead.

        Raises:
            AuraError: the address is not one of ours over HTTPS, or no wallet is followed.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.path != PATH or parts.query or parts.username:
            raise AuraError(f"webhooks go to https://<your tunnel>{PATH}; give that address")
        wallets = self._wallets
        if not wallets:
            raise AuraError("no wallet is followed; `aura init` loads a list, edit_wallet follows one")
        known = [webhook for webhook in await self._helius.webhooks() if webhook.url == url]
        if known:
            return self._state(await self._helius.edit_webhook(known[0].webhook_id, url, wallets, self._secret))
        return self._state(await self._helius.create_webhook(url, wallets, self._secret))

    async def delete(self, webhook_id: str) -> None:
        """Delete a webhook."""
        await self._helius.delete_webhook(webhook_id)

    def _state(self, webhook: Webhook) -> WebhookState:
        followed, pushed = set(self._wallets), set(webhook.addresses)
        return WebhookState(
            webhook_id=webhook.webhook_id,
            url=webhook.url,
            kind=webhook.kind,
            addresses=len(pushed),
            missing=len(followed - pushed),
            extra=len(pushed - followed),
        )
