"""Build the histories that wallet statistics are computed from, out of text ledgers."""

from engine.ledger import Event, EventKind, fold
from engine.units import Mint
from engine.wallets import TokenHistory
from tests.engine.ledger.text import events


def history(name: str, *lines: str) -> TokenHistory:
    """Return the history of one token; refs are made unique with its name."""
    return history_of(name, [event._replace(ref=f"{name}{event.ref}") for event in events(*lines)])


def history_of(name: str, facts: list[Event]) -> TokenHistory:
    """Return the history of one token after some events."""
    result = fold(None, facts)
    trades = [event.at for event in facts if event.kind in {EventKind.BUY, EventKind.SELL}]
    return TokenHistory(Mint(name), result.episodes, result.realizations, max(trades, default=None))


def round_trips(*prices: float, at: int = 0, pause_s: int = 60) -> list[TokenHistory]:
    """Return one token per price: 10 units bought at $1 and sold at the price, one after the other."""
    return [
        history(
            f"token{number:03}",
            f"buy 10 @ 1 at {at + 2 * number * pause_s}",
            f"sell 10 @ {price} at {at + (2 * number + 1) * pause_s}",
        )
        for number, price in enumerate(prices)
    ]
