"""Simulate a chain: transactions run in slots, become final after some, or are dropped before.

The test drives its time (`advance`); nothing here reads a clock. Every method may be called from any thread.
Not responsible for how nodes tell it (`tests.fakes.rpc`) or for what traders do (`tests.fakes.trading`).
"""

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

from solders.signature import Signature

from tests.builders.encodings import as_base64, as_helius, as_json, as_json_parsed, text
from tests.builders.transactions import FEE, RENT, SOL_UNIT, Built, Call, Step, TokenAccount, World, address, holding
from tests.fakes.accounts import Accounts, AccountState, Place, Touched, Touches

START_SLOT: Final = 430_000_000
START_TIME: Final = 1_782_600_000
SLOTS_PER_10_S: Final = 25
FINALITY_SLOTS: Final = 32
RECENT_SLOTS: Final = 150

Listener = Callable[["Executed"], None]


@dataclass(frozen=True, kw_only=True)
class Executed:
    """A transaction in a slot, and how a node tells it."""

    built: Built
    index: int
    changes: Sequence[tuple[str, AccountState, AccountState]] = field(repr=False)
    loaded: int = 0

    @property
    def signature(self) -> str:
        """Its first signature."""
        return self.built.signature

    @property
    def slot(self) -> int:
        """The slot it ran in."""
        return self.built.slot

    @property
    def place(self) -> Place:
        """Where it ran: slot, number in the slot."""
        return self.built.slot, self.index

    @cached_property
    def json(self) -> bytes:
        """The `getTransaction` result in encoding json."""
        return text({**as_json(self.built, loaded=self.loaded), "transactionIndex": self.index})

    @cached_property
    def base64(self) -> bytes:
        """The same in encoding base64."""
        return text({**as_base64(self.built, loaded=self.loaded), "transactionIndex": self.index})

    @cached_property
    def json_parsed(self) -> bytes:
        """The same in encoding jsonParsed."""
        return text({**as_json_parsed(self.built), "transactionIndex": self.index})

    @cached_property
    def helius(self) -> dict[str, Any]:
        """The same as Helius' enhanced transaction."""
        return as_helius(self.built)

    @property
    def error(self) -> dict[str, Any] | None:
        """What a node says of a failed one."""
        return {"InstructionError": [0, {"Custom": 1}]} if self.built.is_failed else None


class SignatureRow(NamedTuple):
    """A transaction in an account's list."""

    slot: int
    number: int
    signature: str


