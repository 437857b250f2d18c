"""Divide an acquisition, or what a disposal brought, without losing a unit.

Not responsible for choosing the lot to consume (`_book`).
"""

from typing import Final, NamedTuple, TypeAlias

Amounts: TypeAlias = tuple[int | None, int | None, int | None, int | None]
"""Value in lamports, value in micro-USD, fee in lamports, fee in micro-USD; None is unknown."""

NOTHING_KNOWN: Final[Amounts] = (None, None, None, None)


class Lot(NamedTuple):
    """What is left of one acquisition.

    `order` counts the acquisitions of the fold from 0. Costs and fees belong to the whole `quantity`, of which `left`
    is not consumed. The basis is known where a cost is.
    """

    ref: str
    at: int
    order: int
    quantity: int
    left: int
    cost_lamports: int | None
    cost_usd_micro: int | None
    fee_lamports: int | None
    fee_usd_micro: int | None

    @property
    def is_known(self) -> bool:
        """Tell whether the basis is known in at least one currency."""
        return self.cost_lamports is not None or self.cost_usd_micro is not None

    @property
    def rest(self) -> Amounts:
        """Return the costs and fees of what is left."""
        if self.left == self.quantity:
            return self[5:]
        return portion(self[5:], self.quantity, self.quantity - self.left, self.quantity)

    def split(self, taken: int) -> tuple["Lot", "Lot"]:
        """Return what is taken as a lot of its own, and the lot with that much less left."""
        start = self.quantity - self.left
        amounts = portion(self[5:], self.quantity, start, start + taken)
        piece = Lot(self.ref, self.at, self.order, taken, taken, *amounts)
        return piece, self._replace(left=self.left - taken)


def portion(amounts: Amounts, whole: int, start: int, end: int) -> Amounts:
    """Return the amounts of the units from `start` to `end` of a whole.

    Each is floor(amount × end ÷ whole) − floor(amount × start ÷ whole), so parts add up to the whole however it is
    cut: of a lot of 3 that cost 10, the units cost 3, 3 and 4.
    """
    value, usd, fee, fee_usd = amounts
    return (
        None if value is None else value * end // whole - value * start // whole,
        None if usd is None else usd * end // whole - usd * start // whole,
        None if fee is None else fee * end // whole - fee * start // whole,
        None if fee_usd is None else fee_usd * end // whole - fee_usd * start // whole,
    )


def add(total: int | None, part: int | None) -> int | None:
    """Return the sum, None when a part is unknown."""
    return None if total is None or part is None else total + part
