"""Turn a transaction into readings: what it did to each owner asked for.

Not responsible for parsing (`rpc`, `helius`) or for booking what was read (`engine.ledger`).
"""

from collections.abc import Collection, Iterable
from functools import lru_cache, partial
from typing import Final

from engine.address import parse_address
from engine.errors import AddressError, ReadError
from engine.facts import Amount, Leg, Reading, Role, Side, TxClass
from engine.reading.classify import Shape, classify
from engine.reading.events import venue_fee_of
from engine.reading.fees import (
    created_accounts,
    network_fee,
    other_rent_of,
    tip_of,
    tip_positions,
)
from engine.reading.kinds import TRADE_KINDS, VENUE_KINDS, Kind
from engine.reading.liquidity import liquidity_class
from engine.reading.movement import Movement, TokenDelta, movement_of
from engine.reading.operations import TokenOp, lamport_operations, moves_both_ways, token_operations
from engine.reading.programs import PROGRAMS
from engine.transaction import Transaction
from engine.units import QUOTE_MINTS, STABLE_MINTS, WSOL, Address, Mint

_TRADES: Final = frozenset({TxClass.BUY, TxClass.SELL, TxClass.SWAP, TxClass.ARB})
_QUOTED: Final = frozenset({TxClass.BUY, TxClass.SELL, TxClass.ARB})
_STABLE_ORDER: Final = tuple(sorted(STABLE_MINTS))
NOT_CONSERVED: Final = "token_not_conserved"
_ROUND_TRIP_RATIO: Final = 50
"""A round trip keeps less than one part in 50 of what went through; a trade keeps it all."""


def read(
    transaction: Transaction, wallets: Collection[Address] | None, also: Collection[Address]
) -> tuple[Reading, ...]:
    """Return one reading for each wallet: those named, or every signer with a moved balance and those in `also`.

    Raises:
        ReadError: balances contradict each other, or an address in them is none.
    """
    facts = _Facts(transaction)
    facts.check_conservation()
    owners = wallets if wallets is not None else [*facts.moved_signers(), *facts.present(also)]
    return tuple([facts.read(owner) for owner in dict.fromkeys(owners)])


