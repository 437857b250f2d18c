"""Build transactions from a short description, in balances that conserve by construction.

A transaction is a list of steps on a small world: who pays whom, which program is called and what it does inside.
Every name is an account of its own; `SOL`, `USDC` and `USDT` are the real mints. Wallets start with 100 SOL.

    transaction(opens("A", "MEME"), buys("A", "MEME", 5_000, 2 * SOL_UNIT, PUMP_FUN), has={"pool": {"MEME": 10**9}})

Not responsible for wire formats and provider shapes (`tests.builders.encodings`).
"""

import hashlib
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from engine.units import U64_MAX, USDC, USDT, WSOL

SOL_UNIT: Final = 1_000_000_000
RENT: Final = 2_039_280
FEE: Final = 5_000
START: Final = 100 * SOL_UNIT

SYSTEM: Final = "11111111111111111111111111111111"
TOKEN: Final = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
TOKEN_2022: Final = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
ASSOCIATED: Final = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"
PUMP_FUN: Final = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"
PUMP_SWAP: Final = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"
JITO: Final = "96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5"

_ACCOUNTS: Final = ("market", "market vault", "other market vault", "market authority")
_MINTS: Final = {"SOL": WSOL, "USDC": USDC, "USDT": USDT}
_DECIMALS: Final = {"SOL": 9, "NFT": 0, "POSITION": 0, "TICKET": 0}


def address(name: str) -> str:
    """Return the address that stands for `name`: the real one of a quote mint or of an address itself."""
    if name in _MINTS:
        return _MINTS[name]
    return name if len(name) > 31 else str(Pubkey(hashlib.sha256(name.encode()).digest()))


@dataclass(frozen=True, kw_only=True)
class Call:
    """One instruction with those it called; `parsed` is what a node makes of it in jsonParsed."""

    program: str
    accounts: Sequence[str]
    data: bytes
    parsed: tuple[str, dict[str, object]] | None = None
    inner: Sequence["Call"] = ()


@dataclass(kw_only=True)
class TokenAccount:
    """A token account: `mint` is a name, `owner` an address."""

    owner: str
    mint: str
    amount: int


@dataclass
class World:
    """Lamports and token accounts by address; steps change it and answer the instructions that did."""

    lamports: dict[str, int] = field(default_factory=dict[str, int])
    tokens: dict[str, TokenAccount] = field(default_factory=dict[str, TokenAccount])

    def copy(self) -> "World":
        """Return a world that later steps do not change."""
        return World(
            dict(self.lamports),
            {at: TokenAccount(owner=t.owner, mint=t.mint, amount=t.amount) for at, t in self.tokens.items()},
        )

    def move(self, source: str, target: str, lamports: int) -> None:
        """Move lamports between addresses."""
        for at in (source, target):
            self.lamports.setdefault(at, 0)
        self.lamports[source] -= lamports
        self.lamports[target] += lamports
        if self.lamports[source] < 0:
            raise ValueError(f"{source} would owe {-self.lamports[source]} lamports: describe what it has before")

    def add(self, at: str, amount: int) -> None:
        """Add base units to a token account, or take them; wrapped SOL takes its lamports along elsewhere."""
        token = self.tokens[at]
        token.amount += amount
        if not 0 <= token.amount <= U64_MAX:
            raise ValueError(f"the {token.mint} account would hold {token.amount}: describe what it has before")


Step = Callable[[World], list[Call]]


@dataclass(frozen=True, kw_only=True)
class Built:
    """A transaction that ran: its calls, and the world before and after."""

    signers: tuple[str, ...]
    accounts: tuple[str, ...]
    calls: tuple[Call, ...]
    before: World
    after: World
    fee: int
    is_failed: bool
    signature: str
    newer_mints: frozenset[str]
    decimals: Mapping[str, int]
    slot: int = 300_000_000
    block_time: int = 1_760_000_000


def holding(owner: str, mint: str) -> str:
    """Return the address of the owner's account for a mint."""
    return address(f"{owner}/{mint}")


