"""Compute from the raw facts of a recording what a wallet earned: slowly, plainly, and in no way that the product does.

Only trade rows are understood: a wallet that appears in transactions read in full is none for this oracle.
"""

import gzip
import json
import math
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from importlib import resources
from typing import Any, Final

SOL: Final = "So11111111111111111111111111111111111111112"
DAY: Final = 86_400


@dataclass(slots=True)
class Lot:
    """A purchase: what is left of it, and what it cost as a whole."""

    at: int
    quantity: int
    left: int
    cost: dict[str, int | None]


@dataclass(slots=True)
class Piece:
    """What one sale took from one lot; cost None where nothing was bought before."""

    mint: str
    trip: int
    sold_at: int
    held_s: int
    quantity: int
    cost: dict[str, int | None]
    proceeds: dict[str, int | None]
    is_known: bool


@dataclass(slots=True)
class Trip:
    """A round trip."""

    mint: str
    number: int
    opened_at: int
    closed_at: int | None = None
    buys: int = 0
    sells: int = 0
    spent: dict[str, int | None] = field(default_factory=lambda: {"sol": 0, "usd": 0})
    pieces: list[Piece] = field(default_factory=list[Piece])

    def total(self, what: str, currency: str) -> int | None:
        """Return the cost or the proceeds of what was sold of known cost, None where a part is unknown."""
        values = [getattr(piece, what)[currency] for piece in self.pieces if piece.is_known]
        return None if None in values else sum(values)

    def unmatched(self, currency: str) -> int | None:
        """Return what was received without known cost."""
        values = [piece.proceeds[currency] for piece in self.pieces if not piece.is_known]
        return None if None in values else sum(value for value in values if value is not None)

    def net(self, currency: str) -> int | None:
        """Return the result."""
        cost, proceeds = self.total("cost", currency), self.total("proceeds", currency)
        return None if cost is None or proceeds is None else proceeds - cost

    def outcome(self, currency: str) -> str:
        """Return win, loss or break_even, or why there is none."""
        net, unmatched = self.net(currency), self.unmatched(currency)
        if self.closed_at is None:
            return "open"
        if net is None or unmatched is None:
            return "unpriced"
        proceeds, cost = self.total("proceeds", currency) or 0, self.total("cost", currency) or 0
        if Fraction(proceeds) < Fraction(9, 10) * (proceeds + unmatched):
            return "low_coverage"
        band = Fraction(cost, 1000)
        if currency == "usd":
            band = max(band, Fraction(10_000))
        return "win" if net > band else "loss" if net < -band else "break_even"


def read_recording() -> list[dict[str, Any]]:
    """Return the demo recording, line by line."""
    with (
        resources.files("aura_mcp").joinpath("demo", "recording.jsonl.gz").open("rb") as packed,
        gzip.open(packed) as file,
    ):
        return [json.loads(line) for line in file]


