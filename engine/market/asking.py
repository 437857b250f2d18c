"""Decide what is worth asking the market for now, so that calls go where prices move.

Not responsible for what was asked before, or for the limits of providers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from engine.wallets.inputs import DAY_S, HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingConfig:
    """Seconds between two questions for the price of a token.

    `live_s`: one that was traded within a day. `stale_s`: one that was not. `unknown_s`: one that nobody had a price
    for, doubling with each time in a row up to `longest_s`.
    """

    live_s: int = 25
    stale_s: int = HOUR_S
    unknown_s: int = HOUR_S
    longest_s: int = DAY_S


DEFAULT_ASKING: Final = AskingConfig()


class Asked(NamedTuple):
    """What asking for a price brought last: when, misses in a row, and since when no trade was observed."""

    asked_at: int | None = None
    misses: int = 0
    idle_since: int | None = None


class Stretch(NamedTuple):
    """A stretch of time [since, until) to ask candles for in one call."""

    since: int
    until: int


def is_due(asked: Asked, now: int, config: AskingConfig = DEFAULT_ASKING) -> bool:
    """Tell whether a price is to be asked for.

    Worked: after the third miss in a row a token is asked for 4 hours later.
    """
    if asked.asked_at is None:
        return True
    if asked.misses:
        wait_s = min(config.longest_s, config.unknown_s * 2 ** min(asked.misses - 1, 16))
    elif asked.idle_since is not None and now - asked.idle_since >= DAY_S:
        wait_s = config.stale_s
    else:
        wait_s = config.live_s
    return now - asked.asked_at >= wait_s


def stretches(opened: Sequence[int], interval_s: int, most: int) -> Iterator[Stretch]:
    """Yield the stretches that cover candles which open at `opened`, latest first, `most` intervals each at most.

    A call brings as many intervals whether all of them are wanted or not, so holes between wanted ones are asked for
    too.
    """
    rest = sorted(set(opened), reverse=True)
    while rest:
        until = rest[0] + interval_s
        since = until - most * interval_s
        covered = [at for at in rest if at >= since]
        yield Stretch(covered[-1], until)
        rest = rest[len(covered) :]
