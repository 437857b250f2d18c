"""Write ledgers as text, so that a test reads like a statement of account.

`buy 10 @ 5`, `sell 4 @ 9 fee 1`, `in 3`, `out 3`, `burn 3`, `park 3`, `unpark 3`, `observe`. Quantities are base units,
prices and fees dollars; a dollar is 1,000,000 micro-USD and 10,000,000 lamports. Further words:
`@ ?` value unknown, `no-usd` and `no-sol` unknown in one currency, `at 90` the time (else 60 s after the last line),
`tx a` the signature (else one of its own), `by w2` the owner, `[a 0>10, b 5>0]` balances of token accounts.
"""

import re
from decimal import Decimal
from typing import Final

from engine.ledger import Event, EventKind, FoldResult, fold

USD: Final = 1_000_000
SOL_PER_USD: Final = 10_000_000
STEP_S: Final = 60

_LINE: Final = re.compile(
    r"(?P<kind>\w+)(?: (?P<quantity>\d+))?(?: @ (?P<price>\?|[\d.]+))?"
    r"(?P<words>(?: (?:fee|at|tx|by) \S+| no-usd| no-sol)*)"
    r"(?: \[(?P<balances>[^]]*)\])?"
)


def events(*lines: str) -> list[Event]:
    """Return the events that the lines describe."""
    found: list[Event] = []
    for line in lines:
        found.append(_event(line, len(found), found[-1].at if found else 0))
    return found


def ledger(*lines: str) -> FoldResult:
    """Return what folding the lines gives."""
    return fold(None, events(*lines))


def _event(line: str, number: int, last_at: int) -> Event:
    match = _LINE.fullmatch(line)
    assert match, f"cannot read ledger line {line!r}"
    words = match["words"].split()
    named = _named(words)
    quantity = int(match["quantity"] or 0)
    price = match["price"] or "?"
    value = None if price == "?" else quantity * Decimal(price)
    fee = Decimal(named.get("fee", "0"))
    owner = named.get("by", "w1")
    ref = f"{named.get('tx', f's{number:03}')}#0" + ("" if owner == "w1" else f"@{owner}")
    return Event(
        kind=EventKind[match["kind"].upper()],
        at=int(named.get("at", last_at + STEP_S)),
        ref=ref,
        owner=owner,
        quantity=quantity,
        value_lamports=None if value is None or "no-sol" in words else int(value * SOL_PER_USD),
        value_usd_micro=None if value is None or "no-usd" in words else int(value * USD),
        fee_lamports=int(fee * SOL_PER_USD),
        fee_usd_micro=None if "no-usd" in words else int(fee * USD),
        balances=_balances(match["balances"]),
    )


def _named(words: list[str]) -> dict[str, str]:
    pairs = [word for word in words if word not in {"no-usd", "no-sol"}]
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def _balances(text: str | None) -> tuple[tuple[str, int, int], ...]:
    if not text:
        return ()
    found: list[tuple[str, int, int]] = []
    for part in text.split(", "):
        account, change = part.split()
        before, after = change.split(">")
        found.append((account, int(before), int(after)))
    return tuple(found)