class _Facts:
    """What every owner's reading of one transaction shares; what needs instructions is worked out when first asked."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.signers = frozenset(transaction.accounts[: transaction.signer_count])
        self.fee = network_fee(transaction)
        self.tips = tip_positions(transaction)
        self.created = created_accounts(transaction)
        self.token_sums = _token_sums(transaction)
        self.touched, self.venues = _touched(transaction)
        self._token_operations: list[TokenOp] | None = None

    def token_operations(self) -> list[TokenOp]:
        if self._token_operations is None:
            self._token_operations = token_operations(self.transaction)
        return self._token_operations

    def opened_mints(self) -> frozenset[str]:
        return frozenset([op.mint for op in self.token_operations() if op.kind == "initialize_mint"])

    def issued(self) -> dict[str, int]:
        """Return what was minted less what was burned, by mint, as the instructions say."""
        issued: dict[str, int] = {}
        for op in self.token_operations():
            if op.kind == "mint_to":
                issued[op.mint] = issued.get(op.mint, 0) + op.amount_raw
            elif op.kind == "burn":
                issued[op.mint] = issued.get(op.mint, 0) - op.amount_raw
        return issued

    def supply_changed(self) -> frozenset[str]:
        return frozenset(self.issued()) if self.token_sums else frozenset()

    def check_conservation(self) -> None:
        transaction = self.transaction
        moved = sum(transaction.post_lamports) - sum(transaction.pre_lamports)
        if moved != -transaction.fee_lamports:
            raise ReadError(
                f"lamports do not add up: balances change by {moved}, the fee is {transaction.fee_lamports}; "
                "the file was altered or cut",
                transaction.signature,
            )

    def moved_signers(self) -> list[Address]:
        """Return the fee payer and every other signer whose balance moved."""
        transaction = self.transaction
        signers = transaction.accounts[: transaction.signer_count]
        if len(signers) == 1:
            return signers
        owners = {
            owner
            for token in transaction.tokens
            if token.pre_raw != token.post_raw or token.owner_before != token.owner_after
            for owner in (token.owner_before, token.owner_after)
        }
        return [
            address
            for position, address in enumerate(signers)
            if position == 0
            or (
                (transaction.pre_lamports[position] != transaction.post_lamports[position] or address in owners)
                and not self._is_fresh_keypair(position)
            )
        ]

    def _is_fresh_keypair(self, position: int) -> bool:
        """Return whether a co-signer only lent its key to the account created at its address: a mint, a position."""
        if position not in self.created:
            return False
        address = self.transaction.accounts[position]
        return any(
            op.target == address and op.kind != "transfer" for op in lamport_operations(self.transaction, (position,))
        )

    def present(self, wallets: Collection[Address]) -> Iterable[Address]:
        if not wallets:
            return
        seen = {*self.transaction.accounts}
        for token in self.transaction.tokens:
            seen.update(owner for owner in (token.owner_before, token.owner_after) if owner is not None)
        yield from (wallet for wallet in wallets if wallet in seen)

    def read(self, owner: Address) -> Reading:
        transaction = self.transaction
        movement = movement_of(transaction, owner)
        is_payer = owner == transaction.accounts[0]
        base, priority = self.fee if is_payer else (0, 0)
        is_signer = owner in self.signers
        tip, other_rent = self._costs(owner, movement) if is_signer and not transaction.is_failed else (0, 0)
        # Rent that somebody else locked in the owner's new account is neither its cost nor its income.
        rent = movement.rent_lamports if is_signer else min(movement.rent_lamports, 0)
        sol_flow = movement.native_lamports + movement.wsol_lamports + base + priority + tip + rent + other_rent
        tx_class = (
            TxClass.FAILED if transaction.is_failed else classify(self._shape(owner, movement, sol_flow, other_rent))
        )
        quote = _quote(tx_class, movement, sol_flow)
        legs = self._legs(owner, tx_class, movement, quote)
        issues = [*transaction.notes, *self._issues(movement, tx_class)]
        venue_fee: int | None = None
        if quote is not None:
            venue_fee, disagreement = venue_fee_of(transaction, owner, legs, quote)
            issues += [] if disagreement is None else [disagreement]
        _check_addresses(transaction, owner, movement)
        return Reading(
            signature=transaction.signature,
            slot=transaction.slot,
            block_time=transaction.block_time,
            index_in_block=transaction.index_in_block,
            wallet=owner,
            role=Role.FEE_PAYER if is_payer else Role.COSIGNER if is_signer else Role.RECEIVER,
            tx_class=tx_class,
            legs=legs,
            quote=quote,
            sol_flow_lamports=sol_flow,
            base_fee_lamports=base,
            priority_fee_lamports=priority,
            tip_lamports=tip,
            rent_lamports=rent,
            other_rent_lamports=other_rent,
            native_delta_lamports=movement.native_lamports,
            wsol_delta_lamports=movement.wsol_lamports,
            venue_fee_raw=venue_fee,
            venues=self.venues,
            balances=() if transaction.is_failed else movement.balances,
            issues=tuple(issues),
        )

    def _costs(self, owner: Address, movement: Movement) -> tuple[int, int]:
        """Return the owner's tips, and the rent it paid for accounts that are not its own token accounts."""
        opened = [position for position in self.created if position not in movement.token_accounts]
        if not self.tips and not opened:
            return 0, 0
        operations = lamport_operations(self.transaction, (*self.tips, *opened))
        return tip_of(operations, owner), other_rent_of(self.transaction, operations, owner, opened)

    def _shape(self, owner: Address, movement: Movement, sol_flow: int, other_rent: int) -> Shape:
        flows = [sol_flow, *[amount for _, amount in movement.stables]]
        return Shape(
            is_signer=owner in self.signers,
            tokens=movement.tokens,
            quote_up=any(flow > 0 for flow in flows),
            quote_down=any(flow < 0 for flow in flows),
            touched=self.touched,
            supply_changed=self.supply_changed(),
            pays_other_rent=other_rent != 0,
            liquidity=lambda: liquidity_class(self.transaction.instructions),
            is_round_trip=partial(self._is_round_trip, movement),
            opened_mints=self.opened_mints,
        )

    def _is_round_trip(self, movement: Movement) -> bool:
        """Return whether some mint went out of the owner's accounts and came back, nearly all of it."""
        mints = {
            token.position: token.mint
            for token in self.transaction.tokens
            if token.position in movement.token_accounts and token.mint not in QUOTE_MINTS
        }
        if not mints or not moves_both_ways(self.transaction, mints):
            return False
        accounts = {self.transaction.accounts[position]: mint for position, mint in mints.items()}
        sent: dict[Mint, int] = {}
        received: dict[Mint, int] = {}
        for op in self.token_operations() if len(self.signers) > 1 else token_operations(self.transaction, mints):
            if op.kind == "transfer" and (op.source in accounts) != (op.target in accounts):
                side, account = (sent, op.source) if op.source in accounts else (received, op.target)
                mint = accounts[Address(account)]
                side[mint] = side.get(mint, 0) + op.amount_raw
        both = sent.keys() & received.keys()
        net = {token.mint: abs(token.amount_raw) for token in movement.tokens}
        is_all = net.keys() <= both
        return is_all and any(net.get(mint, 0) * _ROUND_TRIP_RATIO <= min(sent[mint], received[mint]) for mint in both)

    def _legs(self, owner: Address, tx_class: TxClass, movement: Movement, quote: Amount | None) -> tuple[Leg, ...]:
        if tx_class is TxClass.FAILED:
            return ()
        value: Amount | None = None
        if quote is not None and len(movement.tokens) == 1:
            value = quote
        elif tx_class is TxClass.SWAP and len(movement.tokens) == 2:  # noqa: PLR2004
            value = self._observed_value(owner)
        legs = [_leg(token, value, is_trade=tx_class in _TRADES) for token in movement.tokens]
        return tuple(sorted(legs, key=lambda leg: (leg.side != Side.SELL, leg.side, leg.mint)))

    def _observed_value(self, owner: Address) -> Amount | None:
        """Return the quote asset that the owner's own accounts paid on inside a swap route, a stable one first."""
        mints = {self.transaction.accounts[token.position]: token.mint for token in self.transaction.tokens}
        paid: dict[Mint, int] = {}
        for op in self.token_operations():
            mint = Mint(op.mint) or mints.get(Address(op.source)) or mints.get(Address(op.target))
            if op.kind == "transfer" and op.authority == owner and mint is not None:
                paid[mint] = paid.get(mint, 0) + op.amount_raw
        for mint in (*_STABLE_ORDER, WSOL):
            if paid.get(mint):
                return Amount(mint, paid[mint])
        return None

    def _issues(self, movement: Movement, tx_class: TxClass) -> list[str]:
        transaction = self.transaction
        issues: list[str] = []
        if transaction.slot is None:
            issues.append("slot_unknown")
        if transaction.block_time is None:
            issues.append("block_time_unknown")
        for token in movement.tokens:
            if token.mint in self.token_sums:
                issues += self._supply_issues(token.mint)
        if tx_class in _TRADES and self.touched.isdisjoint(TRADE_KINDS):
            issues.append("venue_unknown")
        if (
            tx_class is TxClass.BUY
            and self.token_sums
            and any(token.mint in self.opened_mints() for token in movement.tokens)
        ):
            issues.append("created_token")
        return issues

    def _supply_issues(self, mint: Mint) -> list[str]:
        unexplained = self.token_sums[mint] - self.issued().get(mint, 0)
        if not unexplained:
            return []
        is_token_2022 = any(token.is_token_2022 for token in self.transaction.tokens if token.mint == mint)
        if is_token_2022 or not self.transaction.has_balances:
            return [f"transfer_fee_withheld: {-unexplained}"] if unexplained < 0 else []
        return [f"{NOT_CONSERVED}: {mint} changes by {unexplained} that no instruction mints or burns"]


