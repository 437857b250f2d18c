"""Decide when something that failed is tried again, and when it is given up.

Not responsible for waiting.
"""

from typing import Final, NamedTuple

FIRST_WAIT_S: Final = 2
LONGEST_WAIT_S: Final = 600
WAIT_FACTOR: Final = 4
MOST_TRIES: Final = 8
"""After the eighth failure, some twenty minutes in, a transaction is set aside with its reason."""

MOST_TROUBLE: Final = 5
"""Failures that say nothing about the transaction count up to here: others must follow before it is set aside."""


class Retry(NamedTuple):
    """How often something was tried, and when it is due again; `due_at` is None when it is given up."""

    tries: int
    due_at: int | None


def retry_after(tries: int, now_s: int, *, longest_s: int = LONGEST_WAIT_S, is_final: bool = True) -> Retry:
    """Return what follows one more failure after `tries` earlier ones: waits of 2 s, 8 s, 32 s, at most `longest_s`.

    A failure that says nothing about the transaction (`is_final` False: the provider is down) is never given up.
    """
    if is_final and tries + 1 >= MOST_TRIES:
        return Retry(tries + 1, None)
    wait = min(longest_s, FIRST_WAIT_S * WAIT_FACTOR ** min(tries, MOST_TRIES))
    counted = tries + 1 if is_final else max(tries, min(tries + 1, MOST_TROUBLE))
    return Retry(counted, now_s + wait)
