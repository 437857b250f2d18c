"""Lay out a reading as rows of the store: one effect, its legs, the balances of its token accounts.

Not responsible for writing them (`facts`) or for reading transactions (`engine.reading`).
"""

import json
from enum import StrEnum
from typing import Final, NamedTuple

from data.store.arrow import Type
from data.store.identity import digest, estimate_time, fact_id, place_key
from engine.facts import Precision, Reading, Side, TxClass
from engine.units import U64_MAX

MAX_QUOTE_RAW: Final = 10**18
"""A billion SOL, more than exists; an amount beyond it is an error, not a trade."""

TRADE_CLASSES: Final = frozenset({TxClass.BUY, TxClass.SELL, TxClass.SWAP})

EARLIEST_TIME: Final = 1_584_316_800
"""2020-03-16, the first block of Solana."""

LATEST_TIME: Final = 4_102_444_800
"""The year 2100."""


class Source(StrEnum):
    """Where a reading comes from: full balances, balance changes of an indexer, or trade rows."""

    RPC = "rpc"
    HELIUS = "helius"
    ROWS = "rows"


EFFECT_COLUMNS: Final = {
    "cluster_key": Type.BIGINT,
    "id": Type.VARCHAR,
    "signature": Type.VARCHAR,
    "owner": Type.VARCHAR,
    "source": Type.VARCHAR,
    "grade": Type.UTINYINT,
    "slot": Type.BIGINT,
    "block_time": Type.BIGINT,
    "order_time": Type.BIGINT,
    "index_in_block": Type.BIGINT,
    "role": Type.VARCHAR,
    "class": Type.VARCHAR,
    "quote_mint": Type.VARCHAR,
    "quote_raw": Type.BIGINT,
    "sol_flow_lamports": Type.BIGINT,
    "base_fee_lamports": Type.BIGINT,
    "priority_fee_lamports": Type.BIGINT,
    "tip_lamports": Type.BIGINT,
    "rent_lamports": Type.BIGINT,
    "other_rent_lamports": Type.BIGINT,
    "native_delta_lamports": Type.BIGINT,
    "wsol_delta_lamports": Type.BIGINT,
    "venue_fee_raw": Type.UBIGINT,
    "venues": Type.VARCHARS,
    "issues": Type.VARCHARS,
    "digest": Type.UBIGINT,
}
LEG_COLUMNS: Final = {
    "cluster_key": Type.BIGINT,
    "id": Type.VARCHAR,
    "signature": Type.VARCHAR,
    "owner": Type.VARCHAR,
    "leg_no": Type.INTEGER,
    "source": Type.VARCHAR,
    "grade": Type.UTINYINT,
    "slot": Type.BIGINT,
    "block_time": Type.BIGINT,
    "order_time": Type.BIGINT,
    "index_in_block": Type.BIGINT,
    "side": Type.VARCHAR,
    "class": Type.VARCHAR,
    "mint": Type.VARCHAR,
    "amount_raw": Type.UBIGINT,
    "decimals": Type.UTINYINT,
    "quote_mint": Type.VARCHAR,
    "quote_raw": Type.UBIGINT,
    "fee_lamports": Type.BIGINT,
    "pool": Type.VARCHAR,
    "precision": Type.VARCHAR,
    "order_uncertain": Type.BOOLEAN,
}
BALANCE_COLUMNS: Final = {
    "cluster_key": Type.BIGINT,
    "id": Type.VARCHAR,
    "signature": Type.VARCHAR,
    "owner": Type.VARCHAR,
    "account": Type.VARCHAR,
    "mint": Type.VARCHAR,
    "source": Type.VARCHAR,
    "pre_raw": Type.UBIGINT,
    "post_raw": Type.UBIGINT,
}

PLACE_COLUMNS: Final = {"key": Type.UBIGINT, "cluster_key": Type.BIGINT}