def transaction(  # noqa: PLR0913 - each names one thing that a description may say
    *steps: Step,
    payer: str = "A",
    cosigners: Sequence[str] = (),
    fresh: Sequence[str] = (),
    has: Mapping[str, Mapping[str, int]] | None = None,
    fee: int | None = None,
    is_failed: bool = False,
    newer_mints: Sequence[str] = (),
    decimals: Mapping[str, int] | None = None,
) -> Built:
    """Run steps signed by the payer and the co-signers, who start with 100 SOL each, and by `fresh` keys with nothing.

    `has` says what owners hold before, by mint, and their `lamports`. `newer_mints` belong to Token-2022, mints have 6
    decimals unless `decimals` says otherwise, and the fee is the base fee unless given.
    """
    signers = tuple(address(name) for name in (payer, *cosigners, *fresh))
    world = World(dict.fromkeys(signers[: 1 + len(cosigners)], START))
    for owner, held in (has or {}).items():
        for mint, amount in held.items():
            if mint == "lamports":
                world.lamports[address(owner)] = amount
                continue
            at = holding(owner, mint)
            world.tokens[at] = TokenAccount(owner=address(owner), mint=mint, amount=amount)
            world.lamports[at] = RENT + (amount if mint == "SOL" else 0)
    before = world.copy()
    calls = [call for step in steps for call in step(world)]
    after = before.copy() if is_failed else world
    paid = FEE * len(signers) if fee is None else fee
    after.lamports[signers[0]] -= paid
    accounts = tuple(dict.fromkeys([*signers, *_named(calls), *before.lamports, *world.lamports]))
    for at in accounts:
        before.lamports.setdefault(at, 0)
        after.lamports.setdefault(at, 0)
    digest = hashlib.sha512(repr((signers, calls, before.lamports)).encode()).digest()
    return Built(
        signers=signers,
        accounts=accounts,
        calls=tuple(calls),
        before=before,
        after=after,
        fee=paid,
        is_failed=is_failed,
        signature=str(Signature.from_bytes(digest)),
        newer_mints=frozenset(newer_mints),
        decimals={**_DECIMALS, **(decimals or {})},
    )


def _named(calls: Sequence[Call]) -> Iterator[str]:
    for call in calls:
        yield from call.accounts
        yield from _named(call.inner)
        yield call.program


def pays(source: str, target: str, lamports: int) -> Step:
    """Transfer lamports."""

    def step(world: World) -> list[Call]:
        a, b = address(source), address(target)
        world.move(a, b, lamports)
        info: dict[str, object] = {"source": a, "destination": b, "lamports": lamports}
        return [_system(2, (a, b), struct.pack("<Q", lamports), "transfer", info)]

    return step


def tips(source: str, lamports: int, target: str = JITO) -> Step:
    """Transfer lamports to a tip account."""
    return pays(source, target, lamports)


def takes(source: str, target: str, lamports: int) -> Step:
    """Move lamports without any instruction, as a program does with those of its own accounts."""

    def step(world: World) -> list[Call]:
        world.move(address(source), address(target), lamports)
        return []

    return step


def creates(name: str, by: str, lamports: int, program: str = "some program", space: int = 100) -> Step:
    """Create an account with lamports for a program."""

    def step(world: World) -> list[Call]:
        a, b, owner = address(by), address(name), address(program)
        world.move(a, b, lamports)
        data = struct.pack("<QQ", lamports, space) + bytes(Pubkey.from_string(owner))
        info: dict[str, object] = {"source": a, "newAccount": b, "lamports": lamports, "space": space, "owner": owner}
        return [_system(0, (a, b), data, "createAccount", info)]

    return step


def allocates(name: str, program: str = "some program", space: int = 100) -> Step:
    """Make an account of a program out of one that was paid before: allocate and assign."""

    def step(_world: World) -> list[Call]:
        at, owner = address(name), address(program)
        return [
            _system(8, (at,), struct.pack("<Q", space), "allocate", {"account": at, "space": space}),
            _system(1, (at,), bytes(Pubkey.from_string(owner)), "assign", {"account": at, "owner": owner}),
        ]

    return step


def opens(owner: str, mint: str, by: str | None = None, at: str | None = None) -> Step:
    """Open a token account for `owner`, with rent from `by` or the owner."""

    def step(world: World) -> list[Call]:
        account = holding(owner, mint) if at is None else address(at)
        rent = creates(account, by or owner, RENT, TOKEN, 165)(world)
        world.tokens[account] = TokenAccount(owner=address(owner), mint=mint, amount=0)
        info: dict[str, object] = {"account": account, "mint": address(mint), "owner": address(owner)}
        data = b"\x12" + bytes(Pubkey.from_string(address(owner)))
        made = _token((account, address(mint)), data, "initializeAccount3", info)
        payer = address(by or owner)
        return [Call(program=ASSOCIATED, accounts=(payer, account, address(owner)), data=b"\x01", inner=(*rent, made))]

    return step


def closes(owner: str, mint: str, to: str | None = None, at: str | None = None) -> Step:
    """Close a token account; its lamports go to `to` or the owner."""

    def step(world: World) -> list[Call]:
        account = holding(owner, mint) if at is None else address(at)
        target = address(to or owner)
        token = world.tokens.pop(account)
        if token.amount and mint != "SOL":
            raise ValueError(f"the {mint} account still holds {token.amount}")
        world.move(account, target, world.lamports[account])
        info: dict[str, object] = {"account": account, "destination": target, "owner": address(owner)}
        return [_token((account, target, address(owner)), b"\x09", "closeAccount", info)]

    return step


