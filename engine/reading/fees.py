"""Separate what a transaction cost its owner beside the trade: network fees, tips and rent of others' accounts.

Not responsible for venue and terminal fees: those are part of what the trade cost and stay in the quote.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from engine.reading.instructions import instruction_data
from engine.reading.lamports import LamportOp, lamport_operations
from engine.reading.movement import Movement
from engine.reading.tips import TIP_ACCOUNTS
from engine.reading.tokens import TOKEN_PROGRAMS
from engine.text import quote_text
from engine.transaction import Transaction
from engine.units import BASE_FEE_LAMPORTS, WSOL, Address

UNCONFIRMED: Final = "transfer_unconfirmed"
UNKNOWN_CALL: Final = "system_instruction_unknown"
STAKE_PROGRAM: Final = "Stake11111111111111111111111111111111111111"
SIGNATURE_PROGRAMS: Final = frozenset(
    {
        "Ed25519SigVerify111111111111111111111111111",
        "KeccakSecp256k11111111111111111111111111111",
        "Secp256r1SigVerify1111111111111111111111111",
    }
)
"""Native programs that verify further signatures, each charged like a transaction signature."""


class NetworkFee(NamedTuple):
    """The two parts of `meta.fee`, in lamports; only the fee payer pays them."""

    base_lamports: int
    priority_lamports: int


class Costs(NamedTuple):
    """What one owner paid beside network fees and rent of its own, in lamports, and what casts doubt on it."""

    tip_lamports: int
    other_rent_lamports: int
    issues: tuple[str, ...]


NO_COSTS: Final = Costs(0, 0, ())


def network_fee(transaction: Transaction) -> NetworkFee:
    """Return the base fee (5000 lamports for each signature verified) and what was paid on top of it."""
    signatures = transaction.signature_count
    if not SIGNATURE_PROGRAMS.isdisjoint(transaction.by_program):
        signatures += _verified_signatures(transaction)
    base = min(signatures * BASE_FEE_LAMPORTS, transaction.fee_lamports)
    return NetworkFee(base, transaction.fee_lamports - base)


def tip_positions(transaction: Transaction) -> list[int]:
    """Return where known tip accounts stand among the accounts; mostly nowhere."""
    if TIP_ACCOUNTS.isdisjoint(transaction.accounts):
        return []
    return [position for position, address in enumerate(transaction.accounts) if address in TIP_ACCOUNTS]


def created_accounts(transaction: Transaction) -> list[int]:
    """Return the positions of accounts that held nothing before and something after."""
    pre, post = transaction.pre_lamports, transaction.post_lamports
    found: list[int] = []
    at = -1
    for _ in range(pre.count(0)):
        at = pre.index(0, at + 1)
        if post[at] > 0:
            found.append(at)
    return found


def costs_of(
    transaction: Transaction, owner: Address, movement: Movement, tips: Sequence[int], created: Sequence[int]
) -> Costs:
    """Return the tips that `owner` paid, and the rent of new accounts that are not its own token accounts.

    Raises:
        ReadError: an instruction's data or accounts are not legible.
    """
    opened = [position for position in created if position not in movement.token_accounts] if created else []
    if not tips and not opened:
        return NO_COSTS
    operations = lamport_operations(transaction, (*tips, *opened))
    rent, doubtful = _other_rent(transaction, operations, owner, opened) if opened else (0, [])
    tip, unseen = _tips(transaction, operations, owner, tips) if tips else (0, [])
    issues = [f"{UNCONFIRMED}: {address}" for address in (*unseen, *doubtful)]
    issues += [f"{UNKNOWN_CALL}: {quote_text(op.program)}" for op in operations if op.kind == "unknown"]
    return Costs(tip, rent, tuple(issues))


def _tips(
    transaction: Transaction, operations: Sequence[LamportOp], owner: Address, positions: Sequence[int]
) -> tuple[int, list[str]]:
    """Return what `owner` transferred to known tip accounts, and those that got another sum than signers sent."""
    total = 0
    unseen: list[str] = []
    signers = transaction.accounts[: transaction.signer_count]
    for position in positions:
        address = transaction.accounts[position]
        total += sum([op.lamports for op in operations if op.target == address and op.source == owner])
        sent = sum([op.lamports for op in operations if op.target == address and op.source in signers])
        if sent != transaction.post_lamports[position] - transaction.pre_lamports[position]:
            unseen.append(address)
    return total, unseen


class _Funding:
    """How a new account came to its lamports."""

    def __init__(self) -> None:
        self.is_created = False
        self.program = ""
        self.by_owner = 0
        self.total = 0


def _other_rent(
    transaction: Transaction, operations: Sequence[LamportOp], owner: Address, opened: Sequence[int]
) -> tuple[int, list[str]]:
    """Return the lamports `owner` put into new accounts, and those of them that hold another sum than was put in.

    An account of a token program, as a mint that grows by its metadata, is paid in several parts. Of another program's
    only what came before it was made counts: a bonding curve gets its rent first, the price of the first buy later.
    Stake accounts are deposits, not rent; wrapped SOL is money, not rent.
    """
    accounts = transaction.accounts
    funding = {accounts[position]: _Funding() for position in opened}
    for op in operations:
        account = funding.get(Address(op.target))
        if account is None:
            continue
        account.total += op.lamports
        if op.source == owner and (op.kind == "create" or not account.is_created or account.program in TOKEN_PROGRAMS):
            account.by_owner += op.lamports
        account.is_created = account.is_created or op.kind != "transfer"
        account.program = op.program or account.program
    wrapped = {token.position: token.post_raw for token in transaction.tokens if token.mint == WSOL}
    total = 0
    doubtful: list[str] = []
    for position, (address, account) in zip(opened, funding.items(), strict=True):
        if not account.is_created or account.program == STAKE_PROGRAM or not account.by_owner:
            continue
        held = transaction.post_lamports[position] - wrapped.get(position, 0)
        total += min(account.by_owner, held) if position in wrapped else account.by_owner
        if position not in wrapped and account.total != held:
            doubtful.append(address)
    return total, doubtful


def _verified_signatures(transaction: Transaction) -> int:
    """Return how many signatures the native verification programs were asked to check (first byte of the data)."""
    found = [
        instruction_data(ix)
        for program in SIGNATURE_PROGRAMS
        for ix in transaction.by_program.get(Address(program), ())
        if ix.height == 1
    ]
    return sum([data[0] for data in found if data])