def _token_sums(transaction: Transaction) -> dict[Mint, int]:
    """Return mints whose balances do not cancel over all accounts: supply changed, or a fee was withheld."""
    sums: dict[Mint, int] = {}
    for token in transaction.tokens:
        if token.pre_raw != token.post_raw and token.mint != WSOL:
            sums[token.mint] = sums.get(token.mint, 0) + token.post_raw - token.pre_raw
    return {mint: total for mint, total in sums.items() if total}


def _touched(transaction: Transaction) -> tuple[frozenset[Kind], tuple[str, ...]]:
    """Return the kinds of programs called, without what a trade route calls inside itself, and the venues' names."""
    touched: set[Kind] = set()
    venues: dict[str, None] = {}
    is_in_trade = False
    for ix in transaction.instructions:
        is_outer, program = ix.is_outer, PROGRAMS.get(ix.program)
        if is_outer:
            is_in_trade = program is not None and program.kind in TRADE_KINDS
        if program is None:
            continue
        if is_outer or not is_in_trade or program.kind in TRADE_KINDS:
            touched.add(program.kind)
        if program.kind in VENUE_KINDS:
            venues[program.name] = None
    return frozenset(touched), tuple(venues)


def _leg(token: TokenDelta, value: Amount | None, *, is_trade: bool) -> Leg:
    is_up = token.amount_raw > 0
    side = (Side.BUY if is_up else Side.SELL) if is_trade else (Side.IN if is_up else Side.OUT)
    if value is None:
        return Leg(side, token.mint, abs(token.amount_raw), token.decimals, None, None)
    return Leg(side, token.mint, abs(token.amount_raw), token.decimals, value.mint, abs(value.amount_raw))


def _quote(tx_class: TxClass, movement: Movement, sol_flow: int) -> Amount | None:
    """Return what paid for a trade: the stable coin that moved against the tokens, else SOL."""
    if tx_class not in _QUOTED:
        return None
    is_paid = tx_class is TxClass.BUY or (tx_class is TxClass.ARB and sol_flow < 0)
    for mint, amount in sorted(movement.stables):
        if tx_class is TxClass.ARB or (amount < 0) == is_paid:
            return Amount(mint, amount)
    return Amount(WSOL, sol_flow)


@lru_cache(maxsize=65536)
def _check_address(address: Address) -> None:
    """Refuse what is no address; wallets and mints come again and again."""
    parse_address(address)


def _check_addresses(transaction: Transaction, owner: Address, movement: Movement) -> None:
    try:
        for address in (owner, *[token.mint for token in movement.tokens]):
            _check_address(address)
    except AddressError as error:
        raise ReadError(f"an address in the balances is none: {error}", transaction.signature) from error
