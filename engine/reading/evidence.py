"""What every owner's reading of one transaction shares, worked out once.

Not responsible for what it means for an owner (`engine.reading.reader`, `.classify`).
"""

from engine.reading.calls import calls_of
from engine.reading.conservation import supply_issues, supply_operations, token_sums
from engine.reading.fees import created_accounts, network_fee, tip_positions
from engine.reading.kinds import TRADE_KINDS
from engine.reading.liquidity import NO_CLASS, liquidity_told
from engine.reading.tokens import TokenOp, token_operations
from engine.transaction import Transaction

SLOT_UNKNOWN = "slot_unknown"
BLOCK_TIME_UNKNOWN = "block_time_unknown"


class Evidence:
    """A transaction with what its balances and instructions say about all of its owners together.

    `sums` are mints whose balances do not cancel, `supply` the instructions that minted, burned or made those.
    `liquidity` are the LP classes that instructions name. `issues` hold for every reading.
    """

    __slots__ = (
        "created",
        "fee",
        "is_trading",
        "issues",
        "kinds",
        "liquidity",
        "opened_mints",
        "signers",
        "sums",
        "supply",
        "tips",
        "transaction",
        "venues",
    )

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.signers = frozenset(transaction.accounts[: transaction.signer_count])
        self.fee = network_fee(transaction)
        self.tips = tip_positions(transaction)
        self.created = created_accounts(transaction)
        self.kinds, self.venues, pools = calls_of(transaction)
        self.is_trading = not self.kinds.isdisjoint(TRADE_KINDS)
        self.liquidity = liquidity_told(transaction, pools) if pools else NO_CLASS
        self.sums = token_sums(transaction)
        self.supply: list[TokenOp] = []
        self.opened_mints: set[str] = set()
        self.issues = [*transaction.notes]
        if transaction.slot is None:
            self.issues.append(SLOT_UNKNOWN)
        if transaction.block_time is None:
            self.issues.append(BLOCK_TIME_UNKNOWN)
        if self.sums:
            self.supply = supply_operations(transaction, self.sums)
            self.opened_mints = {op.mint for op in self.supply if op.kind == "initialize_mint"}
            self.issues += supply_issues(transaction, self.sums, self.supply)

    def makes_mint(self) -> bool:
        """Return whether a token was made here, minted or not."""
        if self.opened_mints:
            return True
        operations = token_operations(self.transaction, self.created) if self.created else ()
        return any(op.kind == "initialize_mint" for op in operations)
