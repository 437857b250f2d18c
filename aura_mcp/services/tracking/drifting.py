"""Compare token accounts with the chain, and look for what moved one behind the facts' back.

A transfer into an existing token account names the account and not the wallet: only this finds it.
Not responsible for asking which accounts there are (`reconciling`) or for breaks between facts (`repairing`).
"""

from collections.abc import Sequence
from typing import NamedTuple

from anyio import to_thread

from aura_mcp.services.tracking.listing import Lister
from data.clock import Clock
from data.providers.chain import AccountState
from data.store import Store
from data.store.gaps import AccountCheck, Held
from engine.tracking import MOST_LOOKS


class Compared(NamedTuple):
    """What facts say an account holds, and what it holds at a slot."""

    held: Held
    slot: int
    actual_raw: int


class Drifting:
    """Token accounts whose facts and chain disagree."""

    def __init__(self, store: Store, clock: Clock, lister: Lister) -> None:
        self._store = store
        self._clock = clock
        self._lister = lister

    def compare(self, seen: Sequence[tuple[Held, int, AccountState | None]]) -> list[Held]:
        """Remember what accounts hold at their slots, and return those to be searched."""
        return self.judge([Compared(held, slot, _amount(held, state)) for held, slot, state in seen])

    def judge(self, compared: Sequence[Compared]) -> list[Held]:
        """Remember the comparisons, and return the accounts to be searched: not those searched often in vain."""
        now_s = self._clock.epoch_s()
        checks: list[AccountCheck] = []
        drifting: list[Held] = []
        for held, slot, actual in compared:
            # A node that is behind the last fact says nothing about what came after it.
            agrees = slot < held.slot or actual in held.amounts_raw
            # Another difference than before is searched afresh.
            tries = 0 if agrees or actual != held.seen_raw else held.tries
            expected = actual if agrees else held.amount_raw
            checks.append(AccountCheck(held.account, held.wallet, held.mint, slot, expected, actual, tries, now_s))
            if not agrees and tries < MOST_LOOKS:
                drifting.append(held)
        self._store.gaps.checked(checks)
        return drifting

    async def search(self, held: Held) -> int:
        """Queue what happened to an account after its last fact, and return how many signatures are new.

        An account that nothing is known of, and whose transactions all lie before the wallet's history, is no drift.

        Raises:
            ProviderError: the node did not answer.
        """
        since = await to_thread.run_sync(self._store.tracks.complete_since, held.wallet)
        after = (held.signature, held.slot) if held.signature else None
        new = await self._lister.between(held.account, held.wallet, after=after, before=None, since=since)
        if new == 0:
            is_older = after is None and since is not None
            note = self._store.gaps.accept if is_older else self._store.gaps.searched_in_vain
            await to_thread.run_sync(note, held.account)
        return new


def _amount(held: Held, state: AccountState | None) -> int:
    token = None if state is None else state.token
    return token.amount_raw if token is not None and (token.owner, token.mint) == (held.wallet, held.mint) else 0
