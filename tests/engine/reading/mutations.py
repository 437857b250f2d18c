"""Damage a transaction's JSON the way files get damaged: a value lost, replaced, swapped, doubled, cut, mistyped."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any, Final, cast

Json = Any
Key = Any
_REPLACEMENTS: Final[tuple[Json, ...]] = (
    *(None, True, -1, 0, 1, 10**20, 2**64, 0.5),
    *("", "x", "-1", "999"),
    *([], {}, [None], {"a": 1}),
)
_SKIPPED: Final = frozenset({"logMessages", "recentBlockhash", "blockhash"})
_DIGITS: Final = "0123456789"
_LETTERS: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def mutations(value: Json, chance: random.Random, count: int) -> Iterator[bytes]:
    """Yield `count` damaged versions of a JSON value as text, most with one damage, some with two."""
    for _ in range(count):
        damaged = copy.deepcopy(value)
        for _ in range(1 + (chance.random() < 0.2)):
            _damage(damaged, chance)
        raw = json.dumps(damaged, separators=(",", ":")).encode()
        if chance.random() < 0.05:
            raw = raw[: chance.randrange(len(raw))]
        yield raw


def _damage(value: Json, chance: random.Random) -> None:
    places = list(_places(value))
    if not places:
        return
    holder, key = chance.choice(places)
    chance.choice((_delete, _replace, _swap, _double, _cut, _mistype, _mistype, _mistype))(holder, key, chance)


def _places(value: Json) -> Iterator[tuple[Json, Key]]:
    """Yield every place in the tree as the list or object that holds it, and the key."""
    for key in _keys(value):
        if key not in _SKIPPED:
            yield value, key
            yield from _places(value[key])


def _keys(value: Json) -> list[Key]:
    kind = cast("type[object]", type(value))
    if kind is dict:
        return [*value]
    return [*range(len(value))] if kind is list else []


def _delete(holder: Json, key: Key, _chance: random.Random) -> None:
    del holder[key]


def _replace(holder: Json, key: Key, chance: random.Random) -> None:
    holder[key] = copy.deepcopy(chance.choice(_REPLACEMENTS))


def _swap(holder: Json, key: Key, chance: random.Random) -> None:
    other = chance.choice(_keys(holder))
    holder[key], holder[other] = holder[other], holder[key]


def _double(holder: Json, key: Key, _chance: random.Random) -> None:
    kind = cast("type[object]", type(holder))
    if kind is list:
        holder.insert(key, copy.deepcopy(holder[key]))


def _cut(holder: Json, key: Key, chance: random.Random) -> None:
    found = holder[key]
    kind = cast("type[object]", type(found))
    if kind in {list, str} and found:
        holder[key] = found[: chance.randrange(len(found))]


def _mistype(holder: Json, key: Key, chance: random.Random) -> None:
    found = holder[key]
    if isinstance(found, bool) or found is None:
        holder[key] = not found
    elif isinstance(found, int):
        holder[key] = int(_other_letter(str(found), _DIGITS, chance))
    elif isinstance(found, str):
        holder[key] = _other_letter(found, _DIGITS if found.isdigit() else _LETTERS, chance)


def _other_letter(text: str, letters: str, chance: random.Random) -> str:
    if not text:
        return text
    at = chance.randrange(len(text))
    return text[:at] + chance.choice(letters) + text[at + 1 :]
