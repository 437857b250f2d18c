"""Bring a new wallet's history a hundred transactions a call, where the plan of a Helius key has it.

What it brings is what `getTransaction` answers, so facts are as exact; which transactions there are is the node's word,
and what does not come this way is fetched there. Helius' enhanced history is not used: it leaves out balances, and an
account's chain of balances is how gaps are found. Not responsible for counting credits (`data.providers`).
"""

import logging
import math
from collections import OrderedDict
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Protocol

import msgspec

from data.clock import Clock
from data.errors import ProviderError
from data.providers.helius import TransactionsPage
from engine.tracking import Listed
from engine.units import Address

WORTH_IT: Final = 20
"""Transactions from which one call for a hundred (100 credits) takes the place of one free call each."""

KEPT: Final = 2_000
"""Transactions that wait to be taken, at most: those that came first are fetched from the node after all."""

PAGE: Final = 100
AGAIN_S: Final = 600
"""After trouble, how long history comes from the node alone; after a refusal it is until the next month."""

_log = logging.getLogger(__name__)


class TellsHistory(Protocol):
    """Whoever brings whole transactions of an address."""

    async def transactions_of(
        self, address: Address, *, token: str | None = None, min_slot: int | None = None
    ) -> TransactionsPage:
        """Return a page, oldest first."""
        ...


class _Transaction(msgspec.Struct):
    signatures: list[str]


class _Result(msgspec.Struct):
    transaction: _Transaction


class History:
    """Transactions that came before they were asked for one by one; does nothing without a `teller`."""

    def __init__(self, teller: TellsHistory | None, clock: Clock) -> None:
        self._teller = teller
        self._clock = clock
        self._again_at = 0
        self._texts: OrderedDict[str, bytes] = OrderedDict()

    def take(self, signature: str) -> bytes | None:
        """Return a transaction that came, once; None when it must be fetched."""
        return self._texts.pop(signature, None)

    async def prepare(self, wallet: str, wanted: Sequence[Listed]) -> None:
        """Bring what is wanted of a wallet, where that saves calls; what fails is fetched from the node."""
        if self._teller is None or len(wanted) < WORTH_IT or self._clock.epoch_s() < self._again_at:
            return
        names = {entry.signature for entry in wanted}
        token, lowest = None, min(entry.slot for entry in wanted)
        # Twice as many pages as it takes: transfers that touch token accounts only come along.
        for _ in range(2 * math.ceil(len(names) / PAGE)):
            try:
                page = await self._teller.transactions_of(Address(wallet), token=token, min_slot=lowest)
            except ProviderError as error:
                self._give_up(error)
                return
            names -= self._keep(page, names)
            token = page.next_token
            if token is None or not names:
                return

    def _keep(self, page: TransactionsPage, names: set[str]) -> set[str]:
        kept: set[str] = set()
        for text in page.texts:
            signature = _signature_of(text)
            if signature in names:
                self._texts[signature] = text
                kept.add(signature)
        while len(self._texts) > KEPT:
            self._texts.popitem(last=False)
        return kept

    def _give_up(self, error: ProviderError) -> None:
        if error.retryable:
            self._again_at = self._clock.epoch_s() + AGAIN_S
        else:
            # A plan that does not have it, or a month's credits that are used up.
            self._again_at = _next_month_s(self._clock)
        _log.info("history comes from the node: %s", error)


def _next_month_s(clock: Clock) -> int:
    later = clock.now().replace(day=1) + timedelta(days=32)
    return int(later.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp())


def _signature_of(text: bytes) -> str:
    try:
        found = msgspec.json.decode(text, type=_Result).transaction.signatures
    except msgspec.DecodeError:
        # Nobody waits for it: the node is asked.
        return ""
    return found[0] if found else ""