def trips_of(facts: list[dict[str, Any]], wallet: str) -> tuple[list[Trip], dict[str, list[Lot]]]:
    """Return the round trips of a wallet and its lots by mint, from its trade rows and the SOL candles.

    The last trip has the number 0: it holds what was sold outside of all.
    """
    prices = sorted(
        (fact["opened_at"] + fact["interval_s"], int(Fraction(fact["close"]) * 10**12))
        for fact in facts
        if fact.get("type") == "candle" and fact["mint"] == SOL
    )
    times = [at for at, _ in prices]

    def value(fact: dict[str, Any]) -> dict[str, int | None]:
        if fact["quote_raw"] is None:
            return {"sol": None, "usd": None}
        lamports = int(fact["quote_raw"])
        place = bisect_right(times, fact["block_time"])
        if not place or fact["block_time"] - times[place - 1] > DAY:
            return {"sol": lamports, "usd": None}
        return {"sol": lamports, "usd": round(Fraction(lamports * prices[place - 1][1], 10**15))}

    rows = [fact for fact in facts if fact.get("type") == "trade" and fact["owner"] == wallet]
    rows.sort(key=lambda fact: (fact["block_time"], fact["signature"], fact["leg_no"]))
    lots: defaultdict[str, list[Lot]] = defaultdict(list)
    trips: defaultdict[str, list[Trip]] = defaultdict(list)
    peaks: defaultdict[str, int] = defaultdict(int)
    outside: list[Piece] = []
    for row in rows:
        mint, quantity, worth = row["mint"], int(row["amount_raw"]), value(row)
        if row["side"] == "BUY":
            _buy(row, mint, quantity, worth, lots[mint], trips[mint])
            peaks[mint] = max(peaks[mint], sum(lot.left for lot in lots[mint])) if trips[mint] else 0
            if trips[mint] and trips[mint][-1].buys == 1:
                peaks[mint] = sum(lot.left for lot in lots[mint])
        else:
            _sell(row, mint, quantity, worth, lots[mint], trips[mint], outside)
            left = sum(lot.left for lot in lots[mint])
            if trips[mint] and trips[mint][-1].closed_at is None and left * 100 <= peaks[mint]:
                trips[mint][-1].closed_at = row["block_time"]
    found = [trip for of_mint in trips.values() for trip in of_mint]
    return [*found, Trip("", 0, 0, 0, pieces=outside)], dict(lots)


def _buy(
    row: dict[str, Any], mint: str, quantity: int, worth: dict[str, int | None], lots: list[Lot], trips: list[Trip]
) -> None:
    if worth["sol"] is None:
        return
    if not trips or trips[-1].closed_at is not None:
        trips.append(Trip(mint, len(trips) + 1, row["block_time"]))
    trip = trips[-1]
    trip.buys += 1
    for currency, amount in worth.items():
        spent = trip.spent[currency]
        trip.spent[currency] = None if spent is None or amount is None else spent + amount
    lots.append(Lot(row["block_time"], quantity, quantity, worth))


def _sell(
    row: dict[str, Any],
    mint: str,
    quantity: int,
    worth: dict[str, int | None],
    lots: list[Lot],
    trips: list[Trip],
    outside: list[Piece],
) -> None:
    trip = trips[-1] if trips else None
    number = trip.number if trip else 0
    taken = 0
    sold: list[Piece] = []
    for lot in [lot for lot in lots if lot.left]:
        part = min(lot.left, quantity - taken)
        if not part:
            break
        before = lot.quantity - lot.left
        cost = {name: _share(amount, before, part, lot.quantity) for name, amount in lot.cost.items()}
        proceeds = {name: _share(amount, taken, part, quantity) for name, amount in worth.items()}
        sold.append(
            Piece(mint, number, row["block_time"], row["block_time"] - lot.at, part, cost, proceeds, is_known=True)
        )
        lot.left -= part
        taken += part
    if taken < quantity:
        proceeds = {name: _share(amount, taken, quantity - taken, quantity) for name, amount in worth.items()}
        nothing: dict[str, int | None] = {"sol": None, "usd": None}
        sold.append(Piece(mint, number, row["block_time"], 0, quantity - taken, nothing, proceeds, is_known=False))
    is_open = trip is not None and trip.closed_at in {None, row["block_time"]}
    for piece in sold:
        # Known cost counts in the last round trip, unknown cost only while one is open.
        (trip.pieces if trip is not None and (piece.is_known or is_open) else outside).append(piece)
    if trip is not None and (is_open or any(piece.is_known for piece in sold)):
        trip.sells += 1


def _share(amount: int | None, before: int, part: int, whole: int) -> int | None:
    """Return a share by floors that telescope: what all parts get is exactly the amount."""
    return None if amount is None else amount * (before + part) // whole - amount * before // whole


def wilson(wins: int, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson bounds in percent, from the textbook."""
    z, p = 1.959963984540054, wins / n
    middle, spread = p + z * z / (2 * n), z * math.sqrt((p * (1 - p) + z * z / (4 * n)) / n)
    return 100 * (middle - spread) / (1 + z * z / n), 100 * (middle + spread) / (1 + z * z / n)
