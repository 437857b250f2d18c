"""Name facts by what identifies them, and place them in time.

Not responsible for storing them (`facts`) or for the order inside one second (`chunks`).
"""

import hashlib
from bisect import bisect_right
from typing import Final

ROW_PREFIX: Final = "row:"
"""What the signature of a trade row without a signature starts with; its identity follows."""

_SELL_OFFSET: Final = 1 << 30

# (slot, block time) of blocks on mainnet, public on any explorer.
_ANCHORS: Final = (
    (284_677_332, 1_724_126_293),
    (301_807_437, 1_731_789_673),
    (319_383_548, 1_739_054_849),
    (335_404_896, 1_745_425_114),
    (356_622_828, 1_753_836_840),
    (376_243_586, 1_761_609_724),
    (402_539_508, 1_771_988_849),
    (419_246_800, 1_778_585_634),
    (434_980_995, 1_784_921_283),
)
_ANCHOR_SLOTS: Final = tuple(slot for slot, _ in _ANCHORS)


def fact_id(*parts: object) -> str:
    """Return 128 bits of BLAKE2b over the parts, as the 32 hexadecimal digits of a UUID."""
    return digest("\n".join(map(str, parts)))


def digest(text: str) -> str:
    """Return 128 bits of BLAKE2b over a text, in hexadecimal."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def place_key(*parts: str) -> int:
    """Return where `fact_place` keeps a signature, or an owner and a mint: md5_number_lower of the parts together."""
    return int.from_bytes(hashlib.md5("".join(parts).encode(), usedforsecurity=False).digest()[8:], "little")


def rounded_content(
    block_time: int, mint: str, pool: str | None, owner: str, side: str, quote_raw: int | None, amount_raw: int
) -> str:
    """Return what identifies a trade row, beside its signature or, without one, its occurrence number."""
    return f"{block_time}|{mint}|{pool or ''}|{owner}|{side}|{'' if quote_raw is None else quote_raw}|{amount_raw}"


def rounded_id(content: str, signature: str | None, occurrence: int = 0) -> str:
    """Return the identity of a trade row; identical rows without a signature are told apart by their occurrence."""
    if signature is not None:
        return digest(f"{content}|{signature}")
    return digest(content if occurrence == 0 else f"{content}||{occurrence}")


def rounded_leg_no(identity: str, side: str) -> int:
    """Return the leg number of a trade row with a signature: purchases first, then by identity.

    It depends on the row alone, so that rows of one transaction get the same numbers in any order and any file.
    """
    return (int(identity[:8], 16) >> 2) + (_SELL_OFFSET if side == "SELL" else 0)


def estimate_time(slot: int) -> int:
    """Return about when a slot was: linear between known blocks, and beyond them at the nearest pace.

    Worked: slot 310,595,492 lies halfway between the second and the third anchor, at 1,735,422,260.
    Never decreases with the slot; off by minutes to hours, so what rests on it is marked uncertain.
    """
    place = min(max(bisect_right(_ANCHOR_SLOTS, slot), 1), len(_ANCHORS) - 1)
    (slot_a, time_a), (slot_b, time_b) = _ANCHORS[place - 1], _ANCHORS[place]
    return max(0, time_a + (slot - slot_a) * (time_b - time_a) // (slot_b - slot_a))