def wraps(owner: str, lamports: int) -> Step:
    """Pay lamports into the owner's account of wrapped SOL and wrap them."""

    def step(world: World) -> list[Call]:
        account = holding(owner, "SOL")
        paid = pays(owner, account, lamports)(world)
        world.add(account, lamports)
        return [*paid, _token((account,), b"\x11", "syncNative", {"account": account})]

    return step


def moves(source: str, target: str, mint: str, amount: int, withheld: int = 0, signed_by: str | None = None) -> Step:
    """Transfer tokens between the owners' accounts; Token-2022 may withhold a part of what arrives."""

    def step(world: World) -> list[Call]:
        a, b, authority = holding(source, mint), holding(target, mint), address(signed_by or source)
        world.add(a, -amount)
        world.add(b, amount - withheld)
        if mint == "SOL":
            world.move(a, b, amount)
        info: dict[str, object] = {"source": a, "destination": b, "authority": authority, "amount": str(amount)}
        return [_token((a, b, authority), b"\x03" + struct.pack("<Q", amount), "transfer", info)]

    return step


def makes_mint(mint: str, by: str, lamports: int = 1_461_600) -> Step:
    """Create a mint, paid by `by`."""

    def step(world: World) -> list[Call]:
        made = creates(mint, by, lamports, TOKEN, 82)(world)
        data = b"\x14\x06" + bytes(32) + b"\x00"
        return [*made, _token((address(mint),), data, "initializeMint2", {"mint": address(mint)})]

    return step


def mints(mint: str, target: str, amount: int) -> Step:
    """Mint tokens to the owner's account."""

    def step(world: World) -> list[Call]:
        at = holding(target, mint)
        world.add(at, amount)
        info: dict[str, object] = {"mint": address(mint), "account": at, "amount": str(amount)}
        data = b"\x07" + struct.pack("<Q", amount)
        return [_token((address(mint), at, address(mint)), data, "mintTo", {**info, "mintAuthority": address(mint)})]

    return step


def burns(owner: str, mint: str, amount: int, signed_by: str | None = None) -> Step:
    """Burn tokens of the owner."""

    def step(world: World) -> list[Call]:
        at, authority = holding(owner, mint), address(signed_by or owner)
        world.add(at, -amount)
        info: dict[str, object] = {"mint": address(mint), "account": at, "authority": authority, "amount": str(amount)}
        data = b"\x08" + struct.pack("<Q", amount)
        return [_token((at, address(mint), authority), data, "burn", info)]

    return step


def hands_over(owner: str, mint: str, target: str) -> Step:
    """Make `target` the owner of the owner's token account (SetAuthority)."""

    def step(world: World) -> list[Call]:
        at = holding(owner, mint)
        world.tokens[at].owner = address(target)
        data = b"\x06\x02\x01" + bytes(Pubkey.from_string(address(target)))
        info: dict[str, object] = {"account": at, "authority": address(owner), "newAuthority": address(target)}
        return [_token((at, address(owner)), data, "setAuthority", info)]

    return step


def calls(program: str, *steps: Step, data: bytes = b"\xff", accounts: Sequence[str] = _ACCOUNTS) -> Step:
    """Call a program that takes these steps inside itself."""

    def step(world: World) -> list[Call]:
        inner = tuple(call for step in steps for call in step(world))
        named = tuple(address(name) for name in accounts)
        return [Call(program=address(program), accounts=named, data=data, inner=inner)]

    return step


def says(program: str, data: bytes) -> Step:
    """Emit an event, as Anchor programs do by calling themselves."""
    return calls(program, data=data, accounts=("event authority",))


def buys(owner: str, mint: str, amount: int, lamports: int, venue: str = PUMP_FUN) -> Step:
    """Buy tokens of the `pool` for native SOL."""
    return calls(venue, pays(owner, "pool", lamports), moves("pool", owner, mint, amount))


def sells(owner: str, mint: str, amount: int, lamports: int, venue: str = PUMP_FUN) -> Step:
    """Sell tokens to the `pool` for native SOL, which the program takes from its own account."""
    return calls(venue, moves(owner, "pool", mint, amount), takes("pool", owner, lamports))


def discriminator(name: str) -> bytes:
    """Return the first bytes of the data of an Anchor instruction."""
    return hashlib.sha256(f"global:{name}".encode()).digest()[:8]


def _system(tag: int, accounts: tuple[str, ...], rest: bytes, kind: str, info: dict[str, object]) -> Call:
    return Call(program=SYSTEM, accounts=accounts, data=struct.pack("<I", tag) + rest, parsed=(kind, info))


def _token(accounts: tuple[str, ...], data: bytes, kind: str, info: dict[str, object]) -> Call:
    return Call(program=TOKEN, accounts=accounts, data=data, parsed=(kind, info))