class Placed(NamedTuple):
    """A reading that can be stored: its identity, its place in time and what it says."""

    reading: Reading
    source: Source
    id: str
    cluster_key: int
    grade: int
    order_time: int
    content: int
    """64 bits of BLAKE2b over what may not differ between two readings of one transaction."""

    def filled(self, other: "Placed") -> "Placed":
        """Return this reading with the times that only the other one has."""
        reading, more = self.reading, other.reading
        block_time = more.block_time if reading.block_time is None else reading.block_time
        index = more.index_in_block if reading.index_in_block is None else reading.index_in_block
        order_time = self.order_time if block_time is None else block_time
        return self._replace(
            reading=reading._replace(block_time=block_time, index_in_block=index), order_time=order_time
        )

    def effect_row(self) -> tuple[object, ...]:
        """Return the values of EFFECT_COLUMNS."""
        r = self.reading
        return (
            self.cluster_key, self.id, r.signature, r.wallet, self.source.value, self.grade,
            r.slot, r.block_time, self.order_time, r.index_in_block, r.role.value, r.tx_class.value,
            r.quote.mint if r.quote else None, r.quote.amount_raw if r.quote else None,
            r.sol_flow_lamports, r.base_fee_lamports, r.priority_fee_lamports, r.tip_lamports,
            r.rent_lamports, r.other_rent_lamports, r.native_delta_lamports, r.wsol_delta_lamports,
            r.venue_fee_raw, list(r.venues), list(r.issues), self.content,
        )  # fmt: skip

    def leg_rows(self) -> list[tuple[object, ...]]:
        """Return the values of LEG_COLUMNS for every leg."""
        r = self.reading
        uncertain = r.slot is None or r.block_time is None or r.index_in_block is None
        fees = split_fees(r)
        return [
            (
                self.cluster_key, fact_id(self.id, number), r.signature, r.wallet, number, self.source.value,
                self.grade, r.slot, r.block_time, self.order_time, r.index_in_block, leg.side.value, r.tx_class.value,
                leg.mint, leg.amount_raw, leg.decimals, leg.quote_mint, leg.quote_raw, fees[number], None,
                Precision.EXACT.value, uncertain,
            )
            for number, leg in enumerate(r.legs)
        ]  # fmt: skip

    def balance_rows(self) -> list[tuple[object, ...]]:
        """Return the values of BALANCE_COLUMNS for every token account."""
        r = self.reading
        return [
            (
                self.cluster_key, fact_id(self.id, b.account, b.mint), r.signature, r.wallet, b.account, b.mint,
                self.source.value, b.pre_raw, b.post_raw,
            )
            for b in r.balances
        ]  # fmt: skip

    def places(self) -> list[tuple[int, int]]:
        """Return the values of PLACE_COLUMNS: by its signature, and by each mint of its owner."""
        r = self.reading
        mints = {leg.mint for leg in r.legs} | {b.mint for b in r.balances}
        keys = [place_key(r.signature), *(place_key(r.wallet, mint) for mint in sorted(mints))]
        return [(key, self.cluster_key) for key in keys]


def split_fees(reading: Reading) -> list[int]:
    """Return each leg's share of the network fees and tips: all of a trade's go to one leg, so none is lost.

    That is the first SELL of a swap, the first leg of any other trade; legs of other classes carry none.
    """
    fees = [0] * len(reading.legs)
    if fees and reading.tx_class in TRADE_CLASSES:
        sells = (place for place, leg in enumerate(reading.legs) if leg.side is Side.SELL)
        bearer = next(sells, 0) if reading.tx_class is TxClass.SWAP else 0
        fees[bearer] = reading.base_fee_lamports + reading.priority_fee_lamports + reading.tip_lamports
    return fees


def place(reading: Reading, source: Source) -> Placed | str:
    """Return a reading ready to be stored, or the reason why it cannot be."""
    problem = _find_problem(reading)
    if problem is not None:
        return problem
    # Balances have no order of their own: without one, the same reading would have several contents.
    reading = reading._replace(balances=tuple(sorted(reading.balances)))
    slot, block_time = reading.slot, reading.block_time
    order_time = block_time if block_time is not None else estimate_time(slot or 0)
    cluster_key = slot if slot is not None else order_time
    grade = (0 if source is Source.RPC else 1) + (0 if slot is not None else 2)
    identity = fact_id(reading.signature, reading.wallet, source.value)
    content = int(digest(json.dumps(reading[4:], separators=(",", ":")))[:16], 16)
    return Placed(reading, source, identity, cluster_key, grade, order_time, content)


def _find_problem(reading: Reading) -> str | None:
    if reading.slot is None and reading.block_time is None:
        return "no slot and no block time: its place in the order is unknown"
    if reading.block_time is not None and not EARLIEST_TIME <= reading.block_time <= LATEST_TIME:
        return "block time out of range"
    if reading.slot is not None and not 0 <= reading.slot < EARLIEST_TIME:
        return "slot out of range"
    if any(not 0 < leg.amount_raw <= U64_MAX for leg in reading.legs):
        return "amount out of range"
    if any(not 0 <= amount <= U64_MAX for b in reading.balances for amount in (b.pre_raw, b.post_raw)):
        return "balance out of range"
    quotes = [leg.quote_raw for leg in reading.legs if leg.quote_raw is not None]
    if any(not 0 <= quote <= MAX_QUOTE_RAW for quote in quotes) or any(
        abs(amount) > MAX_QUOTE_RAW for amount in _lamports(reading)
    ):
        return "quote or lamports out of range"
    return None


def _lamports(reading: Reading) -> tuple[int, ...]:
    return (
        0 if reading.quote is None else reading.quote.amount_raw,
        reading.sol_flow_lamports,
        reading.base_fee_lamports,
        reading.priority_fee_lamports,
        reading.tip_lamports,
        reading.rent_lamports,
        reading.other_rent_lamports,
        reading.native_delta_lamports,
        reading.wsol_delta_lamports,
        reading.venue_fee_raw or 0,
    )