class Chain:
    """Wallets, mints and token accounts, and the transactions that changed them."""

    def __init__(self, *, slot: int = START_SLOT, time: int = START_TIME, finality_slots: int = FINALITY_SLOTS) -> None:
        self._lock = threading.RLock()
        self._accounts = Accounts()
        self._by_signature: dict[str, Executed] = {}
        self._by_account: dict[str, list[SignatureRow]] = {}
        self._counts: dict[int, int] = {}
        self._listeners: list[Listener] = []
        self._newer: set[str] = set()
        self._decimals: dict[str, int] = {"SOL": 9}
        self._first_slot = slot
        self._first_time = time
        self._finality_slots = finality_slots
        self.slot = slot
        """The newest confirmed slot."""

    @property
    def finalized_slot(self) -> int:
        """The newest slot that stays."""
        return self.slot - self._finality_slots

    def time_of(self, slot: int) -> int:
        """Return when a slot was made, in seconds since 1970: five slots take two seconds."""
        return self._first_time + (slot - self._first_slot) * 10 // SLOTS_PER_10_S

    def advance(self, slots: int = 1) -> int:
        """Let slots pass; return the newest."""
        with self._lock:
            self.slot += slots
            return self.slot

    def finalize(self) -> int:
        """Let as many slots pass as make everything final."""
        return self.advance(self._finality_slots)

    def fund(self, name: str, lamports: int = 100 * SOL_UNIT) -> str:
        """Give an account lamports from nowhere, before the first transaction that anyone sees; return its address."""
        with self._lock:
            at = address(name)
            state = self._accounts.state(at)
            self._accounts.put((self._first_slot, -1), at, AccountState(state.lamports + lamports, state.token))
            return at

    def endow(self, owner: str, mint: str, amount: int) -> str:
        """Give an owner tokens from nowhere, before the first transaction; return the address of the token account."""
        with self._lock:
            at, rent = holding(owner, mint), RENT + (amount if mint == "SOL" else 0)
            token = TokenAccount(owner=address(owner), mint=mint, amount=amount)
            self._accounts.put((self._first_slot, -1), at, AccountState(rent, token))
            return at

    def describe_mint(self, mint: str, *, decimals: int = 6, is_token_2022: bool = False) -> str:
        """Say how a mint counts and which program it belongs to; return its address."""
        with self._lock:
            self._decimals[mint] = decimals
            if is_token_2022:
                self._newer.add(mint)
            return address(mint)

    def decimals_of(self, mint: str) -> int:
        """Return the decimals of a mint."""
        return self._decimals.get(mint, 6)

    def is_token_2022(self, mint: str) -> bool:
        """Return whether a mint belongs to the newer program."""
        return mint in self._newer

    def send(
        self,
        *steps: Step,
        payer: str,
        cosigners: Sequence[str] = (),
        fee: int = FEE,
        is_failed: bool = False,
        loaded: int = 0,
        name: str | None = None,
    ) -> Executed:
        """Run a transaction in the newest slot; the last `loaded` accounts come from lookup tables.

        With a `name` its signature follows from that and the steps alone: dropped, it can land again.

        Raises:
            ValueError: somebody would owe something, or this very transaction ran before.
        """
        with self._lock:
            touched = self._accounts.touch()
            world = World(touched.lamports, touched.tokens)
            signers = tuple(address(name) for name in (payer, *cosigners))
            calls = tuple(call for step in steps for call in step(world))
            built = self._build(signers, calls, touched, fee, is_failed=is_failed, name=name)
            if built.signature in self._by_signature:
                raise ValueError(f"{built.signature} ran before")
            return self._land(built, loaded)

    def drop(self, signature: str) -> Executed:
        """Let a confirmed transaction vanish, as when its fork loses.

        Raises:
            ValueError: it is final, or what it brought is spent.
        """
        with self._lock:
            gone = self._by_signature[signature]
            if gone.slot <= self.finalized_slot:
                raise ValueError(f"{signature} is final: it stays")
            self._accounts.take_back(gone.place, gone.changes)
            del self._by_signature[signature]
            for at in gone.built.accounts:
                self._by_account[at].remove(SignatureRow(gone.slot, gone.index, signature))
            return gone

    def on_confirmed(self, listener: Listener) -> None:
        """Call `listener` with every transaction from now on, on the thread that sends it."""
        self._listeners.append(listener)

    def find(self, signature: str) -> Executed | None:
        """Return a transaction that is on the chain."""
        return self._by_signature.get(signature)

    def executed(self) -> list[Executed]:
        """Return all transactions on the chain, in the order they were sent."""
        with self._lock:
            return list(self._by_signature.values())

    def signatures(
        self, at: str, *, slot: int, before: str | None = None, until: str | None = None, limit: int = 1000
    ) -> list[Executed]:
        """Return transactions that name an account, up to a slot, newest first, as a node does.

        An unknown `until` stops nothing; an unknown `before` finds nothing.
        """
        with self._lock:
            first = self._by_signature.get(before) if before else None
            if before and first is None:
                return []
            last = self._by_signature.get(until) if until else None
            found: list[Executed] = []
            for row in reversed(self._by_account.get(at, ())):
                place = (row.slot, row.number)
                if row.slot > slot or (first is not None and place >= first.place):
                    continue
                if len(found) == limit or (last is not None and place <= last.place):
                    break
                found.append(self._by_signature[row.signature])
            return found

    def account(self, at: str, slot: int | None = None) -> AccountState:
        """Return what an account holds, or held at the end of a slot."""
        with self._lock:
            return self._accounts.state(at, slot)

    def owned(self, owner: str, slot: int | None = None) -> list[tuple[str, AccountState]]:
        """Return an owner's token accounts."""
        with self._lock:
            return self._accounts.owned(owner, slot)

    def of_mint(self, mint: str, slot: int | None = None) -> list[tuple[str, AccountState]]:
        """Return a mint's token accounts, those that hold most first."""
        with self._lock:
            return sorted(
                self._accounts.of_mint(mint, slot), key=lambda entry: -entry[1].token.amount if entry[1].token else 0
            )

    def _build(
        self,
        signers: tuple[str, ...],
        calls: tuple[Call, ...],
        touched: Touches,
        fee: int,
        *,
        is_failed: bool,
        name: str | None,
    ) -> Built:
        named = tuple(dict.fromkeys([*signers, *_named(calls), *touched.lamports]))
        states = {at: self._accounts.state(at) for at in named}
        before = World(
            {at: state.lamports for at, state in states.items()},
            {at: state.token for at, state in states.items() if state.token is not None},
        )
        after = before.copy() if is_failed else _settled(before, touched.lamports, touched.tokens)
        after.lamports[signers[0]] -= fee
        if after.lamports[signers[0]] < 0:
            raise ValueError(f"{signers[0]} cannot pay the fee")
        lamports = [before.lamports[at] for at in signers]
        unique = (lamports, self.slot, is_failed) if name is None else name
        digest = hashlib.sha512(repr((signers, calls, unique)).encode()).digest()
        return Built(
            signers=signers,
            accounts=named,
            calls=calls,
            before=before,
            after=after,
            fee=fee,
            is_failed=is_failed,
            signature=str(Signature.from_bytes(digest)),
            newer_mints=frozenset(self._newer),
            decimals=self._decimals,
            slot=self.slot,
            block_time=self.time_of(self.slot),
        )

    def _land(self, built: Built, loaded: int) -> Executed:
        index = self._counts.get(built.slot, 0)
        self._counts[built.slot] = index + 1
        before, after = (
            {at: AccountState(world.lamports[at], world.tokens.get(at)) for at in built.accounts}
            for world in (built.before, built.after)
        )
        changes = [(at, before[at], after[at]) for at in built.accounts if before[at] != after[at]]
        done = Executed(built=built, index=index, changes=changes, loaded=loaded)
        for at, _, state in done.changes:
            self._accounts.put(done.place, at, state)
        self._by_signature[built.signature] = done
        for at in built.accounts:
            self._by_account.setdefault(at, []).append(SignatureRow(*done.place, built.signature))
        for listener in self._listeners:
            listener(done)
        return done


def _settled(before: World, lamports: dict[str, int], tokens: Touched[TokenAccount]) -> World:
    """Return everything the transaction names as the steps left it."""
    # What the steps did not look at stayed; what they looked at and is gone was closed.
    kept = {at: token for at, token in before.tokens.items() if at not in tokens.seen}
    return World({at: lamports.get(at, held) for at, held in before.lamports.items()}, {**kept, **tokens})


def _named(calls: Sequence[Call]) -> list[str]:
    found: list[str] = []
    for call in calls:
        found += [*call.accounts, *_named(call.inner), call.program]
    return found


def dump(value: object) -> bytes:
    """Return JSON without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()
