"""Generate transactions for hypothesis: a few steps of three wallets, a pool and some programs."""

from typing import Final

from hypothesis import strategies as st

from tests.builders.transactions import (
    JITO,
    PUMP_FUN,
    SOL_UNIT,
    Built,
    Step,
    burns,
    buys,
    calls,
    closes,
    creates,
    hands_over,
    mints,
    moves,
    opens,
    pays,
    sells,
    tips,
    transaction,
    wraps,
)

OWNERS: Final = ("A", "B", "C")
MINTS: Final = ("MEME", "OTHER", "USDC")
RELAY: Final = "HWEoBxYs7ssKuudEjzjmpfJVX7Dvi7wescFsVx2L5yoY"
PROGRAMS: Final = (
    PUMP_FUN,
    "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4",
    "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc",
    "KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD",
    "nobody knows it",
)
HELD: Final = {"MEME": 10**9, "OTHER": 10**9, "USDC": 10**9, "SOL": 10**9}

_owners = st.sampled_from(OWNERS)
_mints = st.sampled_from(MINTS)
_amounts = st.integers(1, 10**6)
_accounts = st.integers(0, 10**9).map(lambda number: f"account {number}")


def _plain() -> st.SearchStrategy[Step]:
    """Return steps that always work: everybody holds everything."""
    return st.one_of(
        st.builds(pays, _owners, st.sampled_from((*OWNERS, "pool", "a stranger")), _amounts),
        st.builds(tips, _owners, _amounts, st.sampled_from((JITO, RELAY))),
        st.builds(moves, _owners, st.sampled_from((*OWNERS, "pool")), _mints, _amounts),
        st.builds(moves, st.just("pool"), _owners, _mints, _amounts),
        st.builds(wraps, _owners, _amounts),
        st.builds(moves, _owners, st.just("pool"), st.just("SOL"), _amounts),
        st.builds(mints, _mints, _owners, _amounts),
        st.builds(burns, _owners, _mints, _amounts),
        st.builds(buys, _owners, _mints, _amounts, _amounts),
        st.builds(sells, _owners, _mints, _amounts, _amounts),
        st.builds(opens, _owners, _accounts),
        st.builds(creates, _accounts, _owners, st.integers(1, SOL_UNIT)),
    )


def _call(program: str, inside: list[Step]) -> Step:
    return calls(program, *inside)


def _close(owner: str) -> list[Step]:
    return [closes(owner, "SOL")]


def _hand_over(owner: str, mint: str, other: str) -> list[Step]:
    return [hands_over(owner, mint, other)]


def _transaction(steps: list[Step], last: list[Step], signers: int, extra: int, *, is_failed: bool) -> Built:
    strangers = {owner: {**HELD, "lamports": 10**12} for owner in (*OWNERS[signers:], "pool")}
    return transaction(
        *steps,
        *last,
        cosigners=OWNERS[1:signers],
        has=dict.fromkeys(OWNERS[:signers], HELD) | strangers,
        fee=5_000 * signers + extra,
        is_failed=is_failed,
    )


def transactions() -> st.SearchStrategy[Built]:
    """Return a strategy of transactions of one to three signers."""
    called = st.builds(_call, st.sampled_from(PROGRAMS), st.lists(_plain(), max_size=3))
    # A closed or handed-over account works no more, so these come last.
    last = st.one_of(st.builds(list[Step]), st.builds(_close, _owners), st.builds(_hand_over, _owners, _mints, _owners))
    return st.builds(
        _transaction,
        st.lists(st.one_of(_plain(), called), min_size=2, max_size=7),
        last,
        st.integers(1, 3),
        st.integers(0, 10**6),
        is_failed=st.integers(0, 9).map(_is_rare),
    )


def _is_rare(number: int) -> bool:
    return number == 9
